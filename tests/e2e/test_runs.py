"""A run comes out again bit for bit, and what does not is named."""

import json
import shutil
from pathlib import Path

import h5py
import pytest

from speechsent.cli import main
from speechsent.corpus.synthetic import SyntheticCorpus, synthesize
from speechsent.run import Run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def original(tmp_path_factory, tiny):
    """A corpus of 36 clips and a run of one epoch on it."""
    folder = tmp_path_factory.mktemp("reproduce")
    config = SyntheticCorpus(n_speakers=6, n_test_speakers=2, n_sentences=1, n_takes=1)
    voices = synthesize(folder / "voices", config)
    command = ["train", str(voices), "--config", str(tiny), "--fusion", "lstm", "--epochs", "1"]
    assert main([*command, "--out", str(folder / "runs"), "--quiet"]) == 0
    return Run.newest(folder / "runs").path


@pytest.fixture
def copied(original, tmp_path):
    """The run and its corpus, to be changed."""
    shutil.copytree(original.parents[2], tmp_path / "r")
    run = tmp_path / "r" / original.relative_to(original.parents[2])
    facts = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**facts, "root": str(tmp_path / "r" / "voices")}))
    return run


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def test_the_same_code_data_and_seed_give_the_same_run(original, capsys):
    before = contents(original)
    assert main(["runs", "reproduce", str(original), "--quiet"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"match: {original}, trained again",
        "  model.weights.h5: the same",
        "  history.csv: the same",
        "  predictions.csv: the same",
    ]
    assert contents(original) == before


def test_changed_weights_history_and_predictions_are_named(copied, tmp_path, capsys):
    with h5py.File(copied / "model.weights.h5", "r+") as file:
        names = []
        file.visititems(lambda n, item: names.append(n) if isinstance(item, h5py.Dataset) else None)
        name = next(n for n in names if file[n].ndim == 2)
        file[name][0, 0] += 0.25
    history = [line.split(",") for line in (copied / "history.csv").read_text().splitlines()]
    history[1][2] = "9.5"
    (copied / "history.csv").write_text("\n".join(map(",".join, history)) + "\n")
    environment = json.loads((copied / "environment.json").read_text())
    (copied / "environment.json").write_text(json.dumps({**environment, "python": "3.1.4"}))
    command = ["runs", "reproduce", str(copied), "--keep", str(tmp_path / "kept"), "--json"]
    assert main(command) == 4
    found = json.loads(capsys.readouterr().out)
    weights, cell = found["differences"]
    assert weights["file"] == "model.weights.h5"
    assert weights["place"].startswith(name)
    assert "values, by 0.25 at most; 1 of" in weights["told"]
    assert cell["place"] == f"stage lstm, epoch 1, {history[0][2]}"
    assert cell["told"].startswith("9.5 recorded, ")
    assert any(line.startswith("python: 3.1.4 then, 3.") for line in found["environment"])
    assert Run.open(Path(found["kept"])).config == Run.open(copied).config


def test_without_a_look_at_the_test_part_none_is_taken(copied, tmp_path, capsys):
    for name in ("scores.json", "predictions.csv"):
        (copied / name).unlink()
    assert main(["runs", "reproduce", str(copied), "--keep", str(tmp_path / "kept"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["compared"] == ["model.weights.h5", "history.csv"]
    assert Run.open(Path(found["kept"])).tests_seen == []


def test_a_corpus_that_moved_is_named(copied, capsys):
    voices = copied.parents[2] / "voices"
    moved = voices.rename(voices.with_name("moved"))
    assert main(["runs", "reproduce", str(copied), "--quiet"]) == 1
    assert "a clip of the run is missing; name the folder or CSV" in capsys.readouterr().err
    assert main(["runs", "reproduce", str(copied), "--corpus", str(moved), "--quiet"]) == 0


def test_changed_missing_and_new_clips_are_named_before_anything_is_trained(copied, capsys):
    [clip, other] = sorted((copied.parents[2] / "voices/train/anger").iterdir())[:2]
    added = clip.with_name("syn-f09-anger-s1-1.wav")
    shutil.copy(clip, added)
    assert main(["runs", "reproduce", str(copied), "--quiet"]) == 1
    assert "clips are missing, new, or have another" in capsys.readouterr().err
    added.unlink()
    shutil.copy(other, clip)
    assert main(["runs", "reproduce", str(copied), "--quiet"]) == 1
    assert f"{clip}: a clip of the run has changed" in capsys.readouterr().err
    clip.unlink()
    assert main(["runs", "reproduce", str(copied), "--quiet"]) == 1
    assert f"{clip}: a clip of the run is missing" in capsys.readouterr().err
