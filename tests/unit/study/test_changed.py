"""Runs of a study whose corpus was edited since: told without any training."""

from dataclasses import replace

import pytest

from speechsent import study
from speechsent.config import ExperimentConfig, to_yaml
from speechsent.corpus.utterance import Corpus, Utterance
from speechsent.errors import RunError
from speechsent.opening import split_corpus
from speechsent.resources import Resources
from speechsent.run import FORMAT, MODEL, Run
from speechsent.run_split import SPLIT_COLUMNS, RunSplit
from speechsent.study.changed import refuse_changed
from speechsent.study.plan import Study, System
from speechsent.study.tasks import Task
from speechsent.training.listener import Listener

STUDY = Study(name="s", systems=(System(name="lstm", config=ExperimentConfig()),))


@pytest.fixture
def corpus(tmp_path):
    """Six speakers, each once angry and once sad; nothing is ever read from the files."""
    clips = [
        Utterance(path=tmp_path / f"{speaker}-{emotion}.wav", emotion=emotion, speaker=speaker)
        for speaker in "abcdef"
        for emotion in ("anger", "sadness")
    ]
    return Corpus(name="toy", root=tmp_path, utterances=tuple(clips))


@pytest.fixture
def trained(corpus, tmp_path):
    """The only run of the study, finished, as far as its clips are told."""
    (planned,) = STUDY.runs(1)
    kept, split = split_corpus(corpus, planned.config, Listener())
    parts = tuple(split.part_of(i) for i in range(len(kept)))
    run = Run(tmp_path / "out" / "s" / "runs" / planned.folder)
    run.write_text("config.yaml", to_yaml(planned.config))
    rows = RunSplit(kept.utterances, parts, ("0",) * len(kept)).rows(kept.root)
    run.write_rows("split.csv", SPLIT_COLUMNS, rows)
    run.write_json("run.json", {"format": FORMAT, "finished": "2026", "root": str(kept.root)})
    run.write_text(MODEL, "weights")
    return run


def task_of(run, corpus):
    (planned,) = STUDY.runs(1)
    return Task(planned=planned, corpus=corpus, folder=run.path.parent, resources=Resources())


def with_first(corpus, **changes):
    first, *others = corpus.utterances
    return replace(corpus, utterances=(replace(first, **changes), *others))


def test_what_is_as_it_was_is_no_change(trained, corpus):
    refuse_changed([task_of(trained, corpus)])


def test_a_run_that_is_not_there_cannot_be_old(trained, corpus):
    elsewhere = replace(task_of(trained, corpus), folder=trained.path / "none")
    refuse_changed([elsewhere])


@pytest.mark.parametrize("changes", [{"emotion": "sadness"}, {"speaker": "b"}, {"end": 0.5}])
def test_a_study_does_not_tell_old_numbers_of_an_edited_corpus(trained, corpus, tmp_path, changes):
    """A label that was mended had left the table as it was, without a word."""
    edited = with_first(corpus, **changes)
    with pytest.raises(RunError, match=r"another emotion, speaker or part .*a-anger\.wav"):
        study.ablate(STUDY, edited, out=tmp_path / "out", cache=False)


def test_a_clip_that_was_left_out_in_training_is_not_new(trained, corpus, tmp_path):
    facts = trained.read_json("run.json")
    unread = Utterance(path=tmp_path / "x.wav", emotion="anger", speaker="a")
    more = replace(corpus, utterances=(*corpus.utterances, unread))
    with pytest.raises(RunError, match=r"x\.wav"):
        refuse_changed([task_of(trained, more)])
    trained.write_json("run.json", {**facts, "refused": {str(unread.path): "silent"}})
    refuse_changed([task_of(trained, more)])
