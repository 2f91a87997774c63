"""A run as one file that needs neither this package nor, but for SavedModel, TensorFlow."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from speechsent.errors import ExportError, ParameterError
from speechsent.experiment.evaluation import open_run
from speechsent.exporting.describing import describe
from speechsent.exporting.facts import ModelFacts
from speechsent.exporting.formats import FORMATS
from speechsent.exporting.parity import TOLERANCE, clips_among, clips_of, worst_difference
from speechsent.recogniser import Recogniser
from speechsent.run import Run
from speechsent.writing import (
    UNFINISHED,
    check_folder,
    saving,
    sync_folder,
    sync_tree,
    write_bytes,
    writing,
)


@dataclass(frozen=True, kw_only=True)
class Exported:
    """An exported run.

    Args:
        path: The file, or the folder of a SavedModel.
        n_bytes: Its size.
        n_clips: Clips on which its answers were compared with the run's.
        worst_difference: Largest difference of a probability, or of a number in deviations of the
            training clips.
        facts: Its metadata.
    """

    path: Path
    n_bytes: int
    n_clips: int
    worst_difference: float
    facts: ModelFacts


def export(
    run: Run | Path | str | None = None,
    format: str = "onnx",
    out: Path | str | None = None,
    *,
    clips: Sequence[Path | str] = (),
) -> Exported:
    """Write a run as one graph from samples to the answer, and compare the two.

    Args:
        run: The run or its folder; the newest under ``runs/`` if not given.
        format: ``"onnx"``, ``"litert"`` or ``"savedmodel"``.
        out: Where it goes; ``model`` with the format's ending in the run's folder if not given.
        clips: Files or folders to compare the answers on; if none are given, clips which the run
            was trained on or chosen by.

    Raises:
        ParameterError: If there is no such format.
        RunError: If there is no such run.
        ExportError: If the run cannot be exported, an extra is missing, no clip is here, the place
            is taken, or the answers differ by more than 1e-4. Nothing is written then.
        SaveError: If the file cannot be written.
    """
    if format not in FORMATS:
        raise ParameterError(f"format is one of {', '.join(FORMATS)}. Received: format={format!r}")
    chosen = FORMATS[format]
    chosen.require()
    run = open_run(run)
    _require_exportable(run)
    final = Path(out) if out else run.path / f"model{chosen.suffix}"
    _check_place(final, folder=format == "savedmodel")
    to_compare = clips_among(clips) if clips else clips_of(run)
    recogniser, facts = Recogniser(run), describe(run)
    with _place(final, folder=format == "savedmodel") as temporary:
        chosen.write(recogniser, facts, temporary)
        worst = worst_difference(recogniser, chosen.load(temporary, facts), to_compare)
        if not worst <= TOLERANCE:
            raise ExportError(
                f"{final}: not written, because its answers differ from the run's by up to "
                f"{worst:.2g}, more than {TOLERANCE:g}"
            )
    if format == "litert":  # its files hold no text that a reader would look for
        write_bytes(final.with_name(f"{final.name}.json"), facts.as_json().encode())
    return Exported(
        path=final,
        n_bytes=_n_bytes(final),
        n_clips=len(to_compare),
        worst_difference=worst,
        facts=facts,
    )


def _require_exportable(run: Run) -> None:
    """Refuse what no graph of these formats can compute, or not to the same answer."""
    if "prosody" in run.config.extractor.views:
        raise ExportError(
            f"{run.path}: reads prosody, whose pitch tracking has no form in these formats; "
            "train with lstm.streams=[mfcc]"
        )
    if run.config.fit.precision != "float32":
        raise ExportError(
            f"{run.path}: computes in {run.config.fit.precision}, which these formats would not "
            "round alike; train with --precision float32"
        )


def _check_place(final: Path, *, folder: bool) -> None:
    """Refuse a place for the file before the work that would be lost.

    Raises:
        ExportError: If it is taken by what is never overwritten.
        SaveError: If what it lies in cannot be written.
    """
    if folder and (final.exists() or final.is_symlink()):
        raise ExportError(f"{final}: exists already; remove it, or name another place with --out")
    if final.is_dir():
        raise ExportError(f"{final}: is a folder; name a file with --out")
    check_folder(final.parent)


@contextmanager
def _place(final: Path, *, folder: bool) -> Iterator[Path]:
    """A temporary path, which becomes ``final`` if the block ends well."""
    if not folder:
        with writing(final) as temporary:
            yield temporary
        return
    with saving(final):
        final.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(mkdtemp(prefix=UNFINISHED, dir=final.parent))
        try:
            yield temporary
            sync_tree(temporary)
            temporary.chmod(0o755)
            temporary.replace(final)
            sync_folder(final.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _n_bytes(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())
