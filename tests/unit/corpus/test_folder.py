import errno
import os
import sys

import pytest

from speechsent.corpus.folder import read_folder
from speechsent.errors import CorpusError

RAVDESS_FEAR = "03-01-06-01-02-01-12.wav"
RAVDESS_CALM = "03-01-02-01-02-01-03.wav"


def told(corpus):
    return [(u.path.relative_to(corpus.root).as_posix(), u.emotion, u.part) for u in corpus]


def test_the_emotion_is_the_folder(make_files):
    corpus = read_folder(make_files("Angry/b.wav", "Angry/x/a.FLAC", "joy/c.mp3"))
    assert told(corpus) == [
        ("Angry/b.wav", "anger", None),
        ("Angry/x/a.FLAC", "anger", None),
        ("joy/c.mp3", "happiness", None),
    ]
    assert corpus.spellings == {"Angry": "anger", "joy": "happiness"}
    assert not corpus.speakers


def test_part_folders_set_the_part(make_files):
    corpus = read_folder(
        make_files("train/anger/a.wav", "dev/anger/b.wav", "Test/fear/c.wav", "train/fear/d.wav")
    )
    assert told(corpus) == [
        ("Test/fear/c.wav", "fear", "test"),
        ("dev/anger/b.wav", "anger", "validation"),
        ("train/anger/a.wav", "anger", "train"),
        ("train/fear/d.wav", "fear", "train"),
    ]


def test_part_folders_may_hold_published_names(make_files):
    corpus = read_folder(make_files(f"train/Actor_12/{RAVDESS_FEAR}", f"test/{RAVDESS_CALM}"))
    assert told(corpus) == [
        (f"test/{RAVDESS_CALM}", "calm", "test"),
        (f"train/Actor_12/{RAVDESS_FEAR}", "fear", "train"),
    ]
    assert corpus.name == "ravdess"


def test_clips_beside_part_folders_are_refused(make_files):
    with pytest.raises(CorpusError, match=r"Received: extra/anger/b\.wav"):
        read_folder(make_files("train/anger/a.wav", "extra/anger/b.wav"))


def test_speaker_comes_from_a_published_name_in_a_class_folder(make_files):
    corpus = read_folder(make_files(f"fear/{RAVDESS_FEAR}", "calm/syn-f03-calm-s2-1.wav"))
    assert [u.speaker for u in corpus] == ["builtin/f03", "ravdess/12"]
    assert [u.gender for u in corpus] == ["female", "female"]


def test_folder_and_file_name_must_agree(make_files):
    root = make_files(f"anger/{RAVDESS_FEAR}", f"calm/{RAVDESS_CALM}")
    with pytest.raises(CorpusError) as error:
        read_folder(root)
    assert str(error.value) == (
        f"{root}: anger/{RAVDESS_FEAR}: the folder says anger, the ravdess file name says fear; "
        "move or rename the file"
    )


def test_folder_and_file_name_agree_after_the_own_mapping(make_files):
    root = make_files(f"rest/{RAVDESS_CALM}", f"fear/{RAVDESS_FEAR}")
    corpus = read_folder(root, labels={"rest": "neutral", "calm": "neutral"})
    assert corpus.emotions == {"neutral": 1, "fear": 1}


def test_own_mapping_merges_emotions_of_published_names(make_files):
    root = make_files(RAVDESS_CALM, RAVDESS_FEAR)
    assert read_folder(root, labels={"calm": "neutral"}).emotions == {"neutral": 1, "fear": 1}


def test_an_odd_name_among_published_ones_shows_the_rule(make_files):
    root = make_files(RAVDESS_FEAR, RAVDESS_CALM, "ravdess2_03-01-06-01-02-01-12.wav")
    with pytest.raises(CorpusError, match="a RAVDESS name is seven two-digit numbers"):
        read_folder(root)


def test_odd_names_are_skipped_and_listed_if_asked(make_files):
    root = make_files(RAVDESS_FEAR, RAVDESS_CALM, "odd.wav")
    corpus = read_folder(root, skip_bad=True)
    assert len(corpus) == 2
    assert [r.path.name for r in corpus.refused] == ["odd.wav"]


def test_published_corpora_may_be_pooled(make_files):
    corpus = read_folder(make_files(RAVDESS_FEAR, "1001_DFA_ANG_XX.wav", "03a01Fa.wav"))
    assert set(corpus.speakers) == {"ravdess/12", "crema-d/1001", "emodb/03"}


def test_unknown_folders_are_told_with_guesses(make_files):
    with pytest.raises(CorpusError, match=r"'angerr' \(did you mean 'anger'\?\), 'foo'"):
        read_folder(make_files("angerr/a.wav", "foo/b.wav"))


def test_a_clip_in_no_folder_needs_a_published_name(make_files):
    with pytest.raises(CorpusError, match=r"a\.wav: lies in no folder named after an emotion"):
        read_folder(make_files("a.wav", "anger/b.wav"))


def test_nothing_usable_is_an_error_even_if_skipping(make_files):
    with pytest.raises(CorpusError, match="lies in no folder"):
        read_folder(make_files("a.wav"), skip_bad=True)


def test_hidden_and_other_files_are_ignored(make_files):
    root = make_files("anger/a.wav", "anger/._a.wav", ".git/x/b.wav", "anger/notes.txt")
    assert len(read_folder(root)) == 1


def test_a_folder_without_audio_is_empty(make_files):
    with pytest.raises(CorpusError, match=r"^empty: no audio file \(.*\.wav .*\) under "):
        read_folder(make_files("anger/notes.txt"))


def test_m4a_files_are_told_to_be_converted(make_files):
    with pytest.raises(CorpusError, match=r"a\.m4a: convert to wav or flac first"):
        read_folder(make_files("anger/a.m4a"))


def test_m4a_files_beside_others_stop_the_reading_or_are_listed(make_files):
    root = make_files("anger/a.m4a", "anger/b.wav")
    with pytest.raises(CorpusError, match=r"anger/a\.m4a: convert to wav or flac first"):
        read_folder(root)
    corpus = read_folder(root, skip_bad=True)
    assert [r.path.name for r in corpus.refused] == ["a.m4a"]


@pytest.mark.parametrize("suffix", [".WAVE", ".opus", ".oga", ".aifc", ".au", ".caf", ".w64"])
def test_every_container_that_can_be_opened_is_found(make_files, suffix):
    assert len(read_folder(make_files(f"anger/a{suffix}"))) == 1


def test_a_folder_that_cannot_be_read_is_not_passed_over(make_files, monkeypatch):
    root = make_files("anger/a.wav", "fear/b.wav")
    scandir = os.scandir

    def refusing(path):
        if str(path).endswith("fear"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(CorpusError, match=r"fear: the folder cannot be read \(Permission denied\)"):
        read_folder(root, skip_bad=True)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_not_utf8_is_refused(make_files):
    root = make_files("anger/a.wav")
    (root / os.fsdecode(b"anger/k\xf6.wav")).touch()
    with pytest.raises(CorpusError, match="its name is not UTF-8; rename it"):
        read_folder(root)
    assert len(read_folder(root, skip_bad=True)) == 1


def test_linked_folders_are_followed_once(make_files, tmp_path):
    root = make_files("clips/anger/a.wav")
    (tmp_path / "clips/fear").symlink_to(make_files("b.wav", root=tmp_path / "elsewhere"))
    (tmp_path / "clips/anger/loop").symlink_to(tmp_path / "clips")
    corpus = read_folder(root / "clips")
    assert [u.emotion for u in corpus] == ["anger", "fear"]


def test_emodb_letters_may_name_folders(make_files):
    corpus = read_folder(make_files("W/a.wav", "A/b.wav"))
    assert corpus.emotions == {"anger": 1, "fear": 1}


def test_one_emotion_folder_makes_all_folders_emotions(make_files):
    """A misspelt folder is told, even where file names would have been enough."""
    with pytest.raises(CorpusError, match=r"'clam' \(did you mean 'calm'\?\)"):
        read_folder(make_files(f"fear/{RAVDESS_FEAR}", f"clam/{RAVDESS_CALM}"))
