"""What the runs of a study answered, and what combinations of them answer."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from speechsent.evaluation.predictions import (
    PREDICTIONS,
    VALIDATION_PREDICTIONS,
    Predictions,
    read_predictions,
)
from speechsent.features.standardize import BY_SPEAKER
from speechsent.run import Run
from speechsent.study.combining import combine
from speechsent.study.plan import FITTED, Combination, How, Study

TOLD = "study.json"  # in a run folder: what the study knows of the run
Place = tuple[int, int]  # fold and seed


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What one run of a study came to.

    Args:
        protocol: Name of the protocol its score was taken under.
        protocol_hash: Fingerprint of the protocol, or of the split.
        test: Answers on the test part.
        validation: Answers on the validation part; None where they are not kept.
        seconds: How long it took; None for a combination, or where it was cut and gone on with.
    """

    protocol: str
    protocol_hash: str
    test: Predictions
    validation: Predictions | None
    seconds: float | None = None

    @cached_property
    def clips(self) -> str:
        """Fingerprint of the test part, its files and their classes: equal if it is the same."""
        return _clips(self.test)


def _clips(predictions: Predictions) -> str:
    labels, truth = predictions.labels, predictions.truth
    told = [labels, predictions.files, [labels[index] for index in truth]]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:12]


def read_trained(run: Run) -> Trained:
    """Read what a finished run answered."""
    scores = run.read_json("scores.json")
    return Trained(
        protocol=scores["protocol"],
        protocol_hash=scores.get("protocol_hash") or "",
        test=read_predictions(run.path / PREDICTIONS),
        validation=read_predictions(run.path / VALIDATION_PREDICTIONS),
        seconds=run.read_json(TOLD)["seconds"],
    )


def combined(
    study: Study, runs: Mapping[str, Mapping[Place, Trained]]
) -> dict[str, dict[Place, Trained]]:
    """Answers of the combined systems, wherever all their members answered for the same clips."""
    return {
        combination.name: {
            place: _combine(combination.how, members)
            for place, members in _meetings(combination, runs)
            if not _apart(combination.how, members)
        }
        for combination in study.combinations
    }


def not_combined(study: Study, runs: Mapping[str, Mapping[Place, Trained]]) -> dict[str, str]:
    """Why systems could not be combined on some fold, by the name of the combination."""
    found: dict[str, str] = {}
    for combination in study.combinations:
        for (fold, seed), members in _meetings(combination, runs):
            if why := _apart(combination.how, members):
                names = ", ".join(combination.of)
                found.setdefault(combination.name, f"fold {fold}, seed {seed}: {names} {why}")
    return found


def _meetings(
    combination: Combination, runs: Mapping[str, Mapping[Place, Trained]]
) -> Iterator[tuple[Place, list[Trained]]]:
    """Folds and seeds on which all members were trained, and what each came to."""
    members = [runs.get(name, {}) for name in combination.of]
    for place in sorted(set(members[0]).intersection(*members[1:])):
        yield place, [member[place] for member in members]


def _apart(how: How, members: Sequence[Trained]) -> str:
    """Why answers cannot be combined; empty if they can."""
    if len({(_without_mark(m.protocol), m.protocol_hash, m.clips) for m in members}) > 1:
        return "were tested on different clips, so their answers cannot be combined"
    if how not in FITTED:
        return ""
    kept = [member.validation for member in members if member.validation is not None]
    if len(kept) < len(members):
        return "have no answers on validation clips any more, so nothing can be fitted on them"
    if len(set(map(_clips, kept))) > 1:
        return "were validated on different clips, so nothing can be fitted on them"
    if how == "stacked" and len(set(kept[0].truth.tolist())) < 2:
        return "were validated on clips of one class, so no regression can be fitted on them"
    return ""


def _combine(how: How, members: Sequence[Trained]) -> Trained:
    """The answers of some members, which can be combined, as one."""
    kept = [member.validation for member in members if member.validation is not None]
    # What one member knew of the test clips, the combination knows.
    marked = (m.protocol for m in members if m.protocol != _without_mark(m.protocol))
    return Trained(
        protocol=next(marked, members[0].protocol),
        protocol_hash=members[0].protocol_hash,
        test=combine(how, [member.test for member in members], kept),
        validation=None,
    )


def _without_mark(protocol: str) -> str:
    return protocol.removesuffix(BY_SPEAKER)
