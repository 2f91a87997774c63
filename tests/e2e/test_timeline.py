"""Emotions over time, as a user types it."""

import csv
import io
import itertools
import json
import sys
from types import ModuleType, SimpleNamespace

import matplotlib.image
import numpy as np
import pytest
import soundfile

from speechsent import audio
from speechsent.cli import main
from speechsent.recogniser import Recogniser
from speechsent.run import Run
from speechsent.timeline import LIVE, TrainedModel, follow

RATE = 16_000


@pytest.fixture(scope="module")
def talk(voices, tmp_path_factory):
    """Two clips between pauses of a second."""
    rest = np.zeros(RATE, np.float32)
    clips = [audio.load(path) for path in sorted((voices / "test").rglob("*.wav"))[:2]]
    path = tmp_path_factory.mktemp("talk") / "talk.wav"
    soundfile.write(path, np.concatenate([rest, clips[0], rest, clips[1], rest]), RATE)
    return path


@pytest.fixture
def here(workplace, monkeypatch):
    monkeypatch.chdir(workplace)
    return workplace


@pytest.fixture(scope="module")
def model(workplace):
    return TrainedModel(Recogniser(Run.newest(workplace / "runs")))


def test_a_table_tells_what_follows_what(here, talk, capsys):
    assert main(["predict", str(talk), "--timeline"]) == 0
    first, *lines = capsys.readouterr().out.splitlines()
    assert first == str(talk)
    names = ["no speech" if "no speech" in line else line.split()[2] for line in lines]
    assert names[0] == names[-1] == "no speech"
    assert names.count("no speech") == 3
    edges = [tuple(map(float, line.split()[:2])) for line in lines]
    assert all(one[1] == other[0] for one, other in itertools.pairwise(edges))


def test_a_stretch_as_short_as_a_window_has_the_answer_of_that_clip(model, voices, tmp_path):
    """The network hears what the detector found, and nothing else."""
    clip = audio.load(next((voices / "test" / "anger").iterdir()), end=1.2)
    rest = np.zeros(RATE, np.float32)
    soundfile.write(tmp_path / "a.wav", np.concatenate([rest, clip, rest]), RATE, subtype="FLOAT")
    (found,) = [s for s in follow(model, tmp_path / "a.wav").segments if s.speech]
    assert found.end - found.start == pytest.approx(1.2, abs=0.2)
    signal = audio.load(tmp_path / "a.wav", start=found.start, end=found.end)
    answer = model.recogniser.windows(signal)
    np.testing.assert_allclose([list(found.values.values())], answer, atol=1e-5)


def test_every_form_is_written_at_once(here, talk, tmp_path, capsys):
    names = ("a.csv", "a.json", "a.txt", "a.TextGrid", "a.png")
    out = [word for name in names for word in ("--out", str(tmp_path / name))]
    assert main(["predict", str(talk), "--timeline", "--hop", "0.4", *out, "--json"]) == 0
    (printed,) = json.loads(capsys.readouterr().out)
    assert json.loads((tmp_path / "a.json").read_text()) == printed
    assert printed["hop"] == 0.4
    rows = (tmp_path / "a.csv").read_text().splitlines()[1:]
    assert len(rows) == len(printed["values"])
    assert (tmp_path / "a.txt").read_text().count("\n") == len(printed["segments"])
    assert "intervals: size" in (tmp_path / "a.TextGrid").read_text()
    assert matplotlib.image.imread(tmp_path / "a.png").shape[1] == 1500


def test_several_files_are_told_one_by_one(here, talk, voices, capsys):
    clip = next((voices / "test" / "fear").iterdir())
    assert main(["predict", str(talk), str(clip), "--timeline", "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert list(dict.fromkeys(row["file"] for row in rows)) == [str(talk), str(clip)]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["a.wav", "--out", "a.csv"], "--out needs --timeline"),
        (["a.wav", "--hop", "1"], "--hop needs --timeline or --live"),
        (["a.wav", "--seconds", "1"], "--seconds needs --live"),
        (["a.wav", "--device", "0"], "--device needs --live"),
        (["a.wav", "--timeline", "--live"], "--timeline and --live do not go together"),
        (["a.wav", "--timeline", "--reject-below", "0.5"], "--timeline and --reject-below do not"),
        (["--live", "--json"], "--live and --json do not go together"),
        (["--live", "a.wav"], "--live takes no files. Received: a.wav"),
        (["a.wav", "--timeline", "--out", "a.mp3"], "a timeline's file ends in .csv, .json, .txt"),
        (["a.wav", "--timeline", "--out", f"{__file__}/a.csv"], f"{__file__}: cannot be a folder"),
        (["a.wav", "b.wav", "--timeline", "--out", "a.csv"], "--out takes the timeline of one"),
        (["--live", "--runtime", "onnx"], "--runtime onnx takes an exported file, and no clips"),
        (["m.onnx", "--timeline", "--runtime", "onnx"], "--runtime onnx takes an exported file, t"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_one_line(words, line, capsys):
    assert main(["predict", *words]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"speechsent: {line}")
    assert error.count("\n") == 1


def test_files_are_required_as_ever(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["predict"])
    assert "required: FILE" in capsys.readouterr().err


def test_a_hop_longer_than_half_a_window_is_one_line(here, talk, capsys):
    assert main(["predict", str(talk), "--timeline", "--hop", "1", "--quiet"]) == 1
    assert "between 0.05 and 0.8 s, half a window of this model" in capsys.readouterr().err


@pytest.fixture
def microphone(talk, monkeypatch):
    """In the place of sounddevice, a module whose microphone hears the talk, then Ctrl-C."""

    class InputStream:
        def __init__(self, *, blocksize, callback, **_):
            self.size, self.callback = blocksize, callback

        def __enter__(self):
            sound, status = audio.load(talk), SimpleNamespace(input_overflow=False)
            for first in range(0, len(sound), self.size):
                block = sound[first : first + self.size, np.newaxis]
                self.callback(block, len(block), None, status)

        def __exit__(self, *_):
            self.callback = None

    module = ModuleType("sounddevice")
    module.PortAudioError, module.InputStream = OSError, InputStream
    module.query_devices = lambda device, kind: {"default_samplerate": 16_000.0}
    monkeypatch.setitem(sys.modules, "sounddevice", module)


def test_the_microphone_is_told_as_a_file_of_the_same_sound_is(
    here, talk, model, microphone, capsys
):
    seconds = audio.probe(talk).seconds
    assert main(["predict", "--live", "--seconds", str(seconds), "--quiet"]) == 0
    lines = capsys.readouterr().out.splitlines()
    found = follow(model, talk, speech=LIVE)
    spoken = [line for line in lines if "no speech" not in line]
    assert len(lines) >= len(found.times)
    for line in spoken:
        start, end, emotion = line.split()[:3]
        middle = (float(start) + float(end)) / 2
        (segment,) = [s for s in found.segments if s.start <= middle < s.end]
        assert segment.emotion == emotion


def test_ctrl_c_ends_listening_with_status_130(here, microphone, monkeypatch, capsys):
    """The interrupt comes when all of the talk was heard."""

    class Queue(list):
        put = list.append

        def get(self, timeout):
            if not self:
                raise KeyboardInterrupt
            return self.pop(0)

    monkeypatch.setattr("speechsent.timeline.microphone.SimpleQueue", Queue)
    assert main(["predict", "--live", "--quiet"]) == 130
    told = capsys.readouterr()
    assert told.out
    assert told.err == "speechsent: interrupted\n"


def test_without_the_extra_live_is_one_line(here, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert main(["predict", "--live", "--quiet"]) == 1
    expected = "speechsent: sounddevice: not installed; pip install 'speechsent[live]'\n"
    assert capsys.readouterr().err == expected
