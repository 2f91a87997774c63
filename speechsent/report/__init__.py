"""One page a reader can judge a run by: scores, pictures, sound, and where the networks looked."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from speechsent.clips import Clips
from speechsent.corpus.utterance import Utterance
from speechsent.errors import AudioError
from speechsent.evaluation.numeric import NumericPredictions
from speechsent.evaluation.predictions import Predictions
from speechsent.network import load_parts
from speechsent.preparation import features, to_clips
from speechsent.report.attribution import Attribution, Explainer
from speechsent.report.card import CARD, model_card
from speechsent.report.contributions import N_TRAINING, contributions
from speechsent.report.material import Detail, Material, residuals, worst_first
from speechsent.report.page import page
from speechsent.report.sound import Heard, hear
from speechsent.resources import REPORT_CLIPS, Resources
from speechsent.run import Run
from speechsent.training.listener import Listener

REPORT = "report.html"
N_CLIPS = REPORT_CLIPS

__all__ = ["CARD", "N_CLIPS", "REPORT", "model_card", "write_report"]


def write_report(
    material: Material,
    clips: Clips | None,
    *,
    n_clips: int = N_CLIPS,
    resources: Resources | None = None,
) -> Path:
    """Write ``report.html`` beside the results.

    Args:
        material: What is known already.
        clips: The scored clips as the network sees them; None if their files are gone, and then
            nothing is explained.
        n_clips: How many clips are shown in detail, worst first.
        resources: Who extracts features of training clips that are not kept.

    Returns:
        The file.
    """
    if clips is not None:
        material = _explained(material, clips, n_clips, resources or Resources())
    Run(material.folder).write_text(REPORT, page(material))
    return material.folder / REPORT


def _explained(material: Material, clips: Clips, n_clips: int, resources: Resources) -> Material:
    """The same with what each branch adds, and with clips in detail."""
    run, told = material.run, material.predictions
    branches, model = load_parts(run)
    train = _some_training_clips(run, resources) if len(branches) > 1 else None
    centre = run.config.centres_answers
    added = contributions(branches, model, clips, train, centre=centre) if train else []
    spread = run.scale.sd if run.scale else ()
    chosen = worst_first(told, spread)[:n_clips]
    if not chosen:
        return replace(material, contributions=added)
    outputs = _explained_outputs(told, spread)
    found = _attributions(branches, model, clips.subset(chosen), outputs[chosen])
    details = [
        _detail(material, i, int(outputs[i]), attribution)
        for i, attribution in zip(chosen, found, strict=True)
    ]
    return replace(material, contributions=added, details=details)


def _attributions(
    branches: Mapping[str, keras.Model], model: keras.Model, clips: Clips, outputs: np.ndarray
) -> list[Attribution]:
    """Where the answers of the branches come from; shares of frames point at no place."""
    if not branches:
        return [Attribution(None, None)] * len(clips)
    return Explainer(branches, model).clips(clips, outputs)


def _explained_outputs(
    told: Predictions | NumericPredictions, spread: Sequence[float]
) -> np.ndarray:
    """Index of the output that is explained for each clip: the answer, or what was told worst."""
    if isinstance(told, Predictions):
        return told.predicted
    return np.asarray(residuals(told, spread).argmax(axis=1))


def _detail(material: Material, i: int, output: int, attribution: Attribution) -> Detail:
    heard = _heard(material.utterances[i], material.run)
    return Detail(
        index=i, heard=heard, attribution=attribution, explained=material.run.labels[output]
    )


def _heard(utterance: Utterance, run: Run) -> Heard | None:
    try:
        return hear(utterance, run.config)
    except AudioError:
        return None


def _some_training_clips(run: Run, resources: Resources) -> Clips | None:
    """Training clips evenly drawn, as the network sees them; None if their files are gone."""
    train = run.split.of("train")
    some = train[:: max(1, len(train) // N_TRAINING)][:N_TRAINING]
    if not some or not all(u.path.is_file() for u in some):
        return None
    table = features(some, run.config, Listener(), resources)
    root = Path(run.facts["root"])
    return to_clips(table, run.standardizer, run.labels, run.config, root=root, scale=run.scale)
