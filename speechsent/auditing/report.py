"""What an audit found: for people as a table, for programs as plain values."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from speechsent.errors import some

Severity = Literal["leak", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("leak", "warning", "note")
SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing the reader of a score should know.

    Args:
        name: Name of the check, such as ``"speakers-shared"``.
        severity: A leak makes scores wrong; a warning makes them doubtful; a note informs.
        count: How many are concerned.
        total: Of how many.
        message: What was found, in one sentence.
        examples: All those concerned, in order; messages show the first few.
    """

    name: str
    severity: Severity
    count: int
    total: int
    message: str
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AuditReport:
    """What was compared, which checks were made, and what they found.

    Args:
        train: Name of the training side.
        test: Name of the test side.
        n_train: Clips on the training side.
        n_test: Clips on the test side.
        checked: Names of all checks that were made, also those that found nothing.
        findings: What they found, leaks first.
    """

    train: str
    test: str
    n_train: int
    n_test: int
    checked: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def clean(self) -> bool:
        """Whether nothing leaks; warnings and notes do not count."""
        return all(finding.severity != "leak" for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """Return plain dictionaries, lists, numbers and texts, ready for JSON."""
        plain = {**asdict(self), "clean": self.clean, "checked": list(self.checked)}
        plain["findings"] = [{**asdict(f), "examples": list(f.examples)} for f in self.findings]
        return plain


def finding(
    name: str, severity: Severity, message: str, examples: Sequence[str], total: int
) -> list[Finding]:
    """One finding about its examples, or none if there is none."""
    if not examples:
        return []
    return [
        Finding(
            name=name,
            severity=severity,
            count=len(examples),
            total=total,
            message=message,
            examples=tuple(examples),
        )
    ]


def in_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Leaks first, then warnings, then notes; otherwise as they were found."""
    return tuple(sorted(findings, key=lambda f: SEVERITIES.index(f.severity)))


def table(report: AuditReport) -> str:
    """Return the report as text: what was compared, a row a finding, what is clean, the verdict.

    Example:
        >>> print(table(AuditReport(train="a", test="b", n_train=2, n_test=1,
        ...                         checked=("speakers-shared",), findings=())))
        train  a: 2 clips
        test   b: 1 clips
        clean    speakers-shared
        no leak found
    """
    found = {f.name for f in report.findings}
    clean = [name for name in report.checked if name not in found]
    lines = [
        f"train  {report.train}: {report.n_train} clips",
        f"test   {report.test}: {report.n_test} clips",
    ]
    for f in report.findings:
        lines += _rows(f)
    if clean:
        lines.append(f"clean    {', '.join(clean)}")
    return "\n".join([*lines, _verdict(report)])


def _rows(f: Finding) -> list[str]:
    row = f"{f.severity:<8} {f.name:<18} {f.message}"
    return [row, f"{'':<27} {some(f.examples, limit=SHOWN)}"] if f.examples else [row]


def _verdict(report: AuditReport) -> str:
    leaks = dict.fromkeys(f.name for f in report.findings if f.severity == "leak")
    return f"leaking: {', '.join(leaks)}" if leaks else "no leak found"
