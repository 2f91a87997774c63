import keras
import numpy as np
import pytest
from keras import layers

from speechsent import doctor
from speechsent.answers import Classes, Numbers
from speechsent.config import from_dict
from speechsent.doctor import examine
from speechsent.errors import ParameterError
from speechsent.network import assemble, build_branches

SMALL = {"log_mel": {"n_mels": 32}, "mfcc": {"n_mfcc": 13}, "view": {"seconds": 0.5}}


def state(model):
    """Every number of a model, of its optimiser and of its metrics."""
    optimizer = model.optimizer.variables if model.optimizer else []
    return [v.numpy() for v in (*model.variables, *optimizer, *model.metrics_variables)]


def test_nothing_of_the_model_changes(network, features, one_hot):
    """Weights, BatchNorm statistics, seeds of dropout, optimiser: the same bits."""
    model = network(
        (5,),
        layers.Dense(8),
        layers.BatchNormalization(),
        layers.Dropout(0.5, seed=3),
        layers.Dense(3, "softmax"),
        loss="categorical_crossentropy",
    )
    model.fit(features, one_hot, epochs=1, verbose=0)
    before, config = state(model), model.get_config()
    trainable = [layer.trainable for layer in model.layers]
    examine(model, features, one_hot, validation_split=0.2, batch_size=8, steps=100)
    after = state(model)
    assert len(before) == len(after) > 10
    assert all(a.tobytes() == b.tobytes() for a, b in zip(before, after, strict=True))
    assert model.get_config() == config
    assert [layer.trainable for layer in model.layers] == trainable
    assert not any("call" in vars(layer) for layer in model.layers)


def test_training_goes_the_same_way_after_an_examination(network, features, one_hot):
    def trained(*, examined):
        model = network(
            (5,),
            layers.Dense(8, "relu"),
            layers.Dropout(0.5, seed=3),
            layers.Dense(3, "softmax"),
            loss="categorical_crossentropy",
        )
        if examined:
            examine(model, features, one_hot)
        model.fit(features, one_hot, epochs=2, verbose=0, shuffle=False)
        return model.get_weights()

    for one, other in zip(trained(examined=True), trained(examined=False), strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_error_on_the_way_leaves_no_trace(features):
    class Picky(layers.Layer):
        def call(self, inputs):
            return keras.ops.reshape(inputs, (7, 5))

        def compute_output_shape(self, shape):
            return shape

    inputs = keras.Input((5,))
    model = keras.Model(inputs, layers.Dense(2)(Picky()(layers.Dense(5)(inputs))))
    with pytest.raises(Exception, match="reshape"):
        examine(model, features)
    assert not any("call" in vars(layer) for layer in model.layers)


@pytest.mark.parametrize("mode", ["joint", "cnn"])
@pytest.mark.parametrize("answer", [Classes(6), Numbers(2)])
def test_our_own_networks_are_clean(names, rng, mode, answer):
    config = from_dict({**SMALL, "fusion": {"mode": mode}})
    model = assemble(build_branches(config), config, answer)
    x = {
        tensor.name: (rng.random if tensor.name == "image" else rng.normal)(
            size=(48, *tensor.shape[1:])
        ).astype("float32")
        for tensor in model.inputs
    }
    classes = np.eye(6, dtype="float32")[np.arange(48) % 6]
    y = classes if isinstance(answer, Classes) else rng.normal(size=(48, 2))
    diagnosis = examine(model, x, y, loss=answer.loss(0.1), batch_size=32, steps=400)
    assert names(diagnosis, notes=True) == []
    assert "one batch" in diagnosis.scope


@pytest.mark.parametrize("mode", ["joint", "lstm"])
def test_default_layers_of_our_own_networks_are_clean(names, mode):
    config = from_dict({"fusion": {"mode": mode}, "lstm": {"streams": ["mfcc", "prosody"]}})
    model = assemble(build_branches(config), config, Classes(6))
    found = examine(model, loss=Classes(6).loss(0.1), batch_size=32, steps=400)
    assert names(found, notes=True) == []


def test_a_subclassed_model_is_judged_by_what_it_does(names, features, numbers):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(3)

        def call(self, inputs):
            return self.dense(inputs)

    model = Own()
    model(features[:1])
    found = examine(model, features, numbers, loss="sparse_categorical_crossentropy")
    assert names(found)[0] == "output-not-probabilities"
    assert "the layers" not in found.scope


class TwoAnswers(keras.Model):
    """A class and a number, by name, of which the later name is made first."""

    def __init__(self):
        super().__init__()
        self.score, self.emotion = layers.Dense(1), layers.Dense(3)

    def call(self, inputs):
        return {"score": self.score(inputs), "emotion": self.emotion(inputs)}


def test_answers_of_a_subclassed_model_are_matched_by_name(names, features, numbers):
    model = TwoAnswers()
    model(features[:1])
    losses = {"score": "mse", "emotion": "sparse_categorical_crossentropy"}
    y = {"score": features[:, :1], "emotion": numbers}
    found = examine(model, features, y, loss=losses)
    assert names(found)[0] == "output-not-probabilities"
    assert found.errors[0].at == "emotion"
    assert {"the loss", "labels"} <= set(found.scope)
    losses["emotion"] = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    assert names(examine(model, features, y, loss=losses)) == []


def test_a_model_without_anything_else_is_still_looked_at(mlp):
    assert examine(mlp).scope == ("the layers",)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"y": np.zeros(59)}, "a row a sample. Received: 60 and 59"),
        ({"validation_split": 1.0}, "validation_split must lie in"),
        ({"validation_split": 0.2, "validation_data": (1, 2)}, "not stand beside validation_data"),
        ({"x": np.zeros((0, 5))}, "at least one sample"),
        ({"loss": ["mse", "mse"]}, "needs as many losses"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(mlp, features, given, message):
    with pytest.raises(ParameterError, match=message):
        examine(mlp, **{"x": features, **given})


def test_a_model_without_weights_is_refused():
    with pytest.raises(ParameterError, match=r"start it with keras\.Input"):
        examine(keras.Sequential([layers.Dense(2)]))


def test_the_package_offers_it():
    import speechsent

    assert speechsent.examine is doctor.examine
