import pytest

from speechsent.auditing.columns import named, names_files
from speechsent.corpus.cells import part, stretch
from speechsent.errors import CorpusError


@pytest.mark.parametrize("column", ["speaker", "SPK", "speaker_id", "Speaker ID", "SpkrID"])
@pytest.mark.parametrize(
    ("cell", "speaker"),
    [("eve", "eve"), (" 1 ", "1"), (1, "1"), (1.0, "1"), ("1.0", "1"), (0, "0"), (1.5, "1.5")],
)
def test_speakers_have_names_or_numbers(column, cell, speaker):
    assert named({column: cell})["speaker"] == speaker


@pytest.mark.parametrize(
    "cell", [None, "", "NaN", "unknown", True, float("nan"), float("inf"), [1], {"id": 1}]
)
def test_what_names_nobody_is_unknown(cell):
    assert named({"speaker": cell})["speaker"] == ""


def test_a_cell_that_is_empty_leaves_the_word_to_the_next_column():
    assert named({"wav": None, "path": " ", "file": "a.wav"})["file"] == "a.wav"
    assert named({"audio": 7, "file": 8})["file"] == ""


@pytest.mark.parametrize(
    ("header", "known"),
    [
        (["File_Name", "emotion"], True),
        (["id", " Audio"], True),
        (["clip", "emotion"], False),
        (["file;speaker"], False),
        ([], False),
    ],
)
def test_a_header_tells_where_the_files_are(header, known):
    assert names_files(header) is known


def test_a_stretch_without_times_is_the_whole_file():
    assert stretch(named({})) == (0.0, None)
    assert stretch(named({"start": 0.5, "end": "2"})) == (0.5, 2.0)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"start": "later"}, "start is a number of seconds from 0"),
        ({"end": "-1"}, "end is a number of seconds from 0"),
        ({"start": "2", "end": "1"}, "start must lie before end"),
    ],
)
def test_times_that_are_none_are_refused(row, message):
    with pytest.raises(CorpusError, match=message):
        stretch(named(row))


def test_parts_have_several_names():
    assert [part(named({"split": word})) for word in ("Train", "dev", "test", "")] == [
        *("train", "validation", "test", None)
    ]
    with pytest.raises(CorpusError, match=r"split is one of .*Received: 'fold3'"):
        part(named({"split": "fold3"}))
