"""A chain of runs written by hand: each is trained on one speaker, validated on another."""

import json
import shutil

import pytest

from speechsent.config import ExperimentConfig, to_yaml
from speechsent.heard import heard_before, heard_by, record_heard
from speechsent.run import FORMAT, MODEL, Run
from speechsent.run_split import HEARD

HEAD = "file,sha256,speaker,gender,emotion,start,end,part"


@pytest.fixture
def chain(tmp_path):
    """Runs a, b, c: b started from a, c from b; a heard speakers a1 and a2, b heard b1 and b2."""

    def make(name, start=None, **facts):
        path = tmp_path / name
        path.mkdir()
        (path / "config.yaml").write_text(to_yaml(ExperimentConfig()))
        (path / MODEL).write_text("weights")
        rows = [
            f"{name}{n}.wav,hash of {name}{n},{name}{n},,anger,0.0,,{part}"
            for n, part in enumerate(("train", "validation", "test"), 1)
        ]
        (path / "split.csv").write_text("\n".join([HEAD, *rows]) + "\n")
        started = {"started_from": {"path": str(start), "split_hash": start.name}} if start else {}
        told = {"format": FORMAT, "finished": "now", "root": "/corpus", "split_hash": name}
        (path / "run.json").write_text(json.dumps(told | started | facts))
        return path

    a = make("a")
    b = make("b", start=a)
    return a, b, make("c", start=b)


def told(heard):
    clips = heard.clips
    return {(str(u.path), p) for u, p in zip(clips.utterances, clips.parts, strict=True)}


OF_A = {("/corpus/a1.wav", "train"), ("/corpus/a2.wav", "validation")}
OF_B = {("/corpus/b1.wav", "train"), ("/corpus/b2.wav", "validation")}
OF_C = {("/corpus/c1.wav", "train"), ("/corpus/c2.wav", "validation")}


def test_a_run_that_started_from_none_goes_back_to_nothing(chain):
    assert not heard_before(Run(chain[0]))
    assert told(heard_by(Run(chain[0]))) == OF_A


def test_older_runs_are_asked_one_after_another(chain):
    assert told(heard_before(Run(chain[2]))) == OF_A | OF_B
    assert told(heard_by(Run(chain[2]))) == OF_A | OF_B | OF_C
    assert heard_before(Run(chain[2])).gone == ()


def test_what_is_recorded_is_known_when_the_runs_before_are_gone(chain):
    a, b, c = chain
    record_heard(Run(c), heard_by(Run(b)))
    shutil.rmtree(a)
    shutil.rmtree(b)
    heard = heard_before(Run(c))
    assert (told(heard), heard.gone) == (OF_A | OF_B, ())
    assert heard.clips.hashes == ("hash of b1", "hash of b2", "hash of a1", "hash of a2")
    assert (c / HEARD).read_text().splitlines()[1] == (
        "/corpus/b1.wav,hash of b1,b1,,,,anger,0.0,,train"
    )


def test_a_run_that_is_gone_and_recorded_nothing_is_named(chain):
    a, _, c = chain
    shutil.rmtree(a)
    heard = heard_before(Run(c))
    assert (told(heard), heard.gone) == (OF_B, (str(a),))


def test_another_run_in_the_place_of_the_one_before_does_not_count(chain):
    a, _, c = chain
    facts = json.loads((a / "run.json").read_text())
    (a / "run.json").write_text(json.dumps({**facts, "split_hash": "other"}))
    assert heard_before(Run(c)).gone == (str(a),)


def test_what_was_not_known_when_it_was_recorded_stays_unknown(chain):
    _, b, c = chain
    record_heard(Run(c), heard_by(Run(b)))
    facts = json.loads((c / "run.json").read_text())
    facts["started_from"]["gone"] = ["/runs/lost"]
    (c / "run.json").write_text(json.dumps(facts))
    assert heard_before(Run(c)).gone == ("/runs/lost",)


def test_a_refit_was_fitted_to_its_validation_clips_as_well(chain):
    a, b, _ = chain
    facts = json.loads((a / "run.json").read_text())
    (a / "run.json").write_text(json.dumps({**facts, "refit": True}))
    refitted = {("/corpus/a1.wav", "train"), ("/corpus/a2.wav", "train")}
    assert told(heard_before(Run(b))) == refitted


def test_runs_that_name_each_other_end(chain):
    a, b, _ = chain
    facts = json.loads((a / "run.json").read_text())
    started = {"started_from": {"path": str(b), "split_hash": "b"}}
    (a / "run.json").write_text(json.dumps(facts | started))
    assert heard_before(Run(b)).gone == (str(b),)
