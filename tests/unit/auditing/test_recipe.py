"""Whole audits: published splits by their names, folders by their sound, RAVDESS."""

import json
from itertools import product

import numpy as np
import pytest
import soundfile

from speechsent.auditing import audit, audit_split
from speechsent.corpus.open import read_corpus
from speechsent.corpus.utterance import Utterance

RATE = 16_000
EMODB = ("03", "08", "09", "10", "11", "12", "13", "14", "15", "16")
# Luna-Jiménez et al. (2021), https://doi.org/10.3390/s21227665
LUNA_FOLD_0 = {"ravdess/02", "ravdess/05", "ravdess/14", "ravdess/15", "ravdess/16"}
SPLITS = {
    "emodb": (10, [f"{s}{t}{e}a" for s, t, e in product(EMODB, ("a01", "b02"), "WFTN")]),
    "crema-d": (
        91,
        [
            f"{s}_{t}_{e}_XX"
            for s, t, e in product(range(1001, 1092), ("DFA", "IEO"), ("ANG", "SAD"))
        ],
    ),
    "tess": (
        2,
        [f"{s}_{w}_{e}" for s, w, e in product(("OAF", "YAF"), ("back", "dog"), ("angry", "sad"))],
    ),
}


def told(report):
    """Findings by name and severity, as (count, total)."""
    return {(f.name, f.severity): (f.count, f.total) for f in report.findings}


def write_list(path, names):
    path.write_text("".join(json.dumps({"wav": f"x/{name}.wav"}) + "\n" for name in names))
    return path


@pytest.mark.parametrize("corpus", SPLITS)
def test_published_splits_with_every_speaker_on_both_sides_are_leaking(tmp_path, corpus):
    """As the EmoBox folds of these corpora: dealt out by clip, not by speaker."""
    n_speakers, names = SPLITS[corpus]
    train = write_list(tmp_path / "train.jsonl", names[::2])
    report = audit(train, write_list(tmp_path / "test.jsonl", names[1::2]))
    found = told(report)
    assert not report.clean
    assert found["speakers-shared", "leak"] == (n_speakers, n_speakers)
    assert found["content-unchecked", "note"] == (len(names), len(names))
    assert "near-duplicates" not in report.checked


def test_a_published_split_by_speaker_is_clean(tmp_path):
    _, names = SPLITS["crema-d"]
    train = write_list(tmp_path / "train.jsonl", names[:200])
    report = audit(train, write_list(tmp_path / "test.jsonl", names[200:]), content=False)
    assert report.clean
    assert set(told(report)) == {("sentences-shared", "note")}


def test_disjoint_voices_are_clean(write_voices):
    report = audit(write_voices("train", (1, 2, 3)), str(write_voices("test", (4, 5))))
    assert report.clean
    assert {"identical-files", "identical-audio", "near-duplicates"} <= set(report.checked)


def test_copies_are_found_under_other_names(write_voices):
    train, test = write_voices("train", (1, 2, 3)), write_voices("test", (4, 5))
    sources = sorted((train / "anger").iterdir())
    (test / "anger" / "one.wav").write_bytes(sources[0].read_bytes())
    signal, _ = soundfile.read(sources[1], dtype="int16")
    soundfile.write(test / "anger" / "two.flac", signal, RATE)
    loud = np.float32(0.4) * soundfile.read(sources[2], dtype="float32")[0]
    soundfile.write(test / "anger" / "three.ogg", loud[1500:-1000], RATE)
    report = audit(train, test)
    examples = {f.name: f.examples for f in report.findings if f.severity == "leak"}
    assert examples["identical-files"] == (f"anger/one.wav = anger/{sources[0].name}",)
    assert examples["identical-audio"] == (f"anger/two.flac = anger/{sources[1].name}",)
    (near,) = examples["near-duplicates"]
    assert near.startswith(f"anger/three.ogg ~ anger/{sources[2].name} (0.9")


def test_a_clip_that_cannot_be_opened_is_told_and_the_others_are_compared(write_voices):
    train, test = write_voices("train", (1, 2)), write_voices("test", (3,))
    (test / "anger" / "syn-f03-anger-s3-1.wav").write_text("no sound")
    report = audit(train, test)
    assert told(report)["content-unchecked", "note"] == (1, 13)
    assert "near-duplicates" in report.checked


def test_where_one_side_has_no_files_sound_is_not_called_clean(write_voices, tmp_path):
    names = write_list(tmp_path / "test.jsonl", ["syn-f05-anger-s1-1", "syn-f05-sadness-s1-1"])
    report = audit(write_voices("train", (1, 2)), names)
    assert told(report)["content-unchecked", "note"] == (2, 10)
    assert not {"identical-files", "identical-audio", "near-duplicates"} & set(report.checked)


def test_one_s_own_split_is_audited_without_opening_a_file(tmp_path):
    people = ("c/1", "c/2", "c/2")
    clips = [
        Utterance(path=tmp_path / f"{i}.wav", emotion="anger", speaker=speaker)
        for i, speaker in enumerate(people)
    ]
    report = audit_split(clips, ("train", "validation", "test"), ("x", "y", "x"), tmp_path)
    assert told(report) == {
        ("speakers-shared", "leak"): (1, 1),
        ("identical-files", "leak"): (1, 1),
    }
    assert (report.n_train, report.n_test) == (2, 1)


def test_one_absent_file_on_two_lists_leaks_by_its_name(tmp_path):
    (tmp_path / "train.txt").write_text("x/a.wav\nx/b.wav\n")
    (tmp_path / "test.txt").write_text("x/b.wav\nx/c.wav\n")
    for content in (True, False):
        report = audit(tmp_path / "train.txt", tmp_path / "test.txt", content=content)
        assert not report.clean
        assert told(report)["files-shared", "leak"] == (1, 2)
        assert report.checked == ("files-shared",)


def test_two_stretches_of_one_file_are_no_copies_whatever_columns_a_csv_has(tmp_path, recording):
    soundfile.write(tmp_path / "a.wav", recording, RATE)
    header = "file,speaker,emotion,start,end,arousal"
    for name, row in (("train", "a.wav,a,anger,0,0.4,1"), ("test", "a.wav,b,anger,0.5,0.9,1")):
        (tmp_path / f"{name}.csv").write_text(f"{header}\n{row}\n")
    report = audit(tmp_path / "train.csv", tmp_path / "test.csv")
    assert report.clean
    assert "identical-files" in report.checked
    assert "identical-files" not in {f.name for f in report.findings}


@pytest.mark.corpus
def test_luna_fold_0_of_ravdess_is_clean_but_for_the_pair_of_actor_07(ravdess):
    """The whole pair is trained on; two of nineteen training actors keep the test quick."""
    corpus = read_corpus(ravdess)
    train = corpus.where(lambda u: u.speaker in ("ravdess/01", "ravdess/07"))
    report = audit(train, corpus.where(lambda u: u.speaker in LUNA_FOLD_0))
    assert report.clean
    (pair,) = (f for f in report.findings if f.name == "identical-files")
    assert pair.severity == "note"
    assert pair.examples == (
        "Actor_07/03-01-03-01-02-01-07.flac = Actor_07/03-01-03-01-02-02-07.flac",
    )
    assert "near-duplicates" not in {f.name for f in report.findings}


@pytest.mark.corpus
def test_ravdess_dealt_out_by_clip_leaks_by_speaker_take_and_copy(ravdess):
    """Repetition 1 to train, repetition 2 to test: only neutral has no strong intensity."""
    corpus = read_corpus(ravdess).where(lambda u: u.speaker == "ravdess/07")
    first = corpus.where(lambda u: u.path.stem.split("-")[5] == "01")
    report = audit(first, corpus.where(lambda u: u.path.stem.split("-")[5] == "02"))
    found = told(report)
    assert found["speakers-shared", "leak"] == (1, 1)
    assert found["second-takes", "leak"] == (30, 30)
    assert found["identical-files", "leak"] == (1, 30)
    assert ("near-duplicates", "leak") not in found
