"""Numbers in columns of a CSV, as a user types it: train, evaluate, predict."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from speechsent.cli import main
from speechsent.corpus.open import read_corpus
from speechsent.run import Run

AROUSAL = {"anger": 9, "fear": 7, "happiness": 8, "disgust": 4, "neutral": 3, "sadness": 1}
VALENCE = {
    "anger": 200, "fear": 250, "happiness": 900, "disgust": 220, "neutral": 500, "sadness": 240,
}  # fmt: skip
LEARNED = ["--set", "fit.learning_rate=0.01", "--set", "augment.mixup=0", "--epochs", "15"]


def write_list(path: Path, root: Path, part: str | None = None) -> Path:
    """List the voices with two numbers made from their emotions."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        columns = ["file", "speaker", "arousal", "valence", "rater"]
        writer.writerow([*columns, *([] if part else ["split"])])
        for i, u in enumerate(read_corpus(root)):
            if part in (None, u.part):
                values = [AROUSAL[u.emotion] + 0.1 * (i % 3), VALENCE[u.emotion] + i % 5]
                name = u.path.relative_to(root).as_posix()
                writer.writerow([name, u.speaker, *values, i % 2, *([] if part else [u.part])])
    return path


@pytest.fixture(scope="module")
def spoken(voices: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The voices in a folder of our own, because lists are written into it."""
    return Path(shutil.copytree(voices, tmp_path_factory.mktemp("rated") / "v"))


@pytest.fixture(scope="module")
def rated(spoken: Path) -> Path:
    return write_list(spoken / "rated.csv", spoken)


@pytest.fixture(scope="module")
def place(rated, tiny, tmp_path_factory):
    """A folder with one finished run that tells numbers, under runs/."""
    folder = tmp_path_factory.mktemp("numbers")
    command = ["train", str(rated), "--target", "arousal,valence", "--config", str(tiny)]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main([*command, "--fusion", "lstm", *LEARNED, "--quiet"]) == 0
    return folder


def newest(place: Path) -> Run:
    return Run.newest(place / "runs")


def read(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_a_run_that_tells_numbers_holds_what_applies_to_them(place):
    run = newest(place)
    names = {path.name for path in run.path.iterdir()}
    assert {"targets.json", "scatter.png", "baseline.npz", "predictions.csv"} <= names
    assert not {"calibration.json", "confusion.png", "reliability.png"} & names
    assert {"ccc", "val_ccc"} <= read(run.path / "history.csv")[0].keys()
    scores = run.read_json("scores.json")
    assert scores["kind"] == "regression"
    assert scores["protocol"] == run.facts["protocol"] == "builtin-arousal+valence-given"
    assert scores["speaker_disjoint"] is True
    assert run.tests_seen[0]["ccc"] == pytest.approx(scores["ccc"], abs=1e-6)


def test_numbers_have_a_report_that_can_be_made_again(place, monkeypatch, capsys):
    run = newest(place)
    page = (run.path / "report.html").read_text()
    for told in ("CCC of arousal", "Concordance and error", "told valence", "largest error first"):
        assert told in page
    assert "<audio" in page
    assert "CCC of arousal" in (run.path / "model_card.md").read_text()
    monkeypatch.chdir(place)
    assert main(["report", "--quiet"]) == 0
    again = (run.path / "report.html").read_text()
    assert again.count("<audio") == page.count("<audio") == 24


def test_what_is_easy_is_learned(place):
    """Arousal is loud and high; the bar is far above 0, which the constant answer gets."""
    arousal = newest(place).read_json("scores.json")["targets"]["arousal"]
    assert arousal["ccc"] > 0.3
    assert arousal["rmse"] < arousal["constant_rmse"]


def test_targets_are_standardised_on_training_clips_alone(place):
    run = newest(place)
    rows = [row for row in read(run.path / "split.csv") if row["part"] == "train"]
    values = np.array([[float(row["arousal"]), float(row["valence"])] for row in rows])
    scale = run.read_json("targets.json")
    np.testing.assert_allclose(scale["mean"], values.mean(axis=0))
    np.testing.assert_allclose(scale["sd"], values.std(axis=0))


def test_scores_are_those_of_the_table_in_the_units_of_the_columns(place, rated):
    run = newest(place)
    rows = read(run.path / "predictions.csv")
    listed = {row["file"]: row["valence"] for row in read(rated)}
    assert all(float(row["valence"]) == float(listed[row["file"]]) for row in rows)
    truth, told = (
        np.array([float(row[name]) for row in rows]) for name in ("valence", "valence_predicted")
    )
    found = run.read_json("scores.json")["targets"]["valence"]
    assert found["rmse"] == pytest.approx(np.sqrt(np.mean((truth - told) ** 2)), rel=1e-4)
    r, sx, sy = stats.pearsonr(truth, told).statistic, truth.std(), told.std()
    ccc = 2 * r * sx * sy / (sx**2 + sy**2 + (truth.mean() - told.mean()) ** 2)
    assert found["ccc"] == pytest.approx(ccc, abs=1e-4)


def test_another_list_with_the_same_columns_is_scored(place, spoken, monkeypatch, capsys):
    monkeypatch.chdir(place)
    own = newest(place).read_json("scores.json")
    listed = write_list(spoken / "test_only.csv", spoken, "test")
    assert main(["evaluate", str(listed), "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert scores["ccc"] == pytest.approx(own["ccc"], abs=1e-6)
    assert scores["protocol"] == "builtin-arousal+valence-external"
    assert scores["speaker_disjoint"] is True


def test_evaluating_again_changes_nothing_and_prints_the_table(place, monkeypatch, capsys):
    monkeypatch.chdir(place)
    before = newest(place).read_json("scores.json")
    assert main(["evaluate"]) == 0
    assert "mean CCC" in capsys.readouterr().out
    assert newest(place).read_json("scores.json") == before


def test_a_list_without_a_target_is_refused(place, spoken, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(place)
    listed = write_list(spoken / "renamed.csv", spoken)
    listed.write_text(listed.read_text().replace("valence", "pleasure"))
    assert main(["evaluate", str(listed)]) == 1
    assert "renamed.csv: the first row must name the columns; missing: valence" in (
        capsys.readouterr().err
    )
    assert main(["evaluate", str(spoken)]) == 1
    assert "targets are numeric columns of a CSV" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["--json", "--csv"])
def test_predict_tells_the_numbers_that_evaluate_told(form, place, spoken, monkeypatch, capsys):
    monkeypatch.chdir(place)
    row = read(newest(place).path / "predictions.csv")[0]
    assert main(["predict", str(spoken / row["file"]), form]) == 0
    out = capsys.readouterr().out
    [told] = json.loads(out) if form == "--json" else csv.DictReader(out.splitlines())
    values = told["values"] if form == "--json" else told
    for name in ("arousal", "valence"):
        assert float(values[name]) == pytest.approx(float(row[f"{name}_predicted"]), rel=1e-4)


def test_predict_prints_a_line_a_file(place, spoken, monkeypatch, capsys):
    monkeypatch.chdir(place)
    assert main(["predict", str(spoken / "test" / "fear")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert all(" arousal " in line and " valence " in line for line in lines)


def test_the_run_is_listed_and_shown(place, monkeypatch, capsys):
    monkeypatch.chdir(place)
    assert main(["runs", "list"]) == 0
    assert "test CCC" in capsys.readouterr().out
    assert main(["runs", "show", str(newest(place).path)]) == 0
    assert "validation CCC" in capsys.readouterr().out


@pytest.mark.slow
def test_the_run_comes_again_bit_for_bit(place, rated, monkeypatch):
    monkeypatch.chdir(place)
    again = ["runs", "reproduce", str(newest(place).path), "--corpus", str(rated), "--quiet"]
    assert main(again) == 0


REFUSED = (
    (["train", "LIST", "--target", "arousal", "--also-leaky"], "UAR of emotions"),
    (["train", "LIST", "--target", "arousal", "--merge", "valence"], "no emotions can be merged"),
    (["train", "VOICES", "--target", "arousal"], "targets are numeric columns of a CSV"),
    (["train", "LIST", "--target", "speaker"], "columns of one's own"),
    (["matrix", "LIST", "LIST", "--target", "arousal"], "a matrix compares UAR"),
    (["runs", "compare", "RUN", "RUN"], "tells numbers"),
    (["predict", "LIST", "--run", "RUN", "--reject-below", "0.5"], "tells numbers"),
)


@pytest.mark.parametrize(("command", "message"), REFUSED)
def test_what_does_not_apply_to_numbers_is_refused_in_one_line(
    command, message, place, rated, spoken, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    places = {"LIST": rated, "VOICES": spoken, "RUN": newest(place).path}
    assert main([str(places.get(word, word)) for word in command]) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("speechsent: ")
    assert message in last


def test_a_study_of_numbers_is_refused(rated, tmp_path, capsys):
    (tmp_path / "s.yaml").write_text("systems: {a: {fit.epochs: 1}}\n")
    command = ["ablate", str(tmp_path / "s.yaml"), str(rated)]
    assert main([*command, "--set", "corpus.targets=[arousal]"]) == 1
    assert "a study compares UAR; train numbers one by one" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["joint", "finetune", "cnn"])
def test_every_way_of_fusion_tells_numbers(mode, rated, tiny, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    command = ["train", str(rated), "--target", "arousal", "--config", str(tiny), "--quiet"]
    assert main([*command, "--fusion", mode]) == 0
    assert "mean CCC" in capsys.readouterr().out


@pytest.mark.slow
def test_a_run_of_emotions_can_be_started_from(
    workplace, rated, tiny, tmp_path, monkeypatch, capsys
):
    """Its branches stay; the new head tells numbers."""
    monkeypatch.chdir(tmp_path)
    start = str(Run.newest(workplace / "runs").path)
    command = ["train", str(rated), "--from", start, "--target", "arousal", "--quiet"]
    assert main(command) == 0
    assert "mean CCC" in capsys.readouterr().out
