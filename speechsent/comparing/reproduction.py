"""Train a run again from what it recorded, and say whether the same comes out."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from speechsent.comparing.differences import (
    Difference,
    environment_differences,
    table_difference,
    weights_difference,
)
from speechsent.corpus.hashes import sha256
from speechsent.corpus.pool import common_root
from speechsent.corpus.utterance import Corpus
from speechsent.environment import environment
from speechsent.errors import CorpusError, RunError, some
from speechsent.experiment import open_run, train
from speechsent.opening import open_corpus, split_corpus
from speechsent.resources import Resources
from speechsent.run import MODEL, Run
from speechsent.run_split import RunSplit
from speechsent.training.listener import Listener

HISTORY, PREDICTIONS = "history.csv", "predictions.csv"
REMEDY = "name the folder or CSV as it was then (--corpus)"


@dataclass(frozen=True, kw_only=True)
class Reproduction:
    """Whether a run came out again.

    Args:
        run: Folder of the recorded run.
        kept: Folder of the new run; None if it was not kept.
        compared: Files that were compared.
        differences: The first difference of each file that has one.
        environment: What is not as it was when the run was recorded: likely causes.
    """

    run: Path
    kept: Path | None
    compared: tuple[str, ...]
    differences: tuple[Difference, ...]
    environment: tuple[str, ...]

    @property
    def match(self) -> bool:
        """Whether all that was compared is the same, bit for bit."""
        return not self.differences

    def as_dict(self) -> dict[str, Any]:
        """Return nested dictionaries, with the verdict."""
        return {"match": self.match, **asdict(self)}


def reproduce(
    run: Run | Path | str,
    corpus: Path | str | Sequence[Path | str] | None = None,
    *,
    keep: Path | str | None = None,
    listener: Listener | None = None,
) -> Reproduction:
    """Train a run again and compare weights, history and predictions.

    The clips must be those of the run, byte for byte; nothing is taken from the cache. The
    recorded run is only read.

    Args:
        run: The run or its folder.
        corpus: The folder or CSV of its corpus, or a list of several if it was trained on
            several; the folder it recorded if not given.
        keep: Folder under which the new run stays; if not given, it is deleted.
        listener: Who is told about progress.

    Returns:
        The first difference of each file, and what has changed around them.

    Raises:
        RunError: If there is no such run, it is damaged, or it was spoiled on purpose.
        CorpusError: If a clip is missing, changed or new, or is in another part of the split.
    """
    run, listener = open_run(run), listener or Listener()
    if run.leaky:
        raise RunError(f"{run.path}: spoiled on purpose; train again with --also-leaky")
    clips = _recorded_clips(run, _places(run, corpus), listener)
    changed = environment_differences(run.read_json("environment.json"), environment())
    for line in changed:
        listener.note(line)
    with _folder(keep) as folder:
        again = train(
            run.config,
            clips,
            out=folder,
            start=run.facts.get("started_from", {}).get("path"),
            test=(run.path / "scores.json").is_file(),
            report=False,
            resources=Resources(n_devices=run.facts.get("n_devices", 1), cache=False),
            listener=listener,
            force=True,  # it was trained once, whatever the doctor says of it now
        )
        compared, differences = _compare(run, again)
    return Reproduction(
        run=run.path,
        kept=again.path if keep else None,
        compared=compared,
        differences=differences,
        environment=changed,
    )


@contextmanager
def _folder(keep: Path | str | None) -> Iterator[Path]:
    """Where the new run goes."""
    if keep is not None:
        yield Path(keep)
        return
    with tempfile.TemporaryDirectory(prefix="speechsent-") as folder:
        yield Path(folder)


def _compare(run: Run, again: Run) -> tuple[tuple[str, ...], tuple[Difference, ...]]:
    """Names of the compared files, and the first difference of each that has one."""
    found = {
        MODEL: weights_difference(run.path / MODEL, again.path / MODEL),
        HISTORY: table_difference(run.path / HISTORY, again.path / HISTORY, ("stage", "epoch")),
    }
    if (again.path / PREDICTIONS).is_file():
        tables = run.path / PREDICTIONS, again.path / PREDICTIONS
        found[PREDICTIONS] = table_difference(*tables, ("file",))
    return tuple(found), tuple(difference for difference in found.values() if difference)


def _places(run: Run, corpus: Path | str | Sequence[Path | str] | None) -> list[Path]:
    """Where the corpus is, or the corpora are."""
    if corpus is None and "+" in run.facts["corpus"]:
        raise CorpusError(
            f"{run.path}: was trained on several corpora, {run.facts['corpus']}; "
            "name all of them (--corpus)"
        )
    named = corpus or run.facts["root"]
    return [Path(named)] if isinstance(named, (str, Path)) else [Path(place) for place in named]


def _recorded_clips(run: Run, places: Sequence[Path], listener: Listener) -> Corpus:
    """The corpus, if it is still the one the run was trained on."""
    root = common_root([place if place.is_dir() else place.parent for place in places])
    recorded = RunSplit.read(run.sound("split.csv"), root, run.config.corpus.targets)
    _refuse_other_files(recorded)
    corpus = replace(_read(places, run, listener), name=run.facts["corpus"])
    kept, split = split_corpus(corpus, run.config, Listener())
    now = ((u, split.part_of(i)) for i, u in enumerate(kept))
    if apart := recorded.told_otherwise(root, now, root, run.facts["refused"]):
        raise CorpusError(
            f"{some(places)}: clips are missing, new, or have another emotion, number, speaker, "
            f"start, end or part than in {run.path}: {some(apart)}; {REMEDY}"
        )
    return corpus


def _read(places: Sequence[Path], run: Run, listener: Listener) -> Corpus:
    """The corpus; a folder that is none may be where the CSV lies that the run was trained on."""
    try:
        return open_corpus(places, run.config, listener)
    except CorpusError as error:
        raise CorpusError(f"{error}; {REMEDY}") from error


def _refuse_other_files(recorded: RunSplit) -> None:
    """Every file has the bytes it had; the first that has not is named."""
    paths = [utterance.path for utterance in recorded.utterances]
    for path, digest in dict.fromkeys(zip(paths, recorded.hashes, strict=True)):
        if not path.is_file():
            raise CorpusError(f"{path}: a clip of the run is missing; {REMEDY}")
        if sha256(path) != digest:
            raise CorpusError(f"{path}: a clip of the run has changed; {REMEDY}")
