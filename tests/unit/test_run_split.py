"""``split.csv`` of a run."""

import csv
from pathlib import Path

import pytest

from speechsent.corpus.utterance import Utterance
from speechsent.errors import RunError
from speechsent.run import FORMAT, Run, now
from speechsent.run_split import SPLIT_COLUMNS, RunSplit, relative


@pytest.fixture
def split():
    root = Path("/corpus")
    utterances = (
        Utterance(path=root / "a/1.wav", emotion="anger", speaker="toy/1", gender="female"),
        Utterance(path=root / "ä, b.wav", emotion="fear", speaker="toy/2", start=0.1, end=2.5),
        Utterance(path=Path("/other/3.wav"), emotion="fear"),
    )
    return RunSplit(utterances, ("train", "validation", "test"), ("h1", "h2", "h3"))


def test_a_split_survives_being_written_and_read(tmp_path, split):
    run = Run.create(tmp_path, "toy", "joint")
    run.write_json("run.json", {"format": FORMAT, "finished": now(), "root": "/corpus"})
    run.write_rows("split.csv", SPLIT_COLUMNS, split.rows(Path("/corpus")))
    assert run.split == split
    with (run.path / "split.csv").open(newline="", encoding="utf-8") as file:
        assert [row["file"] for row in csv.DictReader(file)] == [
            "a/1.wav",
            "ä, b.wav",
            "/other/3.wav",
        ]


def test_a_split_tells_its_parts(split):
    assert [u.path.name for u in split.of("train", "test")] == ["1.wav", "3.wav"]
    assert split.speakers("train", "validation") == {"toy/1", "toy/2"}
    assert split.speakers("test") == {None}
    assert split.hashes_of("validation") == {"h2"}


GOOD = "a.wav,h,s,,anger,0.0,,train"


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{GOOD}\n",
        ",".join(SPLIT_COLUMNS) + "\na.wav,h,s,,anger,zero,,train\n",
        ",".join(SPLIT_COLUMNS) + "\na.wav,h,s,,anger,0.0,,dev\n",
        ",".join(SPLIT_COLUMNS) + "\na.wav\n",
    ],
    ids=["empty", "no header", "no number", "unknown part", "short row"],
)
def test_a_damaged_split_is_named(tmp_path, text):
    (tmp_path / "split.csv").write_text(text)
    with pytest.raises(RunError, match=r"split\.csv: missing or damaged"):
        RunSplit.read(tmp_path / "split.csv", tmp_path)


def test_a_missing_split_is_named(tmp_path):
    with pytest.raises(RunError, match=r"split\.csv: missing or damaged"):
        RunSplit.read(tmp_path / "split.csv", tmp_path)


@pytest.mark.parametrize(
    ("path", "expected"), [("/c/a/b.wav", "a/b.wav"), ("/d/b.wav", "/d/b.wav")]
)
def test_paths_are_relative_where_they_can_be(path, expected):
    assert relative(Path(path), Path("/c")) == expected
