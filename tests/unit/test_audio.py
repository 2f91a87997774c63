import os
import struct
import warnings

import numpy as np
import pytest
import soundfile

from speechsent import audio
from speechsent.audio import AudioConfig, load, probe
from speechsent.errors import AudioError, AudioWarning, ParameterError
from speechsent.samples import BLOCK

RATE = 16_000
FMT = 20  # offset of the format chunk's fields in a plain 44-byte wav header
DATA = 44  # offset of the first sample


def tone(rate=RATE, seconds=1.0, hertz=200.0):
    """A sine that swells and fades, peak 0.3."""
    t = np.arange(round(rate * seconds)) / rate
    envelope = np.sin(np.pi * t / seconds)
    return (0.3 * envelope * np.sin(2 * np.pi * hertz * t)).astype(np.float32)


@pytest.fixture
def write(tmp_path):
    """Write a signal to a file; the name decides the container."""

    def write(name="a.wav", signal=None, rate=RATE, **options):
        path = tmp_path / name
        soundfile.write(path, tone(rate) if signal is None else signal, rate, **options)
        return path

    return write


@pytest.fixture
def write_bytes(tmp_path):
    def write_bytes(name, content):
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return write_bytes


def patched(path, offset, layout, value):
    """Overwrite one field of a file's header."""
    content = bytearray(path.read_bytes())
    struct.pack_into(layout, content, offset, value)
    path.write_bytes(content)
    return path


def shortened(path, share):
    """Keep the first bytes of a file, a share of them or, if negative, all but that many."""
    content = path.read_bytes()
    path.write_bytes(content[: round(share * len(content)) if share > 0 else share])
    return path


def flipped(path):
    """Turn 40 random bits over, all behind the first quarter of the file."""
    content = bytearray(path.read_bytes())
    rng = np.random.default_rng(0)
    for position in rng.integers(len(content) // 4, len(content), 40):
        content[position] ^= 1 << int(rng.integers(8))
    path.write_bytes(content)
    return path


def sparse(path, seconds):
    """A wav of so many seconds, of which the disk holds the first."""
    header = bytearray(path.read_bytes()[:DATA])
    (rate,) = struct.unpack_from("<I", header, FMT + 4)
    size = 2 * rate * seconds
    struct.pack_into("<I", header, DATA - 4, size)
    with path.open("r+b") as file:
        file.write(header)
        file.truncate(DATA + size)
    return path


def claiming(path, n_samples):
    """A flac whose first block claims so many samples: 36 bits, 13 bytes into it."""
    content = bytearray(path.read_bytes())
    content[21] = (content[21] & 0xF0) | (n_samples >> 32)
    struct.pack_into(">I", content, 22, n_samples & 0xFFFFFFFF)
    path.write_bytes(content)
    return path


def spoilt(value):
    signal = tone()
    signal[5] = value
    return signal


REFUSED = {
    # no samples
    "empty file": ("no bytes", lambda write, raw: raw("a.wav", b"")),
    "20 bytes": ("not a readable", lambda write, raw: shortened(write(), 20 / 32_044)),
    "header only": ("no samples", lambda write, raw: shortened(write(), DATA / 32_044)),
    "no frames": ("no samples", lambda write, raw: write(signal=np.zeros(0, np.float32))),
    "size 0": (
        "no samples, in 32044 bytes; convert it",
        lambda write, raw: patched(write(), DATA - 4, "<I", 0),
    ),
    "one sample": ("too short", lambda write, raw: write(signal=np.ones(1))),
    "10 ms": ("too short", lambda write, raw: write(signal=tone(seconds=0.01))),
    # not audio
    "text": ("not a readable", lambda write, raw: raw("a.wav", b"hello\n" * 99)),
    "html": ("not a readable", lambda write, raw: raw("a.wav", b"<html></html>" * 99)),
    "random bytes": ("not a readable", lambda write, raw: raw("a.wav", bytes(range(1, 256)) * 9)),
    "m4a": ("convert it", lambda write, raw: raw("a.m4a", b"\0\0\0\x20ftypM4A " + bytes(500))),
    "raw samples": ("convert it", lambda write, raw: raw("a.raw", bytes(32_000))),
    "codec unknown": ("not a readable", lambda write, raw: patched(write(), FMT, "<H", 0x1234)),
    # an impossible header
    "rate 0": ("not a readable", lambda write, raw: patched(write(), FMT + 4, "<I", 0)),
    "rate 1": ("sample rate", lambda write, raw: patched(write(), FMT + 4, "<I", 1)),
    "rate 4e9": ("not a readable", lambda write, raw: patched(write(), FMT + 4, "<I", 4 * 10**9)),
    "no channel": ("not a readable", lambda write, raw: patched(write(), FMT + 2, "<H", 0)),
    "9 channels": ("8 channels", lambda write, raw: write(signal=np.stack([tone()] * 9, 1))),
    # samples that are no speech
    "NaN": ("not numbers", lambda write, raw: write(signal=spoilt(np.nan), subtype="FLOAT")),
    "infinity": ("not numbers", lambda write, raw: write(signal=spoilt(np.inf), subtype="FLOAT")),
    "both infinities": (
        "not numbers",
        lambda write, raw: write(
            signal=np.stack([spoilt(np.inf), spoilt(-np.inf)], 1), subtype="FLOAT"
        ),
    ),
    "1e30": ("full scale", lambda write, raw: write(signal=tone() * 1e30, subtype="FLOAT")),
    "silence": ("silent", lambda write, raw: write(signal=np.zeros(RATE))),
    "DC only": ("silent", lambda write, raw: write(signal=np.full(RATE, 0.5))),
    # damage
    "half a wav": ("cut short: 160", lambda write, raw: shortened(write(), 0.5)),
    "odd cut": ("cut short: 1 bytes", lambda write, raw: shortened(write(), -1)),
    "half an aiff": ("cut short: 160", lambda write, raw: shortened(write("a.aiff"), 0.5)),
    "half a flac": ("damaged", lambda write, raw: shortened(write("a.flac"), 0.5)),
    "bits in a flac": ("damaged", lambda write, raw: flipped(write("a.flac"))),
    "half an ogg": ("not a readable", lambda write, raw: shortened(write("a.ogg"), 0.5)),
    "bits in an ogg": ("not a readable", lambda write, raw: flipped(write("a.ogg"))),
    "half an mp3": ("cut short", lambda write, raw: shortened(write("a.mp3"), 0.5)),
    "half an au": ("cut short: 160", lambda write, raw: shortened(write("a.au"), 0.5)),
    "half a caf": ("cut short", lambda write, raw: shortened(write("a.caf"), 0.9)),
    "half a w64": ("cut short: 160", lambda write, raw: shortened(write("a.w64"), 0.5)),
    "half a 64-bit wav": (
        "cut short: 160",
        lambda write, raw: shortened(write("a.wav", format="RF64"), 0.5),
    ),
    "half a NIST file": (
        "cut short: 165",
        lambda write, raw: shortened(write("a.wav", format="NIST"), 0.5),
    ),
    "half a long ogg": (
        "cut short",
        lambda write, raw: shortened(write("a.ogg", tone(seconds=20)), 0.5),
    ),
    "half a long opus": (
        "cut short",
        lambda write, raw: shortened(write("a.ogg", tone(seconds=20), subtype="OPUS"), 0.5),
    ),
    # containers in which a cut would go unnoticed
    "voc": ("VOC is none of WAV", lambda write, raw: write("a.voc")),
    "mat5": ("MAT5 is none of WAV", lambda write, raw: write("a.mat", format="MAT5")),
    "xi": ("XI is none of WAV", lambda write, raw: write("a.xi", format="XI", subtype="DPCM_16")),
    # more than fits
    "2 hours": ("too long: 7200 s", lambda write, raw: sparse(write(), 7_200)),
    "10 hours": ("too long: 36000 s", lambda write, raw: sparse(write(), 36_000)),
    "45 minutes of 192 kHz": (
        "too long: 2700 s",
        lambda write, raw: sparse(write(rate=192_000, signal=tone(192_000)), 2_700),
    ),
    "10 minutes of 384 kHz": (
        "too large: 599 s at 384000 Hz take 877 MiB",
        lambda write, raw: sparse(write(rate=384_000, signal=tone(384_000)), 599),
    ),
    "2 hours in a small flac": (
        "too long: 7200 s",
        lambda write, raw: claiming(write("a.flac"), 7_200 * RATE),
    ),
    "bits in an mp3": ("cut short", lambda write, raw: flipped(write("a.mp3"))),
}


@pytest.mark.parametrize(("reason", "make"), REFUSED.values(), ids=REFUSED)
def test_an_unusable_file_is_refused_with_its_name_and_the_reason(write, write_bytes, reason, make):
    path = make(write, write_bytes)
    with pytest.raises(AudioError, match=reason) as caught:
        load(path)
    assert str(caught.value) == f"{path}: {caught.value.reason}"
    assert "\n" not in str(caught.value)


def test_what_is_no_mp3_is_not_called_missing(write_bytes):
    """Libsndfile says of a text in .mp3 that the file does not exist."""
    path = write_bytes("a.mp3", b"hello\n" * 99)
    with pytest.raises(AudioError, match=r"not a readable audio file") as error:
        load(path, AudioConfig())
    assert "exist" not in str(error.value)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(AudioError, match="is a folder"):
        load(tmp_path)


def test_a_pipe_is_refused_for_what_it_is(tmp_path):
    os.mkfifo(tmp_path / "a.wav")
    with pytest.raises(AudioError, match="is a pipe or device; write it to a file first"):
        load(tmp_path / "a.wav")


@pytest.mark.parametrize("name", ["a" * 300 + ".wav", "a\0.wav"])
def test_a_name_no_file_can_have_is_refused(tmp_path, name):
    with pytest.raises(AudioError, match=r"no such file|cannot be opened"):
        load(tmp_path / name)


def test_noise_cannot_be_told_from_speech_and_is_read(write, rng):
    assert len(load(write(signal=rng.uniform(-1, 1, RATE)))) == RATE


@pytest.mark.parametrize("name", ["gone.wav", "link.wav"])
def test_a_missing_file_or_broken_link_is_refused(tmp_path, name):
    (tmp_path / "link.wav").symlink_to(tmp_path / "nowhere.wav")
    with pytest.raises(AudioError, match="no such file"):
        load(tmp_path / name)


@pytest.mark.parametrize(("offset", "layout", "value"), [(FMT + 4, "<I", 1), (FMT + 2, "<H", 1000)])
def test_an_absurd_header_is_refused_before_a_sample_is_read(
    write, monkeypatch, offset, layout, value
):
    """At a rate of 1 Hz the clip would have to be stretched to hours before it is refused."""
    path = patched(write(signal=tone(seconds=20)), offset, layout, value)
    read = []
    monkeypatch.setattr(audio, "read_mono", lambda *args: read.append(args))
    with pytest.raises(AudioError):
        load(path)
    assert not read


def test_a_flac_stream_without_a_length_is_refused_as_such(write):
    """36 bits of the first block, 13 bytes into it, hold the number of samples; 0 is unknown."""
    path = write("a.flac")
    content = bytearray(path.read_bytes())
    content[8 + 13] &= 0xF0
    content[8 + 14 : 8 + 18] = bytes(4)
    path.write_bytes(content)
    with pytest.raises(AudioError, match="does not say how long"):
        load(path, end=0.5)


LOSSLESS = {
    "wav.wav": {},
    "wav24.wav": {"subtype": "PCM_24"},
    "wav32.wav": {"subtype": "PCM_32"},
    "float.wav": {"subtype": "FLOAT"},
    "float64.wav": {"subtype": "DOUBLE"},
    "flac.flac": {},
    "aiff.aiff": {},
    "au.au": {},
    "caf.caf": {},
    "w64.w64": {},
    "nist.nist": {"format": "NIST"},
    "wav as.mp3": {"format": "WAV"},
    "flac as.wav": {"format": "FLAC"},
    "no extension": {"format": "WAV"},
    "zoë\nيوم.wav": {},
}


@pytest.mark.parametrize(("name", "options"), LOSSLESS.items(), ids=map(ascii, LOSSLESS))
def test_a_lossless_container_gives_the_samples_back(write, name, options):
    signal = load(write(name, **options))
    assert signal.dtype == np.float32
    np.testing.assert_allclose(signal, tone(), rtol=0, atol=2**-15)  # one step of 16 bits


LOSSY = {
    "u8.wav": {"subtype": "PCM_U8"},
    "ulaw.wav": {"subtype": "ULAW"},
    "alaw.wav": {"subtype": "ALAW"},
    "adpcm.wav": {"subtype": "IMA_ADPCM"},
    "ms adpcm.wav": {"subtype": "MS_ADPCM"},
    "mp3.mp3": {},
    "ogg.ogg": {},
    "opus.ogg": {"subtype": "OPUS"},
}


@pytest.mark.parametrize(("name", "options"), LOSSY.items(), ids=LOSSY)
def test_a_lossy_container_gives_a_similar_signal_back(write, name, options):
    signal = load(write(name, **options))
    assert RATE <= len(signal) <= RATE + 544  # ADPCM fills its last block
    assert np.corrcoef(signal[:RATE], tone())[0, 1] > 0.99


@pytest.mark.parametrize("length", [0x7FFFF000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFDB, 0xFFFFFFFF])
def test_a_streamed_wav_of_unknown_size_is_whole(write, length):
    path = patched(write(), DATA - 4, "<I", length)
    np.testing.assert_allclose(load(path), tone(), rtol=0, atol=2**-15)


def test_loud_float_samples_are_used_with_a_warning(write):
    path = write(signal=tone() * 10, subtype="FLOAT")
    with pytest.warns(AudioWarning, match=r"a\.wav: samples exceed full scale \(peak 3\.00\)"):
        signal = load(path)
    np.testing.assert_array_equal(signal, tone() * np.float32(10))


def test_a_slightly_shortened_mp3_is_used_with_a_warning(write):
    path = shortened(write("a.mp3"), 0.95)
    with pytest.warns(AudioWarning, match=r"a\.mp3: cut short: \d+ of 16000 samples"):
        assert 0.9 * RATE <= len(load(path)) < RATE


def test_channels_are_averaged(write):
    left, right = tone(), tone(hertz=300)
    signal = load(write(signal=np.stack([left, right], 1), subtype="FLOAT"))
    np.testing.assert_allclose(signal, (left + right) / 2, atol=1e-7)


def test_the_louder_channel_replaces_an_antiphase_mix(write):
    path = write(signal=np.stack([0.98 * tone(), -tone()], 1), subtype="FLOAT")
    with pytest.warns(AudioWarning, match=r"a\.wav: .*antiphase.*channel 2 is used"):
        np.testing.assert_array_equal(load(path), -tone())


def test_six_equal_channels_give_one(write):
    signal = load(write(signal=np.stack([tone()] * 6, 1), subtype="FLOAT"))
    np.testing.assert_allclose(signal, tone(), atol=1e-7)


def test_the_louder_channel_is_read_block_by_block(write, rng):
    noise = rng.uniform(-0.5, 0.5, 2 * BLOCK + 77).astype(np.float32)
    path = write(signal=np.stack([noise, -noise * np.float32(0.99)], 1), subtype="FLOAT")
    with pytest.warns(AudioWarning, match="channel 1 is used"):
        np.testing.assert_array_equal(load(path), noise)


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 96_000, 192_000])
def test_resampling_keeps_duration_and_pitch(write, rate):
    signal = load(write(signal=tone(rate, hertz=440), rate=rate))
    assert len(signal) == RATE
    assert np.abs(np.fft.rfft(signal)).argmax() == 440  # one bin is one Hz
    np.testing.assert_allclose(signal[800:-800], tone(hertz=440)[800:-800], atol=1e-3)


def test_another_rate_can_be_asked_for(write):
    assert len(load(write(), AudioConfig(sample_rate=8_000))) == 8_000


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_start_and_end_cut_at_the_sample(write, suffix):
    path = write(f"a.{suffix}")
    whole, _ = soundfile.read(path, dtype="float32")
    np.testing.assert_array_equal(load(path, start=0.25, end=0.75), whole[4_000:12_000])
    np.testing.assert_array_equal(load(path, start=0.5), whole[8_000:])


@pytest.mark.parametrize(
    ("start", "end"),
    [(-0.1, None), (0.6, 0.5), (0.5, 0.5), (0, 1.1), (2, None), (np.nan, None), (0, np.inf)],
)
def test_a_stretch_outside_the_file_is_refused(write, start, end):
    with pytest.raises(AudioError, match=r"start and end must lie inside its 1\.00 s"):
        load(write(), start=start, end=end)


def test_an_end_that_rounds_to_the_last_frame_is_inside(write):
    assert len(load(write(signal=tone()[:-1]), end=0.99995)) == RATE - 1


def test_a_telephone_coding_that_cannot_be_sought_in_is_read(write):
    path = write(rate=8_000, subtype="GSM610")
    signal = load(path)
    assert np.corrcoef(signal[:RATE], tone())[0, 1] > 0.9
    pieces = list(audio.blocks(path, AudioConfig(sample_rate=8_000), seconds=0.3))
    np.testing.assert_array_equal(
        np.concatenate(pieces), load(path, AudioConfig(sample_rate=8_000))
    )


@pytest.mark.parametrize("coding", ["GSM610", "G721_32", "NMS_ADPCM_16"])
def test_a_stretch_of_a_telephone_coding_is_that_of_the_whole(write, coding):
    """As a CSV with start and end asks for."""
    path = write(rate=8_000, subtype=coding)
    whole, _ = soundfile.read(path, dtype="float32")
    config = AudioConfig(sample_rate=8_000)
    np.testing.assert_array_equal(load(path, config, start=0.25, end=0.75), whole[2_000:6_000])


def test_blocks_refuse_what_is_too_short_for_a_clip(write):
    with pytest.raises(AudioError, match=r"too short: 0\.010 s, at least 0\.1 s"):
        list(audio.blocks(write(signal=tone(seconds=0.01))))


@pytest.mark.parametrize("hertz", [25.0, 127.0, 760.0])
def test_an_mp3_is_the_same_however_it_is_read(write, hertz):
    """Frames of a quiet beginning are short, so that those behind it lean on many of them."""
    signal = tone(seconds=10.0, hertz=hertz)
    path = write("a.mp3", signal=np.stack([signal, 0.5 * signal], axis=1))
    whole = soundfile.read(path, dtype="float32")[0].mean(axis=1)
    close = {"rtol": 0, "atol": 1e-6}
    np.testing.assert_allclose(load(path), whole, **close)
    np.testing.assert_allclose(load(path, start=3.5, end=7.0), whole[56_000:112_000], **close)
    pieces = list(audio.blocks(path, seconds=0.8))
    np.testing.assert_allclose(np.concatenate(pieces), whole, **close)


def test_an_mp3_may_lack_as_much_by_blocks_as_at_once(write):
    """The last block lacks more than half, the whole less than a tenth."""
    path = shortened(write("a.mp3", signal=tone(seconds=10.0)), 0.95)
    with pytest.warns(AudioWarning, match="cut short"):
        signal = load(path)
    with pytest.warns(AudioWarning, match="cut short"):
        pieces = list(audio.blocks(path, seconds=0.8))
    np.testing.assert_array_equal(np.concatenate(pieces), signal)
    with pytest.raises(AudioError, match="cut short"):
        list(audio.blocks(shortened(path, 0.8), seconds=0.8))


def test_reading_by_blocks_equals_reading_at_once(write, rng):
    """Two blocks and a rest, in stereo."""
    stereo = rng.uniform(-0.5, 0.5, (2 * BLOCK + 1_234, 2))
    path = write(signal=stereo)
    whole, _ = soundfile.read(path, dtype="float32", always_2d=True)
    np.testing.assert_array_equal(load(path), whole.mean(axis=1))


def test_a_long_file_is_refused_unless_a_stretch_is_asked_for(write):
    path, config = write(signal=tone(seconds=3)), AudioConfig(max_seconds=2)
    with pytest.raises(AudioError, match="too long: 3 s, at most 2 s"):
        load(path, config)
    assert len(load(path, config, start=1, end=2)) == RATE


def test_a_good_file_gives_no_warning(write):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load(write(signal=np.stack([tone(), tone()], 1)))


def test_probe_reads_the_header(write):
    info = probe(write("a.flac", np.zeros((4_000, 2)), 8_000))
    assert (info.sample_rate, info.n_channels, info.n_frames, info.seconds, info.container) == (
        8_000,
        2,
        4_000,
        0.5,
        "FLAC",
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"sample_rate": 3_999},
        {"sample_rate": 384_001},
        {"min_seconds": 0.0},
        {"min_seconds": 2.0, "max_seconds": 1.0},
        {"max_seconds": np.nan},
    ],
)
def test_a_config_out_of_range_is_refused(fields):
    with pytest.raises(ParameterError, match=f"Received: .*{next(iter(fields))}"):
        AudioConfig(**fields)


@pytest.mark.corpus
def test_a_real_recording_is_read(ravdess):
    path = min(path for path in ravdess.glob("Actor_01/*") if path.suffix in (".wav", ".flac"))
    info = probe(path)
    signal = load(path)
    assert abs(len(signal) / RATE - info.seconds) < 1e-3
    assert 0.001 < np.abs(signal).max() <= 1
