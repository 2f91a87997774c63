from collections import Counter

import pytest

from speechsent.corpus import hold_out, read_corpus
from speechsent.errors import CorpusError


def test_a_folder_and_a_csv_are_opened(make_files):
    root = make_files("anger/a.wav", "fear/b.wav")
    (root / "Clips.csv").write_text("file,emotion\nanger/a.wav,ANG\n")
    assert len(read_corpus(root)) == 2
    corpus = read_corpus(root / "Clips.csv")
    assert corpus.name == "clips"
    assert corpus.emotions == {"anger": 1}


def test_a_folder_above_whose_name_is_no_text_is_refused(make_files):
    """Tables of a run could not name its clips."""
    root = make_files("anger/a.wav", "fear/b.wav")
    root = root.rename(root.with_name("m\udcffine"))
    (root / "clips.csv").write_text("file,emotion\nanger/a.wav,ANG\n")
    for place in (root, root / "clips.csv"):
        with pytest.raises(CorpusError, match="not every name on the way there is UTF-8; rename"):
            read_corpus(place)


def test_only_the_wanted_classes_are_kept(make_files):
    root = make_files("anger/a.wav", "fear/b.wav", "SHT/c.wav")
    corpus = read_corpus(root, labels={"SHT": "shout"}, classes=["angry", "shout"])
    assert corpus.emotions == {"anger": 1, "shout": 1}


def test_a_wanted_class_must_occur(make_files):
    with pytest.raises(CorpusError, match="no utterance of calm; the corpus has anger"):
        read_corpus(make_files("anger/a.wav"), classes=["calm", "anger"])


def test_no_wanted_class_is_an_error(make_files):
    with pytest.raises(CorpusError, match="no utterance of any class"):
        read_corpus(make_files("anger/a.wav"), classes=[])


def test_a_missing_path_is_told(tmp_path):
    with pytest.raises(CorpusError, match="nowhere: no such file or folder"):
        read_corpus(tmp_path / "nowhere")


def test_another_file_is_no_corpus(make_files):
    with pytest.raises(CorpusError, match=r"a folder of clips or a \.csv"):
        read_corpus(make_files("a.wav") / "a.wav")


def test_ravdess_is_as_published(ravdess):
    """Livingstone, Russo (2018): 24 actors, 12 of them women, 1440 spoken clips."""
    corpus = read_corpus(ravdess)
    assert len(corpus) == 1440
    assert corpus.name == "ravdess"
    assert corpus.emotions["neutral"] == 96
    assert Counter(corpus.emotions.values()) == {192: 7, 96: 1}
    women = {u.speaker for u in corpus if u.gender == "female"}
    assert (len(corpus.speakers), len(women)) == (24, 12)


def test_ravdess_is_split_into_15_4_and_5_actors(ravdess):
    corpus = read_corpus(ravdess)
    split = hold_out(corpus)
    n = {part: len({corpus[i].speaker for i in split.parts[part]}) for part in split.parts}
    assert n == {"train": 15, "validation": 4, "test": 5}
    assert split.protocol == "ravdess-8-holdout"
