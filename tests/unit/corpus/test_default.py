import pytest

from speechsent.corpus import default
from speechsent.corpus.default import builtin_folder, default_corpus
from speechsent.corpus.synthetic import SyntheticCorpus
from speechsent.errors import CorpusError


@pytest.fixture
def made(monkeypatch, tmp_path, make_files):
    """Folders that were made; reading a corpus looks at names only, so no sound is needed."""
    folders = []

    def make(folder, config, *, progress):
        folders.append((folder, config))
        make_files("train/anger/syn-f01-anger-s1-1.wav", root=folder)
        make_files("test/anger/syn-m02-anger-s1-1.wav", root=folder)
        return folder

    monkeypatch.setenv("SPEECHSENT_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(default, "synthesize", make)
    return folders


def told(corpus):
    return [(u.path.relative_to(corpus.root).as_posix(), u.emotion, u.part) for u in corpus]


def test_a_train_folder_here_is_the_corpus(make_files, made):
    here = make_files("train/angry/a.wav", "train/fear/b.wav", "other/c.wav")
    corpus = default_corpus(here)
    assert corpus.root == here / "train"
    assert told(corpus) == [("angry/a.wav", "anger", None), ("fear/b.wav", "fear", None)]
    assert not made


def test_a_test_folder_beside_it_is_the_test_part(make_files):
    here = make_files("train/angry/a.wav", "train/fear/b.wav", "test/ANG/c.wav", "other/d.wav")
    corpus = default_corpus(here)
    assert corpus.root == here
    assert told(corpus) == [
        ("test/ANG/c.wav", "anger", "test"),
        ("train/angry/a.wav", "anger", "train"),
        ("train/fear/b.wav", "fear", "train"),
    ]
    assert corpus.spellings == {"ANG": "anger", "angry": "anger", "fear": "fear"}


def test_an_emotion_only_the_test_folder_has_is_refused(make_files):
    here = make_files("train/anger/a.wav", "test/anger/b.wav", "test/fear/c.wav")
    with pytest.raises(CorpusError, match="test: emotions that train/ lacks: fear"):
        default_corpus(here)


def test_labels_and_classes_hold_for_both_folders(make_files):
    here = make_files(
        *(f"{part}/{name}/{part}.wav" for part in ("train", "test") for name in ("X1", "X2"))
    )
    corpus = default_corpus(here, labels={"X1": "anger", "X2": "fear"}, classes=["anger"])
    assert told(corpus) == [
        ("test/X1/test.wav", "anger", "test"),
        ("train/X1/train.wav", "anger", "train"),
    ]


def test_bad_files_of_both_folders_are_left_out_when_asked(make_files):
    here = make_files(
        *(f"{part}/{name}.wav" for part in ("train", "test") for name in ("anger/a", "stray"))
    )
    with pytest.raises(CorpusError, match="no folder named after an emotion"):
        default_corpus(here)
    corpus = default_corpus(here, skip_bad=True)
    assert len(corpus) == 2
    assert [r.path.relative_to(here).as_posix() for r in corpus.refused] == [
        "test/stray.wav",
        "train/stray.wav",
    ]


def test_without_a_train_folder_it_is_the_builtin_corpus(tmp_path, made):
    corpus = default_corpus(tmp_path)
    assert corpus.name == "builtin"
    assert corpus.root.parent == tmp_path / "home"
    assert {u.part for u in corpus} == {"train", "test"}
    assert [config for _, config in made] == [SyntheticCorpus()]


def test_the_builtin_corpus_is_made_once(made):
    first = builtin_folder()
    assert builtin_folder() == first
    assert len(made) == 1


def test_another_size_or_seed_has_another_folder(made):
    assert len({builtin_folder(SyntheticCorpus(seed=seed)) for seed in (0, 1)}) == 2
    assert builtin_folder(SyntheticCorpus(seed=0)) == builtin_folder()


def test_another_process_may_be_faster(monkeypatch, tmp_path):
    monkeypatch.setenv("SPEECHSENT_HOME", str(tmp_path))

    def too_late(folder, config, *, progress):
        folder.mkdir()
        raise CorpusError("the folder is there")

    monkeypatch.setattr(default, "synthesize", too_late)
    assert builtin_folder().is_dir()


def test_a_cache_that_cannot_be_written_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("SPEECHSENT_HOME", str(tmp_path / "file"))
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        builtin_folder(SyntheticCorpus(n_speakers=2, n_test_speakers=1, n_sentences=1, n_takes=1))
