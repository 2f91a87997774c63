"""What a network heard before a training began: the clips of all runs it goes back to."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speechsent.corpus.utterance import Part, Utterance
from speechsent.errors import RunError
from speechsent.run_split import HEARD, SPLIT_COLUMNS, RunSplit

if TYPE_CHECKING:
    from speechsent.run import Run

NOTHING = RunSplit((), (), ())


@dataclass(frozen=True)
class Heard:
    """Clips that earlier trainings heard, and the trainings of which that is not known.

    Args:
        clips: In ``"train"`` those that weights were fitted to, whatever part they were in then;
            in ``"validation"`` those that only an epoch was chosen by.
        gone: Runs that recorded nothing, or whose record is lost with their folder.
    """

    clips: RunSplit = NOTHING
    gone: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.clips.utterances or self.gone)


def heard_by(run: "Run") -> Heard:
    """All that a run's network has heard: in its own training, and before.

    Raises:
        RunError: If a record is damaged.
    """
    before = heard_before(run)
    return Heard(_joined([_fitted(run), before.clips]), before.gone)


def heard_before(run: "Run") -> Heard:
    """What the runs heard that a run goes back to; nothing if it started from none.

    Runs record it themselves. Older ones did not: there, the runs they name are asked.

    Raises:
        RunError: If a record is damaged.
    """
    clips, seen = [], {run.path.resolve()}
    while started := _started(run):
        if is_recorded(run):
            clips.append(RunSplit.read(run.sound(HEARD), Path("/")))
            return Heard(_joined(clips), tuple(started.get("gone", ())))
        parent = _parent(started)
        if parent is None or parent.path.resolve() in seen:
            return Heard(_joined(clips), (str(started["path"]),))
        clips.append(_fitted(parent))
        seen.add(parent.path.resolve())
        run = parent
    return Heard(_joined(clips))


def is_recorded(run: "Run") -> bool:
    """Whether a run has, or had when it was sealed, a record of what was heard before it."""
    return (run.path / HEARD).is_file() or bool(run.facts.get("files", {}).get(HEARD))


def record_heard(run: "Run", heard: Heard) -> None:
    """Write what was heard before; files are named by their whole path."""
    run.write_rows(HEARD, SPLIT_COLUMNS, heard.clips.rows(Path()))


def _started(run: "Run") -> dict[str, Any] | None:
    started = run.facts.get("started_from")
    if started is None:
        return None
    if not isinstance(started, dict) or not isinstance(started.get("path"), str):
        raise RunError(f"{run.path / 'run.json'}: does not say which run it was started from")
    return started


def _parent(started: dict[str, Any]) -> "Run | None":
    """The run that was started from, if it is there and still the same."""
    from speechsent.run import Run  # TensorFlow loads here, and few runs have a parent

    try:
        parent = Run.open(Path(started["path"]))
    except RunError:
        return None
    return parent if parent.facts.get("split_hash") == started.get("split_hash") else None


def _fitted(run: "Run") -> RunSplit:
    """The clips of a run's training and validation; a refit was fitted to both."""
    split = run.split
    rows = zip(split.utterances, split.parts, split.hashes, strict=True)
    chosen: Part = "train" if run.facts.get("refit") else "validation"
    return _split(
        (replace(u, values=()), "train" if part == "train" else chosen, digest)
        for u, part, digest in rows
        if part != "test"
    )


def _joined(splits: Iterable[RunSplit]) -> RunSplit:
    """Each clip once; what was fitted to once counts as that."""
    found: dict[tuple[Any, ...], tuple[Utterance, Part, str]] = {}
    for split in splits:
        for row in zip(split.utterances, split.parts, split.hashes, strict=True):
            utterance, part, digest = row
            key = (digest, utterance.start, utterance.end, utterance.speaker)
            if key not in found or part == "train":
                found[key] = row
    return _split(found.values())


def _split(rows: Iterable[tuple[Utterance, Part, str]]) -> RunSplit:
    utterances, parts, hashes = tuple(zip(*rows, strict=True)) or ((), (), ())
    return RunSplit(utterances, parts, hashes)
