"""What an audit found, told with its remedy, and kept in the note of the scores."""

from speechsent.auditing import AuditReport, Finding
from speechsent.auditing.ancestry import CLIPS, SPEAKERS, UNKNOWN
from speechsent.errors import some
from speechsent.training.listener import Listener

REMEDIES = {
    "speakers-shared": "score on speakers that were not trained on",
    "second-takes": "keep all takes of a sentence by one speaker on one side",
    "identical-files": "remove the copies from one side",
    "files-shared": "list each file on one side only",
    SPEAKERS: "score on speakers that no run before it was trained on",
    CLIPS: "score on clips that no run before it was trained on",
}


def leaks(report: AuditReport) -> list[Finding]:
    """The findings that make scores wrong."""
    return [finding for finding in report.findings if finding.severity == "leak"]


def tell_leaks(report: AuditReport, listener: Listener) -> None:
    """One warning a leak, with what to do about it."""
    for leak in leaks(report):
        listener.note(
            f"warning: {leak.name}: {leak.message} ({some(leak.examples, limit=3)}); "
            f"{REMEDIES[leak.name]}"
        )


def with_leaks(note: str, report: AuditReport) -> str:
    """A note that names the leaks as well, each with how many it concerns, and what is not known.

    Example:
        >>> leak = Finding(name="second-takes", severity="leak", count=3, total=9, message="")
        >>> report = AuditReport(
        ...     train="", test="", n_train=9, n_test=9, checked=(), findings=(leak,)
        ... )
        >>> with_leaks("by clips", report)
        'by clips; leaks: second-takes (3 of 9)'
    """
    named = [f"{leak.name} ({leak.count} of {leak.total})" for leak in leaks(report)]
    unknown = [found.message for found in report.findings if found.name == UNKNOWN]
    told = f"leaks: {', '.join(named)}" if named else ""
    return "; ".join(filter(None, [note, told, *unknown]))


def disjoint(report: AuditReport) -> bool | None:
    """Whether no speaker was trained on; None if that is not known of all."""
    if not report.clean:
        return False
    unknown = any(found.name in ("speakers-unknown", UNKNOWN) for found in report.findings)
    return None if unknown else True
