"""Statistics of windows that functionals are solved from, and what is known of each."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import keras
import numpy as np
from threadpoolctl import threadpool_limits

from speechsent.branches.functionals import FunctionalsConfig
from speechsent.branches.likeness import MAX_CENTRES
from speechsent.clips import Clips, evaluation_batches, to_inputs, window_starts
from speechsent.datasets import TrainingBatches, TrainingOptions, balanced_weights
from speechsent.errors import TrainingError
from speechsent.recognised import AT_ONCE
from speechsent.training.inference import batch_outputs

MAX_ROWS = MAX_CENTRES  # windows solved for at once: the matrix has as many rows and columns
N_GROUPS = 10  # of clips that are left out whoever speaks


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


def enough(config: FunctionalsConfig, clips: Clips, seed: int) -> Clips:
    """As many clips as have ``MAX_ROWS`` windows together, drawn from all classes in turn.

    Raises:
        TrainingError: If likeness would compare with more windows than it can.
    """
    windows = _n_windows(clips)
    if windows.sum() > MAX_ROWS:
        shuffled = np.random.default_rng([seed, MAX_ROWS]).permutation(len(clips))
        turn = np.zeros(len(clips), int)  # place of each clip among those of its class
        for label in range(clips.n_classes):
            own = shuffled[clips.classes[shuffled] == label]
            turn[own] = np.arange(len(own))
        order = shuffled[np.argsort(turn[shuffled], kind="stable")]
        kept = (windows[order].cumsum() <= MAX_ROWS) | (turn[order] == 0)
        chosen = sorted(order[kept].tolist())
        clips, windows = clips.subset(chosen), windows[chosen]
    if config.likeness and windows.sum() > MAX_CENTRES:
        raise TrainingError(
            f"functionals.likeness compares with {MAX_CENTRES} windows at most, and one clip "
            f"of each emotion has {windows.sum()}; cut long clips, or set functionals.likeness=0"
        )
    return clips


def rows_of(
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
    for inputs, owners in evaluation_batches(shown(clips)):
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


def shown(clips: Clips) -> Clips:
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
