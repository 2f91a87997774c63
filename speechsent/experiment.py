"""The recipes, read top to bottom: train, evaluate, predict."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from speechsent.branches import batchnorm
from speechsent.config import ExperimentConfig, to_yaml
from speechsent.corpus.folder import AUDIO_SUFFIXES
from speechsent.corpus.hashes import file_hashes
from speechsent.corpus.open import read_corpus
from speechsent.corpus.utterance import PARTS, Corpus, Utterance
from speechsent.datasets import TrainingOptions
from speechsent.errors import AudioError, ParameterError, RunError
from speechsent.evaluation.figures import confusion_figure, history_figure
from speechsent.evaluation.predictions import Predictions, write_predictions
from speechsent.evaluation.scores import Scores, score
from speechsent.features.extraction import FeatureTable
from speechsent.features.standardize import Standardizer
from speechsent.network import build_branches, load_model, precision
from speechsent.preparation import Prepared, features, prepare, protocol_name, to_clips
from speechsent.recogniser import Recogniser
from speechsent.resources import Resources
from speechsent.run import (
    FORMAT,
    MODEL,
    SPLIT_COLUMNS,
    STATISTICS,
    Run,
    environment,
    now,
    relative,
)
from speechsent.training.devices import sharing
from speechsent.training.fit import require_tensorboard
from speechsent.training.inference import clip_outputs
from speechsent.training.listener import Listener
from speechsent.training.recipes import Stage, Trainer
from speechsent.training.seed import seed_everything

RUNS = Path("runs")
HISTORY_COLUMNS = ("stage", "epoch", "objective", "loss", "uar", "val_loss", "val_uar", "kept")
REESTIMATION_BATCHES = 50


@dataclass(frozen=True)
class Evaluation:
    """Scores of a run on some clips, and what they were computed from.

    Args:
        run: The run.
        scores: All scores, with their protocol.
        predictions: Truth and probabilities of each clip.
        folder: Where the files are.
        times_seen: How often this set has been scored with this model, this time included.
    """

    run: Run
    scores: Scores
    predictions: Predictions
    folder: Path
    times_seen: int


@dataclass(frozen=True)
class Prediction:
    """The probabilities of one clip, by emotion."""

    file: str
    probabilities: dict[str, float]

    @property
    def emotion(self) -> str:
        """The most probable emotion."""
        return max(self.probabilities, key=lambda name: self.probabilities[name])


def train(
    config: ExperimentConfig | None = None,
    corpus: Corpus | Path | str | None = None,
    *,
    out: Path | str = RUNS,
    test: bool = True,
    tensorboard: bool = False,
    resources: Resources | None = None,
    listener: Listener | None = None,
) -> Run:
    """Train a recogniser and write a run folder.

    Args:
        config: What to compute; the defaults if not given.
        corpus: A corpus, or the folder or CSV of one; without it ``train/`` in the current
            folder, and where there is none the built-in synthetic corpus.
        out: Folder under which the run folder is made.
        test: Score the test part at the end, which counts as one look at it.
        tensorboard: Write TensorBoard files into the run folder.
        resources: Threads or a cluster for features, GPUs for training, and what is kept; all
            CPUs, one GPU if there is one, and features if not given.
        listener: Who is told about progress.

    Returns:
        The finished run.

    Raises:
        CorpusError: If the corpus cannot be read or split.
        AudioError: If a clip cannot be used and ``corpus.skip_bad_audio`` is off.
        WeightsError: If pretrained weights are not at hand.
        TrainingError: If the loss is not finite, or TensorBoard is asked for and missing.
        ParameterError: If this machine has fewer GPUs than asked for, or they cannot share a batch.
        ClusterError: If a cluster is asked for and cannot be reached.
    """
    config, listener = config or ExperimentConfig(), listener or Listener()
    resources = resources or Resources()
    if tensorboard:
        require_tensorboard()
    seed_everything(config.seed)
    devices = sharing(
        resources.n_devices, batch_size=config.fit.batch_size, precision=config.fit.precision
    )
    with precision(config.fit.precision), devices:
        branches = build_branches(config)  # first: an hour of features would be a late no
        prepared = prepare(config, corpus, listener, resources)
        run = Run.create(Path(out), prepared.corpus.name, f"{config.fusion.mode}-s{config.seed}")
        run.write_text("config.yaml", to_yaml(config))
        run.write_json("environment.json", environment())
        trainer = Trainer(
            branches=branches,
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
            log_folder=run.path / "tensorboard" if tensorboard else None,
        )
        if "cnn" in branches and config.cnn.pretrained and config.cnn.bn == "reestimate":
            batchnorm.reestimate(branches["cnn"], trainer.image_batches(REESTIMATION_BATCHES))
        trained = trainer.run()
    with run.writing(MODEL) as path:
        trained.model.save_weights(str(path))
    _write_results(run, prepared, trained.stages, config)
    if test:
        evaluate(run, resources=resources, listener=listener)
    return run


def evaluate(
    run: Run | Path | str | None = None,
    corpus: Corpus | Path | str | None = None,
    *,
    out: Path | str | None = None,
    resources: Resources | None = None,
    listener: Listener | None = None,
) -> Evaluation:
    """Score a run on its own test part, or on other clips.

    Args:
        run: The run or its folder; the newest under ``runs/`` if not given.
        corpus: Other clips: a corpus, or the folder or CSV of one. If it has a test part, that
            is scored. The run's own test part if not given.
        out: Folder for the results; inside the run if not given.
        resources: Threads or a cluster for features, and whether they are kept; all CPUs, and
            they are, if not given.
        listener: Who is told about progress.

    Returns:
        The scores; the files are written, and the look at the test set is recorded.

    Raises:
        RunError: If there is no such run, or the clips have emotions it does not know.
        ClusterError: If a cluster is asked for and cannot be reached.
    """
    run, listener = open_run(run), listener or Listener()
    utterances, name, root = _clips_to_score(run, corpus)
    _refuse_unknown_emotions(run, utterances, root)
    standardizer = Standardizer.load(run.path / STATISTICS)
    table = features(utterances, run.config, listener, resources or Resources())
    clips = to_clips(table, standardizer, run.labels, run.config, root=root)
    predictions = Predictions(
        files=tuple(relative(u.path, root) for u in table.utterances),
        truth=clips.classes,
        probabilities=clip_outputs(load_model(run), clips),
        speakers=tuple(u.speaker for u in table.utterances),
        genders=tuple(u.gender for u in table.utterances),
        labels=run.labels,
    )
    own = corpus is None
    disjoint, note = (
        (run.facts["speaker_disjoint"], run.facts["note"]) if own else _seen_in_training(run, table)
    )
    protocol = run.facts["protocol"] if own else f"{name}-{len(run.labels)}-external"
    scores = score(
        predictions,
        protocol=protocol if own else protocol_name(protocol, standardizer),
        part="test" if own else root.resolve().name,
        speaker_disjoint=disjoint,
        seed=run.config.seed,
        n_train=run.facts["n_clips"]["train"],
        majority=run.facts["majority"],
        split_hash=run.facts["split_hash"] if own else None,
        note=note,
    )
    folder = (
        Path(out)
        if out
        else run.path
        if own
        else run.path / "evaluations" / f"{name}-{root.resolve().name}"
    )
    return _write_evaluation(run, scores, predictions, folder, "test" if own else str(root))


def predict(
    files: Sequence[Path | str],
    run: Run | Path | str | None = None,
    *,
    listener: Listener | None = None,
) -> list[Prediction]:
    """Recognise the emotion in audio files; the training corpus is not needed.

    Under per-speaker standardisation all files of one call count as one speaker's.

    Args:
        files: Audio files, or folders of them.
        run: The run or its folder; the newest under ``runs/`` if not given.
        listener: Who is told about progress.

    Returns:
        Probabilities of each file, in the order given.

    Raises:
        AudioError: If a file cannot be used.
        RunError: If there is no such run.
    """
    run, listener = open_run(run), listener or Listener()
    paths = _audio_files(files)
    recogniser = Recogniser(run)
    if recogniser.standardizer.scope == "speaker":
        listener.note("standardised by speaker: all these files count as one speaker's")
        recogniser.adapt(paths)
    predictions = []
    listener.begin("recognition", len(paths), "files")
    for path in paths:
        probabilities = map(float, recogniser.file(path))
        predictions.append(Prediction(str(path), dict(zip(run.labels, probabilities, strict=True))))
        listener.step(len(predictions))
    listener.end()
    return predictions


def open_run(run: Run | Path | str | None) -> Run:
    """Open a run by its folder, or the newest one under ``runs/``."""
    if isinstance(run, Run):
        return run
    return Run.newest(RUNS) if run is None else Run.open(Path(run))


def _write_results(
    run: Run, prepared: Prepared, stages: Sequence[Stage], config: ExperimentConfig
) -> None:
    """Everything but the model, whose presence without ``run.json`` means an unfinished run."""
    with run.writing(STATISTICS) as path:
        prepared.standardizer.save(path)
    run.write_json("labels.json", list(prepared.labels.names))
    run.write_rows("split.csv", SPLIT_COLUMNS, prepared.record().rows(prepared.corpus.root))
    rows = [
        {**row, "stage": stage.history.stage, "kept": int(row["epoch"] == stage.history.best_epoch)}
        for stage in stages
        for row in stage.history.rows
    ]
    run.write_rows("history.csv", HISTORY_COLUMNS, rows)
    run.write_json("stages.json", [_stage_facts(stage) for stage in stages])
    for stage in stages:
        _draw_history(run, stage)
    run.write_json("run.json", _facts(prepared, stages, config))


def _stage_facts(stage: Stage) -> dict[str, Any]:
    return {
        "stage": stage.history.stage,
        "best_epoch": stage.history.best_epoch,
        "best": dict(stage.history.best),
        "fitted_on": sorted(stage.fitted_on),
        "validated_on": sorted(stage.validated_on),
        "frozen": {path: list(pair) for path, pair in stage.frozen.items()},
    }


def _draw_history(run: Run, stage: Stage) -> None:
    columns = {
        name: [row[name] for row in stage.history.rows]
        for name in ("loss", "val_loss", "uar", "val_uar")
    }
    path = run.path / f"history-{stage.history.stage}.png"
    history_figure(columns, path, best_epoch=stage.history.best_epoch)


def _facts(prepared: Prepared, stages: Sequence[Stage], config: ExperimentConfig) -> dict[str, Any]:
    """What ``evaluate`` and people need to know of a run without opening anything else."""
    train = prepared.part("train")
    return {
        "format": FORMAT,
        "finished": now(),
        "corpus": prepared.corpus.name,
        "root": str(prepared.corpus.root.resolve()),
        "mode": config.fusion.mode,
        "protocol": prepared.protocol,
        "split_hash": prepared.split.hash,
        "speaker_disjoint": prepared.split.speaker_disjoint,
        "note": prepared.split.note,
        "n_clips": {part: len(prepared.parts[part]) for part in PARTS},
        "majority": int(np.bincount(train.classes).argmax()),
        "validation_uar": stages[-1].history.best["val_uar"],
        "refused": {str(r.path): r.reason for r in prepared.table.refused},
    }


def _clips_to_score(
    run: Run, corpus: Corpus | Path | str | None
) -> tuple[list[Utterance], str, Path]:
    """The clips, a short name for them, and the folder their names are relative to."""
    if corpus is None:
        utterances = run.split.of("test")
        missing = [u.path for u in utterances if not u.path.is_file()]
        if missing:
            raise RunError(
                f"{missing[0]}: {len(missing)} of {len(utterances)} test clips of this run are "
                "gone; name a folder to evaluate instead"
            )
        return utterances, run.facts["corpus"], Path(run.facts["root"])
    if not isinstance(corpus, Corpus):
        corpus = read_corpus(Path(corpus), labels=run.config.corpus.labels)
    test = [u for u in corpus if u.part == "test"]
    return test or list(corpus), corpus.name, corpus.root


def _refuse_unknown_emotions(run: Run, utterances: Sequence[Utterance], root: Path) -> None:
    unknown = sorted({u.emotion for u in utterances} - set(run.labels))
    if unknown:
        raise RunError(
            f"{root}: has emotions this run was not trained on: {', '.join(unknown)}. It knows "
            f"{', '.join(run.labels)}. Remove those clips, or train with them"
        )


def _seen_in_training(run: Run, table: FeatureTable) -> tuple[bool | None, str]:
    """Whether speakers or files of other clips took part in training, and a note that says so."""
    notes = []
    speakers = {u.speaker for u in table.utterances}
    shared = (speakers & run.split.speakers("train", "validation")) - {None}
    if shared:
        notes.append(f"{len(shared)} of {len(speakers - {None})} speakers took part in training")
    trained = run.split.hashes_of("train", "validation")
    hashes = table.hashes or file_hashes([u.path for u in table.utterances])
    copies = sum(file_hash in trained for file_hash in hashes)
    if copies:
        notes.append(f"{copies} of {len(table)} clips took part in training")
    if notes:
        return False, "; ".join(notes)
    return (None if None in speakers | run.split.speakers("train") else True), ""


def _write_evaluation(
    run: Run, scores: Scores, predictions: Predictions, folder: Path, what: str
) -> Evaluation:
    folder.mkdir(parents=True, exist_ok=True)
    results = Run(folder)  # the same atomic writing, whichever folder it is
    results.write_json("scores.json", scores.as_dict())
    write_predictions(predictions, folder / "predictions.csv")
    title = f"{scores.protocol}: UAR {scores.uar:.3f}"
    confusion_figure(
        np.array(scores.confusion), scores.labels, folder / "confusion.png", title=title
    )
    times = run.record_test(what, n=scores.n, uar=scores.uar)
    return Evaluation(run, scores, predictions, folder, times)


def _audio_files(files: Sequence[Path | str]) -> list[Path]:
    """Files as they are, folders as the audio files below them."""
    found: list[Path] = []
    for file in map(Path, files):
        if not file.is_dir():
            found.append(file)
            continue
        below = sorted(p for p in file.rglob("*") if p.suffix.lower() in AUDIO_SUFFIXES)
        if not below:
            raise AudioError(file, "a folder without audio files")
        found.extend(below)
    if not found:
        raise ParameterError("predict needs at least one file. Received: none")
    return found
