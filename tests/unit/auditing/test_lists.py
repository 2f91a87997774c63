import json
from pathlib import Path

import pytest

from speechsent.auditing.lists import read_list
from speechsent.errors import CorpusError


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_line_of_emobox_tells_speaker_sentence_and_emotion(tmp_path):
    row = {"key": "emodb-03a01Fa", "wav": "downloads/emodb/wav/03a01Fa.wav", "emo": "happy"}
    (clip,) = read_list(write(tmp_path / "test.jsonl", json.dumps(row)), tmp_path)
    assert clip.path == tmp_path / "downloads/emodb/wav/03a01Fa.wav"
    assert (clip.speaker, clip.sentence, clip.emotion) == ("emodb/03", "a01", "happiness")


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("a.txt", ["x/1001_DFA_ANG_XX.wav", "", "x/1002_DFA_SAD_LO.wav"]),
        ("a.csv", ["x/1001_DFA_ANG_XX.wav", "x/1002_DFA_SAD_LO.wav"]),
        ("a.csv", ["id,path", "1,x/1001_DFA_ANG_XX.wav", "2,x/1002_DFA_SAD_LO.wav"]),
        ("a.csv", ["Audio,Speaker_ID", "x/1001_DFA_ANG_XX.wav,1", "x/1002_DFA_SAD_LO.wav,2"]),
        ("a.csv", ["file_name", "x/1001_DFA_ANG_XX.wav", "", "x/1002_DFA_SAD_LO.wav"]),
        ("a.txt", ["x/1001_DFA_ANG_XX", "x/1002_DFA_SAD_LO"]),
        ("a.csv", ["path", r"x\1001_DFA_ANG_XX.wav", r"x\1002_DFA_SAD_LO.wav"]),
        ("a.json", ['[{"file": "x/1001_DFA_ANG_XX.wav"}, "x/1002_DFA_SAD_LO.wav"]']),
        ("a.json", ['{"wav": "x/1001_DFA_ANG_XX.wav"}', '{"wav": "x/1002_DFA_SAD_LO.wav"}']),
    ],
)
def test_lists_come_in_many_forms(tmp_path, name, lines):
    clips = read_list(write(tmp_path / name, *lines), tmp_path)
    assert [(c.speaker, c.sentence, c.emotion, c.intensity) for c in clips] == [
        ("crema-d/1001", "DFA", "anger", None),
        ("crema-d/1002", "DFA", "sadness", "low"),
    ]
    assert clips[0].path.with_suffix(".wav") == tmp_path / "x" / "1001_DFA_ANG_XX.wav"


def test_the_word_of_the_list_counts_for_the_emotion(tmp_path):
    row = {"wav": "1001_DFA_ANG_XX.wav", "label": "disgusted"}
    assert read_list(write(tmp_path / "a.jsonl", json.dumps(row)), tmp_path)[0].emotion == "disgust"


def test_names_of_no_corpus_take_what_the_list_says(tmp_path):
    lines = ["file,speaker,emotion", "1.wav,eve,shout", "2.wav,,"]
    clips = read_list(write(tmp_path / "a.csv", *lines), tmp_path)
    assert [(c.speaker, c.emotion) for c in clips] == [("eve", "shout"), (None, "unknown")]


def test_labels_of_ones_own_are_read_beside_words_that_nobody_knows(tmp_path):
    listed = write(
        tmp_path / "a.csv", "file,emotion", "a.wav,raging", "b.wav,shouting", "c.wav,joy"
    )
    clips = read_list(listed, tmp_path, {"raging": "angry"})
    assert [clip.emotion for clip in clips] == ["anger", "shouting", "happiness"]


def test_numbers_are_speakers(tmp_path):
    rows = [{"wav": "a.wav", "spk": 1}, {"wav": "b.wav", "spk": 0}, {"wav": "c.wav", "spk": None}]
    clips = read_list(write(tmp_path / "a.jsonl", *map(json.dumps, rows)), tmp_path)
    assert [clip.speaker for clip in clips] == ["1", "0", None]


def test_stretch_part_and_gender_are_kept_and_other_columns_passed_over(tmp_path):
    lines = ["file,speaker,arousal,start,end,split,gender", "a.wav,eve,0.3,0.5,0.9,Dev,F"]
    (clip,) = read_list(write(tmp_path / "a.csv", *lines), tmp_path)
    assert (clip.start, clip.end, clip.part, clip.gender) == (0.5, 0.9, "validation", "female")
    assert (clip.speaker, clip.emotion) == ("eve", "unknown")


def test_codes_are_read_by_their_company_and_words_of_one_s_own_are_left(tmp_path):
    """W, E and T are anger, disgust and sadness of EmoDB; beside a word that is none, W is W."""
    codes = write(tmp_path / "a.csv", "file,emotion", "1.wav,W", "2.wav,E", "3.wav,T")
    own = write(tmp_path / "b.csv", "file,emotion", "1.wav,W", "2.wav,shout", "3.wav,angry")
    assert [c.emotion for c in read_list(codes, tmp_path)] == ["anger", "disgust", "sadness"]
    assert [c.emotion for c in read_list(own, tmp_path)] == ["W", "shout", "anger"]


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85"])
@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_a_text_may_hold_other_characters_that_end_lines(tmp_path, name, mark):
    text = f"so{mark}long"
    rows = [{"file": f"{i}.wav", "speaker": f"s{i}", "sentence": text} for i in (1, 2)]
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    if name == "a.csv":
        lines = ["file,speaker,sentence", f"1.wav,s1,{text}", f"2.wav,s2,{text}"]
    clips = read_list(write(tmp_path / name, *lines), tmp_path)
    assert [(c.speaker, c.sentence) for c in clips] == [("s1", text), ("s2", text)]


def test_a_quoted_cell_may_have_several_lines(tmp_path):
    lines = ["file,sentence,speaker", '1.wav,"so', 'long",eve', "2.wav,,ada"]
    clips = read_list(write(tmp_path / "a.csv", *lines), tmp_path)
    assert [(c.speaker, c.sentence) for c in clips] == [("eve", "so\nlong"), ("ada", None)]


@pytest.mark.parametrize(
    ("name", "lines", "row", "received"),
    [
        ("a.csv", ["file;speaker", "1.wav;eve"], 1, "'file;speaker'"),
        ("a.csv", ["1.wav;eve", "2.wav;ada"], 1, "'1.wav;eve'"),
        ("a.csv", ["file\tspeaker", "1.wav\teve"], 1, r"'file\\tspeaker'"),
        ("a.txt", ["1.wav", "", "2.wav\teve"], 3, r"'2.wav\\teve'"),
        ("a.txt", ["eve|1.wav"], 1, r"'eve\|1.wav'"),
    ],
)
def test_a_table_without_commas_is_not_taken_for_names(tmp_path, name, lines, row, received):
    message = rf"{name}: row {row}: cells are separated by commas.*save it.*Received: {received}"
    with pytest.raises(CorpusError, match=message):
        read_list(write(tmp_path / name, *lines), tmp_path)


@pytest.mark.parametrize("name", ["a.csv", "a.txt"])
def test_a_first_row_that_is_no_audio_file_is_refused(tmp_path, name):
    message = r"row 1: without names of columns.*name the columns.*Received: 'clip'"
    with pytest.raises(CorpusError, match=message):
        read_list(write(tmp_path / name, "clip", "1.wav"), tmp_path)


@pytest.mark.parametrize(
    ("name", "lines", "message"),
    [
        ("a.jsonl", ["{broken"], "not readable as a list of clips"),
        ("a.jsonl", ['{"wav": "1.wav"}', '{"emo": "sad"}'], "row 2 names no file"),
        ("a.txt", [""], "empty"),
        ("a.csv", [""], "empty"),
        ("a.csv", ["file", ""], "empty"),
        ("a.jsonl", ['{"wav": 1, "spk": 1}'], "row 1 names no file"),
        ("a.csv", ["file,speaker", "1.wav,so, long,eve"], "row 2: more cells than columns"),
        ("a.csv", ["file,start,end", "1.wav,0,1", "1.wav,3,2"], "row 3: start must lie before end"),
        ("a.csv", ["file,split", "1.wav,fold3"], "row 2: split is one of"),
    ],
)
def test_a_list_that_is_none_is_refused(tmp_path, name, lines, message):
    with pytest.raises(CorpusError, match=message):
        read_list(write(tmp_path / name, *lines), tmp_path)
