"""A look: the figures are those of the model, and nothing in it moves."""

import keras
import numpy as np
import pytest
from keras import layers

from speechsent.doctor.inflight.branches import join_of
from speechsent.doctor.inflight.look import Looker

SPARSE = "sparse_categorical_crossentropy"


def two_branches(join=None, *behind):
    keras.utils.set_random_seed(3)
    inputs = [keras.Input((5,), name=name) for name in ("one", "other")]
    embeddings = [layers.Dense(4, name=f"{t.name}_dense")(t) for t in inputs]
    joined = (join or layers.Concatenate(name="join"))(embeddings)
    for layer in behind:
        joined = layer(joined)
    model = keras.Model(inputs, layers.Dense(3, "softmax")(joined))
    model.compile("sgd", SPARSE)
    return model


def test_a_branch_is_judged_by_the_loss_without_it(rng, numbers):
    """By hand: the same head, on embeddings of which one is its mean."""
    model, x = two_branches(), [rng.normal(size=(60, 5)).astype("float32") for _ in range(2)]
    looker = Looker(model)
    use = looker.look(x, looker.heads(numbers)).branches
    one, other = (
        model.get_layer(f"{n}_dense")(v).numpy() for n, v in zip(("one", "other"), x, strict=True)
    )
    head = model.layers[-1]

    def loss(*embeddings):
        answers = head(np.concatenate(embeddings, axis=1)).numpy()
        return float(-np.log(answers[np.arange(60), numbers]).mean())

    flat, even = (np.zeros_like(v) + v.mean(axis=0) for v in (one, other))
    expected = [loss(flat, other), loss(one, even), loss(flat, even)]
    np.testing.assert_allclose([*use.without, use.without_all], expected, rtol=1e-5)
    assert use.loss == pytest.approx(loss(one, other), rel=1e-5)
    assert use.names == ("one_dense", "other_dense")
    assert sum(use.gradient) == pytest.approx(1)


def test_branches_that_are_added_are_judged_as_well(rng, numbers):
    """The same, where they are joined by a plus, or by a layer that takes them in a list."""
    x = [rng.normal(size=(60, 5)).astype("float32") for _ in range(2)]
    for join in (lambda pair: pair[0] + pair[1], layers.Add()):
        model = two_branches(join)
        looker = Looker(model)
        use = looker.look(x, looker.heads(numbers)).branches
        one, other = (
            model.get_layer(f"{n}_dense")(v).numpy()
            for n, v in zip(("one", "other"), x, strict=True)
        )
        flat = np.zeros_like(one) + one.mean(axis=0)
        answers = model.layers[-1](flat + other).numpy()
        expected = -np.log(answers[np.arange(60), numbers]).mean()
        assert use.without[0] == pytest.approx(expected, rel=1e-5)
        assert use.loss == pytest.approx(model.evaluate(x, numbers, verbose=0), rel=1e-5)


def test_batchnorm_behind_a_join_reads_the_samples_alone(rng, numbers):
    """The loss in training mode is that of Keras's own pass over them."""
    model = two_branches(None, layers.BatchNormalization())
    x = [rng.normal(size=(60, 5)).astype("float32") for _ in range(2)]
    looker = Looker(model)
    look = looker.look(x, looker.heads(numbers), training=True)
    with keras.StatelessScope():
        answers = model(x, training=True).numpy()
    expected = -np.log(answers[np.arange(60), numbers]).mean()
    assert look.loss == pytest.approx(expected, rel=1e-5)
    assert look.branches is None


def test_variances_are_those_of_all_frames(network, rng):
    """BatchNorm in TimeDistributed is called for each frame; one is ten times louder."""
    inner = keras.Sequential([keras.Input((5,)), layers.BatchNormalization(name="bn")])
    model = network((6, 5), layers.TimeDistributed(inner), layers.Flatten(), layers.Dense(2))
    x = rng.normal(size=(60, 6, 5)).astype("float32")
    x[:, 0] *= 10
    noted = Looker(model).look(x, []).variances[id(inner.get_layer("bn"))]
    np.testing.assert_allclose(noted, x.astype(float).var(axis=0).mean(axis=0), rtol=1e-4)


def test_outputs_and_loss_are_those_of_the_model(mlp, features, numbers):
    mlp.compile("sgd", SPARSE)
    looker = Looker(mlp)
    look = looker.look(features, looker.heads(numbers))
    np.testing.assert_array_equal(look.outputs[0], mlp(features).numpy())
    assert look.loss == pytest.approx(mlp.evaluate(features, numbers, verbose=0), rel=1e-5)
    assert look.branches is None


def test_dropout_is_off_where_modes_are_compared(mlp, features, numbers):
    """Without BatchNorm both modes are then the same."""
    mlp.compile("sgd", SPARSE)
    looker = Looker(mlp)
    heads = looker.heads(numbers)
    losses = [looker.look(features, heads, training=mode).loss for mode in (True, False)]
    assert losses[0] == pytest.approx(losses[1])


def test_dead_channels_are_counted(network, features):
    bias = keras.initializers.Constant([-100, -100, 100, 100])
    model = network((5,), layers.Dense(4, "relu", bias_initializer=bias, name="half"))
    assert Looker(model).look(features, []).dead == {"half": 0.5}


def test_a_recurrent_model_is_traced_once_and_left_as_it_was(network, rng):
    model = network((6, 5), layers.LSTM(3), layers.BatchNormalization(), layers.Dense(3, "softmax"))
    model.compile("sgd", SPARSE)
    before = [v.numpy() for v in model.variables]
    looker, y = Looker(model), np.arange(12) % 3
    heads = looker.heads(y)
    for _ in range(3):
        x = rng.normal(size=(12, 6, 5)).astype("float32")
        look = looker.look(x, heads)
        looker.look(x, heads, training=True)
        np.testing.assert_allclose(look.outputs[0], model(x).numpy(), rtol=1e-5)
    assert [p.experimental_get_tracing_count() for p in looker._passes.values()] == [1, 1]
    for old, now in zip(before, model.variables, strict=True):
        np.testing.assert_array_equal(old, now.numpy())


def test_residual_connections_and_mixed_blocks_are_no_branches():
    """What is joined there has come through the same layers."""
    inputs = keras.Input((8,))
    stem = layers.Dense(8)(inputs)
    model = keras.Model(inputs, layers.Add()([stem, layers.Dense(8)(stem)]))
    assert join_of(Looker(model).graph) is None


def test_a_look_notes_what_it_is_asked_for(network, features):
    model = network(
        (5,), layers.BatchNormalization(), layers.Dense(4, "relu"), layers.Dense(3, "softmax")
    )
    looker = Looker(model)
    norm, dense, _ = model.layers
    looks = [looker.look(features, [], noted=asked) for asked in ((), [norm], [dense], None)]
    assert [len(look.variances) for look in looks] == [0, 1, 0, 1]
    assert [len(look.dead) for look in looks] == [0, 0, 1, 1]
    np.testing.assert_allclose(
        looks[1].variances[id(norm)], features.astype("float64").var(axis=0), rtol=1e-5
    )
    for look in looks:
        np.testing.assert_array_equal(look.outputs[0], model(features).numpy())


@pytest.mark.parametrize("cell", [layers.SimpleRNN, layers.GlobalAveragePooling1D])
def test_answers_of_a_subclassed_model_are_known_by_name_after_a_look(rng, cell):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.read = cell(4) if cell is layers.SimpleRNN else cell()
            self.last, self.first = layers.Dense(1), layers.Dense(2)

        def call(self, inputs):
            read = self.read(inputs)
            return {"last": self.last(read), "first": self.first(read)}

    x = rng.normal(size=(12, 6, 4)).astype("float32")
    model = Own()
    model(x)
    model.compile("sgd", {"last": "mse", "first": "mae"})
    looker, y = Looker(model), {"last": x[:, 0, :1], "first": x[:, 0, :2]}
    found = looker.heads(y, looker.look(x, []).outputs)
    assert [(head.name, head.units, head.loss_name) for head in found] == [
        ("first", 2, "meanabsoluteerror"),
        ("last", 1, "meansquarederror"),
    ]
    answers = {name: np.asarray(values) for name, values in model(x).items()}
    assert looker.look(x, found).loss == pytest.approx(
        np.abs(answers["first"] - y["first"]).mean() + ((answers["last"] - y["last"]) ** 2).mean(),
        rel=1e-5,
    )
