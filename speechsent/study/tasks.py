"""One training of a study: done once, whole or not at all, whatever kills it on the way."""

import os
import shutil
import socket
import threading
import time
import traceback
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from speechsent.corpus.utterance import Corpus
from speechsent.errors import RunError, SpeechsentError
from speechsent.experiment import train
from speechsent.resources import Resources
from speechsent.run import Run
from speechsent.study.analysis import TOLD
from speechsent.study.plan import PlannedRun
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
    """

    planned: PlannedRun
    corpus: Corpus
    folder: Path
    resources: Resources
    test: bool = True

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


def perform(task: Task, listener: Listener | None = None) -> Outcome:
    """Train and score one run, and move it to its place when it is whole.

    An error ends this run and not the study.
    """
    started = time.monotonic()
    with _one_training:
        if task.run is not None:
            return Outcome()
        unique = f"{socket.gethostname()}-{os.getpid()}"
        working = task.folder / f"{UNFINISHED}-{unique}-{task.planned.folder}"
        try:
            run = train(
                task.planned.config,
                task.corpus,
                start=task.planned.start,
                out=working,
                test=task.test,
                resources=task.resources,
                listener=listener,
                workshop=_workshop(),
            )
            planned, seconds = task.planned, round(time.monotonic() - started, 1)
            facts = {"system": planned.system, "fold": planned.fold, "seed": planned.seed}
            run.write_json(TOLD, {**facts, "seconds": seconds})
            _move(run.path, task.path)
        except SpeechsentError as error:
            return Outcome(failure=str(error), seconds=time.monotonic() - started)
        except Exception as error:  # one row of the table, with the traceback beside it
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            return Outcome(
                failure=reason,
                details=traceback.format_exc(),
                seconds=time.monotonic() - started,
            )
        finally:
            shutil.rmtree(working, ignore_errors=True)
    return Outcome(seconds=time.monotonic() - started)


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


def sweep(folder: Path) -> None:
    """Remove what killed processes of this machine left unfinished."""
    for left in folder.glob(f"{UNFINISHED}-{socket.gethostname()}-*"):
        pid = left.name.removeprefix(f"{UNFINISHED}-{socket.gethostname()}-").partition("-")[0]
        if pid.isdecimal() and not _alive(int(pid)):
            shutil.rmtree(left, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
