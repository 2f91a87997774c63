"""A program that trains: built, examined, trained under the doctor's eyes, and scored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from speechsent.doctor import DoctorCallback, Finding, examine


@dataclass(kw_only=True)
class Program:
    """What somebody wrote to train a network.

    Args:
        model: The network.
        x: Training inputs.
        y: Training targets.
        test: Unseen inputs and targets.
        loss: As ``compile`` takes it.
        optimizer: Likewise.
        epochs: Passes over the data.
        batch_size: Samples in a step.
        validation: Inputs and targets, or the share of the last rows.
        known: What else ``examine`` is told.
    """

    model: keras.Model
    x: Any
    y: np.ndarray
    test: tuple[Any, np.ndarray]
    loss: str | keras.losses.Loss
    optimizer: Any
    epochs: int = 10
    batch_size: int = 32
    validation: tuple[Any, np.ndarray] | float | None = None
    known: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What the doctor told, before and during, and what came of the training.

    Args:
        findings: Errors and warnings as they came: before training, then during it.
        validation: Accuracy, or explained variance, on the validation part; NaN if there is none.
        test: The same on unseen samples; NaN if Keras would not train at all.
    """

    findings: tuple[Finding, ...]
    validation: float
    test: float

    @property
    def first(self) -> str:
        """Name of the first finding; empty if there is none."""
        return self.findings[0].name if self.findings else ""


def run(program: Program) -> Outcome:
    """Examine, train, score."""
    model, given = program.model, program.validation
    model.compile(program.optimizer, program.loss)
    share = given if isinstance(given, float) else 0.0
    parts = {"validation_split": share} if share else {"validation_data": given}
    n_train = int(len(program.y) * (1 - share))
    diagnosis = examine(
        model,
        program.x,
        program.y,
        batch_size=program.batch_size,
        steps=program.epochs * max(n_train // program.batch_size, 1),
        **parts,
        **program.known,
    )
    during: list[Finding] = []
    watch = DoctorCallback(program.x, program.y, tell=during.append)
    refused = False
    try:
        model.fit(
            program.x,
            program.y,
            epochs=program.epochs,
            batch_size=program.batch_size,
            verbose=0,
            callbacks=[watch],
            **parts,
        )
    except (ValueError, tf.errors.InvalidArgumentError):
        refused = True
    told = tuple(f for f in (*diagnosis.findings, *during) if f.severity != "note")
    if refused:
        return Outcome(told, np.nan, np.nan)
    held = (_rows(program.x, n_train), program.y[n_train:]) if share else given
    return Outcome(told, score(model, *held) if held else np.nan, score(model, *program.test))


def score(model: keras.Model, x: Any, y: np.ndarray) -> float:
    """Accuracy, or the share of variance explained where numbers are told."""
    told = np.asarray(model.predict(x, verbose=0))
    if y.dtype.kind == "f" and y.ndim == 1:
        return float(1 - ((told[:, 0] - y) ** 2).mean() / y.var())
    classes = y.argmax(axis=1) if y.ndim > 1 else y
    answers = told.argmax(axis=1) if told.shape[1] > 1 else (told[:, 0] > 0.5).astype(int)
    return float((answers == classes).mean())


def _rows(x: Any, first: int) -> Any:
    return [part[first:] for part in x] if isinstance(x, list) else x[first:]
