from dataclasses import replace
from pathlib import Path

import pytest

from speechsent.auditing.sides import read_sides
from speechsent.errors import CorpusError


def make(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def test_one_corpus_with_parts_is_both_sides_and_validation_counts_as_training(tmp_path):
    root = make(tmp_path, "train/anger/a.wav", "dev/anger/b.wav", "test/anger/c.wav")
    train, test = read_sides(root, None)
    assert [train.clip(0), train.clip(1)] == ["dev/anger/b.wav", "train/anger/a.wav"]
    assert [test.clip(i) for i in range(len(test))] == ["test/anger/c.wav"]


def test_of_another_corpus_the_test_part_is_taken(tmp_path):
    one = make(tmp_path / "one", "anger/a.wav")
    two = make(tmp_path / "two", "train/anger/b.wav", "test/anger/c.wav")
    train, test = read_sides(one, two)
    assert (len(train), test.clip(0), len(test)) == (1, "test/anger/c.wav", 1)


def test_one_corpus_without_parts_needs_the_other_side(tmp_path):
    with pytest.raises(CorpusError, match="no test part of its own"):
        read_sides(make(tmp_path, "anger/a.wav"), None)


def test_a_side_without_clips_is_refused(tmp_path):
    with pytest.raises(CorpusError, match=r"\(test\): no clips"):
        read_sides(make(tmp_path, "train/anger/a.wav"), None)


def test_a_csv_of_ours_is_a_corpus_and_any_other_a_list(tmp_path):
    make(tmp_path, "a.wav")
    (tmp_path / "ours.csv").write_text("file,emotion,speaker,sentence\na.wav,anger,eve,s1\n")
    (tmp_path / "theirs.csv").write_text("file,emotion,speaker\ngone.wav,anger,ada\n")
    train, test = read_sides(tmp_path / "ours.csv", tmp_path / "theirs.csv")
    assert (train.utterances[0].speaker, train.utterances[0].sentence) == ("eve", "s1")
    assert (test.utterances[0].speaker, test.utterances[0].path.exists()) == ("ada", False)


def test_files_of_a_list_are_looked_for_where_one_says(tmp_path):
    (tmp_path / "list.txt").write_text("a.wav\n")
    elsewhere = make(tmp_path / "elsewhere", "a.wav")
    side, _ = read_sides(tmp_path / "list.txt", tmp_path / "list.txt", folder=elsewhere)
    assert side.utterances[0].path == elsewhere / "a.wav"
    assert side.clip(0) == "a.wav"


def test_a_stretch_of_a_file_is_named_by_its_start(make_side):
    side = make_side(("c/1", None, "anger"))
    stretch = replace(side.utterances[0], start=1.5, end=2.0)
    assert replace(side, utterances=(stretch,)).clip(0) == "0.wav@1.5"
