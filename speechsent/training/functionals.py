"""Solve for the answer of the functionals: ridge regression, with strength and scale by speaker."""

from contextlib import closing
from dataclasses import dataclass
from functools import partial

import keras
import numpy as np

from speechsent.branches.functionals import ANSWER, LIKENESS, FunctionalsConfig, banks
from speechsent.branches.likeness import MAX_CENTRES
from speechsent.clips import Clips, evaluation_batches
from speechsent.datasets import TrainingOptions
from speechsent.training.aside import PutAside
from speechsent.training.functional_rows import enough, rows_of, shown
from speechsent.training.kernel_ridge import best_dual, main_directions, nearness

STRENGTHS = (0.1, 0.3, 1.0, 3.0)  # of regularisation, as a share of a row's mean square
LIKENESS_STRENGTHS = (0.003, 0.01, 0.03, 0.1)  # the same where rows are told by likeness
THRESHOLD_CLIPS = 64
PIECE = 256  # rows, or columns, that are copied at once


@dataclass(frozen=True)
class Functionals:
    """Functionals that are to be solved, and how.

    Args:
        model: From ``FunctionalsConfig.build``.
        config: How many copies of a clip there are, and how far they go.
        power: What a network counts for beside them.
    """

    model: keras.Model
    config: FunctionalsConfig
    power: float


def solve(
    functionals: Functionals,
    clips: Clips,
    options: TrainingOptions,
    statistics: keras.Model,
    *,
    by_speaker: bool = False,
) -> None:
    """Set thresholds and answer of functionals, from training clips alone; no step is taken.

    The strength of regularisation and the scale of the logits are those under which speakers left
    out of the solution are told best, which ridge regression gives for every speaker at once.
    Likeness is for speakers who were heard: tenths of the clips are left out, whoever speaks.

    Args:
        functionals: Their model is changed in place.
        clips: Training clips.
        options: Seed, and what copies are made with.
        statistics: The same model up to the statistics, from ``describing``.
        by_speaker: Whether answers will be centred by speaker, so that what all clips of a speaker
            share says nothing.

    Raises:
        TrainingError: If likeness would compare with more windows than it can.
    """
    clips = enough(functionals.config, clips, options.seed)
    _set_thresholds(functionals.model, clips)
    # Of thousands of windows they take hundreds of megabytes: there once, and changed in place.
    values, rows = rows_of(statistics, clips, options, functionals.config)
    mean = values.mean(axis=0)
    if by_speaker:
        _centre(values, rows.takes, mean)
    else:
        values -= mean
    deviation = _deviation(values)
    deviation = np.where(deviation > 1e-6, deviation, np.inf)  # what never changes says nothing
    values /= deviation
    n_values, n_classes = values.shape[1], clips.n_classes
    solved = partial(
        best_dual,
        classes=rows.classes,
        n_classes=n_classes,
        weights=rows.weights,
        groups=rows.groups,
        own=rows.own,
    )
    answer = functionals.model.get_layer(ANSWER)
    if functionals.config.likeness:
        directions = main_directions(values, functionals.config.likeness, options.seed)
        points = values @ directions
        del values
        dual = solved(nearness(points), strengths=LIKENESS_STRENGTHS)
        directions /= deviation[:, None]
        layer = functionals.model.get_layer(LIKENESS)
        layer.set_points(directions, -mean @ directions, points)
        weights = np.zeros((MAX_CENTRES, n_classes))
        weights[: len(dual)] = dual
        intercept = dual.sum(axis=0)
    else:
        kernel = values @ values.T
        kernel /= n_values
        with closing(PutAside(values)) as aside:
            del values
            dual = solved(kernel, strengths=STRENGTHS)
            weights = _weighed(aside, dual) / n_values / deviation[:, None]
        intercept = dual.sum(axis=0) - mean @ weights
    answer.set_weights([weights.astype(np.float32), intercept.astype(np.float32)])


def require_solvable(config: FunctionalsConfig, clips: Clips, seed: int) -> None:
    """Refuse what :func:`solve` would refuse, before networks are trained for hours.

    Raises:
        TrainingError: If likeness would compare with more windows than it can.
    """
    if config.likeness:
        enough(config, clips, seed)


def _set_thresholds(functionals: keras.Model, clips: Clips) -> None:
    """Set the thresholds of all filters by some windows of evenly spread clips."""
    kinds = banks(functionals)
    frames = keras.Model(functionals.input, kinds[0].input)  # all kinds see the same
    said: list[list[np.ndarray]] = [[] for _ in kinds]
    for inputs, _ in evaluation_batches(shown(clips.spread(THRESHOLD_CLIPS))):
        sequence, used = frames({"image": inputs["image"]}, training=False)
        known = np.asarray(used)[..., 0] > 0
        for bank, found in zip(kinds, said, strict=True):
            found.append(np.asarray(bank.responses(sequence, used))[known])
    for bank, found in zip(kinds, said, strict=True):
        bank.set_thresholds(np.concatenate(found))


def _deviation(values: np.ndarray) -> np.ndarray:
    """``values.std(axis=0)``, for which NumPy would copy all values."""
    columns = range(0, values.shape[1], PIECE)
    return np.concatenate([values[:, i : i + PIECE].std(axis=0) for i in columns])


def _weighed(values: PutAside, dual: np.ndarray) -> np.ndarray:
    """``values.T @ dual``, of which NumPy would make float64 of all values first."""
    places = range(0, len(dual), PIECE)
    pieces = zip(values.pieces(PIECE), places, strict=True)
    found: np.ndarray = sum(piece.T @ dual[i : i + PIECE] for piece, i in pieces)
    return found


def _centre(values: np.ndarray, takes: np.ndarray, mean: np.ndarray) -> None:
    """Subtract the mean of its take from each row, in place.

    Answers for clips of nobody known stay as they are, so of these rows the mean of all is taken.
    """
    for take in np.unique(takes):
        rows = takes == take
        values[rows] -= mean if take < 0 else values[rows].mean(axis=0)
