"""A training that is underway or was cut: what it takes to go on, kept until it is finished."""

import csv
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from speechsent.corpus.hashes import sha256
from speechsent.corpus.leaky import Leak
from speechsent.corpus.utterance import Corpus
from speechsent.environment import environment
from speechsent.errors import CorpusError, LockedError, RunError, SaveError
from speechsent.locking import locked
from speechsent.opening import CorpusSource, open_corpus
from speechsent.preparation import Prepared
from speechsent.run import CHECKPOINT, MODEL, PLAN, Run, now
from speechsent.run_split import RunSplit
from speechsent.training.listener import Listener
from speechsent.training.progress import Pace, Progress
from speechsent.writing import sweep, sync_folder

FORMAT = 1
RESUMED = f"{CHECKPOINT}/resumed.json"
REMEDY = "put it back as it was, or train again"


@dataclass(frozen=True)
class Unfinished:
    """A run folder whose training is not finished, held by this process.

    Args:
        run: The folder.
        plan: What the training was asked for, and hashes of what it depends on.
    """

    run: Run
    plan: Mapping[str, Any]

    @property
    def leak(self) -> Leak | None:
        """What is done wrong on purpose."""
        return Leak(**self.plan["leak"]) if self.plan["leak"] else None

    @property
    def start(self) -> Path | None:
        """The run this one starts from.

        Raises:
            RunError: If its weights are other ones by now.
        """
        if not self.plan["start"]:
            return None
        start, model = Path(self.plan["start"]["path"]), self.plan["start"]["model"]
        if not (start / MODEL).is_file() or sha256(start / MODEL) != model:
            raise RunError(f"{start}: the run this one starts from is gone or changed; {REMEDY}")
        return start

    def corpus(self, listener: Listener) -> Corpus:
        """Read the corpus from where it was.

        Raises:
            RunError: If it was only ever in memory.
            CorpusError: If it cannot be read.
        """
        places = self.plan["corpus"]
        if places is None:
            raise RunError(
                f"{self.run.path}: its corpus was made in Python; go on with "
                "speechsent.resume(run, corpus)"
            )
        named, here = [Path(place) for place in places] or None, self.plan.get("here")
        corpus = open_corpus(named, self.run.config, listener, here=here and Path(here))
        return replace(corpus, name=self.plan["name"])

    def check(self, prepared: Prepared, record: RunSplit) -> None:
        """Refuse clips that are not those the training began with.

        Raises:
            CorpusError: If one is missing, new, or differs in content, part or anything told of it.
        """
        root = prepared.corpus.root
        with (self.run.path / "split.csv").open(newline="", encoding="utf-8") as file:
            then = _by_clip(csv.DictReader(file))
        here = _by_clip(map(_as_text, record.rows(root, prepared.corpus.targets)))
        for clip in sorted(then.keys() | here.keys()):
            why = _difference(then.get(clip, {}), here.get(clip, {}))
            if why:
                raise CorpusError(
                    f"{root / clip[0]}: {why} since the training of {self.run.path} began; {REMEDY}"
                )

    def progress(self, seconds: float | None) -> Progress:
        """The checkpoints.

        Args:
            seconds: Between two of them; None chooses.
        """
        identity = sha256(self.run.path / PLAN)
        folder = self.run.path / CHECKPOINT
        return Progress(folder=folder, identity=identity, pace=Pace(seconds))

    @property
    def resumed(self) -> list[dict[str, Any]]:
        """When and where the training was gone on with."""
        return self.run.read_json(RESUMED) if (self.run.path / RESUMED).is_file() else []

    def tell(self, listener: Listener) -> None:
        """Tell, and remember, where the training goes on and what has changed around it."""
        _, newest = self.progress(None).slots()
        place: dict[str, Any] = {"stage": "", "epoch": 1, "step": 0}
        behind = "nothing was kept of the stage underway, which begins anew"
        if newest is not None:
            stage, epoch, step = (newest.facts[name] for name in ("stage", "epoch", "step"))
            place = {"stage": stage, "epoch": epoch + 1, "step": step}
            at = f"step {step} of epoch {epoch + 1}" if step else f"epoch {epoch}"
            behind = f"goes on behind {at} of {stage}"
        changed = _changed(self.run.read_json("environment.json"), environment())
        self.run.write_json(RESUMED, [*self.resumed, {"time": now(), **place, "changed": changed}])
        listener.note(f"{self.run.path}: {behind}")
        for name in changed:
            listener.note(f"warning: another {name} than before: the last bits may differ")

    def finish(self) -> None:
        """Leave a finished run: the plan goes first, which marks it as one."""
        (self.run.path / PLAN).unlink()
        sync_folder(self.run.path / CHECKPOINT)
        shutil.rmtree(self.run.path / CHECKPOINT)


@contextmanager
def begun(
    run: Run,
    corpus: CorpusSource,
    prepared: Prepared,
    *,
    start: Run | None,
    leak: Leak | None,
    options: Mapping[str, int],
) -> Iterator[Unfinished]:
    """Mark a new run as one that can be gone on with, and hold it.

    Args:
        run: Its folder, with configuration, environment and split in it.
        corpus: What was asked for.
        prepared: What was read.
        start: The run it starts from.
        leak: What is done wrong on purpose.
        options: Arguments of ``train`` by name.
    """
    plan = {
        "format": FORMAT,
        "config": sha256(run.path / "config.yaml"),
        "split": sha256(run.path / "split.csv"),
        "corpus": _places(corpus),
        "here": str(Path.cwd()),
        "name": prepared.corpus.name,
        "start": start and {"path": str(start.path.resolve()), "model": sha256(start.path / MODEL)},
        "leak": leak and asdict(leak),
        **options,
    }
    (run.path / CHECKPOINT).mkdir()
    with _held(run):
        run.write_json(PLAN, plan)
        yield Unfinished(run, plan)


@contextmanager
def taken_up(run: Run) -> Iterator[Unfinished]:
    """Hold a run whose training was cut, and check that it is the one that began.

    Raises:
        RunError: If there is nothing to go on with, another process trains it, or its plan,
            configuration or split are not those it began with.
    """
    if not run.path.is_dir():
        raise RunError(f"{run.path}: no such run folder; 'speechsent runs list' names them")
    if not run.resumable:
        raise RunError(f"{run.path}: no training that could be gone on with; train again")
    with _held(run):
        plan = _checked_plan(run)
        sweep(run.path)
        # Cut while it was scored, it has facts already, which seal files that are written anew.
        (run.path / "run.json").unlink(missing_ok=True)
        yield Unfinished(run, plan)


def _checked_plan(run: Run) -> dict[str, Any]:
    plan = run.read_json(PLAN)
    if not isinstance(plan, dict) or plan.get("format") != FORMAT:
        written = plan.get("format") if isinstance(plan, dict) else None
        raise RunError(
            f"{run.path / PLAN}: of format {written}, this version reads {FORMAT}; go on with the "
            "version that wrote it, or train again"
        )
    for key, name in (("config", "config.yaml"), ("split", "split.csv")):
        path = run.path / name
        if not path.is_file() or sha256(path) != plan[key]:
            raise RunError(f"{path}: is not as it was when the training began; {REMEDY}")
    return plan


@contextmanager
def _held(run: Run) -> Iterator[None]:
    """Hold the lock; whoever is interrupted learns how to go on."""
    try:
        with locked(run.path / CHECKPOINT / "lock"):
            yield
    except LockedError as error:
        raise RunError(f"{run.path}: is being trained by {error}") from error
    except (KeyboardInterrupt, SaveError) as error:
        if run.resumable:
            error.add_note(f"go on with: speechsent train --resume {run.path}")
        raise


def _places(corpus: CorpusSource) -> list[str] | None:
    """Where the corpus can be read again, nowhere for the default one; None if it was in memory."""
    if isinstance(corpus, Corpus):
        return None
    places = [corpus] if isinstance(corpus, (str, Path)) else corpus or []
    return [str(Path(place).resolve()) for place in places]


def _as_text(row: Mapping[str, Any]) -> dict[str, str]:
    """A row as a CSV gives it back."""
    return {name: str(value) for name, value in row.items()}


def _by_clip(rows: Iterable[Mapping[str, str]]) -> dict[tuple[str, str, int], Mapping[str, str]]:
    """Rows by file, start, and how many clips that start there come before in the list."""
    found: dict[tuple[str, str, int], Mapping[str, str]] = {}
    n_there: Counter[tuple[str, str]] = Counter()
    for row in rows:
        place = row["file"], row["start"]
        found[*place, n_there[place]] = row
        n_there[place] += 1
    return found


def _difference(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """What has happened to a clip; empty if nothing has."""
    if not before or not after:
        return "a clip that is new" if after else "a clip that is gone"
    other = [name for name in before if before[name] != after.get(name)]
    if "sha256" in other:
        return "its content has changed"
    return f"its {other[0]} has changed from {before[other[0]]!r}" if other else ""


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What may change the last bits of a result: libraries, the package's own source, machine."""
    libraries = before["libraries"].keys() | after["libraries"].keys()
    return [
        *sorted(n for n in libraries if before["libraries"].get(n) != after["libraries"].get(n)),
        *(key for key in ("python", "platform", "source") if before.get(key) != after.get(key)),
    ]
