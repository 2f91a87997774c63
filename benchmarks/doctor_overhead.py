"""What the doctor costs while a model trains: CPU time of a whole training with it, and without.

InceptionV3 from random weights at 75 pixels and the default LSTM, on random clips. Both are traced
before anything is measured, and with the doctor a second training pays for no tracing of its own,
as in the folds of a study; the row below tells what tracing costs once.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np
from measure import Figure, arguments, cpu_seconds, interleaved, report

from speechsent.answers import Classes
from speechsent.config import ExperimentConfig
from speechsent.doctor import DoctorCallback
from speechsent.doctor.inflight.look import Looker
from speechsent.fusion import classifier
from speechsent.network import build_branches

N_CLASSES = 6
STEPS = {"inceptionv3": 60, "lstm": 200}
BATCH = 32


def main() -> None:
    """Measure both networks and print the table."""
    args = arguments(__doc__)
    rows = []
    for name, build in (("lstm", lstm), ("inceptionv3", inception)):
        model = build()
        steps = STEPS[name]
        x, y = clips(model)
        looker = Looker(model)
        first = cpu_seconds(partial(look, looker, x, y))
        training(model, x, y, 10, None)()  # traces the step
        sides = interleaved(
            {
                "off": training(model, x, y, steps, None),
                "on": training(model, x, y, steps, looker),
            },
            args.rounds,
            discard=0,
        )
        rows += [
            Figure(
                name=f"doctor.{name}",
                what=f"{steps} steps of {name} with the doctor over without",
                value=sides["on"] / sides["off"],
                at_most=1.05,
            ),
            Figure(what="  a step without it, CPU ms", value=1000 * sides["off"] / steps),
            Figure(what="  its first look, CPU ms", value=1000 * first),
        ]
        print(f"{name} measured", flush=True)
    report(rows, args.json)


def inception() -> keras.Model:
    """InceptionV3 with a softmax, untrained."""
    model = keras.applications.InceptionV3(weights=None, classes=N_CLASSES, input_shape=(75, 75, 3))
    model.compile("adam", "categorical_crossentropy")
    return model


def lstm() -> keras.Model:
    """The default LSTM branch with a classifier."""
    branch = build_branches(ExperimentConfig())["lstm"]
    model = classifier(branch, answer=Classes(N_CLASSES))
    model.compile("adam", "categorical_crossentropy")
    return model


def clips(model: keras.Model) -> tuple[Any, np.ndarray]:
    """A batch of noise, as the model takes it."""
    rng = np.random.default_rng(0)
    x = keras.tree.map_structure(
        lambda tensor: rng.normal(size=(BATCH, *tensor.shape[1:])).astype("float32"), model.input
    )
    return x, np.eye(N_CLASSES, dtype="float32")[np.arange(BATCH) % N_CLASSES]


def look(looker: Looker, x: Any, y: Any) -> None:
    """Look once in either mode, tracing what is to be traced."""
    heads = looker.heads(y)
    for training_mode in (False, True):
        looker.look(x, heads, training=training_mode)


def training(
    model: keras.Model, x: Any, y: np.ndarray, steps: int, looker: Looker | None
) -> Callable[[], float]:
    """What trains for some steps, ten to an epoch, and returns the CPU seconds it took."""

    def fit() -> float:
        callbacks = [] if looker is None else [DoctorCallback(x, y, looker=looker, tell=ignore)]
        data = Repeated(x, y)
        return cpu_seconds(
            lambda: model.fit(data, epochs=steps // 10, verbose=0, callbacks=callbacks)
        )

    return fit


def ignore(finding: Any) -> None:
    """Noise teaches nothing, and that is told: not here."""


class Repeated(keras.utils.PyDataset):
    """Ten times the same batch."""

    def __init__(self, x: Any, y: np.ndarray) -> None:
        super().__init__()
        self.batch = x, y

    def __len__(self) -> int:
        return 10

    def __getitem__(self, step: int) -> tuple[Any, np.ndarray]:
        """The batch."""
        return self.batch


if __name__ == "__main__":
    main()
