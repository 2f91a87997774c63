"""The numbers of finished runs, kept where they outlive the run folders: no weights, no sound."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from speechsent import config as configuration
from speechsent.corpus.utterance import Corpus
from speechsent.errors import RunError
from speechsent.evaluation.predictions import (
    PREDICTIONS,
    VALIDATION_PREDICTIONS,
    Predictions,
    read_predictions,
    write_predictions,
)
from speechsent.evaluation.scores import Scores
from speechsent.former import load_as_trained
from speechsent.opening import split_corpus
from speechsent.run import FORMAT as RUN_FORMAT
from speechsent.run import Run
from speechsent.run_records import SCORES
from speechsent.run_split import relative
from speechsent.study.naming import distinct, plain
from speechsent.study.plan import PlannedRun
from speechsent.study.trained import Trained, read_trained
from speechsent.training.listener import Listener

FORMAT = 1
ARCHITECTURES = ("x86_64", "aarch64", "arm64", "AMD64")
FACTS, SETTINGS = "facts.json", "config.yaml"
COPIED = (
    "protocol",
    "protocol_hash",
    "n_folds",
    "split_hash",
    "speaker_disjoint",
    "note",
    "n_clips",
    "validation_uar",
    "finished",
)


@dataclass(frozen=True)
class Archive:
    """A folder with the scores and answers of a study's runs, an entry each.

    Args:
        folder: Where the entries are.
    """

    folder: Path

    def place(self, planned: PlannedRun) -> Path:
        """Folder of a run's entry."""
        where = f"f{planned.fold}-s{planned.seed}"
        former = self.folder / f"{plain(planned.system)}-{where}"  # before names were kept apart
        if _system_of(former) == planned.system:
            return former
        return self.folder / entry_name(planned.system, planned.fold, planned.seed)

    def find(self, planned: PlannedRun, corpus: Corpus) -> Trained | None:
        """What a run came to; None if there is no entry, or one of other settings or clips.

        Args:
            planned: The run.
            corpus: What it would be trained on.

        Raises:
            RunError: If the entry is damaged.
        """
        place = self.place(planned)
        facts = self.current(planned)
        if facts is None:
            return None
        kept, split = split_corpus(corpus, planned.config, Listener())
        if facts["split_hash"] != split.hash:
            return None
        found = read_entry(place)
        return found if _of_these_classes(found.test, kept) else None

    def current(self, planned: PlannedRun) -> dict[str, Any] | None:
        """Facts of a run's entry; None if there is none, or one of other settings.

        Raises:
            RunError: If the entry is damaged.
        """
        place = self.place(planned)
        if planned.start is not None or not (place / FACTS).is_file():
            return None
        facts = read_facts(place)
        known = (facts["system"], facts["format"], facts["run_format"])
        if known != (planned.system, FORMAT, RUN_FORMAT):
            return None
        return facts if load_as_trained(place / SETTINGS) == planned.config else None

    def keep(self, run: Run, planned: PlannedRun) -> None:
        """Copy the numbers of a finished run, in place of an older entry."""
        if planned.start is not None:  # what it started from would not be told
            return
        trained, environment = read_trained(run), run.read_json("environment.json")
        facts = {
            "system": planned.system,
            "fold": planned.fold,
            "seed": planned.seed,
            "run_format": RUN_FORMAT,
            **{key: run.facts.get(key) for key in COPIED},
            "seconds": trained.seconds,
            "environment": machine(environment),
        }
        write_entry(
            self.place(planned),
            facts,
            scores=Scores.from_dict(run.read_json(SCORES)),
            test=trained.test,
            validation=trained.validation,
            settings=configuration.to_yaml(run.config),
        )


def entry_name(system: str, fold: int, seed: int) -> str:
    """Name of an entry's folder, which no other system has.

    Example:
        >>> entry_name("cnn", 3, 0), entry_name("cnn, wide", 3, 0)
        ('cnn-f3-s0', 'cnn-wide-298ab54b-f3-s0')
    """
    return f"{distinct(system)}-f{fold}-s{seed}"


def _of_these_classes(answered: Predictions, corpus: Corpus) -> bool:
    """Whether clips still have the classes they had; a split's hash does not tell."""
    now: dict[str, set[str]] = defaultdict(set)
    for utterance in corpus:
        now[relative(utterance.path, corpus.root)].add(utterance.emotion)
    then = zip(answered.files, answered.truth, strict=True)
    return all(answered.labels[i] in now[file] for file, i in then if file in now)


def _system_of(place: Path) -> str | None:
    """Whose entry it is; None if that cannot be told."""
    try:
        return str(json.loads((place / FACTS).read_text(encoding="utf-8"))["system"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def machine(environment: Mapping[str, Any]) -> dict[str, Any]:
    """Versions and kind of machine; no path, no command, no name of a kernel.

    Args:
        environment: What ``speechsent.environment.environment`` tells.
    """
    words = str(environment.get("platform", "")).split("-")
    kind = " ".join([words[0], *(word for word in words if word in ARCHITECTURES)])
    told = {key: environment.get(key) for key in ("python", "processors", "libraries", "source")}
    return {"platform": kind, **told}


def write_entry(
    place: Path,
    facts: Mapping[str, Any],
    *,
    scores: Scores,
    test: Predictions,
    validation: Predictions | None,
    settings: str = "",
) -> None:
    """Write an entry; its facts come last, so that half of one is none.

    Args:
        place: Its folder.
        facts: System, fold, seed, protocol, split, time and machine.
        scores: Scores of the test part.
        test: Answers on the test part.
        validation: Answers on the validation part; None for what was fitted on it.
        settings: Resolved configuration as YAML; empty for what is no run of this package.
    """
    record = Run(place)  # the same atomic writing, whichever folder it is
    (place / FACTS).unlink(missing_ok=True)
    record.write_json(SCORES, scores.as_dict())
    write_predictions(test, place / PREDICTIONS)
    if validation is not None:
        write_predictions(validation, place / VALIDATION_PREDICTIONS)
    if settings:
        record.write_text(SETTINGS, settings)
    record.write_json(FACTS, {"format": FORMAT, **facts})


def read_facts(place: Path) -> dict[str, Any]:
    """What an entry tells of its run.

    Raises:
        RunError: If it is damaged.
    """
    try:
        facts = json.loads((place / FACTS).read_text(encoding="utf-8"))
        missing = {"format", "run_format", "system", "fold", "seed", *COPIED} - facts.keys()
    except (OSError, ValueError, AttributeError) as error:
        raise RunError(f"{place / FACTS}: missing or damaged ({error})") from error
    if missing:
        raise RunError(f"{place / FACTS}: lacks {', '.join(sorted(missing))}; remove the entry")
    return dict(facts)


def read_entry(place: Path) -> Trained:
    """What an entry's run came to.

    Raises:
        RunError: If it is damaged.
    """
    facts, answered = read_facts(place), place / VALIDATION_PREDICTIONS
    return Trained(
        protocol=facts["protocol"],
        protocol_hash=facts["protocol_hash"] or "",
        test=read_predictions(place / PREDICTIONS),
        validation=read_predictions(answered) if answered.is_file() else None,
        seconds=facts.get("seconds"),
    )
