"""What a finished run tells beside its network: scores, audit and doctor, or which is damaged.

These files are not sealed, because later evaluations write them anew.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from speechsent.errors import ParameterError, RunError
from speechsent.evaluation.regression import AnyScores, read_scores
from speechsent.run import Run

SCORES, AUDIT, DOCTOR = "scores.json", "audit.json", "doctor.json"
WHEN = ("before", "during")


def table_of(run: Run, name: str) -> dict[str, Any] | None:
    """One of a run's JSON files that holds facts by name, if it is there.

    Raises:
        RunError: If it holds something else.
    """
    if not (run.path / name).is_file():
        return None
    value = run.read_json(name)
    if not isinstance(value, dict):
        raise RunError(f"{run.path / name}: not a table of facts")
    return value


def scores_of(run: Run) -> AnyScores | None:
    """The scores of its test part; None if that was never scored.

    Raises:
        RunError: If they are damaged.
    """
    told = table_of(run, SCORES)
    try:
        return None if told is None else read_scores(told)
    except ParameterError as error:
        raise RunError(f"{run.path / SCORES}: damaged; evaluate again. {error}") from error


def audit_of(run: Run) -> dict[str, Any] | None:
    """What its audit found; None if there is none, as in old runs.

    Raises:
        RunError: If it is damaged.
    """
    return _sound(run, AUDIT, _is_audit, "an audit")


def doctor_of(run: Run) -> dict[str, Any] | None:
    """What the doctor found; None if it was not asked, as in old runs.

    Raises:
        RunError: If it is damaged.
    """
    return _sound(run, DOCTOR, _is_diagnosis, "the doctor")


def _sound(
    run: Run, name: str, is_sound: Callable[[dict[str, Any]], bool], whose: str
) -> dict[str, Any] | None:
    told = table_of(run, name)
    if told is not None and not is_sound(told):
        raise RunError(f"{run.path / name}: not what {whose} found; delete it, or restore it")
    return told


def _is_audit(told: Mapping[str, Any]) -> bool:
    return (
        isinstance(told.get("clean"), bool)
        and isinstance(told.get("checked", []), list)
        and _are_findings(told.get("findings", []), ("severity", "name", "message"))
    )


def _is_diagnosis(told: Mapping[str, Any]) -> bool:
    return isinstance(told.get("forced", False), bool) and _are_stages(told.get("stages"))


def _are_stages(stages: object) -> bool:
    return isinstance(stages, list) and all(
        _has_texts(stage, ("stage",))
        and all(_are_findings(stage.get(when), ("severity", "name")) for when in WHEN)
        for stage in stages
    )


def _are_findings(findings: object, keys: Sequence[str]) -> bool:
    return isinstance(findings, list) and all(_has_texts(each, keys) for each in findings)


def _has_texts(facts: object, keys: Iterable[str]) -> bool:
    return isinstance(facts, Mapping) and all(isinstance(facts.get(key), str) for key in keys)
