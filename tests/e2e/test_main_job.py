"""The main job as a user types it: train, evaluate, predict."""

import csv
import hashlib
import json
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from speechsent import load_config, predict, train
from speechsent.cli import main
from speechsent.evaluation.calibrated import Calibration
from speechsent.evaluation.predictions import read_predictions
from speechsent.run import Run


def runs(folder: Path) -> list[Path]:
    return sorted((folder / "runs").glob("*/*"))


def test_a_run_folder_holds_everything_a_reader_of_the_score_needs(workplace):
    run = Run.newest(workplace / "runs")
    names = {path.name for path in run.path.iterdir()}
    assert names == {
        "config.yaml", "environment.json", "labels.json", "split.csv", "stages.json",
        "standardizer.npz", "model.weights.h5", "history.csv", "history-joint.png", "run.json",
        "scores.json", "predictions.csv", "confusion.png", "tests_seen.json",
        "audit.json", "baseline.npz", "baseline_predictions.csv", "calibration.json",
        "reliability.png", "validation_predictions.csv", "report.html", "model_card.md",
        "doctor.json",
    }  # fmt: skip
    scores = run.read_json("scores.json")
    assert scores["protocol"] == "builtin-6-given"
    assert scores["speaker_disjoint"] is True
    assert scores["n"] == 24
    assert scores["k"] == round(scores["accuracy"] * 24)


def test_no_speaker_is_in_two_parts(workplace):
    run = Run.newest(workplace / "runs")
    train, validation, test = (run.split.speakers(p) for p in ("train", "validation", "test"))
    assert not train & validation
    assert not (train | validation) & test
    assert len(train | validation | test) == 6


def test_class_named_folders_of_the_test_clips_give_the_same_scores(
    workplace, voices, tmp_path, monkeypatch, capsys
):
    """Copied elsewhere, under other class spellings, the clips are the same clips."""
    spelling = {"anger": "angry", "sadness": "SAD", "happiness": "joy"}
    for folder in (voices / "test").iterdir():
        shutil.copytree(folder, tmp_path / "test" / spelling.get(folder.name, folder.name))
    monkeypatch.chdir(workplace)
    own = Run.newest(Path("runs")).read_json("scores.json")
    assert main(["evaluate", str(tmp_path / "test"), "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert scores["uar"] == pytest.approx(own["uar"], abs=1e-12)
    assert scores["confusion"] == own["confusion"]
    assert scores["protocol"] == "builtin-6-external"
    assert scores["speaker_disjoint"] is True


def test_a_training_tells_its_run_and_scores_as_json(
    workplace, voices, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(workplace)
    run = Run.newest(Path("runs"))
    monkeypatch.setattr("speechsent.experiment.train", lambda *_, **__: run)
    assert main(["train", str(voices), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["run"] == str(run.path)
    assert told["scores"] == run.read_json("scores.json")
    untested = Run(Path(shutil.copytree(run.path, tmp_path / "untested")))
    (untested.path / "scores.json").unlink()
    monkeypatch.setattr("speechsent.experiment.train", lambda *_, **__: untested)
    assert main(["train", str(voices), "--json", "--no-test"]) == 0
    assert "scores" not in json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("option", [["--also-leaky"], ["--one-vs", "anger"]])
def test_several_trainings_are_not_one_json(voices, option, capsys):
    assert main(["train", str(voices), "--json", *option]) == 1
    assert f"Received: {option[0]} beside it" in capsys.readouterr().err


def test_evaluating_training_clips_says_so(workplace, voices, monkeypatch, capsys):
    monkeypatch.chdir(workplace)
    assert main(["evaluate", str(voices / "train"), "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert scores["speaker_disjoint"] is False
    assert "speakers-shared (4 of 4)" in scores["note"]
    assert "identical-files (48 of 48)" in scores["note"]


def test_an_evaluation_warns_of_leaks_and_keeps_the_audit(
    workplace, voices, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(workplace)
    assert main(["evaluate", str(voices / "train"), "--out", str(tmp_path)]) == 0
    warnings = [line for line in capsys.readouterr().err.splitlines() if "warning: " in line]
    named = [line.split(": ")[1] for line in warnings]
    assert named == ["speakers-shared", "second-takes", "identical-files"]
    assert warnings[-1].endswith("; remove the copies from one side")
    report = json.loads((tmp_path / "audit.json").read_text())
    assert report["clean"] is False
    assert (report["n_train"], report["n_test"]) == (48, 48)


def test_a_clean_split_is_audited_and_says_nothing(workplace):
    run = Run.newest(workplace / "runs")
    assert run.read_json("audit.json")["clean"] is True
    assert {"speakers-shared", "identical-files"} <= set(run.read_json("audit.json")["checked"])
    assert "leaks" not in run.read_json("scores.json")["note"]


def test_the_baseline_is_scored_on_the_same_clips(workplace):
    run = Run.newest(workplace / "runs")
    net, linear = (
        list(csv.DictReader((run.path / name).read_text().splitlines()))
        for name in ("predictions.csv", "baseline_predictions.csv")
    )
    assert [row["file"] for row in net] == [row["file"] for row in linear]
    uar = balanced_accuracy_score(
        [row["emotion"] for row in linear], [row["predicted"] for row in linear]
    )
    scores = run.read_json("scores.json")
    assert scores["linear"]["uar"] == pytest.approx(uar)
    assert scores["linear"]["difference"] == pytest.approx(scores["uar"] - uar)


def test_runs_of_older_versions_are_scored_as_before(workplace, tmp_path, monkeypatch, capsys):
    """They have no audit, no linear baseline, no temperature and no seal."""
    run = Run(shutil.copytree(Run.newest(workplace / "runs").path, tmp_path / "old"))
    facts = run.read_json("run.json")
    run.write_json("run.json", {k: facts[k] for k in facts.keys() - {"files", "digest"}})
    expected = run.read_json("scores.json")
    for name in ("audit.json", "baseline.npz", "calibration.json", "scores.json"):
        (run.path / name).unlink()
    assert main(["evaluate", "--run", str(run.path)]) == 0
    assert "linear baseline" not in capsys.readouterr().out
    absent = {"linear": None, "calibration": None}
    assert run.read_json("scores.json") == expected | absent


def test_each_look_at_the_test_set_is_recorded(workplace, monkeypatch, capsys):
    monkeypatch.chdir(workplace)
    before = Run.newest(Path("runs")).tests_seen
    assert main(["evaluate"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("run runs/")
    seen = Run.newest(Path("runs")).tests_seen
    assert len(seen) == len(before) + 1
    assert f"look number {sum(s['what'] == 'test' for s in seen)} at these clips" in out


def test_own_test_clips_named_by_their_folder_are_counted_as_such(
    workplace, voices, monkeypatch, capsys
):
    monkeypatch.chdir(workplace)
    before = Run.newest(Path("runs")).tests_seen
    n = sum(look["what"] == "test" for look in before)
    assert main(["evaluate", str(voices / "test"), "--no-report"]) == 0
    out = capsys.readouterr().out
    assert f"look number {n + 1} at these clips" in out
    assert "note: functionals solved once more from training and validation clips" in out
    run = Run.newest(Path("runs"))
    assert [look["what"] for look in run.tests_seen[len(before) :]] == ["test"]
    card = (run.path / "model_card.md").read_text()
    assert f"Looks at the test part with this model: {n + 1}" in card


def test_evaluating_twice_changes_nothing(workplace, monkeypatch):
    monkeypatch.chdir(workplace)
    path = Run.newest(Path("runs")).path
    assert main(["evaluate", "--quiet"]) == 0
    first = (path / "scores.json").read_bytes(), (path / "predictions.csv").read_bytes()
    assert main(["evaluate", "--quiet"]) == 0
    assert first == ((path / "scores.json").read_bytes(), (path / "predictions.csv").read_bytes())


def test_predict_names_emotions_and_agrees_with_evaluate(workplace, voices, monkeypatch, capsys):
    monkeypatch.chdir(workplace)
    with (Run.newest(Path("runs")).path / "predictions.csv").open() as file:
        expected = {row["file"]: row for row in csv.DictReader(file)}
    name = next(iter(expected))
    assert main(["predict", str(voices / name), "--json"]) == 0
    [row] = json.loads(capsys.readouterr().out)
    assert row["emotion"] == expected[name]["predicted"]
    assert sum(row["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert row["calibrated"] is True
    temperature = Run.newest(Path("runs")).read_json("calibration.json")["temperature"]
    raw = np.array([float(expected[name][emotion]) for emotion in row["probabilities"]])
    powers = raw ** (1 / temperature)
    found = list(row["probabilities"].values())
    np.testing.assert_allclose(found, powers / powers.sum(), atol=1e-4)


def test_unsure_answers_can_be_rejected(workplace, voices, monkeypatch, capsys):
    monkeypatch.chdir(workplace)
    command = ["predict", str(voices / "test" / "fear"), "--csv"]
    assert main(command) == 0
    before = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    names = list(before[0])[2:]
    tops = sorted(max(float(row[name]) for name in names) for row in before)
    threshold = (tops[0] + tops[1]) / 2
    assert main([*command, "--reject-below", str(threshold)]) == 0
    out, err = capsys.readouterr()
    after = list(csv.DictReader(out.splitlines()))
    assert [row["emotion"] for row in after].count("rejected") == 1
    assert [{**row, "emotion": ""} for row in after] == [{**row, "emotion": ""} for row in before]
    assert err.startswith("rejected 1 of 4 files")


def test_a_threshold_that_is_no_probability_is_refused(workplace, voices, monkeypatch, capsys):
    monkeypatch.chdir(workplace)
    assert main(["predict", str(voices / "test" / "fear"), "--reject-below", "60"]) == 1
    assert "reject_below must lie in (0, 1)" in capsys.readouterr().err


def test_predict_needs_no_training_corpus(workplace, voices, tmp_path, monkeypatch, capsys):
    """A run copied to another place, without its corpus, still predicts."""
    run = shutil.copytree(Run.newest(workplace / "runs").path, tmp_path / "copied")
    facts = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**facts, "root": str(tmp_path / "gone")}))
    clip = next((voices / "test" / "anger").iterdir())
    monkeypatch.chdir(tmp_path)
    assert main(["predict", str(clip), "--run", "copied", "--csv"]) == 0
    header, row = capsys.readouterr().out.splitlines()
    assert header.startswith("file,emotion,neutral,happiness")
    assert row.startswith(str(clip))


def digests(path: Path) -> dict[str, str]:
    """SHA-256 of every array in a weight file, read with h5py alone."""
    found: dict[str, str] = {}

    def visit(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = hashlib.sha256(np.ascontiguousarray(item[()]).tobytes()).hexdigest()

    with h5py.File(path) as file:
        file.visititems(visit)
    return found


@pytest.mark.slow
def test_the_same_seed_gives_the_same_model(workplace, voices, tiny, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = ["train", str(voices), "--config", str(tiny), "--quiet"]
    assert main(command) == 0
    assert main([*command, "--seed", "1"]) == 0
    first = Run.newest(workplace / "runs").path
    same, other = runs(tmp_path)
    assert digests(first / "model.weights.h5") == digests(same / "model.weights.h5")
    assert (first / "history.csv").read_bytes() == (same / "history.csv").read_bytes()
    assert digests(same / "model.weights.h5") != digests(other / "model.weights.h5")


@pytest.mark.slow
def test_frozen_branches_stay_bit_for_bit(voices, tiny, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = ["train", str(voices), "--config", str(tiny), "--fusion", "frozen", "--quiet"]
    assert main(command) == 0
    [path] = runs(tmp_path)
    cnn, lstm, head, *functionals = json.loads((path / "stages.json").read_text())
    assert [stage["stage"] for stage in functionals] == ["functionals", "functionals-again"]
    assert head["frozen"]
    assert all(before == after for before, after in head["frozen"].values())
    saved = set(digests(path / "model.weights.h5").values())
    weights = {k: after for k, (_, after) in head["frozen"].items() if "seed_generator" not in k}
    assert set(weights.values()) <= saved
    assert cnn["fitted_on"] == lstm["fitted_on"] == head["fitted_on"]
    assert not set(head["validated_on"]) & set(cnn["fitted_on"])


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["cnn", "lstm", "finetune"])
def test_the_other_modes_run(mode, voices, tiny, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    command = ["train", str(voices), "--config", str(tiny), "--fusion", mode, "--quiet"]
    assert main(command) == 0
    assert "UAR (UA, balanced accuracy)" in capsys.readouterr().out
    assert main(["evaluate", "--quiet"]) == 0


@pytest.mark.slow
@pytest.mark.parametrize(("backbone", "size"), [("inceptionv3", 75), ("vgg16", 32)])
def test_imagenet_networks_run_from_random_weights(
    backbone, size, voices, tiny, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    command = ["train", str(voices), "--config", str(tiny), "--cnn", backbone, "--weights", "none"]
    command += ["--set", f"cnn.image_size={size}", "--epochs", "1", "--quiet"]
    assert main(command) == 0
    assert "protocol builtin-6-given" in capsys.readouterr().out


@pytest.mark.slow
def test_speaker_standardisation_is_named_in_the_protocol(
    voices, tiny, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    command = ["train", str(voices), "--config", str(tiny), "--fusion", "lstm", "--quiet"]
    assert main([*command, "--standardize", "speaker"]) == 0
    assert "protocol builtin-6-given+spk" in capsys.readouterr().out


@pytest.mark.slow
def test_by_speaker_predict_answers_as_the_evaluation_did(voices, tiny, tmp_path):
    """All clips of one test speaker, centred and calibrated, against the answers in the run."""
    config = load_config(tiny, ["fusion.mode=functionals", "view.standardize=speaker"])
    run = train(config, voices, out=tmp_path, report=False)
    scored = read_predictions(run.path / "predictions.csv")
    speaker = scored.speakers[0]
    own = [i for i, who in enumerate(scored.speakers) if who == speaker]
    told = predict([voices / scored.files[i] for i in own], run)
    calibration = Calibration.find(run.path)
    expected = calibration(scored.probabilities[own])
    found = [list(one.probabilities.values()) for one in told]
    np.testing.assert_allclose(found, expected, atol=1e-4)  # the table has six decimals


@pytest.mark.slow
def test_functionals_answer_without_a_network(voices, tiny, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    command = ["train", str(voices), "--config", str(tiny), "--fusion", "functionals", "--quiet"]
    assert main(command) == 0
    assert "protocol builtin-6-given" in capsys.readouterr().out
    [path] = runs(tmp_path)
    stages = json.loads((path / "stages.json").read_text())
    assert [stage["stage"] for stage in stages] == ["functionals", "functionals-again"]
    scores = json.loads((path / "scores.json").read_text())
    assert scores["uar"] > 2 / 6  # twice what guessing reaches
    assert "solved once more from training and validation clips" in scores["note"]


@pytest.mark.slow
def test_prosody_as_a_second_stream_with_noise(voices, tiny, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    command = ["train", str(voices), "--config", str(tiny), "--fusion", "lstm", "--quiet"]
    command += ["--set", "lstm.streams=[mfcc, prosody]", "--set", "augment.noise=0.5"]
    command += ["--set", "augment.mixup=0.2", "--epochs", "1"]
    assert main(command) == 0
    assert main(["predict", str(next((voices / "test" / "fear").iterdir())), "--quiet"]) == 0


@pytest.mark.slow
def test_a_split_by_clips_is_trained_with_a_warning_that_stays_with_the_score(
    voices, tiny, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    command = ["train", str(voices / "train"), "--config", str(tiny), "--fusion", "lstm"]
    assert main([*command, "--allow-speaker-overlap", "--no-baseline"]) == 0
    out, err = capsys.readouterr()
    assert "warning: speakers-shared: " in err
    assert "; score on speakers that were not trained on" in err
    assert "leaks: speakers-shared" in " ".join(out.split())
    assert "linear baseline" not in out
    [path] = runs(tmp_path)
    assert not (path / "baseline.npz").exists()
    assert json.loads((path / "audit.json").read_text())["clean"] is False
