import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from speechsent.doctor import examine

pytestmark = pytest.mark.filterwarnings("ignore:You are using a softmax over axis")


@pytest.mark.parametrize(
    "head",
    [
        [layers.Dense(1, "softmax")],
        [layers.Dense(1), layers.Activation("softmax")],
        [layers.Dense(1), layers.Softmax()],
        [layers.Dense(1, "softmax"), layers.Reshape((1,))],
    ],
)
def test_a_softmax_over_one_unit_is_found_in_each_spelling(network, names, head):
    copies = [type(la).from_config(la.get_config()) for la in head]
    found = names(examine(network((5,), *copies, loss="binary_crossentropy")))
    assert found[0] == "softmax-of-one"


def test_a_softmax_of_tensorflow_over_one_unit_is_found(network, names):
    model = network((5,), layers.Dense(1, tf.nn.softmax), loss="binary_crossentropy")
    assert names(examine(model)) == ["softmax-of-one"]


def test_the_frozen_five_class_network_with_a_softmax_of_one_on_top(names, rng):
    """The network of keras issue 11995, scaled down: several faults, the deadly one first."""
    base = keras.Sequential(
        [keras.Input((6, 2)), layers.LSTM(4), layers.Dense(5, activation="softmax")]
    )
    base.set_weights([1.1 * weights for weights in base.get_weights()])  # as if it were trained
    base.trainable = False
    inputs = keras.Input((6, 2))
    x = layers.BatchNormalization()(layers.Dropout(0.2)(base(inputs)))
    model = keras.Model(inputs, layers.Dense(1, "softmax")(x))
    model.compile("sgd", "binary_crossentropy")
    found = names(examine(model, rng.normal(size=(20, 6, 2)), np.arange(20) % 2))
    assert found == [
        "softmax-of-one",
        "output-is-constant",
        "head-on-probabilities",
        "dropout-before-batchnorm",
    ]


@pytest.mark.parametrize(
    ("units", "activation", "loss"),
    [
        (1, "sigmoid", "binary_crossentropy"),
        (3, "softmax", "categorical_crossentropy"),
        (3, "softmax", "sparse_categorical_crossentropy"),
        (3, "softmax", keras.losses.CategoricalFocalCrossentropy()),
        (3, None, keras.losses.SparseCategoricalCrossentropy(from_logits=True)),
        (3, "sigmoid", "binary_crossentropy"),
        (2, None, "mse"),
    ],
)
def test_heads_that_fit_their_loss_are_clean(network, names, units, activation, loss):
    model = network((5,), layers.Dense(4, "relu"), layers.Dense(units, activation), loss=loss)
    assert names(examine(model), notes=True) == []


@pytest.mark.parametrize("activation", [None, "relu", "tanh"])
@pytest.mark.parametrize("loss", ["categorical_crossentropy", "sparse_categorical_crossentropy"])
def test_logits_for_a_loss_of_probabilities(network, names, activation, loss):
    model = network((5,), layers.Dense(3, activation), loss=loss)
    assert names(examine(model)) == ["output-not-probabilities"]


def test_logits_are_told_by_their_figures_once_a_batch_has_run(network, features, one_hot):
    model = network((5,), layers.Dense(3), loss="categorical_crossentropy")
    finding = examine(model, features, one_hot).findings[0]
    outputs = model.predict(features, verbose=0)
    n_outside = int(((outputs < 0) | (outputs > 1.001)).sum())
    assert finding.name == "output-not-probabilities"
    assert f"{n_outside} of 180 values outside 0 to 1, row sums" in finding.seen


def test_an_unknown_activation_is_judged_by_its_values(network, names, features, one_hot):
    """Keras cannot name what a layer of one's own does; the batch can."""
    halved = layers.Rescaling(0.5)
    broken = network((5,), layers.Dense(3, "softmax"), halved, loss="categorical_crossentropy")
    whole = network(
        (5,), layers.Dense(3, "softmax"), layers.Rescaling(1.0), loss="categorical_crossentropy"
    )
    assert names(examine(broken, features, one_hot))[0] == "output-not-probabilities"
    assert names(examine(whole, features, one_hot)) == []


@pytest.mark.parametrize(
    ("behind", "severity"), [([], "warning"), ([layers.Reshape((3,))], "error")]
)
def test_probabilities_taken_for_logits(network, behind, severity):
    """Keras repairs it where nothing follows the softmax, and says nothing where something does."""
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    (finding,) = examine(network((5,), layers.Dense(3, "softmax"), *behind, loss=loss)).findings
    assert (finding.name, finding.severity) == ("probabilities-as-logits", severity)


def test_probabilities_of_an_unknown_layer_taken_for_logits(network, names, features, one_hot):
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    model = network((5,), layers.Dense(3, "softmax"), layers.Rescaling(1.0), loss=loss)
    assert names(examine(model, features, one_hot))[0] == "probabilities-as-logits"


def test_sigmoids_for_exclusive_classes(network, names, features, one_hot):
    model = network((5,), layers.Dense(3, "sigmoid"))
    for loss in ("categorical_crossentropy", "binary_crossentropy"):
        found = names(examine(model, features, one_hot, loss=loss))
        assert found == ["sigmoid-for-exclusive-classes"]
    assert names(examine(model, loss="binary_crossentropy", classes=3)) == [
        "sigmoid-for-exclusive-classes"
    ]


def test_sigmoids_for_labels_that_hold_together_are_right(network, names, features, rng):
    several = rng.integers(0, 2, (60, 3))
    model = network((5,), layers.Dense(3, "sigmoid"), loss="binary_crossentropy")
    assert names(examine(model, features, several)) == []


@pytest.mark.parametrize(
    ("loss", "name"),
    [
        ("binary_crossentropy", "binary-loss-for-classes"),
        ("mse", "squared-error-for-classes"),
        (keras.losses.MeanAbsoluteError(), "squared-error-for-classes"),
    ],
)
def test_weak_losses_on_a_softmax(mlp, names, features, one_hot, loss, name):
    assert names(examine(mlp, features, one_hot, loss=loss)) == [name]


def test_targets_beyond_the_activation(network, names, features):
    """Distances in units beyond 1 can never be told by a sigmoid; those within can."""
    model = network((5,), layers.Dense(1, "sigmoid"), loss="mse")
    targets = features[:, 0]
    assert names(examine(model, features, targets)) == ["targets-out-of-reach"]
    scaled = (targets - targets.min()) / np.ptp(targets)
    assert names(examine(model, features, scaled), notes=True) == []


def test_each_output_of_a_dict_is_judged_by_its_own_loss(names, features, numbers):
    inputs = keras.Input((5,))
    outputs = {
        "told": layers.Dense(3, "softmax", name="a")(inputs),
        "heard": layers.Dense(3, name="b")(inputs),
    }
    model = keras.Model(inputs, outputs)
    model.compile("sgd", dict.fromkeys(outputs, "sparse_categorical_crossentropy"))
    diagnosis = examine(model, features, dict.fromkeys(outputs, numbers))
    assert [(f.name, f.at) for f in diagnosis.errors] == [("output-not-probabilities", "heard")]


def test_a_softmax_by_another_name_is_one(network, names, features, one_hot):
    def squash(x):
        return keras.ops.softmax(x)

    model = network((5,), layers.Dense(3, squash), loss="categorical_crossentropy")
    assert names(examine(model, features, one_hot)) == []


@pytest.mark.parametrize("softmax", [tf.nn.softmax, lambda x: keras.ops.softmax(x)])
def test_a_softmax_by_another_name_is_not_doubted_without_data(network, names, softmax):
    model = network((5,), layers.Dense(6, softmax), loss="sparse_categorical_crossentropy")
    assert names(examine(model)) == []


def test_keras_undoes_the_softmax_of_tensorflow_too(network):
    """By the kind of the last operation, as a training that got below the floor has shown."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    (finding,) = examine(network((5,), layers.Dense(6, tf.nn.softmax), loss=loss)).findings
    assert (finding.name, finding.severity) == ("probabilities-as-logits", "warning")


@pytest.mark.filterwarnings("ignore:In loss categorical_crossentropy:SyntaxWarning")
def test_a_categorical_loss_over_one_unit_is_always_0(network, names, features, numbers):
    model = network((5,), layers.Dense(1, "sigmoid"), loss="categorical_crossentropy")
    y = (numbers > 0).astype("float32")
    assert model.evaluate(features, y, verbose=0) == 0
    (finding,) = (f for f in examine(model, features, y).errors if f.name != "no-gradient")
    assert finding.name == "categorical-loss-of-one"
    assert "binary_crossentropy" in finding.remedy


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_rows_of_16_bit_numbers_sum_to_1_as_well_as_they_can(names, features, numbers, dtype):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(64, "softmax", dtype=f"mixed_{dtype}")

        def call(self, inputs):
            return self.dense(inputs)

    keras.utils.set_random_seed(0)
    model = Own()
    # How far from 1 differs between processors; 32-bit rows lie within 3e-7 on all of them.
    assert np.abs(np.asarray(model(features), float).sum(axis=1) - 1).max() > 1e-5
    assert names(examine(model, features, numbers, loss="sparse_categorical_crossentropy")) == []


def test_a_regression_loss_whose_gradient_does_not_vanish_on_a_softmax(mlp, names, one_hot):
    assert names(examine(mlp, None, one_hot, loss="poisson")) == []


@pytest.mark.parametrize(
    ("units", "inner", "behind"),
    [
        (6, "softmax", [layers.Softmax()]),
        (6, "softmax", [layers.Dropout(0.1), layers.Activation("softmax"), layers.Reshape((6,))]),
        (6, "sigmoid", [layers.Softmax()]),
        (1, "sigmoid", [layers.Activation("sigmoid")]),
    ],
)
def test_probabilities_that_are_squashed_again(network, names, features, units, inner, behind):
    """Softmax of softmax costs ln((e + 5) / e) at least; sigmoid of sigmoid never says no."""
    loss = "binary_crossentropy" if units == 1 else "sparse_categorical_crossentropy"
    model = network((5,), layers.Dense(units, inner), *behind, loss=loss)
    assert names(examine(model)) == ["activation-twice"]
    answers = model.predict(1e3 * features, verbose=0)
    if units == 1:
        assert answers.min() >= 0.5
    else:
        assert -np.log(answers.max()) > np.log((np.e + 5) / np.e) - 1e-4
    (finding,) = examine(model).errors
    assert finding.seen == f"{inner}, and behind it {'sigmoid' if units == 1 else 'softmax'}"


def test_an_activation_behind_weights_is_no_second_one(network, names):
    """Gates are sigmoids within a network, and what passes them is weighted anew."""
    loss = "sparse_categorical_crossentropy"
    gated = network((5,), layers.Dense(8, "sigmoid"), layers.Dense(3, "softmax"), loss=loss)
    assert names(examine(gated)) == []
    linear = layers.Activation("linear")
    assert names(examine(network((5,), layers.Dense(3, "softmax"), linear, loss=loss))) == []
    assert names(examine(network((5,), layers.Dense(3), layers.Softmax(), loss=loss))) == []


def test_a_softmax_over_the_wrong_axis_is_judged_by_its_values(network, names, features, one_hot):
    """Over the samples of a batch: each class sums to 1, and no row does."""
    loss = "categorical_crossentropy"
    model = network((5,), layers.Dense(3), layers.Softmax(axis=0), loss=loss)
    finding = examine(model, features, one_hot).findings[0]
    sums = model.predict(features, batch_size=60, verbose=0).sum(axis=1)
    assert finding.name == "output-not-probabilities"
    assert finding.seen.endswith(f"row sums {sums.min():.3g} to {sums.max():.3g}")
    right = network((5,), layers.Dense(3), layers.Softmax(axis=1), loss=loss)
    assert names(examine(right, features, one_hot)) == []


def test_classes_may_lie_on_the_axis_that_the_loss_compares(network, names, rng):
    """Channels first, as some export: rows sum to 1 along the second axis."""
    loss = keras.losses.CategoricalCrossentropy(axis=1)
    model = network((4, 5), layers.Dense(4, "softmax"), layers.Permute((2, 1)), loss=loss)
    labels = np.eye(4)[rng.integers(0, 4, (8, 4))].transpose(0, 2, 1)
    model.fit(rng.normal(size=(8, 4, 5)), labels, verbose=0)
    assert names(examine(model, rng.normal(size=(8, 4, 5)), labels)) == []
