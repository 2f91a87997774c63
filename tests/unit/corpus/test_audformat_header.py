import pytest

from speechsent.corpus.audformat_header import Table, read_header
from speechsent.errors import CorpusError


def test_a_column_of_the_name_is_meant_before_those_of_the_scheme():
    table = Table("t", {"a": "emotion", "emotion": "", "speaker": "emotion"}, "")
    assert table.candidates("emotion") == ["emotion"]
    assert table.candidates("speaker") == ["speaker"]
    assert table.candidates("gender") == []


def test_a_column_called_otherwise_is_known_by_its_scheme():
    table = Table("t", {"mood": "emotion", "speaker": "emotion"}, "")
    assert table.candidates("emotion") == ["mood"]


def test_tables_are_told_with_schemes_and_parts_whatever_yaml_makes_of_their_names(tmp_path):
    (tmp_path / "db.yaml").write_text(
        "splits: {1: {type: train}}\n"
        "tables: {2: {split_id: 1, columns: {emotion: , 3: {scheme_id: speaker}}}, empty: }\n"
    )
    assert read_header(tmp_path).tables == [
        Table("2", {"emotion": "", "3": "speaker"}, "train"),
        Table("empty", {}, ""),
    ]


WRONG = [
    ("tables: [t]", "tables is a mapping of keys. Received: ['t']"),
    ("tables: {t: [1, 2]}", "tables.t is a mapping of keys. Received: [1, 2]"),
    ("tables: {t: {columns: [emotion]}}", "tables.t.columns is a mapping"),
    ("tables: {t: {columns: {emotion: emotion}}}", "tables.t.columns.emotion is a mapping"),
    ("tables: {t: {split_id: a}}\nsplits: [a]", "splits is a mapping"),
    ("tables: {t: {split_id: a}}\nsplits: {a: train}", "splits.a is a mapping"),
]


@pytest.mark.parametrize(("header", "problem"), WRONG)
def test_what_is_no_mapping_is_told_with_its_key(tmp_path, header, problem):
    (tmp_path / "db.yaml").write_text(header)
    with pytest.raises(CorpusError) as error:
        _ = read_header(tmp_path).tables
    assert str(error.value).startswith(f"{tmp_path / 'db.yaml'}: {problem}")


@pytest.mark.parametrize("header", ["schemes: x", "schemes: {speaker: str}"])
def test_a_scheme_that_is_no_mapping_is_told(tmp_path, header):
    (tmp_path / "db.yaml").write_text(header)
    with pytest.raises(CorpusError, match=r"db\.yaml: schemes.* is a mapping of keys"):
        read_header(tmp_path).at("schemes", "speaker")


@pytest.mark.parametrize("header", ["[" * 10_000, "a: !!int x", "a: !!timestamp x", "? [1]\n: 2"])
def test_a_header_that_is_no_plain_yaml_is_told_in_one_line(tmp_path, header):
    (tmp_path / "db.yaml").write_text(header)
    with pytest.raises(CorpusError, match=r"db\.yaml: .*header") as error:
        read_header(tmp_path)
    assert "\n" not in str(error.value)
