"""The ending of a file decides its form."""

import json
import os
from dataclasses import replace

import matplotlib.image
import numpy as np
import pytest
import soundfile

from speechsent.audio import AudioConfig
from speechsent.errors import AudioError, ParameterError, SaveError
from speechsent.timeline import follow, write
from speechsent.timeline.writers import check_place


@pytest.fixture
def timeline(stub, tmp_path, make_voices):
    signal, _ = make_voices("anger", "sadness")
    soundfile.write(tmp_path / "a $b_c.wav", signal, 16_000)
    return follow(stub, tmp_path / "a $b_c.wav")


@pytest.mark.parametrize(
    ("name", "begins"),
    [("a.csv", "start,end"), ("a.json", "{"), ("a.txt", "0.000000\t"), ("a.TextGrid", "File type")],
)
def test_texts_are_chosen_by_the_ending(timeline, tmp_path, name, begins):
    write(timeline, tmp_path / "new" / name)
    assert (tmp_path / "new" / name).read_text().startswith(begins)


def test_files_of_one_timeline_agree(timeline, tmp_path):
    for name in ("a.json", "a.txt"):
        write(timeline, tmp_path / name)
    segments = json.loads((tmp_path / "a.json").read_text())["segments"]
    lines = (tmp_path / "a.txt").read_text().splitlines()
    assert [s["start"] for s in segments] == pytest.approx(
        [float(line.split("\t")[0]) for line in lines], abs=1e-6
    )


@pytest.mark.parametrize("tells_numbers", [False, True])
def test_a_picture_has_ink_where_there_is_speech(stub, tmp_path, make_voices, tells_numbers):
    """The panel of the level: shaded speech is neither white nor grey."""
    signal, spans = make_voices("anger", "sadness")
    soundfile.write(tmp_path / "talk.wav", signal, 16_000)
    stub.tells_numbers = tells_numbers
    write(follow(stub, tmp_path / "talk.wav"), tmp_path / "talk.png")
    image = matplotlib.image.imread(tmp_path / "talk.png")[..., :3]
    coloured = (np.ptp(image[: len(image) // 3], axis=2) > 0.2).any(axis=0)
    assert 0.2 < coloured.mean() < sum(b - a for a, b in spans) / (len(signal) / 16_000)


def test_a_recording_that_is_long_enough_for_a_run_is_long_enough_for_a_picture(stub, tmp_path):
    """``audio.min_seconds`` of a run may be less than that of other runs."""
    tone = 0.3 * np.sin(2 * np.pi * 1_000 * np.arange(800) / 16_000)
    soundfile.write(tmp_path / "short.wav", tone, 16_000)
    stub.audio = AudioConfig(min_seconds=0.02)
    write(follow(stub, tmp_path / "short.wav"), tmp_path / "short.png")
    assert (tmp_path / "short.png").is_file()


def test_an_unknown_ending_is_refused(timeline, tmp_path):
    with pytest.raises(ParameterError, match=r"\.TextGrid \(Praat\) or \.png\. Received: .*a\.mp3"):
        write(timeline, tmp_path / "a.mp3")


def test_a_picture_needs_the_recording(timeline, tmp_path):
    (tmp_path / "a $b_c.wav").unlink()
    with pytest.raises(AudioError, match="no such file"):
        write(timeline, tmp_path / "a.png")


@pytest.mark.parametrize("name", [os.fsdecode(b"h\xff.wav"), "\u4e2d\u6587\n.wav"])
def test_a_recording_of_any_name_can_be_written_in_every_form(timeline, tmp_path, name):
    """Warnings are errors here: a letter that the font of the picture lacks is none."""
    (tmp_path / "a $b_c.wav").rename(tmp_path / name)
    named = replace(timeline, file=str(tmp_path / name))
    for ending in (".csv", ".json", ".txt", ".TextGrid", ".png"):
        write(named, tmp_path / f"t{ending}")
        assert (tmp_path / f"t{ending}").stat().st_size
    assert json.loads((tmp_path / "t.json").read_text())["file"] == str(tmp_path / name)


def test_places_that_cannot_be_are_refused(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(SaveError, match="because it is a folder; name another"):
        check_place(tmp_path / "folder.csv")
    with pytest.raises(SaveError, match="file is a file; name another"):
        check_place(tmp_path / "file" / "a.csv")
    check_place(tmp_path / "new" / "a.csv")
    assert not (tmp_path / "new").exists()
