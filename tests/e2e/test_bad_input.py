"""Bad input: one line that names the file and the rule, exit 1, and nothing left behind."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speechsent.cli import main


def empty_folder(folder: Path, voices: Path) -> list[str]:
    (folder / "empty").mkdir()
    return ["train", "empty"]


def one_class(folder: Path, voices: Path) -> list[str]:
    shutil.copytree(voices / "train" / "anger", folder / "mono" / "anger")
    return ["train", "mono"]


def one_speaker(folder: Path, voices: Path) -> list[str]:
    for clip in (voices / "train").rglob("syn-f01-*.wav"):
        target = folder / "lonely" / clip.parent.name
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(clip, target)
    return ["train", "lonely"]


def text_as_wav(folder: Path, voices: Path) -> list[str]:
    shutil.copytree(voices / "train", folder / "text")
    (folder / "text" / "anger" / "syn-m02-anger-s9-9.wav").write_text("no sound")
    return ["train", "text"]


def header_only(folder: Path, voices: Path) -> list[str]:
    shutil.copytree(voices / "train", folder / "header")
    soundfile.write(folder / "header" / "anger" / "syn-m02-anger-s9-9.wav", np.zeros(0), 16_000)
    return ["train", "header"]


def not_a_number(folder: Path, voices: Path) -> list[str]:
    shutil.copytree(voices / "train", folder / "nan")
    signal = np.sin(np.arange(16_000) / 10)
    signal[700] = np.nan
    path = folder / "nan" / "anger" / "syn-m02-anger-s9-9.wav"
    soundfile.write(path, signal, 16_000, subtype="FLOAT")
    return ["train", "nan"]


def unknown_emotion(folder: Path, voices: Path) -> list[str]:
    shutil.copytree(voices / "train", folder / "odd")
    (folder / "odd" / "fear").rename(folder / "odd" / "feer")
    return ["train", "odd"]


def unknown_key(folder: Path, voices: Path) -> list[str]:
    (folder / "c.yaml").write_text("fit: {epochz: 3}\n")
    return ["train", str(voices), "--config", "c.yaml"]


def missing_file(folder: Path, voices: Path) -> list[str]:
    (folder / "m.csv").write_text("file,speaker,emotion\nnope.wav,a,anger\n")
    return ["train", "m.csv"]


def run_without_model(folder: Path, voices: Path) -> list[str]:
    (folder / "norun").mkdir()
    (folder / "norun" / "config.yaml").write_text("seed: 0\n")
    return ["evaluate", "--run", "norun"]


def no_network(folder: Path, voices: Path) -> list[str]:
    return ["train", str(voices), "--cnn", "vgg16", "--weights", "imagenet"]


CASES: list[tuple[Callable[[Path, Path], list[str]], tuple[str, ...]]] = [
    (empty_folder, ("no audio file", "empty")),
    (one_class, ("mono", "two or more emotions", "anger")),
    (one_speaker, ("lonely", "speakers", "--allow-speaker-overlap")),
    (text_as_wav, ("syn-m02-anger-s9-9.wav", "not a readable audio file")),
    (header_only, ("syn-m02-anger-s9-9.wav", "no samples")),
    (not_a_number, ("syn-m02-anger-s9-9.wav", "NaN")),
    (unknown_emotion, ("'feer'", "did you mean 'fear'", "corpus.labels")),
    (unknown_key, ("c.yaml", "fit.epochz", "did you mean epochs")),
    (missing_file, ("m.csv", "row 2", "nope.wav")),
    (run_without_model, ("norun", "without a model")),
    (no_network, ("vgg16_weights", "--weights FILE", "--weights none")),
]


@pytest.mark.parametrize(
    ("prepare", "words"), CASES, ids=lambda case: getattr(case, "__name__", "")
)
def test_one_line_exit_1_and_nothing_written(
    prepare, words, voices, tmp_path, tmp_path_factory, monkeypatch, capfd
):
    monkeypatch.setenv("SPEECHSENT_WEIGHTS_SERVER", "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setenv("KERAS_HOME", str(tmp_path_factory.mktemp("keras")))
    monkeypatch.chdir(tmp_path)
    command = prepare(tmp_path, voices)
    before = sorted(p for p in tmp_path.rglob("*") if p.is_file())
    assert main([*command, "--quiet"]) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("speechsent: ")
    for word in words:
        assert word in err
    assert sorted(p for p in tmp_path.rglob("*") if p.is_file()) == before


def test_bad_audio_can_be_skipped_and_is_listed(voices, tiny, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    command = text_as_wav(tmp_path, voices)
    command += ["--config", str(tiny), "--epochs", "1", "--skip-bad-audio", "--fusion", "lstm"]
    assert main(command) == 0
    assert "left out 1 clips: text/anger/syn-m02-anger-s9-9.wav" in capfd.readouterr().err
    silent = tmp_path / "silent" / "anger" / "one.wav"
    silent.parent.mkdir(parents=True)
    soundfile.write(silent, np.zeros(16_000), 16_000)
    assert main(["evaluate", "silent", "--quiet"]) == 1  # there is nothing left to score
    err = capfd.readouterr().err
    assert err.count("\n") == 1
    assert "none of 1 clips can be used: silent/anger/one.wav (silent" in err


def test_evaluate_refuses_emotions_the_run_does_not_know(
    workplace, voices, tmp_path, monkeypatch, capfd
):
    shutil.copytree(voices / "test", tmp_path / "test")
    (tmp_path / "test" / "fear").rename(tmp_path / "test" / "boredom")
    for clip in (tmp_path / "test" / "boredom").iterdir():
        clip.rename(clip.with_name(clip.name.replace("fear", "boredom")))
    monkeypatch.chdir(workplace)
    assert main(["evaluate", str(tmp_path / "test"), "--quiet"]) == 1
    err = capfd.readouterr().err
    assert "not trained on: boredom" in err
    assert "neutral, happiness" in err


def test_evaluate_leaves_bad_audio_out_where_asked_and_scores_the_rest(
    workplace, voices, tmp_path, monkeypatch, capfd
):
    folder = tmp_path / "test"
    shutil.copytree(voices / "test", folder)
    n_clips = len(list(folder.rglob("*.wav")))
    (folder / "anger" / "syn-m02-anger-s9-8.wav").write_text("no sound")
    (folder / "anger" / "syn-m02-anger-s9-9.m4a").write_text("no sound either")
    monkeypatch.chdir(workplace)
    command = ["evaluate", str(folder), "--no-report", "--out", str(tmp_path / "scored")]
    assert main([*command, "--quiet"]) == 1
    assert "s9-9.m4a" in capfd.readouterr().err
    assert not (tmp_path / "scored").exists()
    assert main([*command, "--skip-bad-audio"]) == 0
    told = capfd.readouterr().err
    assert "s9-8.wav" in told
    assert "s9-9.m4a" in told
    scores = json.loads((tmp_path / "scored" / "scores.json").read_text())
    assert scores["n"] == n_clips
    assert f"left out 2 of {n_clips + 2} clips, which cannot be read" in scores["note"]
