"""Does something that is not speech tell the class: length, level, DC offset or silence?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from speechsent.auditing.listening import Sound
from speechsent.auditing.report import Finding
from speechsent.corpus.inspect import UNKNOWN
from speechsent.corpus.utterance import Utterance

N_BINS = 8
N_FOLDS = 5
N_PERMUTATIONS = 200
SIGNIFICANT = 0.01
CUES = {
    "duration": "the length of a clip alone",
    "level": "the level of a clip alone",
    "offset": "the DC offset of a clip alone",
    "silence": "the silence before and after speech alone",
}
REMARKS = {
    "level": "; acted speech is so, other microphones are not",
    "duration": "; acted speech is so, files cut otherwise are not",
}


@dataclass(frozen=True, kw_only=True)
class Foretelling:
    """How well one number foretells the class.

    Args:
        uar: Balanced accuracy on clips of other folds, in [0, 1].
        chance: One over the number of classes.
        p: Share of permutations of the classes with which it would foretell as well.
    """

    uar: float
    chance: float
    p: float


def shortcut_checks(
    utterances: Sequence[Utterance], sounds: Sequence[Sound | None]
) -> tuple[list[str], list[Finding]]:
    """A warning for each cue that foretells the class of speakers it has not seen.

    Args:
        utterances: Clips of both sides.
        sounds: What they sound like; None where that is not known.

    Returns:
        The checks that were made, none where fewer than two emotions are known; and the warnings.
    """
    known = [(u, s) for u, s in zip(utterances, sounds, strict=True) if s and u.emotion != UNKNOWN]
    if len({u.emotion for u, _ in known}) < 2:
        return [], []
    classes = np.unique([u.emotion for u, _ in known], return_inverse=True)[1]
    folds = _folds([u.speaker for u, _ in known])
    findings = []
    for cue, words in CUES.items():
        told = foretell(np.array([getattr(s, cue) for _, s in known]), classes, folds)
        if told.p <= SIGNIFICANT:
            findings.append(_finding(cue, words, told, len(known)))
    return [_name(cue) for cue in CUES], findings


def _finding(cue: str, words: str, told: Foretelling, total: int) -> Finding:
    message = (
        f"{words} foretells the class: UAR {told.uar:.3f}, chance {told.chance:.3f}, "
        f"p {told.p:.3f}{REMARKS.get(cue, '')}"
    )
    return Finding(name=_name(cue), severity="warning", count=total, total=total, message=message)


def _name(cue: str) -> str:
    return f"shortcut-{cue}"


def foretell(values: np.ndarray, classes: np.ndarray, folds: np.ndarray) -> Foretelling:
    """Foretell classes from one number, cross-validated, against permuted classes.

    Values fall into eight bins of equal size; a bin foretells the class that most of it has,
    classes counting alike however many clips they have. The rule is made on all folds but one
    and judged on that one. The seed is fixed.

    Args:
        values: The number, shape ``(n_clips,)``.
        classes: Class indices without gaps, shape ``(n_clips,)``.
        folds: Fold of each clip, shape ``(n_clips,)``.

    References:
        Ojala, Garriga (2010). Permutation Tests for Studying Classifier Performance. JMLR 11.
    """
    rng = np.random.default_rng(0)
    permuted = [classes, *(rng.permutation(classes) for _ in range(N_PERMUTATIONS))]
    edges = np.unique(np.quantile(values, np.linspace(0, 1, N_BINS + 1)[1:-1]))
    bins = np.searchsorted(edges, values, side="right")
    uars = [_uar(bins, labels, folds) for labels in permuted]
    better = sum(uar >= uars[0] for uar in uars[1:])
    return Foretelling(
        uar=uars[0],
        chance=1 / (int(classes.max()) + 1),
        p=(better + 1) / (N_PERMUTATIONS + 1),
    )


def _uar(bins: np.ndarray, classes: np.ndarray, folds: np.ndarray) -> float:
    n_bins, n_classes, n_folds = (int(x.max()) + 1 for x in (bins, classes, folds))
    cells = (folds * n_bins + bins) * n_classes + classes
    counts = np.bincount(cells, minlength=n_folds * n_bins * n_classes)
    by_fold = counts.reshape(n_folds, n_bins, n_classes)
    training = by_fold.sum(axis=0) - by_fold
    shares = training / np.maximum(training.sum(axis=1, keepdims=True), 1)
    guess = shares.argmax(axis=2)
    right = guess[folds, bins] == classes
    return float(np.mean(np.bincount(classes, weights=right) / np.bincount(classes)))


def _folds(speakers: Sequence[str | None]) -> np.ndarray:
    """Fold of each clip: all clips of a speaker in one; unknown speakers count as one each."""
    names = [speaker or f"\0{i}" for i, speaker in enumerate(speakers)]
    groups = np.unique(names, return_inverse=True)[1]
    places = np.random.default_rng(0).permutation(int(groups.max()) + 1)
    return places[groups] % N_FOLDS
