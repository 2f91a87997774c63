"""All runs under a folder, each with its protocol and its score."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from speechsent.errors import ParameterError, RunError, SpeechsentError
from speechsent.evaluation.intervals import Interval
from speechsent.evaluation.wellformed import check_types, is_number
from speechsent.experiment.evaluation import RUNS
from speechsent.run import Run
from speechsent.run_records import SCORES, table_of


@dataclass(frozen=True, kw_only=True)
class ListedRun:
    """A finished run in one line.

    Args:
        path: Its folder.
        corpus: What it was trained on.
        mode: How branches were trained and joined.
        protocol: Name of the split's rule.
        protocol_hash: Fingerprint of a named protocol's definition; empty if there is none.
        fold: Name of its fold; empty if there is none.
        split_hash: Fingerprint of the split.
        seed: Seed of the training.
        finished: When, in UTC, as ISO 8601 writes it.
        part: ``"test"``, or ``"validation"`` where the test part was never scored.
        score: ``"uar"``, or ``"ccc"`` where numbers are told.
        value: That score on that part; the epoch was chosen on validation, so there it is
            optimistic.
        interval: Its interval; None for validation.
        leaky: What was done wrong on purpose; empty for an honest run.
    """

    path: Path
    corpus: str
    mode: str
    protocol: str
    protocol_hash: str
    fold: str
    split_hash: str
    seed: int
    finished: str
    part: str
    score: str
    value: float
    interval: Interval | None
    leaky: str = ""


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What a folder of runs holds.

    Args:
        root: The folder.
        runs: Finished runs, newest last.
        n_unfinished: Folders of trainings that did not finish, or still go on.
        unreadable: What is wrong with runs that finished but cannot be read.
        resumable: Those of the unfinished that ``train --resume`` can go on with.
    """

    root: Path
    runs: tuple[ListedRun, ...]
    n_unfinished: int
    unreadable: tuple[str, ...]
    resumable: tuple[Path, ...] = ()

    @property
    def by_protocol(self) -> dict[tuple[str, str], tuple[ListedRun, ...]]:
        """Runs by name and fingerprint of their protocol, because other scores do not compare.

        The protocol of the newest run comes last.
        """
        newest_first = dict.fromkeys((r.protocol, r.protocol_hash) for r in reversed(self.runs))
        return {
            key: tuple(r for r in self.runs if (r.protocol, r.protocol_hash) == key)
            for key in reversed(newest_first)
        }


def list_runs(root: Path | str = RUNS) -> Listing:
    """Find the runs under a folder, at any depth.

    Args:
        root: The folder.

    Raises:
        RunError: If there is no such folder.
    """
    root = Path(root)
    if not root.is_dir():
        raise RunError(f"{root}: no such folder of runs")
    named = [path.parent for path in root.rglob("config.yaml")]
    folders = [folder for folder in named if _is_run(folder)]
    finished = [folder for folder in folders if Run(folder).finished]
    runs, unreadable = [], []
    for folder in sorted(finished):
        try:
            runs.append(_listed(Run.open(folder)))
        except SpeechsentError as error:
            unreadable.append(str(error))
    return Listing(
        root=root,
        runs=tuple(sorted(runs, key=lambda run: (run.finished, run.path))),
        n_unfinished=len(folders) - len(finished),
        unreadable=tuple(unreadable),
        resumable=tuple(sorted(folder for folder in folders if Run(folder).resumable)),
    )


def _is_run(folder: Path) -> bool:
    """Whether a training was begun there; others, too, call a file config.yaml."""
    return (folder / "split.csv").is_file() or (folder / "run.json").is_file()


def _listed(run: Run) -> ListedRun:
    facts = run.facts
    try:
        return ListedRun(
            path=run.path,
            corpus=facts["corpus"],
            mode=facts["mode"],
            protocol=facts["protocol"],
            protocol_hash=facts.get("protocol_hash", ""),
            fold=facts.get("fold", ""),
            split_hash=facts["split_hash"],
            seed=run.config.seed,
            finished=facts["finished"],
            leaky=run.leaky,
            **_score(run),
        )
    except (KeyError, TypeError, ParameterError) as error:
        raise RunError(f"{run.path}: run.json or scores.json lacks a fact ({error})") from error


def _score(run: Run) -> dict[str, Any]:
    name = run.score
    scores = table_of(run, SCORES)
    if scores is None:
        value = run.facts[f"validation_{name}"]
        return {"part": "validation", "score": name, "value": value, "interval": None}
    value, interval = scores[name], Interval(**scores[f"{name}_interval"])
    check_types(interval)
    if not is_number(value):
        raise TypeError(f"{name} is no number")
    return {"part": "test", "score": name, "value": value, "interval": interval}
