"""A small corpus and configuration, victims that train on it, and the run they must come to."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from speechsent.config import load
from speechsent.corpus.synthetic import SyntheticCorpus, synthesize
from speechsent.experiment import resume, train
from speechsent.experiment.unfinished import Unfinished
from speechsent.resources import Resources
from speechsent.run import CHECKPOINT, MODEL, Run
from speechsent.training.snapshot import Slots, Snapshot
from speechsent.training.workshop import Workshop

VICTIM = Path(__file__).with_name("victim.py")
ROOT = VICTIM.parents[2]
NOTHING_KEPT = Resources(cache=False, checkpoint_seconds=0)
CONFIG = """\
view: {seconds: 1.2}
log_mel: {n_mels: 32}
mfcc: {n_mfcc: 13}
cnn: {stem: [8], channels: 8, embedding: 8}
lstm: {channels: 8, units: [8], embedding: 8, bidirectional: false}
fusion: {units: 8, copies: 2}
fit: {epochs: 4, head_epochs: 4, batch_size: 8, patience: 2}
"""


class Workplace:
    """Where victims train.

    Args:
        folder: An empty folder; whatever is kept between runs lies in there as well.
    """

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o755)
        self.folder, self.config = folder, folder / "tiny.yaml"
        self.config.write_text(CONFIG)
        voices = SyntheticCorpus(n_speakers=6, n_test_speakers=2, n_sentences=1, n_takes=2)
        self.corpus = synthesize(folder / "voices", voices)
        os.environ["SPEECHSENT_HOME"] = str(folder / "home")
        self._workshops: dict[str, Workshop] = {}
        self._whole: dict[str, Run] = {}
        self._n_victims = 0

    def victim(self, mode: str, fault: str = "", seconds: float = 0.0) -> "Victim":
        """Start a training in a process of its own."""
        self._n_victims += 1
        out = self.folder / f"victim-{self._n_victims}"
        return Victim(self, out, mode, fault, seconds)

    def same(self, mode: str, run: Run) -> bool:
        """Whether a run, gone on with here, ends as one that was never cut, bit for bit."""
        with kept_checkpoints():
            resume(run, resources=NOTHING_KEPT, workshop=self._workshop(mode))
        return outcome(run) == outcome(self.whole(mode))

    def whole(self, mode: str) -> Run:
        """The run that was never cut."""
        if mode not in self._whole:
            config = load(self.config, [f"fusion.mode={mode}"])
            with kept_checkpoints():
                self._whole[mode] = train(
                    config,
                    self.corpus,
                    out=self.folder / "whole",
                    baseline=False,
                    resources=NOTHING_KEPT,
                    workshop=self._workshop(mode),
                )
        return self._whole[mode]

    def _workshop(self, mode: str) -> Workshop:
        return self._workshops.setdefault(mode, Workshop())


class Victim:
    """A training in a process of its own.

    Args:
        workplace: Where it trains.
        out: Folder of its run.
        mode: How branches are trained and joined.
        fault: What strikes it; see ``victim.py``.
        seconds: Between two checkpoints.
    """

    def __init__(
        self, workplace: Workplace, out: Path, mode: str, fault: str, seconds: float
    ) -> None:
        command = [sys.executable, VICTIM, "train", workplace.corpus, "--config", workplace.config]
        options = ["--fusion", mode, "--checkpoint-every", seconds, "--out", out, "--no-cache"]
        self.out = out
        self.process = subprocess.Popen(
            [*map(str, [*command, *options, "--no-baseline", "--quiet"])],
            env={**os.environ, "FAULT": fault, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def until(self, what: str, times: int) -> bool:
        """Wait until it has told something so many times; False if it ends before."""
        for line in self.process.stdout or ():
            times -= line.strip() == what
            if times <= 0:
                return True
        return False

    def kill(self) -> None:
        """Kill it with a signal that cannot be caught."""
        self.process.kill()
        self.process.communicate()

    def end(self) -> tuple[int, list[str]]:
        """Wait for its end: exit status, and the lines of standard error."""
        _, err = self.process.communicate()
        return self.process.returncode, err.splitlines()

    @property
    def run(self) -> Run:
        """Its run."""
        (config,) = self.out.glob("*/*/config.yaml")
        return Run(config.parent)


@contextmanager
def kept_checkpoints() -> Iterator[None]:
    """Let finished runs leave a copy of their last checkpoints, which hold the optimiser."""
    finish = Unfinished.finish

    def copying(self: Unfinished) -> None:
        shutil.copytree(self.run.path / CHECKPOINT, self.run.path / "kept", dirs_exist_ok=True)
        finish(self)

    Unfinished.finish = copying  # type: ignore[method-assign]
    try:
        yield
    finally:
        Unfinished.finish = finish  # type: ignore[method-assign]


def outcome(run: Run) -> dict[str, Any]:
    """Weights, optimiser, seeds, best epochs, history and scores of a finished run, as bytes."""
    found: dict[str, Any] = {
        name: (run.path / name).read_bytes()
        for name in ("history.csv", "predictions.csv", "stages.json", "scores.json")
    }
    with h5py.File(run.path / MODEL) as file:
        file.visititems(
            lambda name, item: (
                found.update({name: item[()].tobytes()}) if isinstance(item, h5py.Dataset) else None
            )
        )
    newest = Slots(run.path / "kept").newest()
    stages = {path.name: Snapshot.read(path) for path in (run.path / "kept").glob("*.finished")}
    for name, snapshot in {"last": newest, **stages}.items():
        if snapshot is None:
            raise ValueError(f"{run.path}: a checkpoint is damaged")
        found |= {
            f"{name} {group} {i}": (array.dtype.str, array.shape, np.asarray(array).tobytes())
            for group, arrays in snapshot.arrays.items()
            for i, array in enumerate(arrays)
        }
        facts = ("stage", "epoch", "step", "rows", "best", "best_epoch", "stopped")
        found |= {f"{name} {fact}": snapshot.facts.get(fact) for fact in facts}
    return found
