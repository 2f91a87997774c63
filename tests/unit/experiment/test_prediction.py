from types import SimpleNamespace

import pytest

from speechsent.errors import ParameterError
from speechsent.experiment import Prediction, predict
from speechsent.experiment.prediction import ready


def test_the_most_probable_emotion_is_the_answer():
    assert Prediction("a.wav", {"anger": 0.4, "fear": 0.6}).emotion == "fear"


def test_a_rejected_clip_keeps_its_probabilities():
    prediction = Prediction("a.wav", {"anger": 0.4, "fear": 0.6}, rejected=True)
    assert prediction.emotion == "rejected"
    assert prediction.probabilities["fear"] == 0.6


@pytest.mark.parametrize("threshold", [0.0, 1.0, -0.1, 60.0, float("nan")])
def test_the_threshold_is_a_probability(tmp_path, threshold):
    with pytest.raises(ParameterError, match=r"reject_below must lie in \(0, 1\)"):
        predict([tmp_path / "a.wav"], tmp_path, reject_below=threshold)


@pytest.mark.parametrize(
    ("paths", "told"), [(["a.wav"], "count as one speaker's"), ([], "those of the training corpus")]
)
def test_what_stands_for_the_speaker_is_told(monkeypatch, notes, paths, told):
    heard = []
    recogniser = SimpleNamespace(standardizer=SimpleNamespace(scope="speaker"), adapt=heard.extend)
    monkeypatch.setattr("speechsent.experiment.prediction.Recogniser", lambda run: recogniser)
    ready(None, paths, notes)
    assert heard == paths
    assert told in notes.texts[0]
