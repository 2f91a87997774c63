"""The doctor on a finished run: what its folder gives away."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from speechsent.doctor.afterwards.logs import curve_findings
from speechsent.doctor.afterwards.record import Record, Row, column
from speechsent.doctor.afterwards.verdicts import score_verdicts, stage_verdicts
from speechsent.doctor.findings import SEVERITIES, Diagnosis, Finding, Severity, in_order
from speechsent.doctor.sharing import shared_speakers, shared_with_stages
from speechsent.doctor.splits import shared_samples, unseen_classes
from speechsent.errors import RunError, some

FEW_SPEAKERS = 5
TEXTS = ("name", "at", "seen", "expected", "why", "remedy", "when")
SPLIT_CHECKS = ("speakers-shared", "speakers-unknown", "classes-missing", "identical-files")


def read_run(path: Path | str) -> Diagnosis:
    """Look for what went wrong in a run, by its folder alone; the model is not loaded.

    Args:
        path: The run folder; of a training that did not finish, what is there is read.

    Returns:
        The findings, errors first.

    Raises:
        RunError: If it is no run folder, or a file in it is damaged.
    """
    record = Record(Path(path))
    try:
        findings = in_order(_findings(record))
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(f"{path}: a file in it is damaged ({error!r})") from error
    return Diagnosis(findings, record.files)


def _findings(record: Record) -> Iterator[Finding]:
    """Splits before curves before scores: what makes scores lie comes first."""
    yield from unfinished(record)
    yield from split_leaks(record)
    yield from stage_leaks(record)
    yield from audited_leaks(record)
    yield from (told_before(stage, found) for stage, found in record.told)
    known = {(stage, found.get("name")) for stage, found in record.told}
    for curves in record.curves:
        for finding in curve_findings(curves, record.n_classes):
            if (curves.name, finding.name) not in known:
                yield finding
    yield from stage_verdicts(record)
    yield from score_verdicts(record)


def unfinished(record: Record) -> Iterator[Finding]:
    """A folder without results."""
    if not record.facts:
        yield Finding(
            name="training-not-finished",
            severity="error",
            at="run.json",
            seen="no such file",
            expected="the facts of a finished training",
            why="the training was stopped or killed: there is no model to judge",
            remedy="train again",
        )


def split_leaks(record: Record) -> Iterator[Finding]:
    """Speakers, clips and classes of the parts."""
    train, validation, test = (record.part(p) for p in ("train", "validation", "test"))
    known = record.part("train", "validation")
    for before, after, part in ((train, validation, "validation"), (known, test, "test")):
        yield from shared_speakers(column(before, "speaker"), column(after, "speaker"), part)
    yield from shared_samples(
        _clips(train), _clips(validation), name="validated-on-training-samples", part="validation"
    )
    yield from shared_samples(
        _clips(known), _clips(test), name="tested-on-training-samples", part="test"
    )
    if record.n_classes and train and validation:
        yield from class_shares(train, validation)


def class_shares(train: list[Row], validation: list[Row]) -> Iterator[Finding]:
    """Classes on one side alone; a few speakers may well have other shares than all of them."""
    names = sorted(set(column([*train, *validation], "emotion")))
    trained, validated = (
        np.array([names.index(name) for name in column(rows, "emotion")])
        for rows in (train, validation)
    )
    few = len(set(column(validation, "speaker"))) < FEW_SPEAKERS
    for finding in unseen_classes(trained, validated, split_off=False, names=names):
        if not (few and finding.name == "class-shares-differ"):
            yield finding


def _clips(rows: list[Row]) -> list[tuple[str, str, str]]:
    """What makes a clip: the hash of its file, and where in it it lies."""
    keys = (column(rows, name) for name in ("sha256", "start", "end"))
    return list(zip(*keys, strict=True))


def stage_leaks(record: Record) -> Iterator[Finding]:
    """Clips that one stage was fitted on and a later one is validated on, or all are tested on."""
    fitted: dict[str, list[str]] = {}
    for stage in record.stages:
        if record.foreign(stage):
            continue
        validated = stage.get("validated_on", ())
        name = str(stage.get("stage", len(fitted) + 1))
        fitted[name] = stage.get("fitted_on", [])
        yield from shared_with_stages(fitted, validated, f"validation part of '{name}'")
    tested = [f"{row['file']}@{float(row.get('start') or 0)}" for row in record.part("test")]
    yield from shared_with_stages(fitted, tested, "test part")


def audited_leaks(record: Record) -> Iterator[Finding]:
    """Leaks of ``audit.json`` that cannot be seen in the split itself."""
    for found in record.audited:
        if found["severity"] == "leak" and found["name"] not in SPLIT_CHECKS:
            yield Finding(
                name="audit-leak",
                severity="error",
                at=found["name"],
                seen=f"{found['message']}: {some(found.get('examples', ()), limit=3)}",
                expected="none",
                why="the test is easier than what it stands for",
                remedy="another split; 'speechsent audit' and docs/protocols.md say more",
            )


def told_before(stage: str, found: Mapping[str, Any]) -> Finding:
    """A finding of ``doctor.json``."""
    severity: Severity = next((s for s in SEVERITIES if s == found.get("severity")), "note")
    texts = {name: str(found.get(name, "")) for name in TEXTS}
    texts["at"] = f"stage '{stage}', {texts['at']}"
    return Finding(severity=severity, **texts)
