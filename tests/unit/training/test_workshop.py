import keras
import numpy as np
import pytest

from speechsent.datasets import TrainingOptions
from speechsent.features.augment import Augment
from speechsent.features.mfcc import Mfcc
from speechsent.fusion import FusionConfig
from speechsent.network import precision
from speechsent.training import inference
from speechsent.training.fit import FitConfig
from speechsent.training.listener import Listener
from speechsent.training.recipes import Trainer
from speechsent.training.workshop import Workshop

CONFIG = FitConfig(epochs=2, head_epochs=2, batch_size=6, learning_rate=0.02)
OPTIMIZER = {"weight_decay": 0.0, "clipnorm": 1.0}


@pytest.fixture(scope="module")
def train(make_clips, make_branches):
    """Train one fold in a workshop; folds differ in their clips and in how many there are."""

    def run(workshop, mode, *, fold, seed):
        branches = make_branches(seed)
        trainer = Trainer(
            branches={
                name: workshop.fresh(f"{name} branch", branches[name])
                for name in FusionConfig(mode=mode).branches
            },
            train=make_clips(18 + 6 * fold, prefix="train", seed=fold),
            validation=make_clips(9, prefix="validation", seed=9),
            options=TrainingOptions(
                batch_size=6,
                seed=seed,
                augment=Augment(time_mask_frames=3, mel_mask_bands=2),
                mfcc=Mfcc(n_mfcc=2, n_deltas=0),
            ),
            fusion=FusionConfig(mode=mode, units=4, copies=2),
            config=CONFIG,
            listener=Listener(),
            workshop=workshop,
        )
        return trainer.run()

    return run


@pytest.mark.parametrize(("mode", "n_fits"), [("joint", 1), ("finetune", 4)])
def test_a_second_fold_traces_nothing_and_is_the_same_as_without_the_first(train, mode, n_fits):
    alone = train(Workshop(), mode, fold=1, seed=2)
    shared = Workshop()
    first = train(shared, mode, fold=0, seed=1)
    weights_of_first = first.model.get_weights()
    models = list(shared._models.values())
    traced = [(model.train_function, inference._forwards.get(model)) for model in models]
    second = train(shared, mode, fold=1, seed=2)
    assert second.model is first.model
    assert traced == [(model.train_function, inference._forwards.get(model)) for model in models]
    assert sum(step is not None for step, _ in traced) == n_fits
    assert [stage.history for stage in second.stages] == [stage.history for stage in alone.stages]
    for one, other in zip(alone.model.get_weights(), second.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert any(
        not np.array_equal(one, other)
        for one, other in zip(weights_of_first, second.model.get_weights(), strict=True)
    )


class Counting(keras.layers.Layer):
    """Passes on what it is given, and counts how often Python runs through it."""

    n_calls = 0

    def call(self, values):
        self.n_calls += 1
        return values


@pytest.mark.parametrize("outputs", [("emotion",), ("emotion", "lstm")])
def test_a_step_is_traced_once(outputs, rng):
    """TensorFlow traces a step twice that creates variables of optimiser or losses."""
    mfcc = keras.Input((2,), name="mfcc")
    counting = Counting()
    told = counting(mfcc)
    heads = {name: keras.layers.Dense(3, "softmax", name=name)(told) for name in outputs}
    model = keras.Model({"mfcc": mfcc}, heads)
    losses = dict.fromkeys(outputs, "categorical_crossentropy")
    Workshop().compile(model, "joint", optimizer=OPTIMIZER, loss=losses)
    x = {"mfcc": rng.random((12, 2)).astype("float32")}
    y = dict.fromkeys(outputs, np.eye(3, dtype="float32")[np.arange(12) % 3])
    counting.n_calls = 0
    model.fit(x, y, batch_size=4, epochs=2, verbose=0)
    assert counting.n_calls == 1


def test_another_recipe_starts_with_no_models(make_branches):
    workshop = Workshop("one")
    kept = workshop.fresh("cnn", make_branches()["cnn"])
    workshop.take_up("one")
    assert workshop.fresh("cnn", make_branches()["cnn"]) is kept
    workshop.take_up("another")
    assert workshop.fresh("cnn", make_branches()["cnn"]) is not kept


def test_another_stage_of_one_model_is_compiled_anew(make_branches):
    """Otherwise a stage would follow the loss of the one before."""
    model, workshop = make_branches()["cnn"], Workshop()
    workshop.compile(model, "first", optimizer=OPTIMIZER, loss="mse")
    optimizer = model.optimizer
    workshop.compile(model, "second", optimizer=OPTIMIZER, loss="mae")
    assert model.optimizer is not optimizer
    workshop.compile(model, "first", optimizer=OPTIMIZER, loss="mse")
    assert model.loss == "mse"


def test_a_second_training_in_16_bit_floats_begins_as_the_first(rng):
    """There Keras scales the loss, by 2**15 at first, lest small gradients become 0."""
    workshop, scales = Workshop(), []
    x, y = rng.random((12, 2)).astype("float32"), np.eye(3, dtype="float32")[np.arange(12) % 3]
    with precision("mixed_float16"):
        for _ in range(2):
            mfcc = keras.Input((2,), name="mfcc")
            told = keras.layers.Dense(3, "softmax", dtype="float32")(mfcc)
            model = workshop.fresh("lstm", keras.Model({"mfcc": mfcc}, told))
            workshop.compile(model, "lstm", optimizer=OPTIMIZER, loss="categorical_crossentropy")
            scales.append(float(model.optimizer.dynamic_scale))
            model.fit({"mfcc": x}, y, verbose=0)
    assert scales == [2**15, 2**15]
    assert all(np.isfinite(values).all() for values in model.get_weights())


def test_what_the_doctor_looks_with_is_kept_with_its_model(make_branches):
    """So that its passes, which may be traced, are traced once for all folds."""
    workshop, branches = Workshop(), make_branches()
    workshop.take_up("one recipe")
    kept = workshop.looker(branches["lstm"], "lstm")
    assert workshop.looker(branches["lstm"], "lstm") is kept
    assert workshop.looker(make_branches()["lstm"], "lstm") is not kept
    workshop.take_up("another recipe")
    assert workshop.looker(branches["lstm"], "lstm") is not kept
