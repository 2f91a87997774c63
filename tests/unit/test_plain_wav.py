"""Plain wav files read without libsndfile, against libsndfile."""

import struct

import numpy as np
import pytest
import soundfile

from speechsent import audio
from speechsent.errors import AudioError
from speechsent.plain_wav import PIECE, PlainWav

RATE = 16_000


@pytest.fixture
def wav(tmp_path, rng):
    """Write noise, the ends of the scale in it, as 16-bit wav, or as what is asked for."""

    def wav(*, frames=1_000, channels=1, **options):
        path = tmp_path / "a.wav"
        samples = rng.integers(-32_768, 32_768, (frames, channels)).astype(np.int16)
        samples[:2] = [[-32_768], [32_767]]
        soundfile.write(path, samples, RATE, **{"subtype": "PCM_16", **options})
        return path

    return wav


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("frames", [2, 1_000, PIECE, PIECE + 1, 3 * PIECE + 7])
def test_it_reads_what_libsndfile_reads_to_the_last_bit(wav, frames, channels):
    path = wav(frames=frames, channels=channels)
    expected, _ = soundfile.read(path, dtype="float32")
    with PlainWav.open(path) as file, soundfile.SoundFile(path) as theirs:
        told = (file.format, file.samplerate, file.channels, file.frames)
        assert told == (theirs.format, theirs.samplerate, theirs.channels, theirs.frames)
        np.testing.assert_array_equal(file.read(), expected)


def test_it_goes_to_a_frame_and_on_from_there_as_libsndfile_does(wav):
    path = wav(channels=2)
    with PlainWav.open(path) as mine, soundfile.SoundFile(path) as theirs:
        for file in (mine, theirs):
            assert file.seek(300) == 300
        for n in (5, 100, 10_000, 5):
            found = mine.read(n, dtype="float32", always_2d=True)
            np.testing.assert_array_equal(found, theirs.read(n, dtype="float32", always_2d=True))
        assert found.shape == (0, 2)


def test_it_fills_what_is_given_and_tells_how_far_it_came(wav):
    path = wav()
    expected, _ = soundfile.read(path, dtype="float32")
    with PlainWav.open(path) as file:
        file.seek(600)
        mono = np.full(500, 9, np.float32)
        found = file.read(out=mono)
    assert np.shares_memory(found, mono)
    np.testing.assert_array_equal(found, expected[600:])
    assert set(mono[400:]) == {9}


@pytest.mark.parametrize(
    ("offset", "layout", "value"),
    [
        (0, "<4s", b"RIFX"),
        (4, "<I", 0),  # streamed
        (8, "<4s", b"AIFF"),
        (12, "<4s", b"JUNK"),
        (16, "<I", 18),
        (20, "<H", 3),  # float
        (22, "<H", 0),
        (22, "<H", 2),
        (24, "<I", 8_000),
        (32, "<H", 4),
        (34, "<H", 24),
        (36, "<4s", b"LIST"),
        (40, "<I", 2**32 - 1),
        (40, "<I", 1_000),
    ],
)
def test_a_header_that_is_not_plain_to_the_last_field_is_left_to_libsndfile(
    wav, offset, layout, value
):
    path = wav()
    content = bytearray(path.read_bytes())
    struct.pack_into(layout, content, offset, value)
    path.write_bytes(content)
    assert PlainWav.open(path) is None


@pytest.mark.parametrize("cut", [1, 2, 500, 1_990, 2_010, 2_044])
def test_a_file_that_was_cut_or_grew_is_left_to_libsndfile(wav, cut):
    path = wav()
    content = path.read_bytes()
    path.write_bytes(content[:-cut])
    assert PlainWav.open(path) is None
    path.write_bytes(content + bytes(cut))
    assert PlainWav.open(path) is None


@pytest.mark.parametrize(
    "options", [{"subtype": "PCM_24"}, {"subtype": "FLOAT"}, {"format": "FLAC"}, {"format": "AIFF"}]
)
def test_other_codings_and_containers_are_left_to_libsndfile(wav, options):
    assert PlainWav.open(wav(**options)) is None


def test_what_cannot_be_opened_is_left_to_others(tmp_path):
    assert PlainWav.open(tmp_path) is None
    assert PlainWav.open(tmp_path / "missing.wav") is None


def test_a_file_that_shrinks_while_it_is_read_is_refused(wav, monkeypatch):
    path = wav(frames=4_000)
    whole = path.read_bytes()
    opened = PlainWav.open

    def shrinking(path):
        file = opened(path)
        path.write_bytes(whole[:-3_001])
        return file

    monkeypatch.setattr(PlainWav, "open", shrinking)
    with pytest.raises(AudioError, match="cut short: 2499 of 4000 samples"):
        audio.load(path)
