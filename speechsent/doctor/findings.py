"""What the doctor says: what was seen, what was expected, why it matters, what to change."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
MANUAL = "docs/doctor.md"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong, or likely to be.

    Args:
        name: Name of the check, such as ``"output-not-probabilities"``.
        severity: An error does not train, or trains something else than was meant; a warning
            costs quality or often fails; a note informs.
        at: The layer, input or output concerned.
        seen: The figure that was found.
        expected: The figure that would have been right.
        why: What it leads to, in one sentence.
        remedy: The line of code or the option to change.
        when: Step and epoch at which it was found; empty before training.
    """

    name: str
    severity: Severity
    at: str
    seen: str
    expected: str
    why: str
    remedy: str
    when: str = ""

    @property
    def where(self) -> str:
        """Section of the manual."""
        return f"{MANUAL}#{self.name}"

    def as_dict(self) -> dict[str, str]:
        """Return plain texts, ready for JSON."""
        return {**asdict(self), "where": self.where}


@dataclass(frozen=True)
class Diagnosis:
    """All findings, errors first, and what could be looked at.

    Args:
        findings: What was found.
        scope: What was looked at, such as ``"the model"``.
    """

    findings: tuple[Finding, ...]
    scope: tuple[str, ...]

    def __str__(self) -> str:
        return table(self)

    def __add__(self, other: "Diagnosis") -> "Diagnosis":
        """What both found, and all that was looked at."""
        return Diagnosis(in_order((*self.findings, *other.findings)), self.scope + other.scope)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What will not train as meant."""
        return self._of("error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What costs quality."""
        return self._of("warning")

    def as_dict(self) -> dict[str, Any]:
        """Return plain dictionaries, lists and texts, ready for JSON."""
        return {
            "errors": len(self.errors),
            "warnings": len(self.warnings),
            "scope": list(self.scope),
            "findings": [finding.as_dict() for finding in self.findings],
        }

    def _of(self, severity: Severity) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.severity == severity)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Errors first, then warnings, then notes; otherwise as they were found, causes first."""
    return tuple(sorted(findings, key=lambda f: SEVERITIES.index(f.severity)))


def table(diagnosis: Diagnosis) -> str:
    """Return the diagnosis as text: a block a finding, what was looked at, the verdict.

    Example:
        >>> print(table(Diagnosis((), ("the model", "its loss"))))
        looked at the model, its loss
        nothing found
    """
    lines = [line for finding in diagnosis.findings for line in _block(finding)]
    lines.append(f"looked at {', '.join(diagnosis.scope)}")
    return "\n".join([*lines, _verdict(diagnosis)])


def _block(finding: Finding) -> Iterator[str]:
    when = f" ({finding.when})" if finding.when else ""
    yield f"{finding.severity:<8} {finding.name}: {finding.at}{when}"
    for label in ("seen", "expected", "why", "remedy", "where"):
        yield f"  {label:<9} {getattr(finding, label)}"


def _verdict(diagnosis: Diagnosis) -> str:
    counts = {severity: len(diagnosis._of(severity)) for severity in SEVERITIES}
    told = [f"{n} {severity}{'s' if n > 1 else ''}" for severity, n in counts.items() if n]
    return ", ".join(told) or "nothing found"
