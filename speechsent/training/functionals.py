"""Solve for the answer of the functionals: ridge regression, with strength and scale by speaker."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial

import keras
import numpy as np
from threadpoolctl import threadpool_limits

from speechsent.branches.functionals import ANSWER, LIKENESS, FunctionalsConfig, banks
from speechsent.branches.likeness import MAX_CENTRES
from speechsent.clips import Clips, evaluation_batches, to_inputs, window_starts
from speechsent.datasets import TrainingBatches, TrainingOptions, balanced_weights
from speechsent.errors import TrainingError
from speechsent.recognised import AT_ONCE
from speechsent.training.aside import PutAside
from speechsent.training.inference import batch_outputs
from speechsent.training.kernel_ridge import best_dual, main_directions, nearness

STRENGTHS = (0.1, 0.3, 1.0, 3.0)  # of regularisation, as a share of a row's mean square
LIKENESS_STRENGTHS = (0.003, 0.01, 0.03, 0.1)  # the same where rows are told by likeness
MAX_ROWS = MAX_CENTRES  # windows solved for at once: the matrix has as many rows and columns
N_GROUPS = 10  # of clips that are left out whoever speaks
THRESHOLD_CLIPS = 64
PIECE = 256  # rows, or columns, that are copied at once


@dataclass(frozen=True)
class Rows:
    """What is known of the windows that statistics are of.

    Args:
        classes: Class index of each row.
        weights: Weight of each row, mean about 1.
        groups: Rows of one group are left out together: those of a speaker, in all copies.
        takes: Rows of one take are centred together: those of a speaker, in one copy; -1 where
            the speaker is unknown.
        own: Whether a row is of a clip as it is.
    """

    classes: np.ndarray
    weights: np.ndarray
    groups: np.ndarray
    takes: np.ndarray
    own: np.ndarray


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
    clips = _enough(functionals.config, clips, options.seed)
    _set_thresholds(functionals.model, clips)
    # Of thousands of windows they take hundreds of megabytes: there once, and changed in place.
    values, rows = _rows(statistics, clips, options, functionals.config)
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
        _enough(config, clips, seed)


def _enough(config: FunctionalsConfig, clips: Clips, seed: int) -> Clips:
    """As many clips as have ``MAX_ROWS`` windows together, drawn from all classes in turn."""
    windows = _n_windows(clips)
    if windows.sum() > MAX_ROWS:
        shuffled = np.random.default_rng([seed, MAX_ROWS]).permutation(len(clips))
        turn = np.zeros(len(clips), int)  # place of each clip among those of its class
        for label in range(clips.n_classes):
            own = shuffled[clips.classes[shuffled] == label]
            turn[own] = np.arange(len(own))
        order = shuffled[np.argsort(turn[shuffled], kind="stable")]
        enough = (windows[order].cumsum() <= MAX_ROWS) | (turn[order] == 0)
        chosen = sorted(order[enough].tolist())
        clips, windows = clips.subset(chosen), windows[chosen]
    if config.likeness and windows.sum() > MAX_CENTRES:
        raise TrainingError(
            f"functionals.likeness compares with {MAX_CENTRES} windows at most, and one clip "
            f"of each emotion has {windows.sum()}; cut long clips, or set functionals.likeness=0"
        )
    return clips


def _set_thresholds(functionals: keras.Model, clips: Clips) -> None:
    """Set the thresholds of all filters by some windows of evenly spread clips."""
    kinds = banks(functionals)
    frames = keras.Model(functionals.input, kinds[0].input)  # all kinds see the same
    said: list[list[np.ndarray]] = [[] for _ in kinds]
    for inputs, _ in evaluation_batches(_shown(clips.spread(THRESHOLD_CLIPS))):
        sequence, used = frames({"image": inputs["image"]}, training=False)
        known = np.asarray(used)[..., 0] > 0
        for bank, found in zip(kinds, said, strict=True):
            found.append(np.asarray(bank.responses(sequence, used))[known])
    for bank, found in zip(kinds, said, strict=True):
        bank.set_thresholds(np.concatenate(found))


def _rows(
    statistics: keras.Model, clips: Clips, options: TrainingOptions, config: FunctionalsConfig
) -> tuple[np.ndarray, Rows]:
    """Statistics of all windows of the clips as they are, and of one window of each copy.

    Returns:
        Shape ``(n_rows, n_values)``, float32, and what is known of the rows.
    """
    windows = _n_windows(clips)
    n_own = windows.sum()
    room = max(0, (MAX_ROWS - n_own) // len(clips))
    n_copies = 0 if options.augment is None else min(config.copies, room)
    n_rows = n_own + n_copies * len(clips)
    values = np.empty((n_rows, *statistics.output_shape[1:]), np.float32)
    owners, copies = np.empty(n_rows, int), np.empty(n_rows, int)
    first = 0
    for found, of, copy in _statistics(statistics, clips, options, config, n_copies):
        here = slice(first, first + len(of))
        values[here], owners[here], copies[here] = found, of, copy
        first += len(of)
    groups = _parts(clips) if config.likeness else _groups(clips)
    share = np.where(copies == 0, 1 / windows[owners], 1.0)  # a clip counts once, however long
    balance = balanced_weights(clips) if options.class_weights else np.ones(len(clips))
    return values, Rows(
        classes=clips.classes[owners],
        weights=balance[owners] * share,
        groups=groups[owners],
        takes=_takes(clips, owners, copies),
        own=copies == 0,
    )


def _statistics(
    statistics: keras.Model,
    clips: Clips,
    options: TrainingOptions,
    config: FunctionalsConfig,
    n_copies: int,
) -> Iterator[tuple[np.ndarray, np.ndarray, int]]:
    """Statistics of some windows at a time, with the clip of each and the number of its copy.

    Copies are in other voices; number 0 is the clip itself, in all its windows.
    """
    for inputs, owners in evaluation_batches(_shown(clips)):
        yield batch_outputs(statistics, inputs, at_least=AT_ONCE), owners, 0
    if options.augment is None:
        return
    augment = replace(
        options.augment,
        time_masks=0,
        mel_masks=0,
        gain_db=min(config.gain_db, options.augment.gain_db),
        tempo=config.tempo,
        warp=config.warp,
    )
    batches = TrainingBatches(clips, replace(options, augment=augment, inputs=("image",)))
    with threadpool_limits(1, user_api="blas"):  # its threads would wait beside TensorFlow's
        for copy in range(1, n_copies + 1):
            for first in range(0, len(clips), AT_ONCE):
                chosen = np.arange(first, min(first + AT_ONCE, len(clips)))
                windows = [batches.augmented(clip, copy) for clip in chosen.tolist()]
                yield batch_outputs(statistics, to_inputs(windows), at_least=AT_ONCE), chosen, copy


def _n_windows(clips: Clips) -> np.ndarray:
    """Number of windows of each clip."""
    views = clips.views["log_mel"]
    return np.array([len(window_starts(len(values), clips.n_window)) for values in views])


def _shown(clips: Clips) -> Clips:
    """The clips with the one view that is looked at."""
    return replace(
        clips,
        views={"log_mel": clips.views["log_mel"]},
        statistics={"log_mel": clips.statistics["log_mel"]},
    )


def _groups(clips: Clips) -> np.ndarray:
    """Number of each clip's speaker; where fewer than two are known, of an arbitrary part."""
    speakers, parts = _speakers(clips), _parts(clips)
    n_known = speakers.max() + 1
    return parts if n_known < 2 else np.where(speakers < 0, n_known + parts, speakers)


def _parts(clips: Clips) -> np.ndarray:
    return np.arange(len(clips)) % N_GROUPS


def _speakers(clips: Clips) -> np.ndarray:
    """Number of each clip's speaker, from 0; -1 where unknown."""
    speakers = clips.speakers or (None,) * len(clips)
    known = sorted({speaker for speaker in speakers if speaker is not None})
    place = {speaker: i for i, speaker in enumerate(known)}
    return np.array([-1 if who is None else place[who] for who in speakers])


def _takes(clips: Clips, owners: np.ndarray, copies: np.ndarray) -> np.ndarray:
    """Number of each row's take, from 0; -1 where the clip's speaker is unknown."""
    speakers = _speakers(clips)[owners]
    takes: np.ndarray = np.where(speakers < 0, -1, speakers * (copies.max() + 1) + copies)
    return takes


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
