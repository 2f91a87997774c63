"""The run folder: the only place that writes results, each file whole or not at all."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from speechsent.config import ExperimentConfig
from speechsent.csv_rows import row_writer
from speechsent.environment import command
from speechsent.errors import LockedError, RunError, some
from speechsent.features.standardize import Standardizer
from speechsent.former import load_as_trained
from speechsent.locking import locked_patiently
from speechsent.run_facts import as_facts, as_labels, as_looks
from speechsent.run_split import HEARD, RunSplit
from speechsent.seal import check_facts, check_file
from speechsent.targets import TargetScale
from speechsent.writing import make_folder, writing

FORMAT = 1
MODEL = "model.weights.h5"
STATISTICS = "standardizer.npz"
TARGETS = "targets.json"
CHECKPOINT = "checkpoint"
TESTS_SEEN = "tests_seen.json"
OWN_TEST = "test"  # what looks at a run's own test part are counted under
PLAN = f"{CHECKPOINT}/plan.json"  # there as long as the training is not finished
SEALED = (
    MODEL,
    STATISTICS,
    TARGETS,
    "config.yaml",
    "labels.json",
    "calibration.json",
    "baseline.npz",
    "stages.json",
    "split.csv",
    HEARD,
)


@dataclass(frozen=True)
class Run:
    """A folder with one training's configuration, model and results.

    Args:
        path: The folder.
    """

    path: Path

    @classmethod
    def create(cls, root: Path, corpus: str, label: str) -> "Run":
        """Make ``root/corpus/<time>-<label>``, a name no other process can take."""
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        folder = root / corpus
        make_folder(folder)
        for attempt in range(100):
            suffix = f"-{attempt + 1}" if attempt else ""
            path = folder / f"{stamp}-{label}{suffix}"
            try:
                path.mkdir()
            except FileExistsError:
                continue
            return cls(path)
        raise RunError(f"{folder}: a hundred runs started within a second")

    @classmethod
    def open(cls, path: Path) -> "Run":
        """Open a finished run.

        Raises:
            RunError: If the folder is missing, holds no run, or its training never finished.
        """
        run = cls(Path(path))
        if not run.path.is_dir():
            raise RunError(f"{path}: no such run folder; 'speechsent runs list' names them")
        if not (run.path / "config.yaml").is_file():
            raise RunError(f"{path}: not a run folder (it has no config.yaml)")
        if run.resumable:
            raise RunError(
                f"{path}: its training is not finished; go on with: "
                f"speechsent train --resume {path}"
            )
        if not run.finished:
            raise RunError(
                f"{path}: a run without a model; its training did not finish. Train again"
            )
        if run.facts.get("format") != FORMAT:
            raise RunError(
                f"{path}: written in format {run.facts.get('format')}, this version reads {FORMAT}"
            )
        return run

    @classmethod
    def newest(cls, root: Path) -> "Run":
        """Open the run under ``root`` that finished last.

        Damaged ones are passed over, so that one of them does not hide the others.

        Raises:
            RunError: If there is none, or none that can be opened.
        """
        runs, problems = [], []
        for path in sorted(root.glob("*/*/run.json")):
            if not cls(path.parent).finished:
                continue
            try:
                runs.append(cls.open(path.parent))
            except RunError as error:
                problems.append(str(error))
        if problems and not runs:
            raise RunError(f"{root}: no finished run here can be opened: {some(problems, limit=1)}")
        if not runs:
            raise RunError(f"{root}: no finished run here; train one, or name it with --run")
        return max(runs, key=lambda run: (run.facts["finished"], run.path.name))

    @property
    def finished(self) -> bool:
        """Whether the training, and the scoring that was asked for, came to their end."""
        whole = (self.path / "run.json").is_file() and (self.path / MODEL).is_file()
        return whole and not self.resumable

    @property
    def resumable(self) -> bool:
        """Whether its training is underway, or was cut and can be gone on with."""
        return (self.path / PLAN).is_file()

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What ``run.json`` says: corpus, protocol, split hash, classes of each part, time."""
        facts = as_facts(self.path / "run.json", self.read_json("run.json"))
        check_facts(facts.path, facts)
        return facts

    def sound(self, name: str) -> Path:
        """Path of a file, which is what it was when the run was finished.

        Raises:
            RunError: If it was changed since.
        """
        if name in SEALED and (self.path / "run.json").is_file():
            check_file(self.path / name, self.facts)
        return self.path / name

    @property
    def leaky(self) -> str:
        """What was done wrong on purpose, to show what it gains; empty for an honest run."""
        return str(self.facts.get("leaky", ""))

    @cached_property
    def config(self) -> ExperimentConfig:
        """The resolved configuration, by which the network is built as it was trained."""
        return load_as_trained(self.sound("config.yaml"))

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Names of emotions, or of targets, in the order of the model's outputs."""
        return as_labels(self.path / "labels.json", self.read_json("labels.json"))

    @cached_property
    def scale(self) -> TargetScale | None:
        """Names and training statistics of the targets; None where emotions are told."""
        if not self.sound(TARGETS).is_file():
            return None
        try:
            scale = TargetScale.from_dict(self.read_json(TARGETS))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise RunError(f"{self.path / TARGETS}: not the scale of targets ({error})") from error
        if scale.names != self.labels:
            raise RunError(f"{self.path / TARGETS}: has other names than labels.json")
        return scale

    @cached_property
    def standardizer(self) -> Standardizer:
        """What standardises every view, as it was in training, with as many values as it has."""
        return Standardizer.load(self.sound(STATISTICS), self.config.extractor.widths)

    @property
    def score(self) -> str:
        """What it was chosen and is judged by: ``"uar"``, or ``"ccc"`` where numbers are told."""
        return "ccc" if self.scale else "uar"

    @property
    def n_fitted(self) -> int:
        """How many clips the network was fitted to."""
        n = self.facts["n_clips"]
        return int(n["train"] + n["validation"] if self.facts.get("refit") else n["train"])

    @cached_property
    def split(self) -> "RunSplit":
        """The clips of each part, as ``split.csv`` lists them."""
        targets = self.scale.names if self.scale else ()
        return RunSplit.read(self.sound("split.csv"), Path(self.facts["root"]), targets)

    def read_json(self, name: str) -> Any:
        """Read one of the run's JSON files.

        Raises:
            RunError: If it is missing or damaged.
        """
        try:
            return json.loads(self.sound(name).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise RunError(f"{self.path / name}: missing or damaged ({error})") from error

    def write_json(self, name: str, value: Any) -> None:
        """Write a value as JSON."""
        self.write_text(
            name, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        )

    def write_text(self, name: str, text: str) -> None:
        """Write a text file."""
        with self.writing(name) as temporary:
            temporary.write_text(text, encoding="utf-8")

    def write_rows(
        self, name: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]
    ) -> None:
        """Write a CSV file."""
        with (
            self.writing(name) as temporary,
            temporary.open("w", newline="", encoding="utf-8") as f,
        ):
            writer = row_writer(f)
            writer.writerow(columns)
            writer.writerows([row.get(name, "") for name in columns] for row in rows)

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        """Yield a temporary path; what is written there becomes ``name`` at the end.

        The temporary name keeps its endings, because Keras chooses the format by them.
        """
        with writing(self.path / name) as temporary:
            yield temporary

    def record_test(self, what: str, *, n: int, **score: float) -> int:
        """Note that a test set was looked at; return how often that set has been by now.

        Args:
            what: Which set: its own test part, or the whole path of another.
            n: Its clips.
            score: UAR or CCC, by name.

        Raises:
            RunError: If the record is damaged, or somebody else holds it for long.
        """
        told = {name: round(value, 6) for name, value in score.items()}
        try:
            with locked_patiently(self.path / f".{TESTS_SEEN}.lock"):  # or looks would be lost
                entry = {"time": now(), "what": what, "n": n, **told, "command": command()}
                seen = [*self.tests_seen, entry]
                self.write_json(TESTS_SEEN, seen)
        except LockedError as error:
            raise RunError(f"{self.path / TESTS_SEEN}: is being written by {error}") from error
        return sum(entry["what"] == what for entry in seen)

    @property
    def tests_seen(self) -> list[dict[str, Any]]:
        """Every time a test set was scored with this model.

        Raises:
            RunError: If the record is damaged.
        """
        if not (self.path / TESTS_SEEN).is_file():
            return []
        return as_looks(self.path / TESTS_SEEN, self.read_json(TESTS_SEEN))


def now() -> str:
    """The time in UTC, sortable, to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
