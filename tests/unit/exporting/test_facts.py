"""Metadata survive a file, and foreign ones are refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from speechsent.errors import ExportError
from speechsent.exporting.describing import licence
from speechsent.exporting.facts import ModelFacts


def test_metadata_survive_text(facts):
    text = facts.as_text()
    assert text["labels"] == '["Ärger", "joy"]'
    assert text["protocol"] == "ravdess-8-luna5"
    assert ModelFacts.read(Path("m.onnx"), text) == facts


def test_a_file_from_before_windows_were_told_can_still_be_read(facts):
    text = facts.as_text()
    del text["window_seconds"]
    assert ModelFacts.read(Path("m.onnx"), text) == replace(facts, window_seconds=None)


@pytest.mark.parametrize(
    "change",
    [
        {"labels": "none"}, {"labels": "[]"}, {"labels": "[1, 2]"}, {"labels": '["joy", "joy"]'},
        {"labels": "[" * 100_000}, {"sample_rate": ""}, {"sample_rate": "16000.5"},
        {"sample_rate": "null"}, {"min_seconds": '"short"'}, {"min_seconds": "NaN"},
        {"max_seconds": "0.05"}, {"answers": "words"}, {"temperature": "0"},
        {"temperature": '"warm"'}, {"window_seconds": '"3"'}, {"window_seconds": "0"},
        {"window_seconds": "NaN"},
    ],
)  # fmt: skip
def test_a_file_with_other_metadata_is_refused(facts, change):
    with pytest.raises(ExportError, match=r"m\.onnx: lacks the metadata"):
        ModelFacts.read(Path("m.onnx"), {**facts.as_text(), **change})


def test_the_built_in_voices_are_nobody_elses():
    assert licence("builtin") == "builtin: synthetic voices made by speechsent"


def test_each_corpus_of_a_pool_has_its_licence():
    assert licence("ravdess+voices") == (
        "ravdess: CC BY-NC-SA 4.0; voices: terms of this corpus are not known to speechsent"
    )
