"""Which clips are scored, what looks at them are counted under, and where results go."""

import json
import re
from hashlib import sha256
from pathlib import Path

import pytest

from speechsent.config import ExperimentConfig, from_dict, to_yaml
from speechsent.errors import CorpusError, RunError, SaveError
from speechsent.experiment import evaluate, train
from speechsent.experiment.scored import (
    Scored,
    folder_inside,
    other_clips,
    own_test,
    refuse_other_run,
)
from speechsent.resources import Resources
from speechsent.run import Run
from speechsent.training.listener import Listener

HEAD = "file,sha256,speaker,gender,emotion,start,end,part"


def digest(content):
    return sha256(content).hexdigest()


@pytest.fixture
def run(tmp_path):
    """Trained on one file, tested on two."""
    root, path = tmp_path / "corpus", tmp_path / "run"
    root.mkdir()
    path.mkdir()
    rows = [HEAD]
    for name, part in (("a", "train"), ("b", "test"), ("c", "test")):
        (root / f"{name}.wav").write_bytes(name.encode())
        rows.append(f"{name}.wav,{digest(name.encode())},x,,anger,0.0,,{part}")
    (path / "split.csv").write_text("\n".join(rows) + "\n")
    (path / "labels.json").write_text('["neutral", "anger"]')
    (path / "config.yaml").write_text(to_yaml(ExperimentConfig()))
    facts = {"finished": "now", "root": str(root), "corpus": "toy"}
    (path / "run.json").write_text(json.dumps(facts))
    return Run(path)


@pytest.mark.parametrize("cache", [True, False])
def test_a_test_part_that_is_as_it_was_is_scored(run, tmp_path, cache):
    (tmp_path / "corpus" / "a.wav").write_bytes(b"training clips do not matter")
    scored = own_test(run, Resources(cache=cache))
    assert [u.path.name for u in scored.utterances] == ["b.wav", "c.wav"]
    assert (scored.name, scored.root, scored.place) == ("toy", tmp_path / "corpus", "test")


@pytest.mark.parametrize("cache", [True, False])
def test_test_clips_that_have_changed_are_refused_by_name(run, tmp_path, cache):
    (tmp_path / "corpus" / "c.wav").write_bytes(b"other sound")
    told = r"1 of 2 files of its test part have changed since it was trained: \S+/c\.wav; put them"
    with pytest.raises(RunError, match=told):
        own_test(run, Resources(cache=cache))


def test_test_clips_that_are_gone_are_named(run, tmp_path):
    (tmp_path / "corpus" / "c.wav").unlink()
    with pytest.raises(RunError, match=r"c\.wav: 1 of 2 test clips of this run are gone"):
        own_test(run, Resources())


def test_a_file_that_cannot_be_read_is_left_to_those_who_skip_it(run, tmp_path, monkeypatch):
    def hashes(paths, folder=None):
        if any(path.name == "c.wav" for path in paths):
            raise PermissionError(13, "Permission denied")
        return [digest(path.read_bytes()) for path in paths]

    monkeypatch.setattr("speechsent.experiment.scored.file_hashes", hashes)
    assert len(own_test(run, Resources()).utterances) == 2
    (tmp_path / "corpus" / "b.wav").write_bytes(b"other sound")
    with pytest.raises(RunError, match="1 of 2 files of its test part have changed"):
        own_test(run, Resources())


@pytest.fixture
def test_folder(tmp_path, monkeypatch):
    """Called as the part is; with a CSV in it."""
    folder = tmp_path / "test"
    (folder / "anger").mkdir(parents=True)
    (folder / "anger" / "x.wav").write_bytes(b"x")
    (folder / "list.csv").write_text("file,speaker,emotion\nanger/x.wav,x,anger\n")
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.mark.parametrize("name", ["test", "test/", "./test/../test", "{}"])
def test_looks_at_a_folder_are_counted_under_its_whole_path(run, test_folder, name):
    scored = other_clips(run, name.format(test_folder), Listener())
    assert scored.place == str(test_folder.resolve())


def test_looks_at_a_csv_are_counted_under_the_file(run, test_folder):
    scored = other_clips(run, "test/list.csv", Listener())
    assert scored.place == str(test_folder.resolve() / "list.csv")


def test_a_class_chosen_after_the_split_may_be_missing_where_nothing_is_trained(run, test_folder):
    merged = from_dict({"corpus": {"merge": {"anger": "anger", "neutral": "neutral"}}})
    run.write_text("config.yaml", to_yaml(merged))
    (clip,) = other_clips(Run(run.path), "test/list.csv", Listener()).utterances
    assert clip.emotion == "anger"
    (test_folder / "list.csv").write_text("file,speaker,emotion\nanger/x.wav,x,fear\n")
    with pytest.raises(CorpusError, match="no utterance of any group"):
        other_clips(Run(run.path), "test/list.csv", Listener())


def scored_at(place):
    return Scored((), "toy", Path(place), place)


def test_clips_that_cannot_be_read_are_told_in_the_note(run):
    scored = own_test(run, Resources())
    assert scored.noted("by hand", 1) == "by hand; left out 1 of 2 clips, which cannot be read"
    assert scored.noted("by hand", 2) == "by hand"


def test_a_file_in_the_place_of_the_results_is_refused_before_any_work(run, tmp_path):
    (tmp_path / "file").write_text("")
    for place in ("file", "file/deeper"):
        with pytest.raises(SaveError, match=r"cannot be a folder, because .*/file is a file"):
            evaluate(run, out=tmp_path / place)
        with pytest.raises(SaveError, match=r"cannot be a folder, because .*/file is a file"):
            train(corpus=tmp_path / "nowhere", out=tmp_path / place)


@pytest.mark.parametrize("place", ["run", "run/../run", "other"])
def test_scores_of_other_clips_never_take_the_place_of_a_run_s_own(run, tmp_path, place):
    """They would be listed as what the run scored under its own protocol."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "run.json").write_text("{}")
    with pytest.raises(RunError, match=r"is a run, whose own scores would be written over; name"):
        evaluate(run, tmp_path / "nowhere", out=tmp_path / place)


def test_a_run_s_own_scores_may_go_where_they_are_but_into_no_other_run(run, tmp_path):
    refuse_other_run(run.path / ".." / "run", run)
    refuse_other_run(tmp_path / "new", run)
    (tmp_path / "split.csv").write_text("")
    with pytest.raises(RunError, match="is a run"):
        refuse_other_run(tmp_path, run)


def test_sets_of_the_same_name_have_folders_of_their_own(run):
    first, second = scored_at("/one/test"), scored_at("/two/test")
    folder = folder_inside(run, first, "test")
    assert folder == run.path / "evaluations" / "toy-test"
    Run(folder).write_json("source.json", {"place": "/one/test"})
    assert folder_inside(run, first, "test") == folder
    other = folder_inside(run, second, "test")
    assert re.fullmatch(r"toy-test-[0-9a-f]{8}", other.name)
    assert other.name.endswith(digest(b"/two/test")[:8])


def test_results_of_older_versions_are_known_by_their_audit(run):
    folder = run.path / "evaluations" / "toy-test"
    Run(folder).write_json("scores.json", {})
    Run(folder).write_json("audit.json", {"test": "/one/test"})
    assert folder_inside(run, scored_at("/one/test"), "test") == folder
    assert folder_inside(run, scored_at("/two/test"), "test") != folder
    (folder / "audit.json").unlink()
    assert folder_inside(run, scored_at("/one/test"), "test") != folder
