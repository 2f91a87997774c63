"""Runs that can be held against each other: same protocol, same test clips, same classes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from speechsent.comparing.settings import differing
from speechsent.errors import ParameterError, RunError, some
from speechsent.evaluation.predictions import Predictions, read_predictions
from speechsent.experiment import open_run
from speechsent.run import Run
from speechsent.run_split import relative

AnyRun = Run | Path | str


def protocol_of(run: Run) -> str:
    """Name, fold and definition of the protocol a run was tested under."""
    facts = run.facts
    fold = f", {facts['fold']}" if facts.get("fold") else ""
    return protocol_name(facts["protocol"] + fold, facts.get("protocol_hash", ""))


def protocol_name(name: str, definition: str) -> str:
    """A protocol's name, with the fingerprint of its definition if it has one."""
    return f"{name} (definition {definition})" if definition else name


@dataclass(frozen=True)
class System:
    """Runs of one side, and what each answered, clips sorted by name."""

    runs: tuple[Run, ...]
    predictions: tuple[Predictions, ...]

    @classmethod
    def open(cls, runs: AnyRun | Sequence[AnyRun]) -> "System":
        several = [runs] if isinstance(runs, AnyRun) else runs
        if not several:
            raise ParameterError("a comparison needs a run on each side. Received: none")
        opened = tuple(open_run(run) for run in several)
        _refuse_numbers(opened)
        _refuse_other_settings(opened)
        return cls(opened, tuple(_predictions(run) for run in opened))

    @property
    def answers(self) -> np.ndarray:
        """Class indices, shape ``(n_runs, n_clips)``."""
        return np.stack([predictions.predicted for predictions in self.predictions])

    @property
    def right(self) -> np.ndarray:
        """Whether each clip was recognised, shape ``(n_runs, n_clips)``."""
        return np.asarray(self.answers == self.predictions[0].truth)


def _predictions(run: Run) -> Predictions:
    """What a run answered; clips of one file keep their order, which is that of the split."""
    path = run.path / "predictions.csv"
    if not path.is_file():
        raise RunError(
            f"{run.path}: its test part was never scored; "
            f"'speechsent evaluate --run {run.path}' does"
        )
    rows = read_predictions(path)
    order = sorted(range(len(rows.files)), key=lambda i: rows.files[i])
    return replace(
        rows,
        files=tuple(rows.files[i] for i in order),
        speakers=tuple(rows.speakers[i] for i in order),
        truth=rows.truth[order],
        probabilities=rows.probabilities[order],
    )


def _refuse_numbers(runs: Sequence[Run]) -> None:
    for run in runs:
        if run.scale:
            raise RunError(
                f"{run.path}: tells numbers, and what is compared is UAR and accuracy of emotions; "
                "'speechsent runs show' tells the CCC of a run"
            )


def _refuse_other_settings(runs: Sequence[Run]) -> None:
    """Runs of one side are repetitions: nothing but the seed differs, and no seed comes twice."""
    for other in runs[1:]:
        keys = differing(runs[0].config, other.config).keys() - {"seed"}
        if keys:
            raise RunError(
                "runs of one side may differ in their seed only. "
                f"Received: {runs[0].path} and {other.path}, which differ in {some(sorted(keys))}"
            )
    seeds = [run.config.seed for run in runs]
    if len({*seeds}) < len(seeds):
        raise RunError(f"each seed counts once on a side. Received: seeds {some(seeds)}")


def refuse_other_clips(runs: Sequence[Run]) -> None:
    """All runs have one protocol, one fold of it, and the same audio in their test part."""
    for other in runs[1:]:
        ours, theirs = protocol_of(runs[0]), protocol_of(other)
        if ours != theirs:
            raise RunError(
                "scores of different protocols cannot be compared. "
                f"Received: {ours} of {runs[0].path}, {theirs} of {other.path}"
            )
        apart = _tested(runs[0]) ^ _tested(other)
        if apart:
            raise RunError(
                f"runs are compared on the same test clips. {runs[0].path} and {other.path} are "
                f"both tested under {ours}, but split {runs[0].facts['split_hash']} and "
                f"{other.facts['split_hash']}; only one has {some(sorted({c[0] for c in apart}))}"
            )


def _tested(run: Run) -> set[tuple[str, float, str, str]]:
    """Name, start, emotion and hash of each test clip."""
    root = Path(run.facts["root"])
    rows = zip(run.split.utterances, run.split.parts, run.split.hashes, strict=True)
    return {
        (relative(u.path, root), u.start, u.emotion, sha256)
        for u, part, sha256 in rows
        if part == "test"
    }


def refuse_other_rows(*systems: System) -> None:
    """The tables of predictions list the same clips with the same classes."""
    runs = [run for system in systems for run in system.runs]
    tables = [table for system in systems for table in system.predictions]
    first = tables[0]
    for run, table in zip(runs, tables, strict=True):
        same = first.labels == table.labels and first.files == table.files
        if not same or not np.array_equal(first.truth, table.truth):
            raise RunError(
                f"{run.path / 'predictions.csv'}: not the clips and classes of "
                f"{runs[0].path / 'predictions.csv'}; evaluate both runs again"
            )
