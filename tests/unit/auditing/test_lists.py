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
    assert clips[0].path == tmp_path / "x" / "1001_DFA_ANG_XX.wav"


def test_the_word_of_the_list_counts_for_the_emotion(tmp_path):
    row = {"wav": "1001_DFA_ANG_XX.wav", "label": "disgusted"}
    assert read_list(write(tmp_path / "a.jsonl", json.dumps(row)), tmp_path)[0].emotion == "disgust"


def test_names_of_no_corpus_take_what_the_list_says(tmp_path):
    lines = ["file,speaker,emotion", "1.wav,eve,shout", "2.wav,,"]
    clips = read_list(write(tmp_path / "a.csv", *lines), tmp_path)
    assert [(c.speaker, c.emotion) for c in clips] == [("eve", "shout"), (None, "unknown")]


@pytest.mark.parametrize(
    ("name", "lines", "message"),
    [
        ("a.jsonl", ["{broken"], "not readable as a list of clips"),
        ("a.jsonl", ['{"wav": "1.wav"}', '{"emo": "sad"}'], "row 2 names no file"),
        ("a.txt", [""], "empty"),
        ("a.csv", [""], "empty"),
    ],
)
def test_a_list_that_is_none_is_refused(tmp_path, name, lines, message):
    with pytest.raises(CorpusError, match=message):
        read_list(write(tmp_path / name, *lines), tmp_path)
