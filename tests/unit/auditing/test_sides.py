from dataclasses import replace
from pathlib import Path

import pytest

from speechsent.auditing.sides import is_there, read_sides
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


def test_a_csv_is_read_alike_whether_its_files_are_there_or_not(tmp_path):
    make(tmp_path, "a.wav")
    (tmp_path / "here.csv").write_text("file,emotion,speaker,sentence\na.wav,anger,eve,s1\n")
    (tmp_path / "gone.csv").write_text("file,emotion,speaker,sentence\ngone.wav,anger,ada,s1\n")
    sides = read_sides(tmp_path / "here.csv", tmp_path / "gone.csv")
    clips = [side.utterances[0] for side in sides]
    assert [(c.speaker, c.sentence) for c in clips] == [("eve", "s1"), ("ada", "s1")]
    assert [c.path.exists() for c in clips] == [True, False]


@pytest.mark.parametrize("first", ["a.wav", "gone.wav"])
@pytest.mark.parametrize("more", ["", ",arousal"])
def test_parts_and_stretches_of_a_csv_are_kept(tmp_path, first, more):
    """Whatever other columns it has, and be its first file there or not."""
    make(tmp_path, "a.wav", "b.wav")
    cell = ",0.5" if more else ""
    rows = f"{first},anger,eve,0,0.4,train{cell}\nb.wav,anger,ada,0.5,0.9,test{cell}\n"
    (tmp_path / "all.csv").write_text(f"file,emotion,speaker,start,end,split{more}\n{rows}")
    train, test = read_sides(tmp_path / "all.csv", None)
    assert [(u.speaker, u.start, u.end) for u in train.utterances] == [("eve", 0.0, 0.4)]
    assert [(u.speaker, u.start, u.end) for u in test.utterances] == [("ada", 0.5, 0.9)]


def test_metadata_is_read_as_its_folder_is(tmp_path):
    make(tmp_path, "train/a.wav", "test/b.wav")
    rows = "train/a.wav,joy,1\ntest/b.wav,joy,2\ntest/gone.wav,joy,3\n"
    (tmp_path / "metadata.csv").write_text(f"file_name,emotion,speaker_id\n{rows}")
    by_file = read_sides(tmp_path / "metadata.csv", None)
    by_folder = read_sides(tmp_path, None)
    assert [side.utterances for side in by_file] == [side.utterances for side in by_folder]
    assert [side.utterances[0].speaker for side in by_file] == ["1", "2"]
    assert [len(side) for side in by_file] == [1, 1]


def test_metadata_without_its_files_is_a_list(tmp_path):
    row = '{"file_name": "a.wav", "label": "joy", "speaker_id": 3}'
    (tmp_path / "metadata.jsonl").write_text(row)
    side, _ = read_sides(tmp_path / "metadata.jsonl", tmp_path / "metadata.jsonl")
    assert [(u.speaker, u.emotion) for u in side.utterances] == [("3", "happiness")]


def test_a_database_is_read_by_its_header_or_a_table(tmp_path):
    make(tmp_path, "a.wav")
    (tmp_path / "db.yaml").write_text("tables: {all: {columns: {emotion: {}, speaker: {}}}}")
    rows = "file,start,end,emotion,speaker\na.wav,0 days 00:00:01.5,NaT,anger,eve\n"
    (tmp_path / "db.all.csv").write_text(rows)
    for side in read_sides(tmp_path / "db.yaml", tmp_path / "db.all.csv"):
        assert [(u.speaker, u.start, u.end) for u in side.utterances] == [("eve", 1.5, None)]


def test_a_header_that_is_not_there_is_not_its_folder(tmp_path):
    make(tmp_path, "anger/a.wav")
    with pytest.raises(CorpusError, match=r"db\.yaml: no such file or folder"):
        read_sides(tmp_path / "db.yaml", None)


def test_files_of_a_list_are_looked_for_where_one_says(tmp_path):
    (tmp_path / "list.txt").write_text("a.wav\n")
    elsewhere = make(tmp_path / "elsewhere", "a.wav")
    side, _ = read_sides(tmp_path / "list.txt", tmp_path / "list.txt", folder=elsewhere)
    assert side.utterances[0].path == elsewhere / "a.wav"
    assert side.clip(0) == "a.wav"


def test_a_list_whose_files_are_beside_it_needs_no_other_folder(tmp_path):
    """One folder is given for both sides, and one's own clips need not lie in it."""
    mine = make(tmp_path / "mine", "a.wav")
    theirs = make(tmp_path / "theirs", "b.wav")
    (mine / "list.txt").write_text("a.wav\n")
    (tmp_path / "list.txt").write_text("b.wav\n")
    train, test = read_sides(mine / "list.txt", tmp_path / "list.txt", folder=theirs)
    assert [side.utterances[0].path for side in (train, test)] == [mine / "a.wav", theirs / "b.wav"]


def test_names_no_file_can_have_are_not_there(tmp_path):
    assert not is_there(tmp_path / ("a" * 300 + ".wav"))
    assert not is_there(tmp_path)


def test_a_stretch_of_a_file_is_named_by_its_start(make_side):
    side = make_side(("c/1", None, "anger"))
    stretch = replace(side.utterances[0], start=1.5, end=2.0)
    assert replace(side, utterances=(stretch,)).clip(0) == "0.wav@1.5"
