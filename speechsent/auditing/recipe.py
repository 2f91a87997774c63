"""The audit, read top to bottom: read both sides, check labels, then bytes, then sound."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from speechsent.auditing import checks, history
from speechsent.auditing.ancestry import earlier_findings
from speechsent.auditing.content import byte_checks, content_checks, hashed
from speechsent.auditing.history import history_findings
from speechsent.auditing.report import AuditReport, Finding, in_order
from speechsent.auditing.sides import FITTED, Side, read_sides, run_side, split_side
from speechsent.corpus.utterance import Corpus, Part, Utterance
from speechsent.training.listener import Listener

if TYPE_CHECKING:
    from speechsent.run import Run


def audit(
    train: "Corpus | Run | Path | str",
    test: "Corpus | Run | Path | str | None" = None,
    *,
    folder: Path | str | None = None,
    content: bool = True,
    text_independent: bool = False,
    labels: Mapping[str, str] | None = None,
    listener: Listener | None = None,
) -> AuditReport:
    """Find what leaks from the training side to the test side.

    Args:
        train: What is trained on: a corpus, its folder or CSV, a run, or a published list of
            files. Of a corpus or run with parts, the training and validation parts count.
        test: What is tested on, in the same forms; its test part, if it has parts. The test part
            of ``train`` if not given.
        folder: Where the files of lists lie; beside the list if not given, or none is there.
        content: Open the files; without, names and labels are all that is compared.
        text_independent: The split promises that no sentence is on both sides.
        labels: Emotion names of one's own in folders and lists, and what they mean.
        listener: Who is told about progress.

    Raises:
        AudioError: If a file is there and cannot be read.
        CorpusError: If a side cannot be read, or is empty.
        RunError: If a run is damaged.
    """
    first = _source(train)
    second = None if test is None else _source(test)
    beside = None if folder is None else Path(folder)
    sides = read_sides(first, second, folder=beside, labels=labels)
    if content:
        sides = hashed(sides[0]), hashed(sides[1])
    findings = checks.label_findings(*sides, text_independent=text_independent)
    names, more = content_checks(*sides, listener or Listener()) if content else byte_checks(*sides)
    checked, findings = [*checks.checked(*sides), *names], findings + more
    if not isinstance(first, Corpus | Path):
        names, more = earlier_findings(first, *sides)
        checked, findings = [*checked, *names], findings + more
        if second is None:
            checked, findings = [*checked, *history.NAMES], findings + history_findings(first)
    return _report(*sides, checked, findings)


def audit_split(
    utterances: Sequence[Utterance], parts: Sequence[Part], hashes: Sequence[str], root: Path
) -> AuditReport:
    """Audit one's own split by labels and hashes alone; no file is opened.

    Args:
        utterances: All clips.
        parts: The part of each.
        hashes: SHA-256 of the file of each; none if not known.
        root: Folder the names of clips are relative to.
    """
    side = split_side(utterances, parts, hashes, root)
    sides = side.part(*FITTED), side.part("test")
    return _report(*sides, *_names_and_bytes(*sides))


def audit_clips(
    run: "Run", utterances: Sequence[Utterance], hashes: Sequence[str], root: Path
) -> AuditReport:
    """Audit other clips against what a run was trained on; no file is opened.

    Args:
        run: The run; its training and validation parts count.
        utterances: The other clips.
        hashes: SHA-256 of the file of each.
        root: Folder the names of the clips are relative to.
    """
    test = Side(name=str(root), root=root, utterances=tuple(utterances), hashes=tuple(hashes))
    train = run_side(run).part(*FITTED)
    checked, findings = _names_and_bytes(train, test)
    names, more = earlier_findings(run, train, test)
    return _report(train, test, [*checked, *names], findings + more)


def audit_origins(run: "Run") -> AuditReport:
    """Audit a run's own test part against what the runs heard that it goes back to.

    Args:
        run: The run; what it was trained on itself is not compared.
    """
    side = run_side(run)
    train, test = side.part(*FITTED), side.part("test")
    return _report(train, test, *earlier_findings(run, train, test))


def _names_and_bytes(train: Side, test: Side) -> tuple[list[str], list[Finding]]:
    """Compare labels and hashes."""
    names, copies = byte_checks(train, test)
    findings = checks.label_findings(train, test, text_independent=False) + copies
    return [*checks.checked(train, test), *names], findings


def _source(given: "Corpus | Run | Path | str") -> "Corpus | Run | Path":
    """What was given, a run opened if it is the folder of one."""
    source = Path(given) if isinstance(given, str) else given
    if not isinstance(source, Path) or not (source / "run.json").is_file():
        return source
    from speechsent.run import Run  # TensorFlow loads here, and only an audit of a run needs it

    return Run.open(source)


def _report(
    train: Side, test: Side, checked: Sequence[str], findings: Sequence[Finding]
) -> AuditReport:
    return AuditReport(
        train=train.name,
        test=test.name,
        n_train=len(train),
        n_test=len(test),
        checked=tuple(checked),
        findings=in_order(findings),
    )
