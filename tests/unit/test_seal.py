"""A finished run is read as it was written, or not at all."""

import hashlib
import json

import pytest

from speechsent.errors import RunError
from speechsent.seal import check_facts, check_file, sealed

FACTS = {"format": 1, "finished": "2026-01-01", "score": 0.1 + 0.2, "name": "Ärger"}
NAMES = ("a.txt", "b.txt")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.txt").write_text("weights")
    return tmp_path


def test_the_seal_is_the_sha256_of_the_files_and_survives_json(folder):
    facts = json.loads(json.dumps(sealed(folder, NAMES, FACTS)))
    assert facts["files"] == {"a.txt": hashlib.sha256(b"weights").hexdigest(), "b.txt": None}
    assert {key: facts[key] for key in FACTS} == FACTS
    check_facts(folder / "run.json", facts)
    check_file(folder / "a.txt", facts)


def test_a_changed_file_is_refused(folder):
    facts = sealed(folder, NAMES, FACTS)
    (folder / "a.txt").write_text("weightz")
    with pytest.raises(RunError, match=r"a\.txt: changed since the run was finished"):
        check_file(folder / "a.txt", facts)


def test_a_file_that_is_gone_is_refused(folder):
    facts = sealed(folder, NAMES, FACTS)
    (folder / "a.txt").unlink()
    with pytest.raises(RunError, match=r"a\.txt: changed since"):
        check_file(folder / "a.txt", facts)


def test_a_file_that_was_not_there_is_refused(folder):
    facts = sealed(folder, NAMES, FACTS)
    check_file(folder / "b.txt", facts)
    (folder / "b.txt").write_text("new")
    with pytest.raises(RunError, match=r"b\.txt: changed since"):
        check_file(folder / "b.txt", facts)


@pytest.mark.parametrize("key", ["format", "finished", "score", "files", "digest", "new"])
def test_a_changed_fact_is_refused(folder, key):
    facts = sealed(folder, NAMES, FACTS) | {key: "other"}
    with pytest.raises(RunError, match=r"run\.json: changed since"):
        check_facts(folder / "run.json", facts)


@pytest.mark.parametrize("key", ["format", "files", "digest"])
def test_a_fact_that_is_gone_is_refused(folder, key):
    facts = sealed(folder, NAMES, FACTS)
    del facts[key]
    with pytest.raises(RunError, match=r"run\.json: changed since"):
        check_facts(folder / "run.json", facts)


def test_a_file_that_older_runs_did_not_seal_is_read(folder):
    facts = sealed(folder, ["b.txt"], FACTS)
    check_file(folder / "a.txt", facts)


def test_a_corpus_may_be_moved(folder):
    facts = sealed(folder, NAMES, FACTS | {"root": "/here"})
    check_facts(folder / "run.json", facts | {"root": "/there"})


def test_a_run_from_before_there_were_seals_is_read(folder):
    check_facts(folder / "run.json", FACTS)
    check_file(folder / "a.txt", FACTS)
    check_file(folder / "gone.txt", FACTS)
