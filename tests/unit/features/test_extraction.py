import numpy as np
import pytest
import soundfile

from speechsent.audio import AudioConfig
from speechsent.corpus.utterance import Utterance
from speechsent.errors import AudioError, ParameterError
from speechsent.features.extraction import VIEWS, Extractor, extract, speech_frames
from speechsent.features.log_mel import LogMel
from speechsent.features.mfcc import Mfcc
from speechsent.features.prosody import Prosody
from speechsent.features.threads import Threads

EVERYTHING = Extractor(views=VIEWS, trim_db=0.0)


@pytest.fixture
def clips(tmp_path, voiced):
    """Six recordings of different lengths."""
    for i in range(6):
        soundfile.write(tmp_path / f"{i}.wav", voiced[: 16_000 - 1_000 * i], 16_000)
    return [Utterance(path=tmp_path / f"{i}.wav", emotion="neutral") for i in range(6)]


def test_views_share_their_frames(voiced):
    views = Extractor(views=VIEWS)(voiced)
    assert {len(values) for values in views.values()} == {len(views["mfcc"])}
    assert {view: values.shape[1] for view, values in views.items()} == {
        "log_mel": 96,
        "mfcc": 120,
        "prosody": 6,
    }
    assert {values.dtype for values in views.values()} == {np.dtype("float32")}


def test_views_are_what_their_parts_compute(voiced):
    views = EVERYTHING(voiced)
    np.testing.assert_array_equal(views["log_mel"], LogMel()(voiced).T)
    np.testing.assert_array_equal(views["mfcc"], Mfcc()(LogMel()(voiced)))
    np.testing.assert_array_equal(views["prosody"], Prosody()(voiced))


@pytest.mark.parametrize("views", [("mfcc",), ("prosody", "log_mel")])
def test_only_the_views_asked_for_are_given_in_that_order(voiced, views):
    assert tuple(Extractor(views=views)(voiced)) == views


@pytest.mark.parametrize("fields", [{"views": ()}, {"views": ("mfcc", "pixels")}])
def test_an_unknown_view_is_refused(fields):
    with pytest.raises(ParameterError, match="views are among"):
        Extractor(**fields)


@pytest.mark.parametrize("trim_db", [-1.0, np.nan])
def test_a_negative_trim_is_refused(trim_db):
    with pytest.raises(ParameterError, match=f"Received: trim_db={trim_db}"):
        Extractor(trim_db=trim_db)


def level(*loud, n_frames=20):
    levels = np.full((4, n_frames), -80.0)
    levels[:, list(loud)] = 0.0
    return levels


@pytest.mark.parametrize(
    ("levels", "trim_db", "kept"),
    [
        (level(8, 9, 10), 35.0, (6, 13)),
        (level(3, 15), 35.0, (1, 18)),  # a rest within speech stays
        (level(0, 19), 35.0, (0, 20)),
        (level(8), 0.0, (0, 20)),
        (level(8), 90.0, (0, 20)),
        (level(), 35.0, (0, 20)),  # equally loud throughout
    ],
)
def test_quiet_is_cut_before_and_after_speech_only(levels, trim_db, kept):
    assert speech_frames(levels, trim_db) == slice(*kept)


def test_the_level_of_a_frame_is_the_power_of_all_its_bands():
    """Four bands of -40 dB make -34 dB, which 35 dB below a lone band of 0 dB keeps."""
    levels = np.full((4, 11), -80.0)
    levels[0, 10] = 0.0
    levels[:, 4] = -40.0
    assert speech_frames(levels, 35.0) == slice(2, 11)
    assert speech_frames(levels, 33.0) == slice(8, 11)


def test_silence_around_speech_is_cut(voiced):
    """A clip of a second with speech from 0.1 to 0.9 s: frames 5 to 45, and a margin of two."""
    silence = np.zeros(16_000, np.float32)
    padded = Extractor()(np.concatenate([silence, voiced, silence]))
    # Not bit for bit: a matrix product of more rows may round otherwise, depending on the machine.
    alone = Extractor()(voiced)["log_mel"]
    np.testing.assert_allclose(padded["log_mel"], alone, rtol=0, atol=1e-5)
    assert abs(len(padded["log_mel"]) - 44) <= 2


@pytest.mark.parametrize("trim_db", [0.0, 35.0])
def test_the_same_clip_at_48_and_16_khz_has_as_many_frames(tmp_path, trim_db):
    """The clip is band limited, so both rates hold the same sound."""
    for rate in (16_000, 48_000):
        time = np.arange(rate) / rate
        signal = 0.2 * np.sin(2 * np.pi * 200 * time) * np.exp(-(((time - 0.5) / 0.1) ** 2))
        soundfile.write(tmp_path / f"{rate}.wav", signal, rate, subtype="FLOAT")
    extractor = Extractor(trim_db=trim_db)
    low, high = (
        extractor.read(Utterance(path=tmp_path / f"{rate}.wav", emotion="neutral"))["log_mel"]
        for rate in (16_000, 48_000)
    )
    assert low.shape == high.shape


def test_a_stretch_of_a_file_is_read(tmp_path, voiced):
    soundfile.write(tmp_path / "a.wav", voiced, 16_000, subtype="FLOAT")
    stretch = Utterance(path=tmp_path / "a.wav", emotion="neutral", start=0.25, end=0.75)
    np.testing.assert_array_equal(
        EVERYTHING.read(stretch)["log_mel"], EVERYTHING(voiced[4_000:12_000])["log_mel"]
    )


@pytest.mark.parametrize("n_workers", [1, 3])
def test_the_table_keeps_the_order_of_the_corpus(clips, n_workers):
    table = extract(clips, EVERYTHING, compute=Threads(n_workers))
    assert table.utterances == tuple(clips)
    assert len(table) == 6
    assert [len(values) for values in table.views["mfcc"]] == [
        1 + (16_000 - 1_000 * i) // 320 for i in range(6)
    ]
    for i, clip in enumerate(clips):
        np.testing.assert_array_equal(table.views["mfcc"][i], EVERYTHING.read(clip)["mfcc"])


def test_a_bad_clip_stops_the_extraction(clips):
    clips[2].path.write_bytes(b"")
    with pytest.raises(AudioError, match=r"2\.wav"):
        extract(clips, Extractor())


def test_bad_clips_are_left_out_and_reported_when_asked(clips):
    for i in (0, 4):
        clips[i].path.write_bytes(b"")
    table = extract(clips, Extractor(), skip_bad=True)
    assert table.utterances == tuple(clips[i] for i in (1, 2, 3, 5))
    assert [refusal.path for refusal in table.refused] == [clips[0].path, clips[4].path]
    assert all("no bytes" in refusal.reason for refusal in table.refused)
    assert {len(values) for values in table.views.values()} == {4}


def test_warnings_are_collected_not_shown(clips, voiced):
    soundfile.write(clips[3].path, voiced * 20, 16_000, subtype="FLOAT")
    table = extract(clips, Extractor(), compute=Threads(3))
    assert len(table.warned) == 1
    assert table.warned[0].startswith(f"{clips[3].path}: samples exceed full scale")


def test_progress_is_reported_clip_by_clip(clips):
    calls = []
    extract(clips, Extractor(), progress=lambda *call: calls.append(call))
    assert calls == [(i, 6) for i in range(1, 7)]


def test_a_configured_rate_reaches_the_reader(clips):
    """Half the rate with half the hop: as many frames as before."""
    config = AudioConfig(sample_rate=8_000)
    log_mel = LogMel(sample_rate=8_000, n_fft=512, hop_length=160, fmax=4_000.0)
    extractor = Extractor(audio=config, log_mel=log_mel, views=("log_mel",), trim_db=0.0)
    assert extractor.read(clips[0])["log_mel"].shape == (51, 96)
