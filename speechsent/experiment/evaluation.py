"""Score a run, on its own test part or on other clips."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from speechsent.corpus.hashes import file_hashes
from speechsent.corpus.open import read_corpus
from speechsent.corpus.utterance import Corpus, Utterance
from speechsent.errors import RunError
from speechsent.evaluation.figures import confusion_figure
from speechsent.evaluation.predictions import Predictions, write_predictions
from speechsent.evaluation.scores import Scores, score
from speechsent.features.extraction import FeatureTable
from speechsent.features.standardize import Standardizer
from speechsent.network import load_model
from speechsent.preparation import features, protocol_name, to_clips
from speechsent.resources import Resources
from speechsent.run import STATISTICS, Run, relative
from speechsent.training.inference import clip_outputs
from speechsent.training.listener import Listener
from speechsent.training.workshop import Workshop

RUNS = Path("runs")


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


def evaluate(
    run: Run | Path | str | None = None,
    corpus: Corpus | Path | str | None = None,
    *,
    out: Path | str | None = None,
    resources: Resources | None = None,
    listener: Listener | None = None,
    workshop: Workshop | None = None,
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
        workshop: The one the run was trained in, so that its network need not be traced again.

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
        probabilities=clip_outputs(load_model(run, workshop), clips),
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
        **(_fold(run) if own else {}),
    )
    folder = (
        Path(out)
        if out
        else run.path
        if own
        else run.path / "evaluations" / f"{name}-{root.resolve().name}"
    )
    return _write_evaluation(run, scores, predictions, folder, "test" if own else str(root))


def _fold(run: Run) -> dict[str, Any]:
    """Definition and fold of the run's named protocol; nothing where it has none."""
    return {key: run.facts[key] for key in ("protocol_hash", "fold", "n_folds") if key in run.facts}


def open_run(run: Run | Path | str | None) -> Run:
    """Open a run by its folder, or the newest one under ``runs/``."""
    if isinstance(run, Run):
        return run
    return Run.newest(RUNS) if run is None else Run.open(Path(run))


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
