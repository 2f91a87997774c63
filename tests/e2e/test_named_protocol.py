"""A run under a protocol of one's own: what it reports, and that older runs stay readable."""

import json
from pathlib import Path

import pytest

from speechsent.cli import main
from speechsent.run import Run

OWN = """\
name: builtin-4-each
corpus: builtin
classes: [neutral, happiness, sadness, anger]
test: {by: each-speaker}
validation: {by: drawn-speakers, n: 1}
"""
KEYS = ("protocol_hash", "fold", "n_folds")


@pytest.fixture(scope="module")
def trained(voices, tiny, tmp_path_factory):
    """A run on the third of six folds."""
    folder = tmp_path_factory.mktemp("protocol")
    (folder / "own.yaml").write_text(OWN)
    words = ["--protocol", str(folder / "own.yaml"), "--fold", "2", "--fusion", "lstm"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(["train", str(voices), *words, "--config", str(tiny), "--quiet"]) == 0
    return Run.newest(folder / "runs")


def test_a_run_reports_protocol_fold_and_definition(trained):
    scores = trained.read_json("scores.json")
    assert scores["protocol"] == "builtin-4-each"
    assert scores["fold"] == sorted(trained.split.speakers("train", "validation", "test"))[2]
    assert scores["n_folds"] == 6
    assert len(scores["protocol_hash"]) == 12
    assert {key: trained.facts[key] for key in KEYS} == {key: scores[key] for key in KEYS}
    assert set(trained.labels) == {"neutral", "happiness", "sadness", "anger"}
    assert {row["name"] for row in scores["per_speaker"]} == {scores["fold"]}


def test_a_run_from_before_protocols_had_folds_is_still_scored(trained, tmp_path, capsys):
    facts = json.loads((trained.path / "run.json").read_text())
    old = tmp_path / "old"
    old.mkdir()
    for path in trained.path.iterdir():
        if path.is_file() and path.name != "run.json":
            (old / path.name).write_bytes(path.read_bytes())
    kept = {key: value for key, value in facts.items() if key not in (*KEYS, "files", "digest")}
    (old / "run.json").write_text(json.dumps(kept))
    assert main(["evaluate", "--run", str(Path(old)), "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert {key: scores[key] for key in KEYS} == {"protocol_hash": "", "fold": "", "n_folds": 1}
