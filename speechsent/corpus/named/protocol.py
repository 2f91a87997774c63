"""A protocol: its classes, its folds, and what must be told with every score under it."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from speechsent.corpus.membership import (
    members,
    partial_classes,
    pool_note,
    require_several,
    shared_classes,
)
from speechsent.corpus.named.held_out import EachCorpus, HeldOut, ListedSpeakers
from speechsent.corpus.named.validation import Validation
from speechsent.corpus.split import (
    UNKNOWN_SPEAKERS,
    Split,
    split_hash,
    untrained_emotions,
)
from speechsent.corpus.utterance import PARTS, Corpus, Part
from speechsent.errors import CorpusError, ParameterError, some


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """Who is trained on and who is tested on, by a name that can be reported.

    Args:
        name: Short name, such as ``"ravdess-8-luna5"``.
        test: What is held out in each fold.
        validation: What is kept of the training part to choose the model by.
        corpus: Name of the one corpus this is about; empty for any.
        classes: Canonical emotions that take part; empty for all.
        n_clips: Clips of these classes the corpus must have; 0 for any number.
        summary: What it is, in a sentence.
        trap: What is easily misread in a score under it, in plain words.

    Raises:
        ParameterError: If no fold is listed, validation speakers are not listed for the very
            folds of the test speakers, or a class is named twice.
    """

    name: str
    test: HeldOut
    validation: Validation
    corpus: str = ""
    classes: tuple[str, ...] = ()
    n_clips: int = 0
    summary: str = ""
    trap: str = ""

    def __post_init__(self) -> None:
        listed = self.test.speakers if isinstance(self.test, ListedSpeakers) else None
        if listed == ():
            raise ParameterError("test.speakers lists the speakers of each fold. Received: none")
        if isinstance(self.validation, ListedSpeakers):
            n_test, n_validation = len(listed or ()), len(self.validation.speakers)
            if n_test != n_validation:
                raise ParameterError(
                    "validation speakers are listed for each fold of listed test speakers. "
                    f"Received: {n_validation} folds of validation and {n_test} of test speakers"
                )
        if len({*self.classes}) < len(self.classes):
            raise ParameterError(f"a class is named once. Received: {', '.join(self.classes)}")

    @property
    def speaker_disjoint(self) -> bool:
        """Whether the rule keeps the speakers of the test part out of training."""
        return self.test.SPEAKER_DISJOINT

    @property
    def shared_classes_only(self) -> bool:
        """Whether only the classes take part which every corpus of a pool has."""
        return isinstance(self.test, EachCorpus)

    @property
    def seen_of_test_speakers(self) -> str:
        """What the model may see of a test speaker, in words."""
        if not self.speaker_disjoint:
            return "other clips of the same speakers, with their labels"
        return (
            "nothing; with --standardize speaker their unlabelled clips, "
            "and the name then ends in +spk"
        )

    @property
    def hash(self) -> str:
        """Twelve hexadecimal digits of all that decides the folds, and of no wording."""
        canonical = json.dumps(self._definition(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]

    def as_dict(self) -> dict[str, Any]:
        """Everything there is to say, as JSON would give it back."""
        told = {
            "name": self.name,
            "summary": self.summary,
            "trap": self.trap,
            **self._definition(),
            "classes": self.classes,
            "speaker_disjoint": self.speaker_disjoint,
            "seen_of_test_speakers": self.seen_of_test_speakers,
            "hash": self.hash,
        }
        plain: dict[str, Any] = json.loads(json.dumps(told))
        return plain

    def _definition(self) -> dict[str, Any]:
        return {
            "corpus": self.corpus,
            "classes": sorted(self.classes),
            "n_clips": self.n_clips,
            "test": {"by": self.test.BY, **asdict(self.test)},
            "validation": {"by": self.validation.BY, **asdict(self.validation)},
        }

    def restrict(self, corpus: Corpus) -> Corpus:
        """Return the clips of the protocol's classes, across corpora those which all of them have.

        Raises:
            CorpusError: If the corpus is another one, lacks a class, or has another number of
                clips where that number decides the folds.
        """
        if self.corpus and corpus.name != self.corpus:
            raise CorpusError(
                f"{corpus.root}: protocol {self.name} is about the corpus {self.corpus}. "
                f"Received: {corpus.name}"
            )
        absent = sorted({*self.classes} - corpus.emotions.keys())
        if absent:
            raise CorpusError(
                f"{corpus.root}: protocol {self.name} needs clips of {some(absent)}; the corpus "
                f"has {', '.join(sorted(corpus.emotions))}. Read it with all its classes"
            )
        kept = corpus.where(lambda u: u.emotion in self.classes) if self.classes else corpus
        if self.shared_classes_only:
            kept = _with_shared_classes(kept)
        if self.n_clips and len(kept) != self.n_clips:
            raise CorpusError(
                f"{corpus.root}: protocol {self.name} draws from {self.n_clips} clips, and with "
                f"another number it draws others. Received: {len(kept)}"
            )
        return kept

    def folds(self, corpus: Corpus) -> tuple[str, ...]:
        """Names of the folds, in order.

        Raises:
            CorpusError: If the corpus is not the protocol's, or does not tell what it splits by.
        """
        return self.test.folds(self.restrict(corpus).utterances)

    def split(self, corpus: Corpus, fold: int = 0, seed: int = 0) -> Split:
        """Split the corpus for one fold.

        Args:
            corpus: Clips of the protocol's classes only, as ``restrict`` returns them.
            fold: Which fold, from 0.
            seed: Draws the validation part, never the test part.

        Raises:
            CorpusError: If the corpus is not the protocol's or has other classes too, does not
                tell what the protocol splits by, or leaves no training clip of a class.
            ParameterError: If there is no such fold.
        """
        kept = self.restrict(corpus)
        if len(kept) < len(corpus):
            raise CorpusError(
                f"{corpus.root}: protocol {self.name} is about {', '.join(kept.emotions)} only; "
                f"restrict the corpus first. Received: {', '.join(sorted(corpus.emotions))}"
            )
        names = self.folds(corpus)
        if not 0 <= fold < len(names):
            raise ParameterError(
                f"protocol {self.name} has {len(names)} folds, counted from 0. "
                f"Received: fold={fold}"
            )
        parts = self._parts(corpus, fold, seed)
        disjoint, note = _speakers_on_both_sides(corpus, parts)
        return Split(
            protocol=self._reported(corpus),
            speaker_disjoint=disjoint,
            parts={p: tuple(i for i, q in enumerate(parts) if q == p) for p in PARTS},
            hash=split_hash(corpus, parts),
            note="; ".join(filter(None, [pool_note(corpus), note])),
            protocol_hash=self.hash,
            fold=names[fold],
            n_folds=len(names),
        )

    def _parts(self, corpus: Corpus, fold: int, seed: int) -> list[Part]:
        test = self.test.choose(corpus.utterances, fold)
        rest = [i for i in range(len(corpus)) if i not in test]
        kept = self.validation.choose([corpus[i] for i in rest], fold, seed)
        parts: list[Part] = ["test" if i in test else "train" for i in range(len(corpus))]
        for place in kept:
            parts[rest[place]] = "validation"
        absent = untrained_emotions(corpus, parts)
        if absent:
            raise CorpusError(
                f"{corpus.root}: protocol {self.name}, fold {fold}, leaves no training clip of "
                f"{some(absent)}"
            )
        return parts

    def _reported(self, corpus: Corpus) -> str:
        """A name for any corpus does not tell which, nor what a hold-out's name would tell."""
        if self.corpus:
            return self.name
        ending = "" if self.speaker_disjoint else "-speakers-overlap"
        return f"{corpus.name}-{corpus.task}-{self.name}{ending}"


def _with_shared_classes(corpus: Corpus) -> Corpus:
    """Drop what one corpus could not be tested on or trained with, and say so."""
    require_several(corpus)
    dropped, shared = partial_classes(corpus.utterances), shared_classes(corpus)
    if len(shared) < 2 and not corpus.targets:
        has = "; ".join(f"{name} has {some(sorted(n))}" for name, n in members(corpus).items())
        raise CorpusError(f"{corpus.root}: all corpora need two emotions in common; {has}")
    if not dropped:
        return corpus
    note = f"dropped, because not every corpus has it: {dropped}"
    return replace(corpus.where(lambda u: u.emotion in shared), note=note)


def _speakers_on_both_sides(corpus: Corpus, parts: list[Part]) -> tuple[bool | None, str]:
    """Whether test speakers are unseen, and the note that says so if they are not."""
    clips = list(zip(corpus, parts, strict=True))
    tested = {u.speaker for u, part in clips if part == "test"}
    others = {u.speaker for u, part in clips if part != "test"}
    shared = (tested & others) - {None}
    if shared:
        return False, (
            f"speaker-dependent: {len(shared)} of {len(tested - {None})} test speakers are "
            "trained on too, which flatters the score"
        )
    known = None not in tested | others
    return (True, "") if known else (None, UNKNOWN_SPEAKERS)
