"""Train what a job asks for, write all that comes of it, and score the test part."""

from collections.abc import Sequence

import keras

from speechsent.branches import batchnorm
from speechsent.centring import centred
from speechsent.clips import Clips
from speechsent.config import ExperimentConfig
from speechsent.datasets import TrainingOptions
from speechsent.evaluation.calibrated import CALIBRATION, Calibration
from speechsent.evaluation.numeric import write_numbers
from speechsent.evaluation.predictions import VALIDATION_PREDICTIONS, write_predictions
from speechsent.experiment.baseline import fit_baseline
from speechsent.experiment.emotions import as_predictions
from speechsent.experiment.evaluation import evaluate
from speechsent.experiment.job import Job
from speechsent.experiment.numbers import as_numbers, fit_ridge
from speechsent.experiment.reporting import report as report_again
from speechsent.experiment.results import write_results
from speechsent.experiment.unfinished import Unfinished
from speechsent.features.cache import FeatureCache
from speechsent.network import build_branches, build_functionals, load_model, save_model
from speechsent.preparation import Prepared
from speechsent.report import CARD, REPORT, model_card
from speechsent.resources import Resources
from speechsent.run import MODEL, Run
from speechsent.run_records import AUDIT
from speechsent.training.checkups import Checkups
from speechsent.training.functionals import Functionals
from speechsent.training.inference import clip_outputs
from speechsent.training.listener import Listener
from speechsent.training.recipes import Trainer
from speechsent.training.stages import Trained
from speechsent.training.store import EmbeddingStore
from speechsent.training.tracker import Tracker
from speechsent.training.transfer import Transfer
from speechsent.training.workshop import Workshop

DOCTOR = "doctor.json"
REESTIMATION_BATCHES = 50


def carry_out(
    job: Job,
    unfinished: Unfinished,
    resources: Resources,
    listener: Listener,
    workshop: Workshop,
    trackers: Sequence[Tracker],
) -> None:
    """Train, write everything, and score the test part.

    Args:
        job: What is to be trained, on what.
        unfinished: The run, and where it was cut before if it was.
        resources: Who extracts features, and what is kept.
        listener: Who is told.
        workshop: Compiled models of trainings before this one.
        trackers: Who follows the figures.
    """
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
