"""One training of a study: done once, whole or not at all, whatever kills it on the way."""

import os
import shutil
import socket
import threading
import time
import traceback
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from speechsent.corpus.utterance import Corpus
from speechsent.errors import CorpusError, RunError, SaveError, SpeechsentError
from speechsent.experiment import resume, train
from speechsent.resources import Resources
from speechsent.run import Run
from speechsent.study.archive import Archive
from speechsent.study.plan import PlannedRun
from speechsent.study.trained import TOLD, Trained, read_trained
from speechsent.training.listener import Listener
from speechsent.training.workshop import Workshop

UNFINISHED = ".running"
_one_training = threading.Lock()  # TensorFlow takes all cores anyway, and the workshop is shared


@dataclass(frozen=True, kw_only=True)
class Task:
    """A training, and where its run folder goes.

    Args:
        planned: What is trained.
        corpus: On what.
        folder: Folder of the study's runs.
        resources: Whether features are kept between runs, and who extracts them.
        test: Whether the test part is scored; a trial of a search does not.
        archive: Where the numbers of finished runs are kept; None keeps none.
    """

    planned: PlannedRun
    corpus: Corpus
    folder: Path
    resources: Resources
    test: bool = True
    archive: Archive | None = None

    @property
    def path(self) -> Path:
        """The run folder."""
        return self.folder / self.planned.folder

    @property
    def run(self) -> Run | None:
        """The finished run; None if it is still to be trained."""
        try:
            return Run.open(self.path)
        except RunError:
            return None

    @property
    def damage(self) -> str:
        """Why what is in the run's place cannot be used, with the remedy; empty if it can."""
        if not self.path.exists():
            return ""
        try:
            Run.open(self.path)
        except RunError as error:
            return f"{error}. Remove {self.path}, and the run is trained again"
        return ""

    @property
    def trained(self) -> Trained | None:
        """What the finished run came to, by its folder or by the archive."""
        if (run := self.run) is not None:
            return read_trained(run)
        return self.archive.find(self.planned, self.corpus) if self.archive else None

    def archived(self) -> None:
        """Put what a run folder holds into the archive, unless it is there."""
        run = self.run
        if self.archive and run and not self.archive.find(self.planned, self.corpus):
            self.archive.keep(run, self.planned)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a task ended.

    Args:
        failure: Why there is no run, in one line; empty if there is one.
        details: Traceback of an error that nobody expected.
        seconds: Wall time.
    """

    failure: str = ""
    details: str = ""
    seconds: float = 0.0


def refuse_damaged(tasks: Iterable[Task]) -> None:
    """Refuse runs that are there and cannot be read: they would be trained at every start.

    Raises:
        RunError: If there is one; it names the folders.
    """
    if damages := [damage for task in tasks if (damage := task.damage)]:
        raise RunError("; ".join(damages))


def perform(task: Task, listener: Listener | None = None) -> Outcome:
    """Train and score one run, and move it to its place when it is whole.

    What a killed process left of it is gone on with. An error ends this run and not the study.
    """
    started = time.monotonic()
    with _one_training:
        if task.run is not None:
            return Outcome()
        if damage := task.damage:  # what is trained would find no place
            return Outcome(failure=damage)
        unique = f"{socket.gethostname()}-{os.getpid()}"
        working = task.folder / f"{UNFINISHED}-{unique}-{task.planned.folder}"
        try:
            run, whole = _trained(task, working, listener)
            planned, seconds = task.planned, round(time.monotonic() - started, 1)
            facts = {"system": planned.system, "fold": planned.fold, "seed": planned.seed}
            # How long the dead process had trained is not known, so nor is how long all took.
            run.write_json(TOLD, {**facts, "seconds": seconds if whole else None})
            _move(run.path, task.path)
        except KeyboardInterrupt as error:
            error.__notes__ = ["start the same command again to go on"]
            raise
        except SaveError as error:  # what is kept is worth going on with
            return Outcome(failure=str(error), seconds=time.monotonic() - started)
        except SpeechsentError as error:
            _remove(working)
            return Outcome(failure=str(error), seconds=time.monotonic() - started)
        except Exception as error:  # one row of the table, with the traceback beside it
            _remove(working)
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            return Outcome(
                failure=reason,
                details=traceback.format_exc(),
                seconds=time.monotonic() - started,
            )
        _remove(working)
    return Outcome(seconds=time.monotonic() - started)


def _trained(task: Task, working: Path, listener: Listener | None) -> tuple[Run, bool]:
    """Go on with what is left of the task, or train it; tell whether all was trained now."""
    how: dict[str, Any] = {
        "resources": task.resources,
        "listener": listener,
        "workshop": _workshop(),
    }
    cut = _take_over(task, working)
    if cut is not None:
        try:
            return resume(cut, task.corpus, **how), False
        except (CorpusError, RunError):  # of other clips or another version: begin anew
            _remove(working)
    planned = task.planned
    run = train(
        planned.config,
        task.corpus,
        start=planned.start,
        out=working,
        test=task.test,
        report=False,
        **how,
    )
    return run, True


def _take_over(task: Task, working: Path) -> Run | None:
    """Make what a dead process left of a task this one's own; None if there is nothing."""
    for left in _left(task.folder):
        if left.name.endswith(f"-{task.planned.folder}"):
            with suppress(OSError):  # another process was faster
                left.rename(working)
                break
    runs = (Run(path.parent) for path in working.glob("*/*/config.yaml"))
    return next((run for run in runs if run.resumable or run.finished), None)


def _remove(working: Path) -> None:
    shutil.rmtree(working, ignore_errors=True)


def _move(finished: Path, place: Path) -> None:
    """Another process may have trained the same run meanwhile: the first one stays."""
    try:
        finished.rename(place)
    except OSError:
        Run.open(place)


@cache
def _workshop() -> Workshop:
    """Compiled models of this process."""
    return Workshop()


def sweep(folder: Path, wanted: Collection[str] = ()) -> None:
    """Remove what killed processes of this machine left, but for what is still to be trained.

    Args:
        folder: Folder of the study's runs.
        wanted: Folders of the runs that are still to be trained.
    """
    for left in _left(folder):
        if not any(left.name.endswith(f"-{name}") for name in wanted):
            _remove(left)


def _left(folder: Path) -> Iterator[Path]:
    """Folders of processes of this machine that are dead."""
    beginning = f"{UNFINISHED}-{socket.gethostname()}-"
    for left in sorted(folder.glob(f"{beginning}*")):
        pid = left.name.removeprefix(beginning).partition("-")[0]
        if pid.isdecimal() and not _alive(int(pid)):
            yield left


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
