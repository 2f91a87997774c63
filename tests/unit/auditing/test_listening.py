import numpy as np
import pytest
import soundfile

from speechsent.auditing.listening import listen, sound
from speechsent.corpus.utterance import Refusal, Utterance

RATE = 16_000


def test_length_level_offset_and_silence_of_a_known_signal(rng):
    """Half a second of noise at -20 dB between rests of one second, on an offset of 0.001."""
    noise = rng.standard_normal(RATE // 2)
    noise *= 0.1 / np.sqrt(np.mean(noise**2))
    signal = np.concatenate([np.zeros(RATE), noise - noise.mean(), np.zeros(RATE)])
    heard = sound((signal + 0.001).astype(np.float32))
    assert heard.duration == 2.5
    assert heard.level == pytest.approx(-20 + 10 * np.log10(0.5 / 2.5), abs=0.05)
    assert heard.offset == pytest.approx(0.001, rel=1e-3)
    assert heard.silence == pytest.approx(2.0, abs=0.1)


def test_the_same_samples_in_another_container_have_the_same_digest(tmp_path, recording):
    samples = np.round(recording * 32767).astype(np.int16)
    for name in ("a.wav", "a.flac"):
        soundfile.write(tmp_path / name, samples, RATE, subtype="PCM_16")
    clips = [Utterance(path=tmp_path / name, emotion="anger") for name in ("a.wav", "a.flac")]
    wav, flac = listen(clips, lambda _: None)
    assert wav.digest == flac.digest


def test_a_clip_that_cannot_be_opened_gives_the_reason_and_progress_goes_on(tmp_path):
    done = []
    (heard,) = listen([Utterance(path=tmp_path / "gone.wav", emotion="anger")], done.append)
    assert heard == Refusal(tmp_path / "gone.wav", "no such file")
    assert done == [1]
