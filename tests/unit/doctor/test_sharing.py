import numpy as np
import pytest

from speechsent.doctor import examine
from speechsent.doctor.sharing import shared_speakers
from speechsent.errors import ParameterError

LOSS = "sparse_categorical_crossentropy"


@pytest.fixture
def found(mlp, features, numbers, names):
    """Names of what is found in sixty shuffled samples."""
    return lambda **known: names(examine(mlp, features, numbers, loss=LOSS, **known), notes=True)


def test_speakers_on_both_sides_of_validation_split(mlp, features, numbers):
    """Sixty samples of six speakers in turn: the last fifteen are of all six."""
    speakers = np.arange(60) % 6
    diagnosis = examine(mlp, features, numbers, loss=LOSS, validation_split=0.25, groups=speakers)
    (finding,) = diagnosis.errors
    assert finding.name == "speakers-shared"
    assert finding.seen.startswith("6 of 6 validation speakers are trained on (15 of 15 samples)")
    assert "speakers" in diagnosis.scope


def test_speakers_apart(found, features, numbers):
    assert found(validation_split=0.25, groups=np.arange(60) // 15) == []
    parts = {"validation_data": (-features, numbers), "groups": ["a"] * 60}
    assert found(**parts, validation_groups=["b"] * 60) == []
    assert found(**parts, validation_groups=["a"] * 60) == ["speakers-shared"]


def test_unknown_speakers_are_no_speaker_in_common():
    (finding,) = shared_speakers(["", "a", None], ["", "b"], "test")
    assert (finding.name, finding.severity) == ("speakers-unknown", "note")
    assert finding.seen.startswith("3 of 5")


def test_what_an_earlier_stage_was_fitted_on_is_validated_on(mlp, features, numbers):
    diagnosis = examine(
        mlp,
        features,
        numbers,
        loss=LOSS,
        validation_data=(-features, numbers),
        fitted_ids={"cnn": range(10), "lstm": range(57, 70)},
        validation_ids=range(50, 110),
    )
    (finding,) = diagnosis.errors
    assert finding.name == "stage-leak"
    assert finding.at == "validation part, and stage 'lstm'"
    assert finding.seen.startswith("13 of 60")
    assert "earlier stages" in diagnosis.scope


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ({"groups": ["a"] * 60}, "both or neither"),
        ({"validation_groups": ["a"] * 60}, "both or neither"),
        ({"fitted_ids": {"cnn": [1]}}, "both or neither"),
        ({"validation_ids": [1]}, "both or neither"),
        ({"groups": ["a"] * 59, "validation_split": 0.2}, "59 for 60"),
    ],
)
def test_one_side_alone_says_nothing(found, known, message):
    with pytest.raises(ParameterError, match=message):
        found(**known)


def test_speakers_that_are_nan_are_unknown(names):
    """As in a table with empty cells; each NaN is the same object."""
    (finding,) = shared_speakers(["a", np.nan, np.nan], ["b", np.nan, float("nan")], "validation")
    assert finding.name == "speakers-unknown"
    assert finding.seen == "4 of 6 samples without a speaker"
