"""The page of results, from an archive made by hand."""

import shlex
from pathlib import Path
from statistics import mean, stdev

import numpy as np
import pytest
import results
import standings
import training_command
from sklearn.metrics import accuracy_score, balanced_accuracy_score

import speechsent
from speechsent.cli import main
from speechsent.config import to_yaml
from speechsent.errors import RunError
from speechsent.evaluation.predictions import Predictions
from speechsent.evaluation.scores import score
from speechsent.study.archive import entry_name, write_entry
from speechsent.study.reading import load_study

LABELS = ("anger", "fear", "sadness")
N_CLIPS = 60
STUDY = """\
protocol: ravdess-6-random
seeds: [0, 1]
systems:
  joint: {fusion.mode: joint}
  cnn: {fusion.mode: cnn}
  lstm: {fusion.mode: lstm}
combine:
  averaged: {how: average, of: [cnn, lstm]}
"""
QUALITY = {"joint": 0.9, "cnn": 0.4, "lstm": 0.6, "svm": 0.7}


def answers(system, fold, seed):
    """Answers that are right about as often as the system is good."""
    truth = np.random.default_rng(fold).integers(3, size=N_CLIPS)
    rng = np.random.default_rng([fold, seed, round(100 * QUALITY[system])])
    chosen = np.where(rng.random(N_CLIPS) < QUALITY[system], truth, (truth + 1) % 3)
    return Predictions(
        files=tuple(f"{fold}/{i}.wav" for i in range(N_CLIPS)),
        truth=truth,
        probabilities=np.eye(3)[chosen] * 0.7 + 0.1,
        speakers=tuple(f"{fold}-{i % 4}" for i in range(N_CLIPS)),
        genders=(None,) * N_CLIPS,
        labels=LABELS,
    )


class Written:
    """An archive with its study."""

    def __init__(self, folder: Path) -> None:
        self.studies, self.archive = folder / "studies", folder / "archive"
        self.studies.mkdir()
        (self.studies / "toy.yaml").write_text(STUDY)
        self.study = load_study(self.studies / "toy.yaml")

    def add(self, system, fold, seed, test=None, **facts):
        """Write an entry."""
        test = test or answers(system, fold, seed)
        scores = score(
            test, protocol="toy", part="test", speaker_disjoint=False, seed=seed, n_resamples=10
        )
        known = {one.name: one for one in self.study.systems}
        settings = to_yaml(self.study.at(known[system], fold, seed)) if system in known else ""
        told = {
            "system": system, "fold": fold, "seed": seed, "run_format": 1 if settings else None,
            "protocol": "toy", "protocol_hash": "", "n_folds": 2, "split_hash": "x",
            "speaker_disjoint": False, "note": "", "n_clips": {}, "validation_uar": None,
            "finished": f"2026-01-0{1 + seed}T00:00", "seconds": 60.0 * (1 + fold),
            "environment": {"platform": "Linux x86_64", "python": "3.11", "processors": 2},
            "command": "python svm.py",
        }  # fmt: skip
        place = self.archive / "toy" / entry_name(system, fold, seed)
        write_entry(
            place, told | facts, scores=scores, test=test, validation=None, settings=settings
        )
        return place

    def rows(self):
        """The rows of its table, by system."""
        found = standings.collect(self.study, self.archive / "toy")
        names = [*self.study.names, *found.fixed]
        return {row.system: row for row in standings.standings(names, found)}


@pytest.fixture
def written(tmp_path):
    return Written(tmp_path)


@pytest.fixture
def whole(written):
    """Both seeds on both folds, and an SVM without a seed."""
    for seed in (0, 1):
        for fold in (0, 1):
            for system in ("joint", "cnn", "lstm"):
                written.add(system, fold, seed)
    for fold in (0, 1):
        written.add("svm", fold, 0, deterministic=True)
    return written


def pooled(system, seed):
    found = [answers(system, fold, seed) for fold in (0, 1)]
    return [
        np.concatenate([getattr(one, what) for one in found]) for what in ("truth", "predicted")
    ]


def test_a_row_has_the_mean_over_runs_and_the_score_of_all_folds_together(whole):
    row = whole.rows()["joint"]
    runs = [answers("joint", fold, seed) for seed in (0, 1) for fold in (0, 1)]
    uars = [balanced_accuracy_score(run.truth, run.predicted) for run in runs]
    assert (row.folds, row.seeds, row.n_clips, row.left_out) == ((0, 1), (0, 1), 120, 0)
    assert row.uar.mean == pytest.approx(mean(uars))
    assert row.uar.sd == pytest.approx(stdev(uars))
    seeds = [pooled("joint", seed) for seed in (0, 1)]
    assert row.pooled == pytest.approx(mean(balanced_accuracy_score(*one) for one in seeds))
    assert row.accuracy == pytest.approx(mean(accuracy_score(*one) for one in seeds))
    assert row.interval.low < row.pooled < row.interval.high


def test_all_are_compared_with_the_better_branch(whole):
    rows = whole.rows()
    assert rows["lstm"].against is None
    for name in ("joint", "cnn", "averaged", "svm"):
        against = rows[name].against
        assert against.system == "lstm"
        difference = rows[name].pooled - rows["lstm"].pooled
        assert against.uar.difference == pytest.approx(difference)
    assert rows["joint"].against.p_uar < 0.05
    assert rows["svm"].seeds == (0,)


def test_averaged_is_the_mean_of_the_probabilities(whole):
    members = [answers(system, 1, 0) for system in ("cnn", "lstm")]
    mixed = np.mean([member.probabilities for member in members], axis=0)
    found = standings.collect(whole.study, whole.archive / "toy").runs["averaged"][1, 0]
    np.testing.assert_allclose(found.test.probabilities, mixed, atol=1e-6)


def test_a_seed_without_all_folds_is_told_and_does_not_count(written):
    for fold, seed in ((0, 0), (1, 0), (0, 1)):
        written.add("joint", fold, seed)
    row = written.rows()["joint"]
    assert (row.folds, row.seeds, row.left_out) == ((0, 1), (0,), 1)
    page = results.measured(written.archive, written.studies)
    assert "do not count yet, because their seed lacks a fold: `joint` 1." in page
    assert "No finished run yet: `cnn`, `lstm`, `averaged`." in page
    assert row.against is None


def test_entries_of_other_settings_are_left_out_and_counted(written):
    written.add("joint", 0, 0)
    config = written.add("cnn", 0, 0) / "config.yaml"
    config.write_text(config.read_text().replace("epochs: 50", "epochs: 3"))
    assert set(written.rows()) == {"joint"}
    assert "1 entries of other settings or files are left out" in results.measured(
        written.archive, written.studies
    )


def test_entries_of_other_files_give_way_to_the_newest(written):
    """Another copy of the corpus has another split hash."""
    written.add("joint", 0, 0)
    written.add("cnn", 0, 0, test=answers("cnn", 1, 0), split_hash="y", finished="2026-02-01")
    assert set(written.rows()) == {"cnn"}


def test_the_page_tells_protocol_figures_and_commands(whole):
    page = results.measured(whole.archive, whole.studies)
    assert "Newest run: 2026-01-02. Runs: 14. Made on:" in page
    assert "- 2 processors, Linux x86_64, Python 3.11" in page
    assert "**Leaky by design**" in page
    rows = {row.split("|")[1].strip(): row for row in page.splitlines() if row.startswith("| `")}
    uar = [balanced_accuracy_score(*pooled("lstm", seed)) for seed in (0, 1)]
    (lstm,) = [row for row in page.splitlines() if row.startswith("| `lstm` | ") and "±" in row]
    assert f"| {100 * mean(uar):.1f} [" in lstm
    assert lstm.endswith("|  |  |  | 2 of 2 | 2 of 2 | 120 | 1.5 |")
    assert rows["`svm`"].endswith("| `python svm.py` |")
    assert "the mean of the probabilities of `cnn` and `lstm`" in rows["`averaged`"]
    assert "--protocol ravdess-6-random --fusion lstm --fold FOLD" in rows["`lstm`"]


def test_only_what_stands_between_the_markers_is_rewritten():
    page = f"by hand\n{results.BEGIN}\nold\n{results.END}\nalso by hand\n"
    told = results.rewritten(page, "new")
    assert told == f"by hand\n{results.BEGIN}\n\nnew\n\n{results.END}\nalso by hand\n"
    assert results.rewritten(told, "new") == told
    with pytest.raises(RunError, match="each once"):
        results.rewritten("no markers", "new")


@pytest.mark.parametrize("path", results.STUDIES.glob("*.yaml"), ids=lambda path: path.stem)
def test_the_command_of_a_row_makes_its_configuration(path, capsys):
    """Parsed by the command line itself, but for what stands for fold and seed."""
    study = load_study(path)
    for system in study.systems:
        config = study.at(system, 0, 0)
        words = shlex.split(training_command.training_command(config))
        words = [word.replace("FOLD", "0").replace("SEED", "0") for word in words[3:]]
        assert main(["config", "show", *words]) == 0
        assert capsys.readouterr().out == to_yaml(config)


@pytest.mark.slow
def test_the_committed_page_is_what_its_archive_comes_to():
    page = (results.ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    again = results.rewritten(page, results.measured(results.ROOT / "docs" / "results"))
    assert again == page, "write it again: python benchmarks/results.py"


def test_the_nearest_preset_begins_the_command():
    assert "--preset best" in training_command.training_command(speechsent.preset("best"))
