import pytest

from speechsent.corpus.table import SURPLUS, column_names, read_table
from speechsent.errors import CorpusError


@pytest.fixture
def table(tmp_path):
    """Write a CSV and read it."""

    def read(text, known=()):
        path = tmp_path / "clips.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        columns, rows = read_table(path, known)
        return columns, list(rows)

    return read


def test_cells_have_the_names_of_their_columns_and_rows_the_line_they_end_on(table):
    columns, rows = table('\ufefffile, note\r\n\r\na.wav,"two\r\nlines"\r\nb.wav\r\n')
    assert columns == ["file", "note"]
    assert rows == [
        (4, {"file": "a.wav", "note": "two\r\nlines", SURPLUS: ""}),
        (5, {"file": "b.wav", "note": "", SURPLUS: ""}),
    ]


def test_cells_beyond_the_last_column_are_kept_apart(table):
    _, rows = table("file,emotion\na.wav,fear,anger,x\nb.wav,fear,,\n")
    assert [(row["emotion"], row[SURPLUS]) for _, row in rows] == [
        ("fear", "anger,x"),
        ("fear", ""),
    ]


def test_columns_without_a_name_are_none_at_the_end_and_stay_where_an_index_stands(table):
    columns, rows = table(",file,emotion,,\n0,a.wav,fear,,\n1,b.wav,oh,fear,\n")
    assert columns == ["", "file", "emotion"]
    assert [row[SURPLUS] for _, row in rows] == ["", "fear,"]
    assert rows[0][1]["file"] == "a.wav"


def test_known_names_count_in_any_case_and_others_stay_as_they_are():
    assert column_names(["FILE", "Emotion", "Note"], ("file", "emotion"), "x") == [
        "file",
        "emotion",
        "Note",
    ]
    assert column_names(["Arousal"], ("file", "Arousal"), "x") == ["Arousal"]
    assert column_names(["arousal"], ("file", "Arousal"), "x") == ["Arousal"]


@pytest.mark.parametrize("header", ["file,emotion,emotion", "file,emotion,Emotion"])
def test_a_column_that_is_named_twice_is_refused(table, header):
    with pytest.raises(CorpusError, match=r"clips\.csv: row 1: emotion is there more than once"):
        table(f"{header}\na.wav,fear,anger\n", known=("file", "emotion"))


@pytest.mark.parametrize(("mark", "name"), [(";", "semicolons"), ("\t", "tabs")])
def test_another_separator_is_told_with_the_remedy(table, mark, name):
    message = rf"clips\.csv: columns are separated by {name}; separate by commas"
    with pytest.raises(CorpusError, match=message):
        table(f"file{mark}emotion\na.wav{mark}fear\n")


def test_a_cell_that_is_too_long_is_told_with_its_row(table):
    with pytest.raises(CorpusError, match=r"clips\.csv: row 3: not CSV \(field larger"):
        table(f"file,note\na.wav,x\nb.wav,{'x' * 140_000}\n")


@pytest.mark.parametrize("last", ["c.wav,joy", 'c.wav,"joy"', 'c.wav,"joy",x'])
def test_a_quotation_mark_left_open_swallows_no_rows(table, last):
    with pytest.raises(CorpusError, match=r"clips\.csv: row 3: not CSV .*one on either side"):
        table(f'file,emotion\na.wav,"fear"\nb.wav,"anger\n{last}\n')


def test_another_encoding_is_told_with_its_row(table):
    with pytest.raises(CorpusError, match=r"row 2: not UTF-8 text .*; save it as UTF-8"):
        table("file,note\na.wav,ä\n".encode("latin-1"))


def test_an_empty_file_has_no_columns_and_no_rows(table):
    assert table("") == ([], [])


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(CorpusError, match="cannot be read"):
        read_table(tmp_path / "none.csv")
