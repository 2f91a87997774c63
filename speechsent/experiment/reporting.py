"""Make the report of a run again, from the scores and answers it has."""

from collections.abc import Sequence
from pathlib import Path

from speechsent.corpus.utterance import Utterance
from speechsent.errors import RunError
from speechsent.evaluation.numeric import NumericPredictions, read_numbers
from speechsent.evaluation.predictions import PREDICTIONS, Predictions, read_predictions
from speechsent.experiment.evaluation import open_run
from speechsent.experiment.scored import changed_files
from speechsent.preparation import features, to_clips
from speechsent.report import CARD, N_CLIPS, model_card, write_report
from speechsent.report.material import Material
from speechsent.resources import Resources
from speechsent.run import Run
from speechsent.run_records import scores_of
from speechsent.run_split import relative
from speechsent.training.listener import Listener


def report(
    run: Run | Path | str | None = None,
    *,
    n_clips: int = N_CLIPS,
    resources: Resources | None = None,
    listener: Listener | None = None,
) -> Path:
    """Write ``report.html`` and ``model_card.md`` of a run again; no test part is scored anew.

    Args:
        run: The run or its folder; the newest under ``runs/`` if not given.
        n_clips: How many clips are shown in detail, worst first.
        resources: Threads or a cluster for features, and whether they are kept.
        listener: Who is told about progress.

    Returns:
        The report.

    Raises:
        RunError: If there is no such run, or its test part was never scored.
    """
    run, listener, resources = open_run(run), listener or Listener(), resources or Resources()
    scores = scores_of(run)
    if scores is None:
        raise RunError(f"{run.path}: its test part was not scored yet; run: speechsent evaluate")
    predictions = _predictions(run)
    root, told = Path(run.facts["root"]), set(predictions.files)
    test = [u for u in run.split.of("test") if relative(u.path, root) in told]
    if tuple(relative(u.path, root) for u in test) != predictions.files:
        raise RunError(
            f"{run.path / PREDICTIONS}: not the clips of the run's test part; evaluate again"
        )
    clips, lost = None, _lost(run, test, resources)
    if lost:
        listener.note(f"clips of the test part {lost}: the report has no sound and explains none")
    else:
        table = features(test, run.config, listener, resources)
        clips = to_clips(
            table, run.standardizer, run.labels, run.config, root=root, scale=run.scale
        )
    material = Material(
        run=run,
        folder=run.path,
        scores=scores,
        predictions=predictions,
        utterances=test,
    )
    run.write_text(CARD, model_card(run))
    return write_report(material, clips, n_clips=n_clips, resources=resources)


def _lost(run: Run, test: Sequence[Utterance], resources: Resources) -> str:
    """Why what was answered cannot be explained by the clips; empty if it can be."""
    if not all(u.path.is_file() for u in test):
        return "are gone"
    return "have changed" if changed_files(run, resources) else ""


def _predictions(run: Run) -> Predictions | NumericPredictions:
    path = run.path / PREDICTIONS
    return read_numbers(path, run.labels) if run.scale else read_predictions(path)
