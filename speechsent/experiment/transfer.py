"""Start a training from a finished run: what must be the same, and what it must not have heard."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import keras

from speechsent.branches.functionals import NAME as FUNCTIONALS
from speechsent.config import ExperimentConfig
from speechsent.corpus.labels import canonical_names
from speechsent.corpus.merging import groups_of
from speechsent.corpus.utterance import Part
from speechsent.errors import RunError, TrainingError, some
from speechsent.heard import Heard, heard_by
from speechsent.network import load_branches
from speechsent.preparation import Prepared
from speechsent.run import Run
from speechsent.run_split import RunSplit

FEATURES = ("audio", "log_mel", "mfcc", "prosody", "view")
FITTED: tuple[Part, ...] = ("train", "validation")
REMEDY = (
    "split as it did (the same split.seed or protocol), or allow it with --allow-speaker-overlap, "
    "and every score will say so"
)
OF_REFIT = (
    "with fit.refit a run is fitted to its validation clips as well, so a new head has none to be "
    "chosen by: start from a run without"
)


@dataclass(frozen=True)
class Origin:
    """A finished run whose branches another training starts from.

    Args:
        run: The run.
    """

    run: Run

    @cached_property
    def heard(self) -> Heard:
        """What its network has heard, in its own training and in those before."""
        return heard_by(self.run)

    def branches(self, config: ExperimentConfig) -> dict[str, keras.Model]:
        """Its branches, trained, without its head; those the configuration uses."""
        loaded = load_branches(self.run)
        return {name: loaded[name] for name in config.fusion.branches}

    def check(self, config: ExperimentConfig) -> None:
        """Refuse a configuration under which the branches would not fit or hear something else.

        Raises:
            TrainingError: If a key of features or branches differs, or a branch is missing.
        """
        if not config.fusion.branches:
            raise TrainingError(
                "functionals take nothing over from another run; train them by themselves, without "
                f"a run to start from. Received: fusion.mode={config.fusion.mode}"
            )
        own = self.run.config
        missing = sorted({*config.fusion.branches} - {*own.fusion.branches})
        if missing:
            raise TrainingError(
                f"{self.run.path}: has no {' and no '.join(missing)} branch to start from, so "
                f"fusion.mode is {own.fusion.mode}. Received: {config.fusion.mode}"
            )
        there, here = asdict(own), asdict(config)
        for key in _keys(config):
            before, now = _value(there, key), _value(here, key)
            if before != now:
                raise TrainingError(
                    f"{key} must stay what it is in the run this one starts from ({self.run.path}):"
                    f" {before!r}. Received: {now!r}"
                )
        unknown = sorted({*config.views} - self.run.standardizer.corpus.keys())
        if unknown:
            raise TrainingError(
                f"{self.run.path}: has no statistics of {', '.join(unknown)}, which augment needs; "
                "augment as it did"
            )

    def admit(self, prepared: Prepared, record: RunSplit, config: ExperimentConfig) -> Prepared:
        """Refuse to test on what the run was fitted on, or mark the split if that is allowed.

        Args:
            prepared: The new clips.
            record: Their parts and hashes.
            config: The new configuration.

        Raises:
            TrainingError: If speakers or clips of the new test part were trained or validated on,
                or clips of the new validation part were trained on.
        """
        clips, again = self.heard.clips, bool(self.run.facts.get("refit"))
        heard = _heard(clips, FITTED, record, "test")
        chosen_by = _heard(clips, ("train",), record, "validation")
        if not heard and not chosen_by:
            return self._doubted(prepared)
        told = "; ".join(filter(None, [heard, chosen_by]))
        if not config.split.allow_speaker_overlap:
            remedy = OF_REFIT if again and not heard else REMEDY
            before = ", or a run it goes back to," if "started_from" in self.run.facts else ""
            raise TrainingError(f"{self.run.path}{before or ':'} was fitted on {told}; {remedy}")
        split = prepared.split
        note = "; ".join(filter(None, [split.note, f"starts from a run that heard {told}"]))
        ending = "" if split.speaker_disjoint is False else "-speakers-overlap"
        marked = replace(
            split, note=note, speaker_disjoint=False, protocol=f"{split.protocol}{ending}"
        )
        return replace(prepared, split=marked)

    def _doubted(self, prepared: Prepared) -> Prepared:
        """Promise nothing of speakers where it is not known what was heard before."""
        if not self.heard.gone:
            return prepared
        split = prepared.split
        runs = some(self.heard.gone)
        gone = f"goes back to runs that are gone, and what they heard is not known: {runs}"
        note = "; ".join(filter(None, [split.note, gone]))
        disjoint = None if split.speaker_disjoint else split.speaker_disjoint
        return replace(prepared, split=replace(split, note=note, speaker_disjoint=disjoint))

    def told(self, config: ExperimentConfig) -> str:
        """What is taken over, and how it goes on."""
        goes_on = config.fusion.mode in ("joint", "finetune")
        how = f"trained on at {config.fit.finetune_rate:g} of the rate" if goes_on else "frozen"
        return f"starts from {self.run.path}: branches {how}, its statistics, a new head"

    def stages(self) -> list[dict[str, Any]]:
        """The run's own stages, which are part of the new model's history.

        Its functionals are not: nothing of them is taken over.
        """
        return [
            {"started_from": str(self.run.path), **stage, "stage": f"source {stage['stage']}"}
            for stage in self.run.read_json("stages.json")
            if not stage["stage"].startswith(FUNCTIONALS)
        ]

    def facts(self) -> dict[str, Any]:
        """What ``run.json`` tells of it."""
        gone = {"gone": list(self.heard.gone)} if self.heard.gone else {}
        return {
            "path": str(self.run.path.resolve()),
            "protocol": self.run.facts["protocol"],
            "split_hash": self.run.facts["split_hash"],
            **gone,
        }


def settled(config: ExperimentConfig | None, start: Run | None) -> ExperimentConfig:
    """The configuration that is trained: what is given, or the default, which a run brings along.

    Raises:
        CorpusError: If a class is unknown.
    """
    if start is None:
        return config or ExperimentConfig()
    return _after_split(config or starting_config(start), start)


def starting_config(run: Run) -> ExperimentConfig:
    """The configuration of a run, ready for a new label set: branches frozen, nothing merged."""
    config = run.config
    alone = config.fusion.mode in config.fusion.branches
    fusion = config.fusion if alone else replace(config.fusion, mode="frozen")
    return replace(config, fusion=fusion, corpus=replace(config.corpus, merge={}))


def _after_split(config: ExperimentConfig, run: Run) -> ExperimentConfig:
    """Choose the classes after the split instead of before it, so that it is drawn as the run's."""
    wanted, labels = config.corpus.classes, config.corpus.labels
    if not wanted or wanted == run.config.corpus.classes:
        return config
    names = list(dict.fromkeys(canonical_names(wanted, labels).values()))
    groups = groups_of(config.corpus.merge, labels) or {name: name for name in names}
    merge = {emotion: groups[emotion] for emotion in names if emotion in groups}
    corpus = replace(config.corpus, classes=run.config.corpus.classes, merge=merge)
    return replace(config, corpus=corpus)


def _keys(config: ExperimentConfig) -> Iterable[str]:
    """Keys that decide what the branches are and what they hear."""
    for section in (*FEATURES, *config.fusion.branches):
        yield from (f"{section}.{key}" for key in asdict(getattr(config, section)))
    yield "fit.precision"


def _value(sections: Mapping[str, Any], key: str) -> Any:
    section, _, name = key.partition(".")
    return sections[section][name]


def _heard(source: RunSplit, fitted: tuple[Part, ...], new: RunSplit, part: Part) -> str:
    """How many speakers and clips of a part the source was fitted on, in words; empty if none."""
    speakers = new.speakers(part) - {None}
    known = speakers & source.speakers(*fitted)
    clips = _clips(new, part)
    shared = clips & _clips(source, *fitted)
    if not known and not shared:
        return ""
    return (
        f"{len(known)} of the {len(speakers)} known {part} speakers "
        f"and {len(shared)} of the {len(clips)} {part} clips"
    )


def _clips(split: RunSplit, *parts: Part) -> set[tuple[str, float]]:
    """Content and start of each clip, wherever the files lie."""
    rows = zip(split.hashes, split.utterances, split.parts, strict=True)
    return {(digest, u.start) for digest, u, part in rows if part in parts}


def open_origin(start: Run | Path | str) -> Origin:
    """Open the run a training starts from.

    Raises:
        RunError: If there is no such run, or it was spoiled on purpose.
    """
    run = start if isinstance(start, Run) else Run.open(Path(start))
    if run.leaky:
        raise RunError(f"{run.path}: was spoiled on purpose ({run.leaky}); start from another run")
    return Origin(run)
