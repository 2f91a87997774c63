"""From a corpus to a run folder."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path

from speechsent.auditing import audit_split
from speechsent.config import ExperimentConfig, to_yaml
from speechsent.corpus.leaky import Leak
from speechsent.environment import environment
from speechsent.experiment.carrying_out import carry_out
from speechsent.experiment.evaluation import RUNS
from speechsent.experiment.job import Job, Options
from speechsent.experiment.leaks import tell_leaks
from speechsent.experiment.transfer import open_origin, settled
from speechsent.experiment.unfinished import Unfinished, begun
from speechsent.heard import record_heard
from speechsent.network import build_branches, precision
from speechsent.opening import CorpusSource
from speechsent.preparation import Prepared, prepare
from speechsent.report import N_CLIPS
from speechsent.resources import Resources
from speechsent.run import TARGETS, Run
from speechsent.run_split import SPLIT_COLUMNS
from speechsent.tracking import check_trackers, tracked
from speechsent.training.devices import sharing
from speechsent.training.listener import Listener
from speechsent.training.seed import choose_deterministic_kernels
from speechsent.training.workshop import Workshop
from speechsent.writing import check_folder


def train(
    config: ExperimentConfig | None = None,
    corpus: CorpusSource = None,
    *,
    start: Run | Path | str | None = None,
    out: Path | str = RUNS,
    test: bool = True,
    baseline: bool = True,
    report: bool = True,
    report_clips: int = N_CLIPS,
    track: Sequence[str] = (),
    tensorboard: bool = False,
    resources: Resources | None = None,
    listener: Listener | None = None,
    workshop: Workshop | None = None,
    force: bool = False,
    _leak: Leak | None = None,  # only speechsent.study.leaky does wrong on purpose
    _cut: Unfinished | None = None,  # what resume() goes on with
) -> Run:
    """Train a recogniser and write a run folder.

    What is needed to go on after an interruption is kept in the folder until the run is finished;
    see ``speechsent.resume``.

    Args:
        config: What to compute; the defaults if not given.
        corpus: A corpus, or the folder or CSV of one, or a list of several, which are pooled;
            without it ``train/`` in the current folder, and where there is none the built-in
            synthetic corpus.
        start: A finished run, or its folder, to start from: its branches, features and statistics
            stay, its head is replaced by one for the classes of this training. Without a
            configuration its own is taken, with branches frozen.
        out: Folder under which the run folder is made.
        test: Score the test part at the end, which counts as one look at it.
        baseline: Fit a linear model on clip statistics beside the network, to compare it with.
        report: Write ``report.html`` with the scores of the test part.
        report_clips: How many clips it shows in detail, worst first.
        track: Where the figures go as well: ``"mlflow"``, ``"tensorboard"``, or both.
        tensorboard: The same as ``track=("tensorboard",)``: files in the run folder.
        resources: Threads or a cluster for features, GPUs for training, and what is kept; all
            CPUs, one GPU if there is one, and features if not given.
        listener: Who is told about progress.
        workshop: Hand the same one to the trainings of other folds and seeds: what one has
            compiled, the next does not trace again. The results are the same.
        force: Train although the doctor finds, before the first step, that it will not go as
            meant; the run tells.

    Returns:
        The finished run.

    Raises:
        CorpusError: If the corpus cannot be read or split.
        AudioError: If a clip cannot be used and ``corpus.skip_bad_audio`` is off.
        WeightsError: If pretrained weights are not at hand.
        TrainingError: If the doctor finds an error before a stage, the loss is not finite,
            a tracker's package or store is missing, or the run to start from hears other
            features or was fitted on what would be tested.
        RunError: If there is no run to start from.
        ParameterError: If this machine has fewer GPUs than asked for, or they cannot share a batch.
        ClusterError: If a cluster is asked for and cannot be reached.
        SaveError: If ``out`` cannot be a folder, or the disk is full; what was kept before is
            still there.
        Interrupted: If SIGTERM or Ctrl-C ended the training; its state is kept.
    """
    if _cut is None:
        check_folder(Path(out))
    origin = None if start is None else open_origin(start)
    config, listener = settled(config, origin.run if origin else None), listener or Listener()
    if origin:
        origin.check(config)
    resources = resources or Resources()
    wanted = (*track, "tensorboard") if tensorboard else track
    root = _cut.run.path.resolve().parents[1] if _cut else Path(out)
    trackers = check_trackers(wanted, root, _cut.run if _cut else None)
    devices = sharing(
        resources.n_devices, batch_size=config.fit.batch_size, precision=config.fit.precision
    )
    choose_deterministic_kernels()
    workshop = workshop or Workshop()
    with precision(config.fit.precision), devices:
        # First: an hour of features would be a late no.
        branches = origin.branches(config) if origin else build_branches(config)
        statistics = origin.run.standardizer if origin else None
        prepared = prepare(config, corpus, listener, resources, statistics, _leak)
        record = prepared.record()
        if origin:
            prepared = origin.admit(prepared, record, config)
            listener.note(origin.told(config))
        audit = audit_split(record.utterances, record.parts, record.hashes, prepared.corpus.root)
        tell_leaks(audit, listener)
        how = f"{'new head' if origin else ''} on {resources.n_devices}"
        workshop.take_up(f"{_recipe(config, prepared)} {how}")
        branches = {name: workshop.fresh(f"{name} branch", b) for name, b in branches.items()}
        if _cut:
            _cut.check(prepared, record)
        options = Options(
            test, baseline, force, resources.n_devices, report, report_clips, trackers
        )
        job = Job(config, prepared, record, audit, branches, origin, options)
        held = nullcontext(_cut) if _cut else _begin(job, corpus, Path(out), _leak)
        with held as unfinished:
            with tracked(trackers, unfinished.run, prepared.corpus.name, listener) as following:
                carry_out(job, unfinished, resources, listener, workshop, following)
            unfinished.finish()
            return unfinished.run


def _begin(
    job: Job, corpus: CorpusSource, out: Path, leak: Leak | None
) -> AbstractContextManager[Unfinished]:
    """Make the run folder, with all that decides the training in it."""
    config, prepared = job.config, job.prepared
    run = Run.create(out, prepared.corpus.name, f"{config.fusion.mode}-s{config.seed}")
    run.write_text("config.yaml", to_yaml(config))
    run.write_json("environment.json", environment())
    run.write_json("labels.json", list(prepared.names))
    if prepared.scale:
        run.write_json(TARGETS, prepared.scale.as_dict())
    targets = prepared.corpus.targets
    listed = job.record.rows(prepared.corpus.root, targets)
    run.write_rows("split.csv", (*SPLIT_COLUMNS, *targets), listed)
    if job.origin:
        record_heard(run, job.origin.heard)
    start = job.origin.run if job.origin else None
    return begun(run, corpus, prepared, start=start, leak=leak, options=asdict(job.options))


def _recipe(config: ExperimentConfig, prepared: Prepared) -> str:
    """All that decides the graphs of a training; folds and seeds share it."""
    shape = (
        prepared.clips.answer,
        config.n_window,
        config.log_mel.n_mels,
        config.mfcc,
        config.prosody,
        config.functionals,
    )
    return repr((config.cnn, config.lstm, config.fusion, config.fit, shape))
