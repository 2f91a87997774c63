import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from speechsent.features.cache import FeatureCache
from speechsent.features.extraction import Extractor
from speechsent.features.pack import DamagedPackError, Pack, write_pack

few = settings(deadline=None, max_examples=40)
texts = st.lists(st.text(max_size=8), min_size=1, max_size=2)
LAYOUTS = (np.ascontiguousarray, np.asfortranarray, lambda values: np.repeat(values, 2, 0)[::2])


@st.composite
def clips(draw, distinct=False):
    """Keys, and sequences of any bits (a NaN's too) in any layout of memory."""
    width = draw(st.integers(1, 5))
    names = st.binary(min_size=32, max_size=32)
    keys = draw(st.lists(names, min_size=1, max_size=4, unique=distinct))
    sequences = []
    for _ in keys:
        bits = draw(arrays.arrays(np.uint32, (draw(st.integers(0, 6)), width)))
        sequences.append(draw(st.sampled_from(LAYOUTS))(bits.view(np.float32)))
    return keys, sequences


def bits_of(sequence):
    return np.ascontiguousarray(sequence).view(np.uint32)


@few
@given(clips(), st.dictionaries(st.integers(0, 3), texts))
def test_a_pack_returns_every_bit_it_was_given(given_clips, notes):
    keys, sequences = given_clips
    with tempfile.TemporaryDirectory() as folder:
        pack = Pack(write_pack(Path(folder), keys, sequences, notes))
    assert [bytes(key) for key in pack.rows["key"].tolist()] == keys
    assert pack.notes == notes
    for place, sequence in enumerate(sequences):
        assert pack[place].shape == sequence.shape
        np.testing.assert_array_equal(bits_of(pack[place]), bits_of(sequence))


@few
@given(clips(distinct=True), clips(distinct=True))
def test_the_cache_returns_what_was_stored_for_every_key_and_no_other(first, second):
    stored = dict(zip(*second, strict=True)) | dict(zip(*first, strict=True))
    news = [i for i, key in enumerate(second[0]) if key not in first[0]]
    with tempfile.TemporaryDirectory() as folder:
        cache = FeatureCache(Path(folder))
        cache.add(Extractor(), "mfcc", *first, {})
        if news:
            cache.add(Extractor(), "mfcc", *([part[i] for i in news] for part in second), {})
        places = cache.find(Extractor(), "mfcc", [*stored, b"no such clip, but as long as one"])
    assert set(places) == set(stored)
    for key, sequence in stored.items():
        pack, place = places[key]
        np.testing.assert_array_equal(bits_of(pack[place]), bits_of(sequence))


@few
@given(clips(), st.data())
def test_no_flipped_bit_changes_what_is_read(given_clips, data):
    keys, sequences = given_clips
    with tempfile.TemporaryDirectory() as folder:
        path = write_pack(Path(folder), keys, sequences, {0: ["odd"]})
        content = bytearray(path.read_bytes())
        content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        path.write_bytes(content)
        try:
            pack = Pack(path)
        except DamagedPackError:
            return
        damaged = 0
        for place, sequence in enumerate(sequences):
            try:
                np.testing.assert_array_equal(bits_of(pack[place]), bits_of(sequence))
            except DamagedPackError:
                damaged += 1
        assert damaged == 1
