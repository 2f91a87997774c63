"""Go on with a training that was cut."""

from dataclasses import replace
from pathlib import Path

from speechsent.experiment.training import train
from speechsent.experiment.unfinished import taken_up
from speechsent.opening import CorpusSource
from speechsent.report import N_CLIPS
from speechsent.resources import Resources
from speechsent.run import Run
from speechsent.training.listener import Listener
from speechsent.training.workshop import Workshop


def resume(
    run: Run | Path | str,
    corpus: CorpusSource = None,
    *,
    force: bool = False,
    resources: Resources | None = None,
    listener: Listener | None = None,
    workshop: Workshop | None = None,
) -> Run:
    """Go on with a training that was cut, to the same weights and history bit for bit.

    Args:
        run: The run or its folder. A finished one is returned as it is.
        corpus: Where its corpus is by now; where it was if not given.
        force: Train although the doctor finds an error; it is, if it was begun like that.
        resources: Threads or a cluster for features, and whether they are kept.
        listener: Who is told about progress.
        workshop: As ``train`` takes it.

    Returns:
        The finished run.

    Raises:
        RunError: If there is nothing to go on with, another process trains it, or its
            configuration or the run it starts from has changed.
        CorpusError: If a clip is missing, changed or new, or is in another part of the split.
        SaveError: If the disk is full; what was kept before is still there.
        Interrupted: If SIGTERM or Ctrl-C ended the training; its state is kept.
    """
    run = Run(run.path if isinstance(run, Run) else Path(run))  # nothing read before counts
    listener = listener or Listener()
    if run.finished:
        listener.note(f"{run.path}: was finished already")
        return Run.open(run.path)
    with taken_up(run) as cut:
        cut.tell(listener)
        return train(
            run.config,
            cut.corpus(listener) if corpus is None else corpus,
            start=cut.start,
            test=cut.plan["test"],
            baseline=cut.plan["baseline"],
            report=cut.plan.get("report", True),  # plans of older versions lack some
            report_clips=cut.plan.get("report_clips", N_CLIPS),
            track=cut.plan.get("track", ()),
            tensorboard=cut.plan.get("tensorboard", False),
            force=force or bool(cut.plan["force"]),
            resources=replace(resources or Resources(), n_devices=cut.plan["n_devices"]),
            listener=listener,
            workshop=workshop,
            _leak=cut.leak,
            _cut=cut,
        )
