"""What an MP3 holds behind the end that it tells."""

import io

import numpy as np
import pytest
import soundfile

from speechsent import mpeg
from speechsent.audio import load, probe
from speechsent.errors import AudioError

RATE = 16_000
INFO = (b"Xing", b"Info")  # how the frame begins in which an encoder notes the length
SYNC = b"\xff\xf3"  # of MPEG 2, layer III, without a checksum


@pytest.fixture
def encoded(rng):
    def encoded(levels, *, mode="CONSTANT", rate=RATE, quality=0.5):
        """Noise of some levels as an MP3, two seconds each."""
        signal = np.concatenate([level * rng.normal(size=2 * rate) for level in levels])
        memory = io.BytesIO()
        soundfile.write(
            memory, signal, rate, format="MP3", bitrate_mode=mode, compression_level=quality
        )
        return memory.getvalue()

    return encoded


def refusal(path):
    with pytest.raises(AudioError, match=r"convert it to wav or flac first") as told:
        load(path)
    return str(told.value)


def test_two_files_joined_to_one_are_not_taken_for_the_first(encoded, tmp_path):
    one = encoded([0.1])
    (tmp_path / "a.mp3").write_bytes(one + one)
    told = refusal(tmp_path / "a.mp3")
    assert "more than the 2.00 s it tells of" in told
    seconds = float(told.split("holds ")[1].split(" s more")[0])
    assert seconds == pytest.approx(2, abs=0.3)  # and what encoders put around the sound


def test_a_tag_between_two_files_is_no_sound_and_no_end(encoded, tmp_path):
    """An ID3v2 tag of 300 bytes; its length has seven bits a byte: 2 * 128 + 44."""
    one, tag = encoded([0.1]), b"ID3\x04\0\0\0\0\x02\x2c" + SYNC * 150
    (tmp_path / "a.mp3").write_bytes(tag + one)
    assert len(load(tmp_path / "a.mp3")) == 2 * RATE
    (tmp_path / "a.mp3").write_bytes(tag + one + tag + one)
    assert "more than the 2.00 s" in refusal(tmp_path / "a.mp3")


def test_a_file_of_varying_quality_that_does_not_tell_its_length_is_not_shortened(
    encoded, tmp_path
):
    """Its length is guessed from its first frame, which is large: sound, and silence behind it."""
    content = encoded([0.3, 0, 0, 0, 0], mode="VARIABLE", quality=0.2)
    second = content.index(SYNC, 4)
    assert content[:second].count(INFO[0]) + content[:second].count(INFO[1]) == 1
    (tmp_path / "a.mp3").write_bytes(content[second:])
    assert probe_seconds(content[second:]) < 6
    refusal(tmp_path / "a.mp3")


def probe_seconds(content):
    """What libsndfile takes for the length."""
    return soundfile.info(io.BytesIO(content)).duration


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 24_000, 44_100])
@pytest.mark.parametrize("mode", ["CONSTANT", "AVERAGE", "VARIABLE"])
def test_what_an_encoder_writes_is_whole(encoded, tmp_path, rate, mode):
    (tmp_path / "a.mp3").write_bytes(encoded([0.1, 0], mode=mode, rate=rate) + b"TAG" + bytes(125))
    assert probe(tmp_path / "a.mp3").seconds == pytest.approx(4)


class Counted(bytes):
    n_sought = 0

    def find(self, *where):
        self.n_sought += 1
        return super().find(*where)


def test_a_file_of_nothing_but_false_frames_costs_little(encoded, tmp_path):
    """Of twenty million places where a frame could be, ten thousand are looked at."""
    content = Counted(encoded([0.1]) + b"\xff" * 20_000_000)
    (tmp_path / "a.mp3").write_bytes(content)
    assert probe(tmp_path / "a.mp3").seconds == pytest.approx(2)
    mpeg._frames(content)
    assert content.n_sought <= 10_000
