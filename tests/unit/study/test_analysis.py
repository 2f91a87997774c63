import csv
import io
from dataclasses import replace
from statistics import mean, stdev

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import balanced_accuracy_score

from speechsent.config import ExperimentConfig
from speechsent.errors import RunError
from speechsent.evaluation.predictions import Predictions
from speechsent.study.analysis import summarise
from speechsent.study.picture import study_figure
from speechsent.study.plan import Combination, Study, System
from speechsent.study.tables import as_csv, by_unit, latex, markdown
from speechsent.study.trained import Trained, not_combined

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


def test_systems_of_other_classes_stand_alone_where_they_have_no_fold_in_common(runs):
    """Tasks of a series, one of which failed on fold 1, and the other on fold 0."""
    other = {
        place: replace(one, test=replace(one.test, labels=("angry", "calm", "sad")))
        for place, one in grid(0.9, folds=(1,)).items()
    }
    first, second = summarise(
        study("weak", "strong"), {"weak": grid(0.5, folds=(0,)), "strong": other}
    )
    assert [row.system for row in (*first.rows, *second.rows)] == ["weak", "strong"]
    assert (first.folds, second.folds) == ((0,), (1,))


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


def elsewhere(one, *, prefix="other/", truth=None):
    """The same answers for other clips, or for the same files of other classes."""
    files = tuple(f"{prefix}{file}" for file in one.test.files)
    test = replace(one.test, files=files, truth=one.test.truth if truth is None else truth)
    return replace(one, test=test, validation=test)


def test_systems_tested_on_other_clips_never_share_a_table(runs):
    runs["strong"] = {place: elsewhere(one) for place, one in runs["strong"].items()}
    first, second = summarise(study("weak", "strong", "middling"), runs)
    assert [row.system for row in first.rows] == ["weak", "middling"]
    assert [row.system for row in second.rows] == ["strong"]
    assert second.rows[0].comparison is None


def test_the_same_files_of_other_classes_are_other_clips(runs):
    turned = {
        place: elsewhere(one, prefix="", truth=(one.test.truth + 1) % 3)
        for place, one in runs["strong"].items()
    }
    tables = summarise(study("weak", "strong"), {"weak": runs["weak"], "strong": turned})
    assert [[row.system for row in table.rows] for table in tables] == [["weak"], ["strong"]]


def test_seeds_of_one_fold_are_of_the_same_clips(runs):
    runs["strong"][1, 2] = elsewhere(runs["strong"][1, 2])
    with pytest.raises(RunError, match="fold 1: its seeds 0, 1, 2 were tested on different clips"):
        summarise(study("strong"), {"strong": runs["strong"]})


def test_a_combination_of_other_clips_is_told_and_the_table_stays(runs):
    runs["strong"] = {place: elsewhere(one) for place, one in runs["strong"].items()}
    mixed = tuple(
        Combination(name=how, how=how, of=("weak", "strong")) for how in ("average", "stacked")
    )
    planned = study("weak", "strong", "middling", combinations=mixed)
    assert len(summarise(planned, runs)) == 2
    why = (
        "fold 0, seed 0: weak, strong were tested on different clips, so their answers cannot be "
        "combined"
    )
    assert not_combined(planned, runs) == {"average": why, "stacked": why}


def test_what_is_fitted_needs_the_same_validation_clips(runs):
    for place, one in runs["strong"].items():
        other = replace(elsewhere(one), test=one.test)
        runs["strong"][place] = other
    mixed = tuple(
        Combination(name=how, how=how, of=("weak", "strong")) for how in ("average", "weighted")
    )
    planned = study("weak", "strong", combinations=mixed)
    told = not_combined(planned, {k: runs[k] for k in ("weak", "strong")})
    assert list(told) == ["weighted"]
    assert "validated on different clips" in told["weighted"]


def of_one_class(predictions):
    return replace(predictions, truth=np.zeros(N_CLIPS, int))


@pytest.mark.parametrize(
    ("change", "lost", "why"),
    [
        (of_one_class, ["stacked"], "were validated on clips of one class"),
        (lambda _: None, ["weighted", "stacked"], "have no answers on validation clips any more"),
    ],
)
def test_what_cannot_be_fitted_is_told_and_the_table_stays(runs, change, lost, why):
    """scikit-learn refuses a regression of one class, after everything was trained."""
    changed = {
        name: {place: replace(r, validation=change(r.validation)) for place, r in grid.items()}
        for name, grid in runs.items()
    }
    mixed = tuple(
        Combination(name=how, how=how, of=("weak", "strong")) for how in ("weighted", "stacked")
    )
    planned = study("weak", "strong", "middling", combinations=mixed)
    (table,) = summarise(planned, changed)
    kept = [how for how in ("weighted", "stacked") if how not in lost]
    assert [row.system for row in table.rows] == ["weak", "strong", "middling", *kept]
    told = not_combined(planned, changed)
    assert list(told) == lost
    assert all(why in one for one in told.values())


@pytest.mark.parametrize("order", [("weak", "adapted"), ("adapted", "weak")])
def test_a_combination_knows_of_test_speakers_what_a_member_knows(runs, order):
    runs["adapted"] = grid(0.9, protocol="toy-3+spk")
    mixed = Combination(name="averaged", how="average", of=order)
    both = {name: runs[name] for name in ("weak", "adapted")}
    plain, adapted = summarise(study("weak", "adapted", combinations=(mixed,)), both)
    assert [row.system for row in adapted.rows] == ["adapted", "averaged"]
    assert (plain.protocol, adapted.protocol) == ("toy-3", "toy-3+spk")


def unknown(grid):
    """One speaker is not known, so clips are drawn."""
    return {
        place: replace(one, test=replace(one.test, speakers=(None, *one.test.speakers[1:])))
        for place, one in grid.items()
    }


def test_tables_tell_what_was_drawn(runs, tmp_path):
    by_speaker = summarise(study("weak", "strong"), {k: runs[k] for k in ("weak", "strong")})
    by_clip = summarise(study("weak", "strong"), {k: unknown(runs[k]) for k in ("weak", "strong")})
    assert "| 95 % by speaker |" in markdown("toy", by_speaker, {})
    told = markdown("toy", by_clip, {})
    assert "| 95 % by clip |" in told
    assert "from a bootstrap that draws clips" in told
    assert "Clips are drawn, not speakers" in told
    assert "draws clips" in latex(by_clip)
    assert "speakers," not in told.partition("a bootstrap that")[2].partition("p (acc")[0]
    assert (by_unit(by_speaker[0]), by_unit(by_clip[0])) == ("by speaker", "by clip")
    study_figure(by_clip[0], tmp_path / "table.png")


@pytest.mark.parametrize(("speakers", "told"), [(2, True), (4, True), (5, False)])
def test_few_speakers_make_interval_and_p_too_small(speakers, told):
    """Two folds, each with speakers of its own."""
    runs = {name: grid(q, speakers=speakers) for name, q in (("weak", 0.5), ("strong", 0.9))}
    found = summarise(study("weak", "strong"), runs)
    remark = f"Over so few speakers ({2 * speakers}) intervals and p are too small."
    assert (remark in markdown("toy", found, {})) == told


def test_p_is_never_below_what_so_few_speakers_can_tell():
    """Two speakers in each of two folds: 2 / 2^4."""
    runs = {name: grid(q, speakers=2) for name, q in (("weak", 0.3), ("strong", 1.0))}
    (table,) = summarise(study("weak", "strong"), runs)
    assert table.rows[1].comparison.p_uar == 0.125


def test_names_of_systems_break_no_table(runs):
    odd = "lr_1e-3^2 {x} $5 ~a \\b|c"
    (table,) = summarise(study(odd, "weak"), {odd: runs["strong"], "weak": runs["weak"]})
    lines = [line for line in markdown("toy", [table], {}).splitlines() if line.startswith("|")]
    assert {line.replace(r"\|", "").count("|") for line in lines} == {10}
    assert (
        r"lr\_1e-3\textasciicircum{}2 \{x\} \$5 \textasciitilde{}a \textbackslash{}b\textbar{}c"
    ) in latex([table])
