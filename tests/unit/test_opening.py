import pytest

from speechsent import opening
from speechsent.config import ExperimentConfig, from_dict
from speechsent.corpus import read_corpus
from speechsent.corpus.synthetic import SyntheticCorpus, synthesize
from speechsent.errors import CorpusError
from speechsent.opening import open_corpus
from speechsent.training.listener import Listener


@pytest.fixture
def notes(monkeypatch):
    """What any listener was told."""
    told = []
    monkeypatch.setattr(Listener, "note", lambda _, text: told.append(text))
    return told


@pytest.fixture(scope="module")
def voices(tmp_path_factory):
    """Two voices, one of them in test/: 12 clips."""
    config = SyntheticCorpus(n_speakers=2, n_test_speakers=1, n_sentences=1, n_takes=1)
    return read_corpus(synthesize(tmp_path_factory.mktemp("voices") / "v", config))


def test_a_corpus_in_memory_is_taken_as_it_is(voices):
    assert open_corpus(voices, ExperimentConfig(), Listener()) is voices


def test_of_a_corpus_in_memory_the_configured_classes_are_kept(voices):
    config = from_dict({"corpus": {"classes": ["angry", "fear"]}})
    kept = open_corpus(voices, config, Listener())
    assert dict(kept.emotions) == {"anger": 2, "fear": 2}
    assert open_corpus(kept, config, Listener()) == kept


def test_a_class_that_a_corpus_in_memory_lacks_is_told(voices):
    config = from_dict({"corpus": {"classes": ["angry", "boredom"]}})
    with pytest.raises(CorpusError, match="no utterance of boredom; the corpus has anger"):
        open_corpus(voices, config, Listener())


def test_a_path_is_read_with_the_configured_classes(voices):
    config = from_dict({"corpus": {"classes": ["angry", "fear"]}})
    for path in (voices.root, str(voices.root)):
        assert set(open_corpus(path, config, Listener()).emotions) == {"anger", "fear"}


def test_without_a_name_the_folder_here_is_taken_and_told(tmp_path, monkeypatch, notes):
    for name in ("anger/a", "fear/b"):
        path = tmp_path / "train" / f"{name}.wav"
        path.parent.mkdir(parents=True)
        path.touch()
    monkeypatch.chdir(tmp_path)
    assert len(open_corpus(None, ExperimentConfig(), Listener())) == 2
    assert notes == [f"corpus: {tmp_path / 'train'}"]


def test_stray_files_here_are_left_out_when_asked(tmp_path, monkeypatch):
    for name in ("anger/a", "fear/b", "stray"):
        path = tmp_path / "train" / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CorpusError, match=r"stray\.wav"):
        open_corpus(None, ExperimentConfig(), Listener())
    skipping = from_dict({"corpus": {"skip_bad_audio": True}})
    assert len(open_corpus(None, skipping, Listener())) == 2


@pytest.mark.parametrize("home", ["elsewhere", "here/.cache"])
def test_the_builtin_corpus_is_called_a_demonstration(tmp_path, monkeypatch, notes, home):
    """Also where the cache lies below the current folder, as below a home folder it does."""
    folder = tmp_path / home / "builtin"
    for name in ("anger/syn-f01-anger-s1-1", "fear/syn-f01-fear-s1-1"):
        path = folder / "train" / f"{name}.wav"
        path.parent.mkdir(parents=True)
        path.touch()
    (tmp_path / "here").mkdir(exist_ok=True)
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(opening, "default_corpus", lambda *_, **__: read_corpus(folder))
    assert open_corpus(None, ExperimentConfig(), Listener()).name == "builtin"
    assert "built-in synthetic voices" in notes[-1]
    assert "A demonstration, never a result" in notes[-1]
