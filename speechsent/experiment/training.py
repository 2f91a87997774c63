"""From a corpus to a run folder."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path

import keras

from speechsent.auditing import audit_split
from speechsent.branches import batchnorm
from speechsent.centring import centred
from speechsent.clips import Clips
from speechsent.config import ExperimentConfig, to_yaml
from speechsent.corpus.leaky import Leak
from speechsent.datasets import TrainingOptions
from speechsent.environment import environment
from speechsent.evaluation.calibrated import CALIBRATION, Calibration
from speechsent.evaluation.numeric import write_numbers
from speechsent.evaluation.predictions import VALIDATION_PREDICTIONS, write_predictions
from speechsent.experiment.baseline import fit_baseline
from speechsent.experiment.emotions import as_predictions
from speechsent.experiment.evaluation import RUNS, evaluate
from speechsent.experiment.job import Job, Options
from speechsent.experiment.leaks import tell_leaks
from speechsent.experiment.numbers import as_numbers, fit_ridge
from speechsent.experiment.reporting import report as report_again
from speechsent.experiment.results import write_results
from speechsent.experiment.transfer import open_origin, settled
from speechsent.experiment.unfinished import Unfinished, begun
from speechsent.features.cache import FeatureCache
from speechsent.heard import record_heard
from speechsent.network import build_branches, build_functionals, load_model, precision, save_model
from speechsent.opening import CorpusSource
from speechsent.preparation import Prepared, prepare
from speechsent.report import CARD, N_CLIPS, REPORT, model_card
from speechsent.resources import Resources
from speechsent.run import MODEL, TARGETS, Run
from speechsent.run_records import AUDIT
from speechsent.run_split import SPLIT_COLUMNS
from speechsent.tracking import check_trackers, tracked
from speechsent.training.checkups import Checkups
from speechsent.training.devices import sharing
from speechsent.training.functionals import Functionals
from speechsent.training.inference import clip_outputs
from speechsent.training.listener import Listener
from speechsent.training.recipes import Trainer
from speechsent.training.seed import choose_deterministic_kernels
from speechsent.training.stages import Trained
from speechsent.training.store import EmbeddingStore
from speechsent.training.tracker import Tracker
from speechsent.training.transfer import Transfer
from speechsent.training.workshop import Workshop
from speechsent.writing import check_folder

DOCTOR = "doctor.json"
REESTIMATION_BATCHES = 50


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
                _carry_out(job, unfinished, resources, listener, workshop, following)
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


def _carry_out(
    job: Job,
    unfinished: Unfinished,
    resources: Resources,
    listener: Listener,
    workshop: Workshop,
    trackers: Sequence[Tracker],
) -> None:
    """Train, write everything, and score the test part."""
    config, prepared, run = job.config, job.prepared, unfinished.run
    trainer = (Transfer if job.origin else Trainer)(
        branches=job.branches,
        train=prepared.part("train"),
        validation=prepared.part("validation"),
        options=TrainingOptions(
            batch_size=config.fit.batch_size,
            seed=config.seed,
            augment=config.augment,
            mfcc=config.mfcc,
            n_mels=config.log_mel.n_mels,
            class_weights=config.fit.class_weights,
        ),
        fusion=config.fusion,
        config=config.fit,
        listener=listener,
        functionals=_functionals(config, prepared, workshop),
        by_speaker=config.centres_answers,
        trackers=trackers,
        store=EmbeddingStore(FeatureCache()) if resources.cache else None,
        workshop=workshop,
        checkups=_checkups(run, job.options.force, listener),
        progress=unfinished.progress(resources.checkpoint_seconds),
    )
    _reestimate(job, trainer)
    trained = trainer.run()
    _save(trained, run)
    _answer_validation(run, prepared, workshop)
    if job.refit:
        trained = trainer.again(trained, *_anew(job, trainer, workshop))
        _save(trained, run)
    elif job.functionals_refit:
        trained = trainer.solve_again(trained, _fitted_on_both(prepared))
        _save(trained, run)
    run.write_json(AUDIT, job.audit.as_dict())
    if job.options.baseline:
        fit_linear = fit_ridge if prepared.scale else fit_baseline
        fit_linear(run, prepared.part("train"), prepared.part("validation"), listener)
    write_results(job, run, trained, unfinished.resumed)
    run.write_text(CARD, model_card(run))
    if job.options.test and not run.tests_seen:  # a look at the test part counts once
        evaluate(
            run,
            report=job.options.report,
            report_clips=job.options.report_clips,
            resources=resources,
            listener=listener,
            workshop=workshop,
        )
    elif job.options.test and job.options.report and not (run.path / REPORT).is_file():
        # It was cut between the look at the test part and the end of its report.
        report_again(run, n_clips=job.options.report_clips, resources=resources, listener=listener)


def _functionals(
    config: ExperimentConfig, prepared: Prepared, workshop: Workshop
) -> Functionals | None:
    """The functionals that are to be solved, if they have a say."""
    if not config.uses_functionals:
        return None
    built = build_functionals(config, prepared.clips.answer)
    return Functionals(
        model=workshop.fresh("functionals", built),
        config=config.functionals,
        power=config.fusion.network,
    )


def _anew(job: Job, trainer: Trainer, workshop: Workshop) -> tuple[dict[str, keras.Model], Clips]:
    """The branches as they were before the training, and the clips of training and validation."""
    prepared = job.prepared
    branches = job.origin.branches(job.config) if job.origin else build_branches(job.config)
    branches = {name: workshop.fresh(f"{name} branch", b) for name, b in branches.items()}
    _reestimate(job, trainer)
    return branches, _fitted_on_both(prepared)


def _fitted_on_both(prepared: Prepared) -> Clips:
    """The clips of training and validation."""
    return prepared.clips.subset([*prepared.parts["train"], *prepared.parts["validation"]])


def _reestimate(job: Job, trainer: Trainer) -> None:
    """Measure the BatchNorm statistics of a pretrained network on training clips, if asked for."""
    cnn = job.config.cnn
    if cnn.bn == "reestimate" and cnn.pretrained and "cnn" in job.branches and job.origin is None:
        batchnorm.reestimate(job.branches["cnn"], trainer.image_batches(REESTIMATION_BATCHES))


def _save(trained: Trained, run: Run) -> None:
    with run.writing(MODEL) as path:
        save_model(trained.model, path)


def _checkups(run: Run, force: bool, listener: Listener) -> Checkups:
    """The doctor's part; what it finds is kept at once, beside what it found before a cut."""
    earlier = run.read_json(DOCTOR)["stages"] if (run.path / DOCTOR).is_file() else []
    return Checkups(
        listener, force, earlier=earlier, keep=lambda found: run.write_json(DOCTOR, found)
    )


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


def _answer_validation(run: Run, prepared: Prepared, workshop: Workshop) -> None:
    """Keep the answers on the validation part, and fit the temperature of probabilities on them.

    The epoch was chosen on these clips, so they tell how sure the network is, not how good. They
    are those of the loaded model, so that the evaluation that follows need not trace it again.
    """
    validation, root = prepared.part("validation"), prepared.corpus.root
    utterances = [prepared.table.utterances[i] for i in prepared.parts["validation"]]
    outputs = clip_outputs(load_model(run, workshop), validation)
    if prepared.scale:
        told = as_numbers(utterances, outputs, prepared.scale, root=root)
        write_numbers(told, run.path / VALIDATION_PREDICTIONS)
        return
    if run.config.centres_answers:
        outputs = centred(outputs, validation.speakers)
    predictions = as_predictions(utterances, validation, outputs, prepared.names, root=root)
    write_predictions(predictions, run.path / VALIDATION_PREDICTIONS)
    calibration = Calibration.fit(predictions.probabilities, predictions.truth)
    run.write_json(CALIBRATION, calibration.as_dict())
