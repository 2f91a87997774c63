"""Windows of a clip: as fine as is seen, and none for nobody."""

import io

import numpy as np
import pytest
import soundfile

pytest.importorskip("starlette", reason="needs the extra [app]")

from speechsent.app.following import Attentive, over_time
from speechsent.app.models import Model
from speechsent.app.waiting import GivenUpError, Turn


def test_a_visitor_who_has_left_ends_the_work(stub):
    turn = Turn()
    attentive = Attentive(stub(), turn)
    assert attentive.answers([np.zeros(16_000)]).shape == (1, 2)
    turn.end()
    with pytest.raises(GivenUpError):
        attentive.answers([np.zeros(16_000)])


def test_what_is_told_does_not_name_the_file(stub, as_file, tmp_path):
    path = tmp_path / "secret"
    path.write_bytes(as_file())
    told = over_time(Model("a/b", stub()), path, Turn())
    assert "secret" not in str(told)
    assert told["hop"] == 0.25  # a second's clip gets the finest there is
    signal, _ = soundfile.read(io.BytesIO(as_file()))
    assert told["duration"] == pytest.approx(len(signal) / 16_000)
