from pathlib import Path

import pytest

from speechsent.corpus.naming import corpus_name

RAVDESS = Path("03-01-06-01-02-01-12.wav")


def test_a_published_corpus_has_its_own_name():
    assert corpus_name(Path("anything"), [RAVDESS]) == "ravdess"


def test_other_corpora_are_named_after_folder_or_csv():
    assert corpus_name(Path("My Clips, v2"), [RAVDESS, Path("a.wav")]) == "my-clips-v2"


@pytest.mark.parametrize("source", ["/", "данные"])
def test_a_source_without_latin_letters_is_still_named(source):
    assert corpus_name(Path(source), [Path("a.wav")]) == "corpus"
