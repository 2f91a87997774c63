import csv
import io
from statistics import mean, stdev

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import balanced_accuracy_score

from speechsent.config import ExperimentConfig
from speechsent.evaluation.predictions import Predictions
from speechsent.study.analysis import summarise
from speechsent.study.picture import study_figure
from speechsent.study.plan import Combination, Study, System
from speechsent.study.tables import as_csv, latex, markdown
from speechsent.study.trained import Trained

LABELS = ("angry", "happy", "sad")
N_CLIPS = 60


def trained(fold, seed, quality, *, protocol="toy-3", speakers=6):
    """A run that is right in about ``quality`` of its clips; clips depend on the fold alone."""
    truth = np.random.default_rng(fold).integers(3, size=N_CLIPS)
    rng = np.random.default_rng([fold, seed, round(100 * quality)])
    answer = np.where(rng.random(N_CLIPS) < quality, truth, (truth + 1) % 3)
    predictions = Predictions(
        files=tuple(f"fold{fold}/{i}.wav" for i in range(N_CLIPS)),
        truth=truth,
        probabilities=np.eye(3)[answer] * 0.7 + 0.1,
        speakers=tuple(f"s{fold}-{i % speakers}" for i in range(N_CLIPS)),
        genders=(None,) * N_CLIPS,
        labels=LABELS,
    )
    return Trained(
        protocol=protocol,
        protocol_hash="abc",
        test=predictions,
        validation=predictions,
        seconds=60.0 * (1 + seed),
    )


def study(*names, combinations=(), reference=""):
    systems = tuple(System(name=name, config=ExperimentConfig()) for name in names)
    return Study(
        name="toy",
        systems=systems,
        seeds=(0, 1, 2),
        combinations=combinations,
        reference=reference,
    )


def grid(quality, folds=(0, 1), seeds=(0, 1, 2), **how):
    return {(f, s): trained(f, s, quality, **how) for f in folds for s in seeds}


@pytest.fixture
def runs():
    return {"weak": grid(0.5), "strong": grid(0.9), "middling": grid(0.55)}


def pooled(runs, seed):
    predictions = [runs[fold, seed].test for fold in (0, 1)]
    return (
        np.concatenate([p.truth for p in predictions]),
        np.concatenate([p.predicted for p in predictions]),
    )


def test_scores_are_means_over_seeds_on_the_clips_of_all_folds(runs):
    (table,) = summarise(study("weak", "strong", "middling"), runs)
    assert (table.folds, table.seeds, table.n_clips) == ((0, 1), (0, 1, 2), 120)
    assert (table.n_speakers, table.reference, table.chance) == (12, "weak", pytest.approx(1 / 3))
    for row in table.rows:
        uars = [balanced_accuracy_score(*pooled(runs[row.system], seed)) for seed in range(3)]
        assert row.uar.mean == pytest.approx(mean(uars))
        assert row.uar.sd == pytest.approx(stdev(uars))
        assert row.uar_interval.low < row.uar.mean < row.uar_interval.high
        assert (row.n_runs, row.minutes) == (6, 2.0)


def test_each_system_is_compared_with_the_reference_on_the_same_clips(runs):
    (table,) = summarise(study("weak", "strong", "middling"), runs)
    weak, strong, middling = table.rows
    assert weak.comparison is None
    assert strong.comparison.uar.difference == pytest.approx(strong.uar.mean - weak.uar.mean)
    assert strong.comparison.p_uar < 0.01
    assert middling.comparison.p_uar > 0.05
    p = []
    for name in ("strong", "middling"):
        each = []
        for seed in range(3):
            truth, base = pooled(runs["weak"], seed)
            right, base_right = pooled(runs[name], seed)[1] == truth, base == truth
            only = (right & ~base_right).sum(), (base_right & ~right).sum()
            each.append(binomtest(only[0], sum(only)).pvalue)
        p.append(min(1, 2 * sorted(each)[1]))
    expected = [min(1, 2 * min(p)), max(min(1, 2 * min(p)), max(p))]  # Holm, two tests
    found = sorted([strong.comparison.p_accuracy, middling.comparison.p_accuracy])
    assert found == pytest.approx(expected)


def test_scores_of_different_protocols_never_share_a_table(runs):
    runs["adapted"] = grid(0.9, protocol="toy-3+spk")
    one, other = summarise(study("weak", "strong", "middling", "adapted"), runs)
    assert (one.protocol, other.protocol) == ("toy-3", "toy-3+spk")
    assert [row.system for row in other.rows] == ["adapted"]
    assert other.rows[0].comparison is None


def test_a_seed_that_failed_takes_its_counterparts_out(runs):
    del runs["strong"][1, 2]
    (table,) = summarise(study("weak", "strong", "middling"), runs)
    assert table.seeds == (0, 1)
    assert {row.n_runs for row in table.rows} == {4}


def test_a_fold_that_failed_under_every_seed_leaves_the_others(runs):
    for seed in range(3):
        del runs["strong"][1, seed]
    (table,) = summarise(study("weak", "strong", "middling"), runs)
    assert (table.folds, table.seeds) == ((0,), (0, 1, 2))


def test_a_system_without_a_common_run_is_left_out(runs):
    runs["strong"] = {(4, 0): trained(4, 0, 0.9)}
    (table,) = summarise(study("weak", "strong", "middling"), runs)
    assert [row.system for row in table.rows] == ["weak", "middling"]


def test_combined_systems_stand_in_the_table(runs):
    mixed = Combination(name="averaged", how="average", of=("weak", "strong"))
    (table,) = summarise(study("weak", "strong", combinations=(mixed,), reference="strong"), runs)
    assert [row.system for row in table.rows] == ["weak", "strong", "averaged"]
    assert table.rows[2].minutes is None
    assert table.rows[2].comparison is not None


def test_tables_tell_protocol_reference_and_failures(runs, tmp_path):
    found = summarise(study("weak", "strong"), {k: runs[k] for k in ("weak", "strong")})
    text = markdown("toy", found, {"strong-fold1-seed2": "the loss | is not a number"})
    assert "## toy-3 (abc): folds 0, 1, seeds 0, 1, 2, 120 test clips, 12 known speakers" in text
    assert "UAR less that of weak" in text
    assert "| strong-fold1-seed2 | the loss / is not a number |" in text
    rows = list(csv.DictReader(io.StringIO(as_csv(found, {"x": "why"}))))
    assert [row["system"] for row in rows] == ["weak", "strong", "x"]
    assert float(rows[1]["uar"]) == found[0].rows[1].uar.mean
    assert rows[2]["failure"] == "why"
    assert r"\toprule" in latex(found)
    assert "95 %" not in latex(found).replace(r"95 \%", "")
    study_figure(found[0], tmp_path / "table.png")
    assert (tmp_path / "table.png").stat().st_size > 5_000
