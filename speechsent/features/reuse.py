"""Extract what is not kept yet, keep it, and read features from disk when they are asked for."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from speechsent.corpus.utterance import Refusal, Utterance
from speechsent.features.cache import FeatureCache, Place, clip_key
from speechsent.features.extraction import Extractor, FeatureTable, extract
from speechsent.features.pack import DamagedPackError
from speechsent.features.threads import Compute

CHUNK = 2_000  # clips in memory at once: some 150 MB of features


class KeptSequence(Sequence[np.ndarray]):
    """Features of one view, read clip by clip; a damaged clip is computed again.

    Args:
        places: Where each clip lies.
        compute: Computes the features of a clip, by its index.
    """

    def __init__(
        self, places: Sequence[Place | np.ndarray], compute: Callable[[int], np.ndarray]
    ) -> None:
        self._places = list(places)
        self._compute = compute

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: Any) -> Any:
        place = self._places[index]
        if isinstance(place, np.ndarray):
            return place
        pack, row = place
        try:
            return pack[row]
        except (DamagedPackError, OSError):
            with suppress(OSError):
                pack.path.unlink()  # the next run writes a sound one
            self._places[index] = mended = self._compute(index)
            return mended


def extract_or_reuse(
    utterances: Sequence[Utterance],
    hashes: Sequence[str],
    extractor: Extractor,
    cache: FeatureCache,
    *,
    skip_bad: bool = False,
    compute: Compute | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> FeatureTable:
    """Like ``extract``, but clips whose features are kept are not even opened.

    Args:
        utterances: The clips.
        hashes: SHA-256 of each clip's file.
        extractor: Computes the views.
        cache: Where features are kept.
        skip_bad: Leave out clips that cannot be used instead of stopping at the first.
        compute: Where clips that are not kept are computed; see ``extract``.
        progress: Called with (clips computed, clips to compute).

    Raises:
        AudioError: If a clip cannot be used and ``skip_bad`` is false.
    """
    keys = [clip_key(file_hash, u) for file_hash, u in zip(hashes, utterances, strict=True)]
    found: dict[str, list[Place | np.ndarray | None]] = {}
    for view in extractor.views:
        kept = cache.find(extractor, view, keys)
        found[view] = [kept.get(key) for key in keys]
    missing = [i for i in range(len(keys)) if any(found[view][i] is None for view in found)]
    warned = _remembered_notes(utterances, found[extractor.views[0]])
    refused: list[Refusal] = []
    for chunk in _chunks(missing):
        done = missing.index(chunk[0])
        fresh = extract(
            [utterances[i] for i in chunk],
            extractor,
            skip_bad=skip_bad,
            compute=compute,
            progress=progress and _shifted(progress, done, len(missing)),
        )
        refused += fresh.refused
        warned += fresh.warned
        _keep(fresh, chunk, utterances, keys, extractor, cache, found)
    good = [i for i in range(len(keys)) if all(found[view][i] is not None for view in found)]
    chosen = tuple(utterances[i] for i in good)
    return FeatureTable(
        chosen,
        {
            view: KeptSequence(
                [place for i in good if (place := places[i]) is not None],
                _recompute(chosen, replace(extractor, views=(view,)), view),
            )
            for view, places in found.items()
        },
        tuple(refused),
        tuple(sorted(set(warned))),
        tuple(hashes[i] for i in good),
    )


def _keep(
    fresh: FeatureTable,
    chunk: Sequence[int],
    utterances: Sequence[Utterance],
    keys: Sequence[bytes],
    extractor: Extractor,
    cache: FeatureCache,
    found: dict[str, list[Place | np.ndarray | None]],
) -> None:
    """Write one pack a view, of the clips that view lacked; without room, stay in memory."""
    readable = {id(utterance) for utterance in fresh.utterances}
    indices = [i for i in chunk if id(utterances[i]) in readable]
    for view in extractor.views:  # each with the notes: the next run may want that view alone
        new = [row for row, i in enumerate(indices) if found[view][i] is None]
        if not new:
            continue
        sequences = [fresh.views[view][row] for row in new]
        notes = _notes(fresh, new)
        places: Sequence[Place | np.ndarray]
        try:
            pack = cache.add(extractor, view, [keys[indices[r]] for r in new], sequences, notes)
            places = [(pack, place) for place in range(len(new))]
        except (OSError, DamagedPackError):
            places = sequences
        for row, place in zip(new, places, strict=True):
            found[view][indices[row]] = place


def _notes(fresh: FeatureTable, rows: Sequence[int]) -> dict[int, list[str]]:
    """What was odd about each clip, without the path, which may differ next time."""
    notes = {}
    for place, row in enumerate(rows):
        start = f"{fresh.utterances[row].path}: "
        texts = [text.removeprefix(start) for text in fresh.warned if text.startswith(start)]
        if texts:
            notes[place] = texts
    return notes


def _remembered_notes(
    utterances: Sequence[Utterance], places: Sequence[Place | np.ndarray | None]
) -> list[str]:
    return [
        f"{utterance.path}: {text}"
        for utterance, place in zip(utterances, places, strict=True)
        if isinstance(place, tuple)
        for text in place[0].notes.get(place[1], ())
    ]


def _recompute(
    utterances: Sequence[Utterance], extractor: Extractor, view: str
) -> Callable[[int], np.ndarray]:
    return lambda index: extractor.read(utterances[index])[view]


def _chunks(indices: Sequence[int]) -> Iterator[Sequence[int]]:
    for first in range(0, len(indices), CHUNK):
        yield indices[first : first + CHUNK]


def _shifted(
    progress: Callable[[int, int], None], done: int, total: int
) -> Callable[[int, int], None]:
    """Progress of a chunk as progress of the whole."""
    return lambda step, _: progress(done + step, total)


def hashes_folder(cache: FeatureCache) -> Path:
    """Where file hashes are remembered: beside the features they lead to."""
    return cache.folder.parent / "hashes"
