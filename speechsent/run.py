"""The run folder: the only place that writes results, each file whole or not at all."""

import csv
import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from speechsent import config as configuration
from speechsent.config import ExperimentConfig
from speechsent.corpus.utterance import PARTS, Part, Utterance
from speechsent.errors import RunError
from speechsent.seal import check_facts, check_file
from speechsent.targets import TargetScale
from speechsent.typed import shown
from speechsent.writing import writing

FORMAT = 1
MODEL = "model.weights.h5"
STATISTICS = "standardizer.npz"
TARGETS = "targets.json"
CHECKPOINT = "checkpoint"
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
)
MAX_LABELS = 1000
LIBRARIES = ("speechsent", "keras", "tensorflow", "numpy", "scipy", "soundfile", "soxr")
SPLIT_COLUMNS = (
    "file",
    "sha256",
    "speaker",
    "gender",
    "sentence",
    "intensity",
    "emotion",
    "start",
    "end",
    "part",
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
        folder.mkdir(parents=True, exist_ok=True)
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
            raise RunError(f"{path}: no such run folder")
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

        Raises:
            RunError: If there is none.
        """
        finished = [p.parent for p in root.glob("*/*/run.json") if cls(p.parent).finished]
        if not finished:
            raise RunError(f"{root}: no finished run here; train one, or name it with --run")
        return cls.open(max(finished, key=lambda path: (cls(path).facts["finished"], path.name)))

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
        facts = self.read_json("run.json")
        told = [facts.get("finished"), facts.get("root", "")] if isinstance(facts, dict) else [None]
        if not all(isinstance(text, str) for text in told):
            raise RunError(f"{self.path / 'run.json'}: not the facts of a run")
        check_facts(self.path / "run.json", facts)
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
        path = self.sound("config.yaml")
        config = configuration.load(path)
        cnn = (configuration.read_yaml(path) or {}).get("cnn", {})
        if "dropout" not in cnn or "block_dropout" in cnn:
            return config
        # An older run, whose one rate was that of the blocks as well.
        return replace(config, cnn=replace(config.cnn, block_dropout=config.cnn.dropout))

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Names of emotions, or of targets, in the order of the model's outputs."""
        names = self.read_json("labels.json")
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise RunError(f"{self.path / 'labels.json'}: not a list of emotion names")
        if not 0 < len(set(names)) == len(names) <= MAX_LABELS or not all(map(_is_name, names)):
            raise RunError(
                f"{self.path / 'labels.json'}: lists 1 to {MAX_LABELS} different names. "
                f"Received: {shown(names)}"
            )
        return tuple(names)

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

    @property
    def score(self) -> str:
        """What it was chosen and is judged by: ``"uar"``, or ``"ccc"`` where numbers are told."""
        return "ccc" if self.scale else "uar"

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
            writer = csv.DictWriter(f, columns, lineterminator="\n", extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)

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
            what: Which set.
            n: Its clips.
            score: UAR or CCC, by name.
        """
        seen = self.tests_seen
        told = {name: round(value, 6) for name, value in score.items()}
        seen.append({"time": now(), "what": what, "n": n, **told, "command": sys.argv})
        self.write_json("tests_seen.json", seen)
        return sum(entry["what"] == what for entry in seen)

    @property
    def tests_seen(self) -> list[dict[str, Any]]:
        """Every time a test set was scored with this model."""
        if not (self.path / "tests_seen.json").is_file():
            return []
        seen = self.read_json("tests_seen.json")
        return seen if isinstance(seen, list) else []


@dataclass(frozen=True)
class RunSplit:
    """Clips of a run with their part and the hash of their file, aligned."""

    utterances: tuple[Utterance, ...]
    parts: tuple[Part, ...]
    hashes: tuple[str, ...]

    def of(self, *parts: Part) -> list[Utterance]:
        """The clips of some parts."""
        return [u for u, part in zip(self.utterances, self.parts, strict=True) if part in parts]

    def speakers(self, *parts: Part) -> set[str | None]:
        """Speakers of some parts; None stands for unknown ones."""
        return {utterance.speaker for utterance in self.of(*parts)}

    def hashes_of(self, *parts: Part) -> set[str]:
        """File hashes of some parts."""
        return {h for h, part in zip(self.hashes, self.parts, strict=True) if part in parts}

    def rows(self, root: Path, targets: Sequence[str] = ()) -> Iterable[dict[str, Any]]:
        """Rows of ``split.csv``, and columns of targets; paths are relative to the corpus."""
        for u, part, digest in zip(self.utterances, self.parts, self.hashes, strict=True):
            yield {
                "file": relative(u.path, root),
                "sha256": digest,
                "speaker": u.speaker or "",
                "gender": u.gender or "",
                "sentence": u.sentence or "",
                "intensity": u.intensity or "",
                "emotion": u.emotion,
                "start": u.start,
                "end": "" if u.end is None else u.end,
                "part": part,
                **dict(zip(targets, map(repr, u.values), strict=True)),
            }

    @classmethod
    def read(cls, path: Path, root: Path, targets: Sequence[str] = ()) -> "RunSplit":
        """Read ``split.csv``.

        Args:
            path: The file.
            root: Folder of the corpus.
            targets: Columns of numbers to tell.

        Raises:
            RunError: If it is missing or damaged.
        """
        try:
            with path.open(newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            if not rows:
                raise ValueError("it lists no clips")
            return cls(
                tuple(_utterance(row, root, targets) for row in rows),
                tuple(_part(row["part"]) for row in rows),
                tuple(row["sha256"] for row in rows),
            )
        except (OSError, KeyError, ValueError, TypeError, csv.Error) as error:
            raise RunError(f"{path}: missing or damaged ({error})") from error


def _utterance(row: Mapping[str, str], root: Path, targets: Sequence[str]) -> Utterance:
    return Utterance(
        path=root / row["file"],
        emotion=row["emotion"],
        speaker=row["speaker"] or None,
        gender=row["gender"] or None,
        sentence=row.get("sentence") or None,  # older runs do not say
        intensity=row.get("intensity") or None,
        start=float(row["start"]),
        end=float(row["end"]) if row["end"] else None,
        values=tuple(float(row[target]) for target in targets),
    )


def _is_name(text: str) -> bool:
    """Whether a text can be shown as a name: not empty, in one line, not endless."""
    return 0 < len(text.strip()) <= 100 and text.isprintable()


def _part(word: str) -> Part:
    for part in PARTS:
        if part == word:
            return part
    raise ValueError(f"unknown part {word!r}")


def relative(path: Path, root: Path) -> str:
    """POSIX path below ``root``, or the whole path where it lies elsewhere."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def now() -> str:
    """The time in UTC, sortable, to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def environment() -> dict[str, Any]:
    """Versions, machine and command, for whoever wants to repeat a run."""
    return {
        "command": sys.argv,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "libraries": {name: installed_version(name) for name in LIBRARIES},
        "source": _source(),
    }


def _source() -> str:
    """SHA-256 over the names and contents of the package's own source files."""
    package = Path(__file__).parent
    digest = hashlib.sha256()
    for name in sorted(path.relative_to(package).as_posix() for path in package.rglob("*.py")):
        content = (package / name).read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def installed_version(name: str) -> str | None:
    """Version of an installed package; None if it is not."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None
