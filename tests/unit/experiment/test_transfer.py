"""What a run to start from admits: runs and splits written by hand, nothing is trained."""

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from speechsent.config import ExperimentConfig, to_yaml
from speechsent.corpus.split import Split
from speechsent.corpus.utterance import PARTS, Utterance
from speechsent.errors import TrainingError
from speechsent.experiment.transfer import Origin
from speechsent.run import FORMAT, MODEL, Run
from speechsent.run_split import RunSplit

HEAD = "file,sha256,speaker,gender,emotion,start,end,part"


@dataclass(frozen=True)
class Admitted:
    """The part of what is prepared that is looked at."""

    split: Split


@pytest.fixture
def chain(tmp_path):
    """A run trained on ann, and one started from it that was trained on bob."""

    def make(name, speaker, start=None):
        path = tmp_path / name
        path.mkdir()
        (path / "config.yaml").write_text(to_yaml(ExperimentConfig()))
        (path / MODEL).write_text("weights")
        rows = [HEAD, f"{speaker}.wav,{speaker},{speaker},,anger,0.0,,train"]
        (path / "split.csv").write_text("\n".join(rows) + "\n")
        facts = {"format": FORMAT, "finished": "now", "root": "/c", "split_hash": name}
        started = {"started_from": {"path": str(start), "split_hash": start.name}} if start else {}
        (path / "run.json").write_text(json.dumps({**facts, "protocol": "toy", **started}))
        return path

    first = make("first", "ann")
    return first, make("second", "bob", first)


def asked(part, speaker):
    clips = (Utterance(path=Path("/c/new.wav"), emotion="anger", speaker=speaker),)
    parts = {name: (0,) if name == part else () for name in PARTS}
    split = Split(parts=parts, protocol="toy", speaker_disjoint=True, hash="1", note="by hand")
    return Admitted(split), RunSplit(clips, (part,), ("new",))


@pytest.mark.parametrize("part", ["test", "validation"])
def test_speakers_of_the_run_before_the_run_before_are_refused(chain, part):
    told = f"second, or a run it goes back to, was fitted on 1 of the 1 known {part} speakers"
    with pytest.raises(TrainingError, match=told):
        Origin(Run(chain[1])).admit(*asked(part, "ann"), ExperimentConfig())


def test_if_that_is_allowed_the_split_says_so(chain):
    config = ExperimentConfig()
    allowed = replace(config, split=replace(config.split, allow_speaker_overlap=True))
    split = Origin(Run(chain[1])).admit(*asked("test", "ann"), allowed).split
    assert (split.protocol, split.speaker_disjoint) == ("toy-speakers-overlap", False)
    assert "starts from a run that heard 1 of the 1 known test speakers" in split.note


def test_new_speakers_are_admitted_as_they_are(chain):
    prepared, record = asked("test", "eve")
    assert Origin(Run(chain[1])).admit(prepared, record, ExperimentConfig()) is prepared


def test_where_the_first_run_is_gone_nothing_is_promised(chain):
    shutil.rmtree(chain[0])
    origin = Origin(Run(chain[1]))
    split = origin.admit(*asked("test", "eve"), ExperimentConfig()).split
    assert (split.protocol, split.speaker_disjoint) == ("toy", None)
    assert split.note == (
        f"by hand; goes back to runs that are gone, and what they heard is not known: {chain[0]}"
    )
    assert origin.facts()["gone"] == [str(chain[0])]
