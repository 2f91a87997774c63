"""What the runs of a study answered, and what combinations of them answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from speechsent.evaluation.predictions import (
    PREDICTIONS,
    VALIDATION_PREDICTIONS,
    Predictions,
    read_predictions,
)
from speechsent.run import Run
from speechsent.study.combining import combine
from speechsent.study.plan import FITTED, How, Study

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
        seconds: How long it took; None for a combination.
    """

    protocol: str
    protocol_hash: str
    test: Predictions
    validation: Predictions | None
    seconds: float | None = None


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
    """Answers of the combined systems, wherever all their members were trained."""
    found: dict[str, dict[Place, Trained]] = {}
    for combination in study.combinations:
        members = [runs.get(name, {}) for name in combination.of]
        places = sorted(set(members[0]).intersection(*members[1:]))
        mixed = {
            place: _combine(combination.how, [member[place] for member in members])
            for place in places
        }
        found[combination.name] = {place: one for place, one in mixed.items() if one}
    return found


def _combine(how: How, members: Sequence[Trained]) -> Trained | None:
    """The answers of some members as one; None if validation answers are needed and not kept."""
    first, test = members[0], [member.test for member in members]
    kept = [member.validation for member in members if member.validation is not None]
    whole = len(kept) == len(members)
    if how in FITTED and not whole:
        return None
    return Trained(
        protocol=first.protocol,
        protocol_hash=first.protocol_hash,
        test=combine(how, test, kept),
        validation=combine(how, kept, kept) if whole else None,
    )
