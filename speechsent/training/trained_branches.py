"""Branches trained alone, kept so that every fusion of the same branch starts from it at once."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from speechsent.branches.batchnorm import leaves
from speechsent.clips import Clips, views_of
from speechsent.datasets import TrainingOptions
from speechsent.features.cache import FeatureCache
from speechsent.features.pack import DamagedPackError
from speechsent.training.devices import n_sharing
from speechsent.training.fit import FitConfig, History
from speechsent.training.inference import input_names
from speechsent.training.progress import values, variables
from speechsent.training.store import branch_key

FORMAT = 3  # raise it when training comes to other weights in a way its parameters do not show


def branch_training_key(
    model: keras.Model,
    train: Clips,
    validation: Clips,
    how: tuple[FitConfig, TrainingOptions],
    *,
    last_epoch: int | None = None,
    by_speaker: bool = False,
) -> str:
    """SHA-256, in hex, of all that decides what training a branch alone will come to.

    Args:
        model: The branch with its classifier, untrained.
        train: Clips it is fitted on.
        validation: Clips its epoch is chosen by.
        how: Rates, epochs, batches and augmentation.
        last_epoch: The epoch it ends with, if that was chosen before.
        by_speaker: Whether its epoch is chosen by answers that are centred by speaker.
    """
    views = views_of(input_names(model))
    augment = how[1].augment
    also = ("log_mel",) if augment is not None and augment.needs_spectrum else ()
    fit, options = how
    how = replace(fit, refit=False), options  # what comes behind the branch does not decide it
    shared = f" on {n_sharing()}" if n_sharing() > 1 else ""
    ends = f" to {last_epoch}" if last_epoch else ""
    centred = " centred" if by_speaker else ""
    trains = [layer.trainable for layer in leaves(model)]  # not in the key of what it answers
    told = f"{FORMAT} {branch_key(model)} {trains} {how} {len(train)}{shared}{ends}{centred}"
    found = hashlib.sha256(told.encode())
    for clips in (train, validation):
        for i, name in enumerate(clips.ids):
            found.update(f"{name} {clips.asked(i)} {clips.digest(i, views, also)}".encode())
    return found.hexdigest()


def keep_trained(cache: FeatureCache, key: str, model: keras.Model, history: History) -> None:
    """Keep what a branch remembers and its history; without room it is trained again next time.

    The seeds of its dropouts are kept as well: who fine-tunes it goes on from them.
    """
    rows = [array.ravel().view(np.float32)[:, None] for array in values(variables(model))]
    told = json.dumps([history.stage, history.best_epoch, [dict(row) for row in history.rows]])
    try:
        cache.add_to(_folder(key), _keys(len(rows)), rows, {0: [told]})
    except OSError:
        return


def find_trained(cache: FeatureCache, key: str, model: keras.Model) -> History | None:
    """Put what is kept into a branch; None, and nothing changed, if there is nothing."""
    held = variables(model)
    keys = _keys(len(held))
    places = cache.find_in(_folder(key), keys)
    if len(places) < len(keys):
        return None
    try:
        arrays = [
            places[key][0][places[key][1]].ravel().view(like.dtype).reshape(like.shape)
            for key, like in zip(keys, values(held), strict=True)
        ]
        (told,) = places[keys[0]][0].notes[0]
        stage, best_epoch, rows = json.loads(told)
    except (DamagedPackError, OSError, ValueError, KeyError):
        return None
    for variable, array in zip(held, arrays, strict=True):
        variable.assign(array)
    return History(stage, tuple(_row(row) for row in rows), best_epoch)


def _row(row: dict[str, Any]) -> dict[str, float]:
    return {name: value if name == "epoch" else float(value) for name, value in row.items()}


def _folder(key: str) -> str:
    return f"branch-{key[:32]}"


def _keys(n: int) -> list[bytes]:
    return [i.to_bytes(32, "big") for i in range(n)]
