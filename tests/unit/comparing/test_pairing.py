import json

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import recall_score

from speechsent.comparing.pairing import compare_runs
from speechsent.errors import ParameterError, RunError
from speechsent.run import Run

FIRST = ("a0.wav",)
SECOND = ("a0.wav", "a2.wav", "b2.wav", "c0.wav", "d0.wav", "d2.wav")
# Eight clips of anger, four of fear. First: one anger wrong. Second: three of each wrong.
UAR = {FIRST: (7 / 8 + 4 / 4) / 2, SECOND: (5 / 8 + 1 / 4) / 2}


def test_both_scores_and_their_difference_are_those_of_the_same_clips(make_run):
    found = compare_runs(make_run("a", wrong=FIRST), make_run("b", wrong=SECOND))
    assert (found.n_clips, found.n_speakers) == (12, 4)
    assert found.first.uar == pytest.approx(UAR[FIRST])
    assert found.second.uar == pytest.approx(UAR[SECOND])
    assert found.uar.difference == pytest.approx(UAR[FIRST] - UAR[SECOND])
    assert found.uar.interval.method == "bootstrap over speakers"
    assert (found.first.accuracy, found.second.accuracy) == (11 / 12, 0.5)


def test_the_interval_is_that_of_drawing_speakers_whole(make_run):
    """The 4 ** 4 ways to draw four speakers, each as likely, give the quantiles."""
    found = compare_runs(
        make_run("a", wrong=FIRST), make_run("b", wrong=SECOND), n_resamples=100_000
    )
    truth = np.array([0, 0, 1] * 4)
    wrong = {"a": [0], "b": [0, 2, 5, 6, 9, 11]}
    answers = {k: np.where(np.isin(np.arange(12), i), 1 - truth, truth) for k, i in wrong.items()}
    ways = [(np.array(draw)[:, None] * 3 + range(3)).ravel() for draw in np.ndindex(4, 4, 4, 4)]

    def uar(name, clips):
        return recall_score(truth[clips], answers[name][clips], average="macro")

    drawn = [uar("a", clips) - uar("b", clips) for clips in ways]
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert found.uar.interval.low == pytest.approx(low, abs=0.02)
    assert found.uar.interval.high == pytest.approx(high, abs=0.02)


def test_accuracy_is_judged_by_the_clips_that_one_alone_got_right(make_run):
    found = compare_runs(make_run("a", wrong=FIRST), make_run("b", wrong=SECOND))
    assert (found.accuracy.n_only_first, found.accuracy.n_only_second) == (5, 0)
    assert found.accuracy.p == pytest.approx(binomtest(0, 5).pvalue)


def test_clips_are_aligned_by_name_whatever_their_order(make_run):
    a, b = make_run("a", wrong=FIRST), make_run("b", wrong=FIRST)
    header, *rows = (b / "predictions.csv").read_text().splitlines()
    (b / "predictions.csv").write_text("\n".join([header, *reversed(rows)]) + "\n")
    found = compare_runs(a, b)
    assert found.uar.difference == 0
    assert (found.accuracy.n_only_first, found.accuracy.n_only_second) == (0, 0)


def test_several_seeds_of_a_side_are_averaged(make_run):
    first = [make_run("a0", wrong=FIRST), make_run("a1", wrong=SECOND, config="seed: 1")]
    found = compare_runs(first, Run.open(make_run("b", wrong=SECOND)))
    assert found.first.seeds == (0, 1)
    assert found.first.uars == pytest.approx((UAR[FIRST], UAR[SECOND]))
    assert found.uar.difference == pytest.approx((UAR[FIRST] - UAR[SECOND]) / 2)
    assert found.accuracy is None
    plain = json.loads(json.dumps(found.as_dict()))
    assert plain["first"]["uar"] == pytest.approx((UAR[FIRST] + UAR[SECOND]) / 2)


def test_settings_that_differ_are_told_without_the_seed(make_run):
    found = compare_runs(make_run("a"), make_run("b", config="{seed: 1, fusion: {mode: cnn}}"))
    assert found.settings == {"fusion.mode": ("joint", "cnn")}


def test_other_protocols_are_refused_and_both_named(make_run):
    a = make_run("a", protocol="toy-loso", fold="toy/a", protocol_hash="1f")
    b = make_run("b", protocol="toy-loso", fold="toy/b", protocol_hash="1f")
    message = r"toy-loso, toy/a \(definition 1f\) of .*a, toy-loso, toy/b \(definition 1f\) of .*b"
    with pytest.raises(RunError, match=message):
        compare_runs(a, b)


def test_other_test_clips_of_one_protocol_are_refused(make_run):
    a, b = make_run("a"), make_run("b", clips=[("z.wav", "toy/z", "fear")], split_hash="99")
    with pytest.raises(RunError, match=r"toy-2-holdout, but split 5717 and 99; only one has a0"):
        compare_runs(a, b)


def test_clips_of_the_same_name_and_other_sound_are_refused(make_run):
    a, b = make_run("a"), make_run("b")
    text = (b / "split.csv").read_text()
    (b / "split.csv").write_text(text.replace("hash of c1.wav", "another"))
    with pytest.raises(RunError, match=r"same test clips\. .*only one has c1\.wav"):
        compare_runs(a, b)


def test_other_training_clips_are_allowed_and_noted(make_run):
    found = compare_runs(make_run("a"), make_run("b", split_hash="99"))
    assert "tested on the same clips, but not all were trained on the same ones" in found.notes


def test_few_speakers_and_notes_of_the_runs_are_told(make_run):
    found = compare_runs(make_run("a", note="speaker-dependent"), make_run("b"))
    assert found.notes == (
        "speaker-dependent",
        "speakers: 4, so few that interval and p are too small",
    )


def test_unknown_speakers_are_told(make_run):
    clips = [("x.wav", "", "anger"), ("y.wav", "toy/y", "fear")]
    found = compare_runs(make_run("a", clips=clips), make_run("b", clips=clips))
    assert found.notes == ("clips are drawn, not speakers: the interval is too narrow",)


def test_a_run_that_was_never_scored_is_refused_with_the_remedy(make_run):
    with pytest.raises(RunError, match=r"never scored; 'speechsent evaluate --run .*b' does"):
        compare_runs(make_run("a"), make_run("b", scored=False))


def test_predictions_of_other_clips_than_the_split_lists_are_refused(make_run):
    a, b = make_run("a"), make_run("b")
    text = (b / "predictions.csv").read_text()
    (b / "predictions.csv").write_text(text.replace("d1.wav", "d9.wav"))
    with pytest.raises(RunError, match=r"b/predictions\.csv: not the clips and classes of .*a/"):
        compare_runs(a, b)


def test_runs_of_one_side_differ_in_nothing_but_the_seed(make_run):
    side = [make_run("a"), make_run("b", config="{seed: 1, fit: {epochs: 3}}")]
    with pytest.raises(RunError, match=r"seed only\. .*differ in fit\.epochs"):
        compare_runs(side, make_run("c"))


def test_a_seed_counts_once(make_run):
    with pytest.raises(RunError, match=r"each seed counts once on a side\. Received: seeds 0, 0"):
        compare_runs([make_run("a"), make_run("b")], make_run("c"))


def test_a_side_needs_a_run(make_run):
    with pytest.raises(ParameterError, match="a run on each side"):
        compare_runs([], make_run("c"))
