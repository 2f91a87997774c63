"""Splits that leak on purpose, to show how much a score gains by it; never a result."""

from dataclasses import dataclass, replace

import numpy as np

from speechsent.corpus.split import Split, shared_speakers, split_hash
from speechsent.corpus.utterance import PARTS, Corpus, Part
from speechsent.errors import ParameterError


@dataclass(frozen=True, kw_only=True)
class Leak:
    """What is done wrong.

    Args:
        random_clips: The clips of each class are dealt out anew, whoever speaks; parts keep
            their sizes.
        chosen_on_test: The epoch is chosen on the test clips; the validation clips are not used.

    Raises:
        ParameterError: If nothing is done wrong.
    """

    random_clips: bool = False
    chosen_on_test: bool = False

    def __post_init__(self) -> None:
        if not (self.random_clips or self.chosen_on_test):
            raise ParameterError("a leak is random_clips, chosen_on_test, or both. Received: none")

    @property
    def name(self) -> str:
        """What protocols and folders are called with it."""
        told = {"random-clips": self.random_clips, "chosen-on-test": self.chosen_on_test}
        return "-".join(name for name, done in told.items() if done)

    @property
    def warning(self) -> str:
        """What every score under it says first."""
        told = {
            "clips were split at random, so test speakers are trained on": self.random_clips,
            "the epoch was chosen on the test clips": self.chosen_on_test,
        }
        return "LEAKY: " + ", and ".join(text for text, done in told.items() if done)


LEAKS = (
    Leak(random_clips=True),
    Leak(chosen_on_test=True),
    Leak(random_clips=True, chosen_on_test=True),
)


def leaky(corpus: Corpus, split: Split, leak: Leak, seed: int) -> tuple[Corpus, Split]:
    """Spoil an honest split.

    Args:
        corpus: The corpus that was split.
        split: Its honest parts.
        leak: What to do wrong.
        seed: Equal seeds deal out clips equally.

    Returns:
        The corpus, without its validation clips where the epoch is chosen on the test clips; and
        its parts, where the validation part then is the test part.
    """
    parts = [split.part_of(i) for i in range(len(corpus))]
    if leak.random_clips:
        parts = _dealt_anew(corpus, parts, seed)
    if leak.chosen_on_test:
        kept = [i for i, part in enumerate(parts) if part != "validation"]
        corpus = replace(corpus, utterances=tuple(corpus[i] for i in kept))
        parts = [parts[i] for i in kept]
    places = {part: tuple(i for i, p in enumerate(parts) if p == part) for part in PARTS}
    if leak.chosen_on_test:
        places["validation"] = places["test"]
    return corpus, replace(
        split,
        protocol=f"{split.protocol}-{leak.name}",
        speaker_disjoint=_disjoint(corpus, parts, split),
        parts=places,
        hash=split_hash(corpus, parts),
        note="; ".join(filter(None, [leak.warning, split.note])),
        protocol_hash="",  # it is no longer what the definition says
        fold="",
        n_folds=1,
        leaky=leak.warning,
    )


def _dealt_anew(corpus: Corpus, parts: list[Part], seed: int) -> list[Part]:
    """Shuffle the parts among the clips of each emotion."""
    rng = np.random.default_rng(seed)
    dealt = list(parts)
    for emotion in sorted(corpus.emotions):
        clips = [i for i, u in enumerate(corpus) if u.emotion == emotion]
        for old, new in zip(clips, rng.permutation(clips).tolist(), strict=True):
            dealt[new] = parts[old]
    return dealt


def _disjoint(corpus: Corpus, parts: list[Part], split: Split) -> bool | None:
    return False if shared_speakers(corpus, parts) else split.speaker_disjoint
