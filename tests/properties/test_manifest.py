import re
import tempfile
import unicodedata
from functools import partial
from pathlib import Path

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from speechsent.corpus.labels import CANONICAL, SPELLINGS, canonical, canonical_names
from speechsent.corpus.manifest import read_manifest, write_manifest
from speechsent.corpus.utterance import PARTS, Corpus, Utterance

WORDS = sorted(word for words in SPELLINGS.values() for word in words.split())
# Cells keep commas, quotes and letters of any language; blanks at their ends mean nothing, and
# letters are composed.
letters = st.characters(codec="utf-8", exclude_categories=["C", "Z"])
# Some words mean that nothing is known, and 2.0 is what pandas makes of 2.
NOBODY = {"nan", "none", "null", "unknown", "n/a", "<na>", "?"}


def is_name(text):
    return text.casefold() not in NOBODY and not re.fullmatch(r"\d+\.0+", text)


names = st.text(letters, min_size=1).map(partial(unicodedata.normalize, "NFC")).filter(is_name)
unknown_or = st.none() | names
seconds = st.floats(0, 1e6)


@st.composite
def utterances(draw, root):
    start, length = draw(seconds), draw(st.none() | st.floats(1, 1e3))
    return Utterance(
        path=root / draw(st.sampled_from(["a.wav", "x/b, c.wav", 'x/"d".wav'])),
        emotion=draw(st.sampled_from(CANONICAL)),
        speaker=draw(unknown_or),
        gender=draw(st.sampled_from([None, "female", "male"])),
        sentence=draw(unknown_or),
        intensity=draw(unknown_or),
        start=start,
        end=None if length is None else start + length,
        part=draw(st.none() | st.sampled_from(PARTS)),
    )


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_a_corpus_survives_as_a_csv(data):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "x").mkdir()
        for name in ("a.wav", "x/b, c.wav", 'x/"d".wav'):
            (root / name).touch()
        clips = data.draw(
            st.lists(utterances(root), min_size=1, unique_by=lambda u: (u.path, u.start, u.end))
        )
        speakers = {clip.speaker for clip in clips if clip.speaker}
        assume(len({name.casefold().lstrip("0") for name in speakers}) == len(speakers))
        write_manifest(Corpus(name="c", root=root, utterances=tuple(clips)), root / "c.csv")
        assert set(read_manifest(root / "c.csv")) == set(clips)


@given(st.sampled_from(WORDS), st.sampled_from([str.lower, str.upper, str.title]))
def test_every_spelling_is_a_canonical_emotion_in_any_case(word, case):
    assert canonical(case(word)) in CANONICAL


@given(st.sets(st.sampled_from(WORDS), min_size=1))
def test_spellings_together_mean_what_they_mean_alone(words):
    assert canonical_names(words) == {word: canonical(word) for word in words}
