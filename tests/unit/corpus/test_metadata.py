import json
from pathlib import Path

import pytest

from speechsent.corpus.metadata import metadata_files
from speechsent.corpus.open import read_corpus
from speechsent.corpus.utterance import Utterance
from speechsent.errors import CorpusError


@pytest.fixture
def folder(make_files):
    """The layouts of https://huggingface.co/docs/datasets/audio_dataset, without metadata."""
    return make_files("a.wav", "x/b.wav", "train/c.wav", "test/d.wav")


def test_a_metadata_csv_is_read(folder):
    (folder / "metadata.csv").write_text(
        "file_name,transcription,emotion,speaker_id,gender\n"
        "a.wav,hello there,happy,s1,F\nx/b.wav,,angry,,\n"
    )
    assert read_corpus(folder).utterances == (
        Utterance(path=folder / "a.wav", emotion="happiness", speaker="s1", gender="female"),
        Utterance(path=folder / "x/b.wav", emotion="anger"),
    )


def test_the_metadata_file_stands_for_its_folder(folder):
    path = folder / "metadata.csv"
    path.write_text("file_name,label\na.wav,sad\n")
    assert read_corpus(path).emotions == {"sadness": 1}
    assert read_corpus(path).name == read_corpus(folder).name


def test_json_lines_are_read(folder):
    rows = [{"file_name": "a.wav", "emotion": "joy", "speaker": 7}, {"file_name": "x/b.wav",
            "emotion": "fear", "speaker": None}]  # fmt: skip
    (folder / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    corpus = read_corpus(folder)
    assert [(u.emotion, u.speaker) for u in corpus] == [("happiness", "7"), ("fear", None)]


def test_each_part_may_have_metadata_of_its_own(folder):
    (folder / "train/metadata.csv").write_text("file_name,label\nc.wav,anger\n")
    (folder / "test/metadata.csv").write_text("file_name,label\nd.wav,anger\n")
    corpus = read_corpus(folder)
    assert [(u.path.name, u.part) for u in corpus] == [("d.wav", "test"), ("c.wav", "train")]


def test_the_folder_in_a_file_name_is_its_part(folder):
    (folder / "metadata.csv").write_text("file_name,label\ntrain/c.wav,fear\ntest/d.wav,fear\n")
    assert [u.part for u in read_corpus(folder)] == ["test", "train"]


def test_numbers_are_read_as_targets(folder):
    (folder / "metadata.csv").write_text("file_name,valence,note\na.wav,0.5,x\n")
    corpus = read_corpus(folder, targets=["valence"])
    assert corpus.targets == ("valence",)
    assert corpus[0].values == (0.5,)


def test_folders_of_parts_count_in_any_case(make_files):
    root = make_files("Train/c.wav", "TEST/d.wav")
    (root / "Train/metadata.csv").write_text("file_name,label\nc.wav,anger\n")
    (root / "TEST/metadata.csv").write_text("file_name,label\nd.wav,fear\n")
    assert [(u.part, u.emotion) for u in read_corpus(root)] == [
        ("test", "fear"),
        ("train", "anger"),
    ]


def test_names_of_columns_count_in_any_case(folder):
    (folder / "metadata.csv").write_text("File_Name,Label,Speaker_ID\na.wav,sad,s1\n")
    assert [(u.emotion, u.speaker) for u in read_corpus(folder)] == [("sadness", "s1")]
    (folder / "metadata.csv").unlink()
    (folder / "metadata.jsonl").write_text('{"File_Name": "a.wav", "Emotion": "fear"}\n')
    assert read_corpus(folder).emotions == {"fear": 1}


@pytest.mark.parametrize("header", ["file,emotion", "file_name,transcription", "name,label"])
def test_metadata_about_something_else_leaves_the_folders_their_meaning(make_files, header):
    root = make_files("anger/a.wav", "fear/b.wav")
    (root / "metadata.csv").write_text(f"{header}\nanger/a.wav,anything\n")
    assert metadata_files(root) == []
    assert read_corpus(root).emotions == {"anger": 1, "fear": 1}


BAD = {
    "missing file": ("none.wav,anger", r"metadata\.csv row 2: no such file: 'none\.wav'"),
    "outside": ("../a.wav,anger", "row 2: file is a path below the folder"),
    "no emotion": ("a.wav,", "row 2: emotion is empty"),
    "no name": (",anger", "row 2: file is empty"),
    "an index": ("a.wav,3", "'3'"),
    "a comma too many": ("a.wav,fear,anger", "row 2: more cells .* 'anger' at the end; put a cell"),
    "behind two lines": ('a.wav,fear,\nx/b.wav,"\n"', "row 4: emotion is empty"),
}


@pytest.mark.parametrize(("row", "reason"), BAD.values(), ids=BAD)
def test_a_bad_row_is_told_with_its_place(folder, row, reason):
    (folder / "metadata.csv").write_text(f"file_name,label\n{row}\n")
    with pytest.raises(CorpusError, match=reason) as caught:
        read_corpus(folder)
    assert "\n" not in str(caught.value)


def test_bad_rows_can_be_left_out(folder):
    (folder / "metadata.csv").write_text("file_name,label\nnone.wav,anger\na.wav,fear\n")
    corpus = read_corpus(folder, skip_bad=True)
    assert corpus.emotions == {"fear": 1}
    assert corpus.refused[0].path == Path(folder / "none.wav")


@pytest.mark.parametrize("line", ['{"file_name": ', "[1]", '"a.wav"'])
def test_a_line_that_is_no_mapping_is_told(folder, line):
    (folder / "metadata.jsonl").write_text(f"{line}\n")
    with pytest.raises(CorpusError, match=r"metadata\.jsonl: row 1 is"):
        read_corpus(folder)


def test_a_comma_in_a_text_does_not_move_the_emotion(folder):
    (folder / "metadata.csv").write_text("file_name,text,emotion\na.wav,oh,fear,anger\n")
    with pytest.raises(CorpusError, match=r"metadata\.csv row 2: more cells than columns"):
        read_corpus(folder)


def test_a_column_that_is_named_twice_is_refused(folder):
    (folder / "metadata.csv").write_text("file_name,emotion,emotion\na.wav,anger,fear\n")
    with pytest.raises(CorpusError, match=r"metadata\.csv: row 1: emotion is there more than once"):
        read_corpus(folder)


def test_a_cell_that_is_too_long_is_told(folder):
    (folder / "metadata.csv").write_text(f"file_name,emotion\na.wav,{'x' * 140_000}\n")
    with pytest.raises(CorpusError, match=r"metadata\.csv: row 2: not CSV"):
        read_corpus(folder)


def test_semicolons_are_told_and_not_passed_over(make_files):
    root = make_files("anger/a.wav")
    (root / "metadata.csv").write_text("file_name;emotion\nanger/a.wav;fear\n")
    with pytest.raises(CorpusError, match=r"metadata\.csv: .*semicolons; separate by commas"):
        read_corpus(root)


@pytest.mark.parametrize("lines", [(0, 1), (1, 0)])
def test_a_record_without_a_file_name_is_told_wherever_it_stands(folder, lines):
    records = ['{"file_name": "a.wav", "emotion": "joy"}', '{"emotion": "fear"}']
    (folder / "metadata.jsonl").write_text("\n".join(records[n] for n in lines))
    with pytest.raises(
        CorpusError, match=rf"metadata\.jsonl row {lines.index(1) + 1}: file is empty"
    ):
        read_corpus(folder)


def test_a_record_that_is_nested_too_deep_is_told(folder):
    deep = "[" * 100_000 + "]" * 100_000
    (folder / "metadata.jsonl").write_text(f'{{"file_name": "a.wav", "emotion": {deep}}}\n')
    with pytest.raises(CorpusError, match=r"metadata\.jsonl: row 1 is nested too deep"):
        read_corpus(folder)


@pytest.mark.parametrize("mark", ["\u2028", "\x85", "\u2029"])
def test_marks_that_only_look_like_the_end_of_a_line_are_text(folder, mark):
    text = f'{{"file_name": "a.wav", "note": "x{mark}y", "emotion": "joy"}}\r\n'
    (folder / "metadata.jsonl").write_bytes(text.encode())
    assert read_corpus(folder).emotions == {"happiness": 1}


def test_speakers_with_accents_taken_apart_are_the_same_speakers(folder):
    rows = [{"file_name": "a.wav", "emotion": "joy", "speaker": "Jos\u00e9"},
            {"file_name": "x/b.wav", "emotion": "joy", "speaker": "Jose\u0301"}]  # fmt: skip
    (folder / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert read_corpus(folder).speakers == {"Jos\u00e9": 2}
