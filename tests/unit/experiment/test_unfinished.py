"""What a cut training is asked before it goes on, without any training."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from speechsent.config import ExperimentConfig, to_yaml
from speechsent.corpus.leaky import Leak
from speechsent.corpus.utterance import Corpus, Utterance
from speechsent.environment import environment
from speechsent.errors import CorpusError, RunError, SaveError
from speechsent.experiment.resuming import resume
from speechsent.experiment.unfinished import begun, taken_up
from speechsent.run import MODEL, PLAN, Run
from speechsent.run_split import SPLIT_COLUMNS, RunSplit
from speechsent.training.listener import Listener

OPTIONS = {"test": True, "baseline": False, "tensorboard": False}


@pytest.fixture
def corpus(tmp_path):
    clips = [
        Utterance(path=tmp_path / "voices" / emotion / "1.wav", emotion=emotion, speaker="a")
        for emotion in ("anger", "joy")
    ]
    return Corpus(name="toy", root=tmp_path / "voices", utterances=tuple(clips))


@pytest.fixture
def begin(tmp_path, corpus):
    """Begin a training and lose it at once."""

    def begin(source, start=None, leak=None, clips=corpus):
        run = Run.create(tmp_path / "runs", "toy", "joint-s0")
        run.write_text("config.yaml", to_yaml(ExperimentConfig()))
        run.write_json("environment.json", environment())
        run.write_rows("split.csv", SPLIT_COLUMNS, split_of(clips).rows(clips.root))
        prepared = SimpleNamespace(corpus=clips)
        with begun(run, source, prepared, start=start, leak=leak, options=OPTIONS):
            pass
        return run

    return begin


def split_of(corpus, *, hashes=("h1", "h2"), part="test"):
    return RunSplit(corpus.utterances, ("train", part), hashes)


def test_what_was_asked_for_is_remembered(begin, corpus):
    run = begin([corpus.root], leak=Leak(random_clips=True))
    with taken_up(run) as cut:
        assert {key: cut.plan[key] for key in OPTIONS} == OPTIONS
        assert cut.plan["corpus"] == [str(corpus.root)]
        assert cut.leak == Leak(random_clips=True)
        assert cut.start is None


def test_a_corpus_made_in_python_has_to_be_given_again(begin, corpus):
    with taken_up(begin(corpus)) as cut, pytest.raises(RunError, match=r"speechsent\.resume\(run"):
        cut.corpus(Listener())


def test_the_default_corpus_is_that_of_the_folder_it_began_in(begin, corpus, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = begin(None)
    monkeypatch.chdir("/")
    asked = []
    module = "speechsent.experiment.unfinished.open_corpus"
    monkeypatch.setattr(module, lambda *args, here: (asked.append((args[0], here)), corpus)[1])
    with taken_up(run) as cut:
        assert cut.corpus(Listener()) == corpus
    assert asked == [(None, tmp_path)]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"hashes": ("h1", "h9")}, "joy/1.wav: its content has changed since"),
        ({"part": "validation"}, "joy/1.wav: its part has changed from 'test' since"),
    ],
)
def test_a_clip_that_has_changed_is_named(begin, corpus, changed, told):
    prepared = SimpleNamespace(corpus=corpus)
    with taken_up(begin(corpus)) as cut:
        cut.check(prepared, split_of(corpus))
        with pytest.raises(CorpusError, match=told):
            cut.check(prepared, split_of(corpus, **changed))


def test_of_clips_with_one_start_each_is_compared(begin, corpus):
    long = replace(corpus.utterances[0], start=0.0, end=2.0)
    corpus = replace(corpus, utterances=(replace(long, end=1.0), long))
    with taken_up(begin(corpus, clips=corpus)) as cut:
        cut.check(SimpleNamespace(corpus=corpus), split_of(corpus))
        shorter = replace(corpus, utterances=(replace(long, end=0.5), long))
        with pytest.raises(
            CorpusError, match=r"anger/1\.wav: its end has changed from '1\.0' since"
        ):
            cut.check(SimpleNamespace(corpus=shorter), split_of(shorter))


def test_another_start_is_refused(begin, corpus, tmp_path):
    start = Run.create(tmp_path / "starts", "toy", "joint-s0")
    start.write_text(MODEL, "weights")
    with taken_up(begin(corpus, start=start)) as cut:
        assert cut.start == start.path
        start.write_text(MODEL, "other weights")
        with pytest.raises(RunError, match="the run this one starts from is gone or changed"):
            _ = cut.start


def test_what_has_changed_around_it_is_told_and_remembered(begin, corpus, notes):
    run = begin(corpus)
    recorded = environment()
    recorded["libraries"]["keras"] = "3.0"
    run.write_json("environment.json", recorded)
    with taken_up(run) as cut:
        cut.tell(notes)
        assert cut.resumed[0]["changed"] == ["keras"]
    assert "nothing was kept of the stage underway" in notes.texts[0]
    assert notes.texts[1] == "warning: another keras than before: the last bits may differ"


@pytest.mark.parametrize(
    ("epoch", "step", "told"), [(6, 0, "behind epoch 6 of cnn"), (2, 3, "behind step 3 of epoch 3")]
)
def test_the_place_told_is_the_last_that_was_kept(begin, corpus, notes, epoch, step, told):
    """Behind the last epoch there is no further one to be in."""
    with taken_up(begin(corpus)) as cut:
        progress = cut.progress(None)
        facts = {"identity": progress.identity, "stage": "cnn", "epoch": epoch, "step": step}
        progress.slots()[0].write(facts, {})
        cut.tell(notes)
    assert told in notes.texts[0]


def test_no_second_process_takes_it_up(begin, corpus):
    run = begin(corpus)
    again = taken_up(run)
    with taken_up(run), pytest.raises(RunError, match="is being trained by process"):
        again.__enter__()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SaveError("full")])
def test_whoever_is_interrupted_learns_how_to_go_on(begin, corpus, error):
    run = begin(corpus)
    with pytest.raises(type(error)) as caught, taken_up(run):
        raise error
    assert caught.value.__notes__ == [f"go on with: speechsent train --resume {run.path}"]


def test_a_finished_run_has_nothing_left_to_take_up(begin, corpus):
    run = begin(corpus)
    with taken_up(run) as cut:
        cut.finish()
    assert not (run.path / "checkpoint").exists()
    with pytest.raises(RunError, match="no training that could be gone on with"):
        taken_up(run).__enter__()


def test_facts_of_a_run_that_was_cut_while_it_was_scored_no_longer_count(begin, corpus):
    """They seal files that are written anew."""
    run = begin(corpus)
    run.write_json("run.json", {})
    with taken_up(run):
        assert not (run.path / "run.json").exists()


def test_checkpoints_are_of_the_plan_they_began_with(begin, corpus):
    run = begin(corpus)
    with taken_up(run) as cut:
        before = cut.progress(None).identity
    plan = json.loads((run.path / PLAN).read_text())
    run.write_json(PLAN, plan | {"test": False})
    with taken_up(run) as cut:
        assert cut.progress(None).identity != before


def test_a_plan_of_an_older_version_is_gone_on_with(begin, corpus, monkeypatch):
    """It knows ``tensorboard`` and no ``track``, and nothing of reports."""
    run, asked = begin(corpus), {}
    plan = run.read_json(PLAN)
    run.write_json(PLAN, plan | {"tensorboard": True, "force": False, "n_devices": 1})
    monkeypatch.setattr("speechsent.experiment.resuming.train", lambda *_, **how: asked.update(how))
    resume(run, corpus)
    assert asked["tensorboard"] is True
    assert asked["track"] == ()


def test_a_training_goes_on_with_the_trackers_it_began_with(begin, corpus, monkeypatch):
    run, asked = begin(corpus), {}
    plan = {k: value for k, value in run.read_json(PLAN).items() if k != "tensorboard"}
    run.write_json(PLAN, plan | {"track": ["mlflow"], "force": False, "n_devices": 1})
    monkeypatch.setattr("speechsent.experiment.resuming.train", lambda *_, **how: asked.update(how))
    resume(run, corpus)
    assert list(asked["track"]) == ["mlflow"]
    assert not asked["tensorboard"]
