import pytest

from speechsent.app.limits import Limits
from speechsent.errors import ParameterError


@pytest.mark.parametrize(
    ("field", "value"),
    [("max_mb", 0), ("max_mb", 1025), ("max_seconds", 0), ("max_seconds", 3601),
     ("patience", 0), ("n_waiting", -1), ("max_mb", float("nan")), ("max_seconds", float("nan"))],
)  # fmt: skip
def test_limits_out_of_range_are_refused(field, value):
    with pytest.raises(ParameterError, match=f"{field}.*Received"):
        Limits(**{field: value})


def test_mebibytes_are_bytes():
    assert Limits(max_mb=1.5).max_bytes == 1_572_864
