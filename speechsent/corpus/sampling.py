"""Draw validation and test parts by chance, by whole speakers or by clips."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from speechsent.corpus.utterance import PARTS, Part, Utterance

N_DRAWS = 2000
# Distances are compared in steps of 1 %, so that gender decides between draws
# whose classes are about equally well spread.
STEP = 0.01

Matrix = NDArray[np.float64]


def draw_speakers(
    utterances: Sequence[Utterance],
    fixed: Mapping[str, Part],
    n_wanted: Mapping[Part, int],
    seed: int,
) -> dict[str, Part]:
    """Give every speaker a part: the best of 2000 random draws.

    Best is: fewest classes missing in training, then in validation and test; then every part
    nearest to its fair share of each class; then nearest to its fair share of each gender.

    Args:
        utterances: Clips whose speakers are all known.
        fixed: Speakers whose part is settled.
        n_wanted: How many of the other speakers go to validation and to test; the rest train.
        seed: Equal seeds draw equal parts.
    """
    speakers = sorted({u.speaker for u in utterances if u.speaker is not None})
    free = np.array([i for i, speaker in enumerate(speakers) if speaker not in fixed], int)
    settled = np.array([PARTS.index(fixed.get(speaker, "train")) for speaker in speakers])
    draws = np.tile(settled, (N_DRAWS, 1))
    draws[:, free] = _draws(len(free), n_wanted, np.random.default_rng(seed))
    best = draws[_best(draws, *_counts(utterances, speakers))]
    return {speaker: PARTS[part] for speaker, part in zip(speakers, best, strict=True)}


def draw_clips(
    utterances: Sequence[Utterance], shares: Mapping[Part, float], seed: int
) -> list[Part]:
    """Give every clip a part, class by class; stretches of one file stay together.

    Args:
        utterances: The clips.
        shares: Share of the files of each class that goes to validation and to test, in (0, 1).
        seed: Equal seeds draw equal parts.
    """
    rng = np.random.default_rng(seed)
    files_by_class: dict[str, list[str]] = defaultdict(list)
    for file, emotion in {str(u.path): u.emotion for u in utterances}.items():
        files_by_class[emotion].append(file)
    parts: dict[str, Part] = {}
    for emotion in sorted(files_by_class):
        files = sorted(files_by_class[emotion])
        shuffled = [files[i] for i in rng.permutation(len(files))]
        parts.update(zip(shuffled, _parts_in_order(len(files), shares), strict=True))
    return [parts[str(u.path)] for u in utterances]


def _parts_in_order(n_files: int, shares: Mapping[Part, float]) -> list[Part]:
    """At least one file for training, then at least one for each part if there are enough."""
    parts: list[Part] = []
    for part, share in shares.items():
        room = n_files - len(parts) - 1
        parts += [part] * min(room, max(1, round(share * n_files)))
    return parts + ["train"] * (n_files - len(parts))


def _draws(n_free: int, n_wanted: Mapping[Part, int], rng: np.random.Generator) -> NDArray[np.intp]:
    """Random parts of the free speakers, as indices into PARTS, shape ``(N_DRAWS, n_free)``."""
    wanted = [PARTS.index(part) for part, n in n_wanted.items() for _ in range(n)]
    parts = np.array(wanted + [PARTS.index("train")] * (n_free - len(wanted)), np.intp)
    return rng.permuted(np.tile(parts, (N_DRAWS, 1)), axis=1)


def _counts(utterances: Sequence[Utterance], speakers: Sequence[str]) -> tuple[Matrix, Matrix]:
    """Clips of each speaker in each class, and of each gender; two ``(n_speakers, n)``."""
    rows = {speaker: row for row, speaker in enumerate(speakers)}
    tables = []
    for values in ([u.emotion for u in utterances], [u.gender or "" for u in utterances]):
        columns = {value: column for column, value in enumerate(sorted(set(values)))}
        table = np.zeros((len(rows), len(columns)))
        for u, value in zip(utterances, values, strict=True):
            table[rows[str(u.speaker)], columns[value]] += 1
        tables.append(table)
    return tables[0], tables[1]


def _best(draws: NDArray[np.intp], by_class: Matrix, by_gender: Matrix) -> int:
    """Index of the best draw; the earliest among equals."""
    n_in = {part: (draws == code) @ by_class for code, part in enumerate(PARTS)}
    missing = {part: (n == 0).sum(axis=1) for part, n in n_in.items()}
    order = np.lexsort(
        (
            _distance(draws, by_gender),
            _distance(draws, by_class),
            missing["validation"] + missing["test"],
            missing["train"],
        )
    )
    return int(order[0])


def _distance(draws: NDArray[np.intp], table: Matrix) -> NDArray[np.float64]:
    """How far the parts are from their fair share of each column, in steps; ``(N_DRAWS,)``."""
    distance = np.zeros(len(draws))
    for code in range(len(PARTS)):
        chosen = draws == code
        fair = np.outer(chosen.mean(axis=1), table.sum(axis=0))
        distance += np.abs(chosen @ table - fair).sum(axis=1) / table.sum()
    return np.round(distance / STEP)
