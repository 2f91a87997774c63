"""What comes before training: corpus, split, features, statistics, in this order and no other."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from speechsent.clips import Clips
from speechsent.config import ExperimentConfig
from speechsent.corpus.hashes import file_hashes
from speechsent.corpus.labels import LabelSet
from speechsent.corpus.leaky import Leak, leaky
from speechsent.corpus.membership import describe_members
from speechsent.corpus.protocols import Split
from speechsent.corpus.utterance import PARTS, Corpus, Part, Refusal, Utterance
from speechsent.errors import CorpusError, some
from speechsent.features.cache import FeatureCache
from speechsent.features.extraction import FeatureTable, extract
from speechsent.features.image import FIXED_LEVELS
from speechsent.features.reuse import extract_or_reuse, hashes_folder
from speechsent.features.standardize import BY_SPEAKER, Standardizer
from speechsent.opening import CorpusSource, open_corpus, split_corpus
from speechsent.resources import Resources
from speechsent.run_split import RunSplit, relative
from speechsent.targets import TargetScale
from speechsent.training.listener import Listener


@dataclass(frozen=True)
class Prepared:
    """Everything training needs, the test clips included but untouched.

    Args:
        corpus: What was read.
        labels: The classes; None where numbers are told.
        scale: Names and training statistics of the targets; None where emotions are told.
        split: Who is in which part, under which protocol.
        table: Features of the clips that could be read.
        parts: Indices into the table, by part.
        standardizer: Statistics of the training part, or those of the run this one starts from.
        clips: All clips, ready to be cut into batches.
    """

    corpus: Corpus
    labels: LabelSet | None
    scale: TargetScale | None
    split: Split
    table: FeatureTable
    parts: dict[Part, list[int]]
    standardizer: Standardizer
    clips: Clips

    @property
    def names(self) -> tuple[str, ...]:
        """What the model's outputs are about: emotions, or targets."""
        told = self.scale or self.labels
        return told.names if told else ()

    @property
    def protocol(self) -> str:
        """Name of the protocol; ``+spk`` tells that unlabelled test clips were used."""
        return protocol_name(self.split.protocol, self.standardizer)

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """Files and rows that could not be used, and were left out."""
        return (*self.corpus.refused, *self.table.refused)

    def part(self, name: Part) -> Clips:
        """The clips of one part."""
        return self.clips.subset(self.parts[name])

    def record(self) -> RunSplit:
        """The clips with their part and the hash of their file."""
        part_of = {i: part for part, indices in self.parts.items() for i in indices}
        return RunSplit(
            self.table.utterances,
            tuple(part_of[i] for i in range(len(self.table))),
            self.table.hashes or tuple(file_hashes([u.path for u in self.table.utterances])),
        )


def protocol_name(protocol: str, standardizer: Standardizer) -> str:
    """Mark a protocol under which unlabelled clips of the test speaker were used."""
    return f"{protocol}{BY_SPEAKER}" if standardizer.scope == "speaker" else protocol


def prepare(
    config: ExperimentConfig,
    corpus: CorpusSource,
    listener: Listener,
    resources: Resources,
    standardizer: Standardizer | None = None,
    leak: Leak | None = None,
) -> Prepared:
    """Read, split, extract, standardise.

    Args:
        config: The configuration.
        corpus: A corpus, or where one is or several are; None for the default one.
        listener: Who is told.
        resources: Who extracts, and whether features are kept between runs.
        standardizer: Statistics to use; those of the training part if not given.
        leak: What to do wrong on purpose, to show what it gains.

    Raises:
        CorpusError: If the corpus cannot be read or split.
        AudioError: If a clip cannot be used and ``corpus.skip_bad_audio`` is off.
    """
    corpus, split = split_corpus(open_corpus(corpus, config, listener), config, listener)
    if leak is not None:
        corpus, split = leaky(corpus, split, leak, config.split.seed)
    labels = None if corpus.targets else LabelSet.of(corpus.emotions)
    for line in describe_members(corpus):
        listener.note(line)
    listener.note(
        f"{corpus.name}: {len(corpus)} clips, {len(corpus.speakers)} known speakers, "
        f"{_asked(corpus, labels)}"
    )
    renamed = {old: new for old, new in corpus.spellings.items() if old.lower() != new}
    if renamed:
        listener.note("labels: " + ", ".join(f"{old} = {new}" for old, new in renamed.items()))
    tell_left_out(corpus.refused, listener)
    if config.log_mel.n_empty:
        listener.note(
            f"warning: {config.log_mel.n_empty} of {config.log_mel.n_mels} mel bands are so narrow "
            "that no frequency lies in them; raise log_mel.n_fft, or lower log_mel.n_mels"
        )
    table = features(corpus.utterances, config, listener, resources)
    parts = parts_of(table, corpus, split)
    _check_parts(corpus, table, parts, labels.names if labels else ())
    scale = _scale(corpus.targets, table, parts["train"])
    sizes = ", ".join(f"{part} {len(parts[part])}" for part in PARTS)
    listener.note(f"protocol {split.protocol} (split {split.hash}): {sizes}")
    if split.note:
        listener.note(f"note: {split.note}")
    standardizer = standardizer or Standardizer.fit(
        table.views,
        parts["train"],
        config.view.standardize,
        fixed={"log_mel": FIXED_LEVELS} if config.view.image_levels == "fixed" else {},
    )
    unknown = sum(utterance.speaker is None for utterance in table.utterances)
    if standardizer.scope == "speaker" and unknown:
        listener.note(
            f"warning: the speaker of {unknown} of {len(table)} clips is unknown; view.standardize="
            "speaker has only the training statistics for them"
        )
    names = labels.names if labels else ()
    clips = to_clips(table, standardizer, names, config, root=corpus.root, scale=scale)
    return Prepared(corpus, labels, scale, split, table, parts, standardizer, clips)


def _asked(corpus: Corpus, labels: LabelSet | None) -> str:
    """What is to be told of each clip, in words."""
    if labels is None:
        columns = zip(corpus.targets, zip(*(u.values for u in corpus), strict=True), strict=True)
        told = (f"{name} from {min(values):g} to {max(values):g}" for name, values in columns)
        return f"targets: {', '.join(told)}"
    counts = ", ".join(f"{name} {corpus.emotions[name]}" for name in labels.names)
    return f"{len(labels)} emotions: {counts}"


def _scale(targets: Sequence[str], table: FeatureTable, train: Sequence[int]) -> TargetScale | None:
    """Statistics of the targets, of the training clips alone."""
    if not targets:
        return None
    return TargetScale.of(targets, [table.utterances[i].values for i in train])


def features(
    utterances: Sequence[Utterance],
    config: ExperimentConfig,
    listener: Listener,
    resources: Resources,
) -> FeatureTable:
    """Find or extract the views of all clips, telling about clips that are odd or left out.

    Args:
        utterances: The clips.
        config: Decides what is extracted.
        listener: Who is told.
        resources: Who extracts, and whether features are kept between runs.

    Raises:
        AudioError: If a clip cannot be used and ``corpus.skip_bad_audio`` is off.
        CorpusError: If none can be used.
    """
    cache = FeatureCache() if resources.cache else None

    def progress(done: int, total: int) -> None:
        listener.step(len(utterances) - total + done)

    how: Any = {
        "skip_bad": config.corpus.skip_bad_audio,
        "compute": resources.compute(),
        "progress": progress,
    }
    listener.begin("features", len(utterances), "clips")
    hashes = _hashes(utterances, cache)
    if cache is None or hashes is None:
        table = extract(utterances, config.extractor, **how)
    else:
        table = extract_or_reuse(utterances, hashes, config.extractor, cache, **how)
    listener.end()
    for message in table.warned[:5]:
        listener.note(f"warning: {message}")
    if utterances and not table.utterances:
        raise CorpusError(f"none of {len(utterances)} clips can be used: {some(table.refused)}")
    tell_left_out(table.refused, listener)
    return table


def tell_left_out(refused: Sequence[Refusal], listener: Listener) -> None:
    """Tell which files take no part, and why."""
    if refused:
        listener.note(f"left out {len(refused)} clips: {some(refused)}")


def _hashes(utterances: Sequence[Utterance], cache: FeatureCache | None) -> list[str] | None:
    """Hash of each clip's file; None if nobody needs them, or extraction will refuse a file."""
    if cache is None:
        return None
    try:
        return file_hashes([u.path for u in utterances], hashes_folder(cache))
    except OSError:
        return None


def parts_of(table: FeatureTable, corpus: Corpus, split: Split) -> dict[Part, list[int]]:
    """Indices into the table by part; clips that could not be read are in none."""
    place = {utterance: i for i, utterance in enumerate(table.utterances)}
    return {
        part: [place[corpus[i]] for i in split.parts[part] if corpus[i] in place] for part in PARTS
    }


def _check_parts(
    corpus: Corpus, table: FeatureTable, parts: dict[Part, list[int]], labels: Sequence[str]
) -> None:
    """Refuse parts of which clips that could not be used have left nothing."""
    for part, indices in parts.items():
        if not indices:
            raise CorpusError(
                f"{corpus.root}: no clip is left in the {part} part; mend the clips that were left "
                "out, or split otherwise (split.seed)"
            )
    trained = Counter(table.utterances[i].emotion for i in parts["train"])
    missing = [name for name in labels if not trained[name]]
    if missing:
        raise CorpusError(
            f"{corpus.root}: no training clip is left for {', '.join(missing)}; mend the clips "
            "that were left out, or leave these emotions out (--classes)"
        )


def to_clips(
    table: FeatureTable,
    standardizer: Standardizer,
    labels: Sequence[str],
    config: ExperimentConfig,
    *,
    root: Path,
    scale: TargetScale | None = None,
) -> Clips:
    """Join features, statistics, and class indices or standardised targets."""
    speakers = [u.speaker for u in table.utterances]
    emotions = [] if scale else [list(labels).index(u.emotion) for u in table.utterances]
    return Clips(
        views=table.views,
        statistics=standardizer.per_clip(table.views, speakers),
        classes=np.zeros(len(table), int) if scale else np.array(emotions, int),
        n_classes=1 if scale else len(labels),
        n_window=config.n_window,
        ids=tuple(f"{relative(u.path, root)}@{u.start!r}" for u in table.utterances),
        targets=scale.standard([u.values for u in table.utterances]) if scale else None,
        speakers=tuple(speakers),
    )
