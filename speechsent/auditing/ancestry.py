"""What the runs heard that a run was started from, and that its test clips must not share."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from speechsent.auditing.content import byte_checks
from speechsent.auditing.copies import file_keys
from speechsent.auditing.report import Finding, finding
from speechsent.auditing.sides import Side
from speechsent.corpus.spelling import spelled_alike
from speechsent.heard import Heard, heard_before

if TYPE_CHECKING:
    from speechsent.run import Run

SPEAKERS, CLIPS, UNKNOWN = "speakers-heard-before", "clips-heard-before", "heard-before-unknown"
BEFORE = "of a run this one goes back to"


def earlier_findings(run: "Run", train: Side, test: Side) -> tuple[list[str], list[Finding]]:
    """Names of the checks and what they found; nothing if the run started from none.

    Args:
        run: The run.
        train: What it was trained on itself: what is on this side is not told again.
        test: What is tested.

    Raises:
        RunError: If a record is damaged.
    """
    heard = heard_before(run)
    if not heard:
        return [], []
    earlier = _without(heard, train)
    names = [SPEAKERS, CLIPS] if test.hashes else [SPEAKERS]
    found = [*_speakers(earlier, train, test), *_clips(earlier, test), *_unknown(earlier, heard)]
    return names, found


def _without(heard: Heard, train: Side) -> Side:
    """Clips of earlier trainings that the run's own does not have."""
    clips = heard.clips
    side = Side(name="", root=Path(), utterances=clips.utterances, hashes=clips.hashes)
    own = set(file_keys(train)) - {None}
    kept = [i for i, key in enumerate(file_keys(side)) if key not in own]
    return replace(
        side,
        utterances=tuple(side.utterances[i] for i in kept),
        hashes=tuple(side.hashes[i] for i in kept),
    )


def _speakers(earlier: Side, train: Side, test: Side) -> list[Finding]:
    before, own, tested = (
        {spelled_alike(u.speaker): u.speaker for u in side.utterances if u.speaker}
        for side in (earlier, train, test)
    )
    shared = sorted(tested[one] for one in (tested.keys() & before.keys()) - own.keys())
    message = (
        f"{len(shared)} of {len(tested)} test speakers are trained on in the training {BEFORE}"
    )
    return finding(SPEAKERS, "leak", message, shared, len(tested))


def _clips(earlier: Side, test: Side) -> list[Finding]:
    _, copies = byte_checks(earlier, test)
    return [
        replace(copy, name=CLIPS, message=f"{copy.message} {BEFORE}")
        for copy in copies
        if copy.severity == "leak"
    ]


def _unknown(earlier: Side, heard: Heard) -> list[Finding]:
    """Runs nobody can ask any more, and clips nobody can vouch for."""
    nameless = [earlier.clip(i) for i, u in enumerate(earlier.utterances) if not u.speaker]
    gone = f"{len(heard.gone)} runs this one goes back to are gone: what they heard is not known"
    unknown = f"speakers of {len(nameless)} clips {BEFORE} are unknown"
    return [
        *finding(UNKNOWN, "warning", gone, heard.gone, len(heard.gone)),
        *finding(UNKNOWN, "note", unknown, nameless, len(earlier)),
    ]
