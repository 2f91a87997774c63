"""Train on one and on two logical CPUs and print the losses; a process of its own, run by a test.

Logical devices must be made before TensorFlow starts, which other tests have done long since.
"""

import json
from functools import partial

import keras
import numpy as np
import tensorflow as tf

from speechsent import fusion
from speechsent.branches.lstm import LstmBranch
from speechsent.clips import Clips
from speechsent.datasets import TrainingOptions
from speechsent.errors import ParameterError
from speechsent.features.standardize import Statistics
from speechsent.fusion import FusionConfig
from speechsent.training import network_trainer
from speechsent.training.devices import adamw, require_even_shares, sharing
from speechsent.training.fit import FitConfig
from speechsent.training.listener import Listener
from speechsent.training.recipes import Trainer
from speechsent.training.seed import layers_seeded

N_WINDOW, WIDTHS = 6, {"log_mel": 4, "mfcc": 2}


def clips(n, prefix):
    """Clips of three classes in turn, whose mean level tells the class."""
    rng, classes = np.random.default_rng(n), np.arange(n) % 3
    views = {
        view: list((rng.normal(size=(n, N_WINDOW, width)) + classes[:, None, None]).astype("f4"))
        for view, width in WIDTHS.items()
    }
    unchanged = [Statistics(np.float32(0), np.float32(1))] * n
    ids = tuple(f"{prefix}{i}" for i in range(n))
    return Clips(views, dict.fromkeys(views, unchanged), classes, 3, N_WINDOW, ids)


def dense(name, shape):
    inputs = keras.Input(shape, name=name)
    x = keras.layers.Dense(4, activation="relu")(keras.layers.Flatten()(inputs))
    return keras.Model({name: inputs}, x, name=f"{name}_branch")


def branches(mode):
    """Tiny nets without BatchNorm and dropout, whose shares would differ from the whole."""
    shape = (N_WINDOW, WIDTHS["mfcc"])
    lstm = LstmBranch(
        channels=0, units=(3,), embedding=3, bidirectional=False, pooling="last", dropout=0
    )
    return {
        "cnn": dense("image", (WIDTHS["log_mel"], N_WINDOW, 1)),
        "lstm": lstm.build({"mfcc": shape}) if mode == "joint" else dense("mfcc", shape),
    }


def losses(mode, n_devices):
    """Training and validation losses of each stage, epoch by epoch."""
    with sharing(n_devices, batch_size=6, precision="float32"), layers_seeded(1, "branches"):
        trained = Trainer(
            branches=branches(mode),
            train=clips(18, "train"),
            validation=clips(9, "validation"),
            options=TrainingOptions(batch_size=6),
            fusion=FusionConfig(mode=mode, units=4, dropout=0, copies=2),
            config=FitConfig(epochs=3, head_epochs=3, batch_size=6),
            listener=Listener(),
        ).run()
    rows = [row for stage in trained.stages for row in stage.history.rows]
    return {name: [row[name] for row in rows] for name in ("objective", "val_loss")}


def clipped_losses(n_devices):
    """Losses of a line fitted to two halves that pull hard against each other."""
    x = np.ones((8, 1), np.float32)
    y = np.float32([10, 10, 10, 10, -8, -8, -8, -8])
    with sharing(n_devices, batch_size=8, precision="float32"), layers_seeded(1, "line"):
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        model.compile(adamw(0.1, weight_decay=0.01, clipnorm=1.0), loss="mse")
        history = model.fit(x, y, batch_size=8, epochs=4, shuffle=False, verbose=0)
    return history.history["loss"]


def refusal(n_devices, batch_size):
    """What is said of devices that are not there, or of a batch they cannot share."""
    try:
        with sharing(n_devices, batch_size=2 * n_devices, precision="float32"):
            require_even_shares(batch_size)
    except ParameterError as error:
        return str(error)
    return ""


def main():
    cpu = tf.config.list_physical_devices("CPU")[0]
    two = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(cpu, two)
    network_trainer.classifier = partial(fusion.classifier, dropout=0)
    figures = {mode: [losses(mode, n) for n in (1, 2)] for mode in ("joint", "frozen")}
    figures["clipped"] = [clipped_losses(n) for n in (1, 2)]
    figures |= {"refusal": refusal(3, 6), "uneven": refusal(2, 7)}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
