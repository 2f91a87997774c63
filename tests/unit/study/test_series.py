import csv
import io

import pytest

from speechsent.corpus.utterance import Corpus, Utterance
from speechsent.errors import CorpusError
from speechsent.evaluation.intervals import Interval
from speechsent.evaluation.seeds import over_seeds
from speechsent.study import series
from speechsent.study.analysis import Row, Table


def task(name, uars, low, high, classes, method="bootstrap over speakers"):
    """The table of one task."""
    row = Row(
        system=name,
        uar=over_seeds(uars),
        uar_interval=Interval(low=low, high=high, confidence=0.95, method=method),
        accuracy=over_seeds(uars),
        n_runs=len(uars),
        minutes=None,
        comparison=None,
    )
    return Table(
        protocol="toy",
        protocol_hash="",
        folds=(0,),
        seeds=tuple(range(len(uars))),
        n_clips=sum(classes.values()),
        n_speakers=2,
        classes=classes,
        chance=0.5,
        reference="",
        rows=(row,),
    )


TASKS = (
    task("neutral vs anger", [0.8, 0.9], 0.75, 0.95, {"neutral": 12, "anger": 10}),
    task("neutral vs fear", [0.6], 0.5, 0.7, {"neutral": 12, "fear": 8}),
)


def test_a_row_a_task_with_its_own_clips_and_no_p_value():
    lines = series.markdown("one", TASKS, {}).splitlines()
    assert "| neutral vs anger | 85.0 ± 7.1 | 75.0 to 95.0 | neutral 12, anger 10 | 2 |" in lines
    assert "| neutral vs fear | 60.0 | 50.0 to 70.0 | neutral 12, fear 8 | 1 |" in lines
    assert lines[-1].startswith("Tasks, not comparable with each other")
    assert "p (" not in "\n".join(lines)


def test_a_series_tells_what_was_drawn():
    by_clip = task("a vs b", [0.6], 0.5, 0.7, {"a": 2, "b": 2}, method="bootstrap over clips")
    speakers, clips, both = (
        series.markdown("one", tables, {}) for tables in (TASKS, [by_clip], [*TASKS, by_clip])
    )
    assert "| 95 % by speaker |" in speakers
    assert speakers.endswith("a bootstrap that draws speakers.\n")
    assert "| 95 % by clip |" in clips
    assert "a bootstrap that draws clips; where clips are drawn, speakers are unknown" in clips
    assert "| 95 % |" in both
    assert "a bootstrap that draws speakers, of a vs b clips; where clips" in both


def test_a_task_that_failed_is_a_row_that_says_why():
    failures = {"neutral-vs-sadness-fold0-seed0-1a2b": "no | room"}
    assert "| neutral-vs-sadness-fold0-seed0-1a2b | no / room |" in series.markdown(
        "one", TASKS, failures
    )
    rows = list(csv.DictReader(io.StringIO(series.as_csv(TASKS, failures))))
    assert [row["failure"] for row in rows] == ["", "", "no | room"]
    assert float(rows[0]["uar"]) == pytest.approx(0.85)
    assert rows[1]["uar_sd_over_seeds"] == ""


def planned(monkeypatch, corpus, reference, config=None):
    """The study a series makes, which is not carried out."""
    made = []

    def stop(study, *_, **__):
        made.append(study)
        raise InterruptedError

    monkeypatch.setattr(series, "carry_out", stop)
    with pytest.raises(InterruptedError):
        series.one_vs(config, corpus, reference, seeds=(3, 4))
    return made[0]


@pytest.fixture
def corpus(tmp_path):
    clips = [
        Utterance(path=tmp_path / f"{s}-{e}.wav", emotion=e, speaker=s)
        for s in "abcd"
        for e in ("neutral", "anger", "sadness")
    ]
    return Corpus(name="toy", root=tmp_path, utterances=tuple(clips))


def test_the_class_meets_each_other_class_with_the_same_seeds(monkeypatch, corpus):
    study = planned(monkeypatch, corpus, "angry")
    assert study.name == "anger-vs-each"
    assert study.seeds == (3, 4)
    assert [(s.name, set(s.config.corpus.merge)) for s in study.systems] == [
        ("anger vs neutral", {"anger", "neutral"}),
        ("anger vs sadness", {"anger", "sadness"}),
    ]


def test_a_class_without_clips_is_refused(corpus):
    with pytest.raises(CorpusError, match="no clips of 'fear'; there are neutral, sadness, anger"):
        series.one_vs(None, corpus, "fear")
