"""How much of a file is missing, by what its own header says."""

import struct

import numpy as np
import pytest
import soundfile

from speechsent.container import missing_bytes

RATE = 16_000
TOLD = {
    "a.wav": {},
    "float.wav": {"subtype": "FLOAT"},
    "extensible.wav": {"format": "WAVEX"},
    "big endian.wav": {"format": "WAV", "endian": "BIG"},
    "a.rf64": {"format": "RF64"},
    "a.w64": {},
    "a.aiff": {},
    "a.caf": {},
    "a.au": {},
    "little.au": {"format": "AU", "endian": "LITTLE"},
    "a.nist": {"format": "NIST"},
    "ulaw.nist": {"format": "NIST", "subtype": "ULAW"},
    "a.ogg": {},
    "opus.ogg": {"subtype": "OPUS"},
}


@pytest.fixture
def write(tmp_path, rng):
    def write(name, **options):
        signal = rng.uniform(-0.5, 0.5, (RATE, 2))
        soundfile.write(tmp_path / name, signal, RATE, **options)
        return tmp_path / name

    return write


@pytest.mark.parametrize(("name", "options"), TOLD.items(), ids=TOLD)
def test_the_bytes_that_are_gone_are_counted(write, name, options):
    path = write(name, **options)
    content = path.read_bytes()
    assert missing_bytes(path) == 0
    for gone in (1, 2, 100):
        path.write_bytes(content[:-gone])
        assert missing_bytes(path) == gone


@pytest.mark.parametrize("name", ["a.flac", "a.mp3"])
def test_a_container_that_libsndfile_checks_is_left_to_it(write, name):
    path = write(name)
    path.write_bytes(path.read_bytes()[:-100])
    assert missing_bytes(path) == 0


@pytest.mark.parametrize(
    ("name", "options", "size"),
    [
        ("a.wav", {}, 0),
        ("a.wav", {}, 2**32 - 1),
        ("a.au", {}, 2**32 - 1),
        ("a.caf", {}, 2**64 - 1),
    ],
)
def test_a_length_a_writer_could_not_know_is_unknown(write, name, options, size):
    path = write(name, **options)
    content = path.read_bytes()
    places = {"wav": (b"data", 4, "<I"), "au": (b".snd", 8, ">I"), "caf": (b"data", 4, ">Q")}
    word, offset, layout = places[name[2:]]
    content = bytearray(content)
    struct.pack_into(layout, content, content.index(word) + offset, size)
    path.write_bytes(content[:-100])
    assert missing_bytes(path) == 0


@pytest.mark.parametrize("n_bytes", [0, 3, 12, 20, 30, 60])
@pytest.mark.parametrize("name", ["a.wav", "a.rf64", "a.w64", "a.caf", "a.au", "a.nist", "a.ogg"])
def test_half_a_header_is_no_error(write, name, n_bytes):
    path = write(name, **({"format": "NIST"} if "nist" in name else {}))
    path.write_bytes(path.read_bytes()[:n_bytes])
    assert missing_bytes(path) >= 0


def test_chunks_without_end_are_not_walked_for_ever(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(b"RIFF\xff\xff\xff\x7fWAVE" + b"junk\0\0\0\0" * 50_000)
    assert missing_bytes(path) == 0


def test_a_clip_in_front_of_other_chunks_is_whole(write):
    """What follows the samples is no part of what is missing."""
    path = write("a.wav")
    path.write_bytes(path.read_bytes() + b"LIST\x04\0\0\0INFO")
    assert missing_bytes(path) == 0
    np.testing.assert_equal(soundfile.info(path).frames, RATE)
