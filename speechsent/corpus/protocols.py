"""Named splits of a corpus into training, validation and test, by speaker unless told otherwise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from speechsent.corpus.membership import pool_note
from speechsent.corpus.named import load_protocol
from speechsent.corpus.sampling import draw_clips, draw_speakers
from speechsent.corpus.speakers import find_speaker
from speechsent.corpus.split import (
    UNKNOWN_SPEAKERS,
    Split,
    clip_name,
    shared_speakers,
    split_hash,
    untrained_emotions,
)
from speechsent.corpus.utterance import PARTS, Corpus, Part
from speechsent.errors import CorpusError, ParameterError, some

__all__ = ["Split", "SplitConfig", "hold_out", "restrict"]

DRAWN: tuple[Part, ...] = ("test", "validation")
OVERLAP_REMEDY = "or allow that speakers overlap (--allow-speaker-overlap)"


@dataclass(frozen=True, kw_only=True)
class SplitConfig:
    """How to split a corpus.

    Args:
        test: Share of the speakers in the test part, in (0, 1); of the clips of each class
            where speakers may overlap.
        validation: The same for the validation part.
        seed: Equal seeds give equal splits.
        test_speakers: Speakers to test on, such as ``ravdess/02`` or ``2``; empty to draw them.
        validation_speakers: Speakers to validate on; empty to draw them.
        allow_speaker_overlap: Split by clips, so that speakers occur in several parts.
        protocol: A named protocol, or the path of one's own in YAML, which decides all but the
            seed of the validation part; empty for none.
        fold: Which fold of the protocol, from 0.
        train_fraction: Share of the training clips of each emotion that is used, in (0, 1].

    Raises:
        ParameterError: If a share is out of range, nothing is left to train on, the seed is
            negative, a speaker is named twice, speakers are named although they may overlap, a
            protocol is named beside what it decides itself, or a fold without a protocol.
    """

    test: float = 0.2
    validation: float = 0.15
    seed: int = 0
    test_speakers: tuple[str, ...] = ()
    validation_speakers: tuple[str, ...] = ()
    allow_speaker_overlap: bool = False
    protocol: str = ""
    fold: int = 0
    train_fraction: float = 1.0

    def __post_init__(self) -> None:
        if not (self.test > 0 and self.validation > 0 and self.test + self.validation < 1):
            raise ParameterError(
                "test and validation are shares above 0 with a sum below 1. "
                f"Received: test={self.test}, validation={self.validation}"
            )
        if not 0 < self.train_fraction <= 1:
            raise ParameterError(
                f"train_fraction must lie in (0, 1]. Received: train_fraction={self.train_fraction}"
            )
        if self.seed < 0:
            raise ParameterError(f"seed must not be negative. Received: seed={self.seed}")
        named = (*self.test_speakers, *self.validation_speakers)
        if len(set(named)) < len(named):
            raise ParameterError(f"a speaker is named once. Received: {', '.join(named)}")
        if named and self.allow_speaker_overlap:
            raise ParameterError(
                "name test and validation speakers or allow speakers to overlap, not both. "
                f"Received: {some(named)}"
            )
        self._check_protocol()

    def _check_protocol(self) -> None:
        if self.fold < 0 or (self.fold and not self.protocol):
            raise ParameterError(
                "fold counts the folds of a protocol from 0, so it goes with split.protocol. "
                f"Received: fold={self.fold}, protocol={self.protocol!r}"
            )
        decided = ("test", "validation", "test_speakers", "validation_speakers")
        given = [
            f"{name}={getattr(self, name)}"
            for name in (*decided, "allow_speaker_overlap")
            if getattr(self, name) != getattr(SplitConfig, name)
        ]
        if self.protocol and given:
            raise ParameterError(
                "a protocol decides the parts, so no shares or speakers can be given beside it. "
                f"Received: protocol={self.protocol!r}, {', '.join(given)}"
            )


def hold_out(corpus: Corpus, config: SplitConfig | None = None) -> Split:
    """Split a corpus once, so that no speaker is both trained and tested on.

    A named protocol decides alone, whatever parts the corpus prescribes. Without one:
    Parts which the corpus prescribes are kept; a validation or test part it lacks is drawn
    from its training part. Speakers are drawn so that every part is near its fair share of each
    class and gender. Where speakers are unknown or may overlap, clips are drawn class by class.

    Raises:
        CorpusError: If there are too few speakers, only some of them are known, one is in two
            prescribed parts, a named speaker does not exist, training lacks a class, or the
            corpus is not the one of the protocol.
        ParameterError: If there is no such protocol or fold.
        ConfigError: If a protocol of one's own is not well written.
    """
    config = config or SplitConfig()
    if config.protocol:
        return load_protocol(config.protocol).split(corpus, config.fold, config.seed)
    prescribed = _prescribed(corpus, config)
    by_clip = config.allow_speaker_overlap or not corpus.speakers
    if not by_clip:
        _check_speakers(corpus)
    missing = [part for part in DRAWN if part not in prescribed.values()]
    if not missing:
        parts = dict(prescribed)
    elif by_clip:
        parts = _by_clip(corpus, prescribed, missing, config)
    else:
        parts = _by_speaker(corpus, prescribed, missing, config)
    method = "given" if "test" in prescribed.values() else "holdout"
    return _split(corpus, [parts[i] for i in range(len(corpus))], method)


def restrict(corpus: Corpus, config: SplitConfig) -> Corpus:
    """The clips which the named protocol is about; all of them where none is named.

    Raises:
        CorpusError: If the corpus is not the one of the protocol, or lacks a class of it.
        ParameterError: If there is no such protocol.
        ConfigError: If a protocol of one's own is not well written.
    """
    return load_protocol(config.protocol).restrict(corpus) if config.protocol else corpus


def _prescribed(corpus: Corpus, config: SplitConfig) -> dict[int, Part]:
    """Parts the corpus itself prescribes, by index; empty, or one for every utterance."""
    parts = {i: u.part for i, u in enumerate(corpus) if u.part is not None}
    if parts and len(parts) < len(corpus):
        without = some(clip_name(corpus, u) for u in corpus if u.part is None)
        raise CorpusError(f"{corpus.root}: all clips have a part or none has. Without: {without}")
    if parts and "train" not in parts.values():
        raise CorpusError(f"{corpus.root}: a prescribed split needs a training part")
    named = {"test": config.test_speakers, "validation": config.validation_speakers}
    taken = [part for part in DRAWN if named[part] and part in parts.values()]
    if taken:
        raise CorpusError(
            f"{corpus.root}: the corpus prescribes its {taken[0]} part, "
            f"so no speakers can be named for it. Received: {some(named[taken[0]])}"
        )
    return parts


def _check_speakers(corpus: Corpus) -> None:
    unknown = [clip_name(corpus, u) for u in corpus if u.speaker is None]
    if unknown:
        raise CorpusError(
            f"{corpus.root}: speakers of some clips are unknown: {some(unknown)}. "
            "Fill the speaker column of a CSV ('speechsent corpus tabulate' makes one where paths "
            f"tell the speaker), {OVERLAP_REMEDY}"
        )
    shared = shared_speakers(corpus, [u.part for u in corpus])
    if shared:
        raise CorpusError(
            f"{corpus.root}: speakers in two prescribed parts: {some(shared)}. "
            f"Move their clips, {OVERLAP_REMEDY}"
        )


def _by_clip(
    corpus: Corpus, prescribed: Mapping[int, Part], missing: Sequence[Part], config: SplitConfig
) -> dict[int, Part]:
    if config.test_speakers or config.validation_speakers:
        raise CorpusError(f"{corpus.root}: speakers are named to split by, but none is known")
    free = [i for i in range(len(corpus)) if prescribed.get(i, "train") == "train"]
    shares = {part: _share(part, config) for part in missing}
    drawn = draw_clips([corpus[i] for i in free], shares, config.seed)
    empty = [part for part in missing if part not in drawn]
    if empty:
        raise CorpusError(
            f"{corpus.root}: no class has clips enough for a {' and a '.join(empty)} part beside "
            f"training; {1 + len(missing)} or more of one class are needed"
        )
    return {**prescribed, **dict(zip(free, drawn, strict=True))}


def _by_speaker(
    corpus: Corpus, prescribed: Mapping[int, Part], missing: Sequence[Part], config: SplitConfig
) -> dict[int, Part]:
    held = {str(corpus[i].speaker): part for i, part in prescribed.items() if part != "train"}
    named = _named(corpus, config)
    if held.keys() & named.keys():
        raise CorpusError(
            f"{corpus.root}: named speakers already have a prescribed part: "
            f"{some(sorted(held.keys() & named.keys()))}"
        )
    settled = held | named
    to_draw = [part for part in missing if part not in settled.values()]
    n_wanted = _n_wanted(corpus, to_draw, len(corpus.speakers) - len(settled), config)
    drawn = draw_speakers(corpus.utterances, settled, n_wanted, config.seed)
    return {i: drawn[str(u.speaker)] for i, u in enumerate(corpus)}


def _n_wanted(
    corpus: Corpus, to_draw: Sequence[Part], n_free: int, config: SplitConfig
) -> dict[Part, int]:
    """Speakers to draw for each part, so that one at least is left to train on."""
    n_speakers = len(corpus.speakers)
    if n_free < len(to_draw) + 1:
        raise CorpusError(
            f"{corpus.root}: {n_speakers} speakers cannot make disjoint training, "
            f"validation and test parts. Add speakers, {OVERLAP_REMEDY}"
        )
    n_wanted: dict[Part, int] = {}
    for part in to_draw:
        room = n_free - sum(n_wanted.values()) - (len(to_draw) - len(n_wanted))
        n_wanted[part] = min(room, max(1, round(_share(part, config) * n_speakers)))
    return n_wanted


def _share(part: Part, config: SplitConfig) -> float:
    return config.test if part == "test" else config.validation


def _named(corpus: Corpus, config: SplitConfig) -> dict[str, Part]:
    """Parts of the speakers the configuration names."""
    test = {find_speaker(name, corpus.speakers) for name in config.test_speakers}
    validation = {find_speaker(name, corpus.speakers) for name in config.validation_speakers}
    both = sorted(test & validation)
    if both:
        raise CorpusError(f"{corpus.root}: named for test and for validation: {some(both)}")
    parts: dict[str, Part] = dict.fromkeys(test, "test")
    return parts | dict.fromkeys(validation, "validation")


def _split(corpus: Corpus, parts: Sequence[Part], method: str) -> Split:
    absent = untrained_emotions(corpus, parts)
    if absent:
        raise CorpusError(
            f"{corpus.root}: no training clip of {some(absent)}: too few speakers have these "
            f"emotions. Drop them with --set corpus.classes, {OVERLAP_REMEDY}"
        )
    shared = shared_speakers(corpus, parts)
    known = all(u.speaker is not None for u in corpus)
    ending = "-speakers-overlap" if shared else "" if known else "-speakers-unknown"
    return Split(
        protocol=f"{corpus.name}-{corpus.task}-{method}{ending}",
        speaker_disjoint=False if shared else True if known else None,
        parts={p: tuple(i for i, q in enumerate(parts) if q == p) for p in PARTS},
        hash=split_hash(corpus, parts),
        note="; ".join(filter(None, [pool_note(corpus), _note(shared, known)])),
    )


def _note(shared: Sequence[str], known: bool) -> str:
    if shared:
        return f"{len(shared)} speakers occur in several parts, which flatters the score"
    return "" if known else UNKNOWN_SPEAKERS
