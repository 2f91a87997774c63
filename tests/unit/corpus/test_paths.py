from pathlib import PurePosixPath

import pytest

from speechsent.corpus.folder import read_folder
from speechsent.corpus.manifest import read_manifest, write_manifest
from speechsent.corpus.paths import PathPattern, read_paths
from speechsent.errors import CorpusError, ParameterError


@pytest.mark.parametrize(
    ("pattern", "path", "told"),
    [
        ("{speaker}/{emotion}/{}", "s1/angry/4.wav", {"speaker": "s1", "emotion": "angry"}),
        ("{speaker}/{emotion}/{}.wav", "s1/angry/4.wav", {"speaker": "s1", "emotion": "angry"}),
        ("{speaker}/{emotion}/{}.wav", "s1/angry/4.flac", None),
        ("{speaker}/{emotion}/{}", "s1/angry/more/4.wav", None),
        ("{}_{emotion}/{speaker}-{}", "01_sad/b-3-x.ogg", {"emotion": "sad", "speaker": "b"}),
        ("{speaker}/{speaker}_{emotion}", "b/b_sad.wav", {"emotion": "sad", "speaker": "b"}),
        ("{speaker}/{speaker}_{emotion}", "b/c_sad.wav", None),
        ("a.b(1)/{emotion}+{}", "a.b(1)/sad+x.wav", {"emotion": "sad"}),
        ("a.b(1)/{emotion}+{}", "axb(1)/sad+x.wav", None),
        ("{speaker}/{emotion}", "Jose\u0301/sad.wav", {"speaker": "Jos\u00e9", "emotion": "sad"}),
    ],
)
def test_a_pattern_reads_what_stands_there(pattern, path, told):
    assert PathPattern(pattern).read(PurePosixPath(path)) == told


@pytest.mark.parametrize(
    "pattern", ["", "x", "{speaker}/{}", "{emotion", "{0}_{emotion}", "{emotion:d}", "{emotion!r}"]
)
def test_a_pattern_that_is_none_is_refused_with_the_rule(pattern):
    with pytest.raises(ParameterError, match=r"a pattern is a path with \{emotion\}"):
        PathPattern(pattern)


def test_a_corpus_of_paths_is_the_same_once_it_is_written(make_files, tmp_path):
    root = make_files("s1/Angry/a.wav", "s2/joy/b.FLAC")
    corpus = read_paths(root, PathPattern("{speaker}/{emotion}/{}"))
    assert [(u.speaker, u.emotion) for u in corpus] == [("s1", "anger"), ("s2", "happiness")]
    write_manifest(corpus, root / "clips.csv")
    assert read_manifest(root / "clips.csv").utterances == corpus.utterances


def test_other_files_are_refused_or_left_out_and_listed(make_files):
    root = make_files("s1/Angry/a.wav", "s2/joy/more/b.wav", "s2/joy/c.m4a")
    pattern = PathPattern("{speaker}/{emotion}/{}")
    with pytest.raises(CorpusError, match=r"c\.m4a: convert .*more/b\.wav: its path is not as"):
        read_paths(root, pattern)
    corpus = read_paths(root, pattern, skip_bad=True)
    assert len(corpus) == 1
    assert [refusal.path.name for refusal in corpus.refused] == ["c.m4a", "b.wav"]


def test_where_nothing_fits_nothing_is_left_out(make_files):
    with pytest.raises(CorpusError, match="not as the pattern says"):
        read_paths(make_files("anger/a.wav"), PathPattern("{speaker}/{emotion}/{}"), skip_bad=True)


def test_two_spellings_of_a_speaker_are_refused(make_files):
    root = make_files("Anna/sad/a.wav", "anna/joy/b.wav")
    with pytest.raises(CorpusError, match="read like one speaker"):
        read_paths(root, PathPattern("{speaker}/{emotion}/{}"))


@pytest.mark.parametrize(
    ("files", "pattern"),
    [
        (("s1/anger/a.wav", "s2/fear/b.wav"), "{speaker}/{emotion}/{}"),
        (("data/anger/x/a.wav", "data/fear/x/b.wav"), "{}/{emotion}/{}/{}"),
        (("train/s1/anger/a.wav", "test/s2/fear/b.wav"), "{split}/{speaker}/{emotion}/{}"),
        (("01_anger/a.wav", "02_fear/b.wav"), "{speaker}/{emotion}/{}"),
    ],
)
def test_a_folder_that_cannot_be_read_is_answered_with_a_pattern(make_files, files, pattern):
    with pytest.raises(CorpusError) as refused:
        read_folder(make_files(*files))
    command, _, offered = str(refused.value).partition(" --names ")
    assert offered == f"'{pattern}'"
    assert "speechsent corpus tabulate" in command
