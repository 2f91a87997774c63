"""Whatever ``model.fit`` takes is read, or refused with what to pass instead."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from scipy import sparse

from speechsent.doctor import examine, overfit
from speechsent.doctor.given import MOST_BATCHES, N_TAKEN, read
from speechsent.errors import ParameterError

LOSS = "sparse_categorical_crossentropy"


class Batches(keras.utils.PyDataset):
    """Ten samples a batch."""

    def __init__(self, x, y, n=None):
        super().__init__()
        self.x, self.y, self.n = x, y, n

    def __len__(self):
        return self.n or len(self.x) // 10

    def __getitem__(self, i):
        rows = np.arange(10 * i, 10 * i + 10) % len(self.x)
        return self.x[rows], self.y[rows]


@pytest.fixture
def data_set(features, numbers):
    return tf.data.Dataset.from_tensor_slices((features, numbers)).batch(16)


def test_data_sets_are_read_as_the_arrays_they_are_made_of(data_set, features, numbers):
    for source in (data_set, Batches(features, numbers)):
        given = read(source)
        np.testing.assert_array_equal(given.x, features)
        np.testing.assert_array_equal(given.y, numbers)
        assert given.whole


def test_of_many_batches_some_are_read(data_set, features, numbers):
    small = Batches(features, numbers, n=10**6)
    for source, n in ((data_set.unbatch().repeat().batch(100), 1100), (small, 10 * MOST_BATCHES)):
        given = read(source)
        assert not given.whole
        assert len(given.x) == n
    assert N_TAKEN == 1024


def test_batches_padded_to_another_length_are_left_out(rng):
    batches = [rng.normal(size=(4, n, 2)).astype("float32") for n in (5, 7, 5)]
    signature = tf.TensorSpec((None, None, 2))
    source = tf.data.Dataset.from_generator(lambda: iter(batches), output_signature=signature)
    given = read(source)
    np.testing.assert_array_equal(given.x, np.concatenate([batches[0], batches[2]]))
    assert given.y is None
    assert not given.whole


def test_several_inputs_of_a_data_set_by_name(features, numbers):
    source = tf.data.Dataset.from_tensor_slices(({"a": features, "b": features}, numbers)).batch(7)
    assert sorted(read(source).x) == ["a", "b"]


def test_a_data_set_is_examined_and_learnt(mlp, names, data_set, numbers):
    diagnosis = examine(mlp, data_set, loss=LOSS)
    assert names(diagnosis) == []
    assert "60 inputs" in diagnosis.scope
    shifted = data_set.map(lambda x, y: (x, y + 1))
    assert names(examine(mlp, shifted, loss=LOSS)) == ["labels-out-of-range"]
    assert overfit(mlp, data_set, loss=LOSS, steps=1).findings[0].name == "cannot-overfit"


def test_some_batches_do_not_tell_which_classes_there_are(network, names, features):
    """A sorted data set, of which the first thousand samples are of one class."""
    model = network((5,), layers.Dense(3, "softmax"), loss=LOSS)
    x = np.random.default_rng(1).normal(size=(4000, 5)).astype("float32")
    y = np.repeat([0, 1], 2000)
    assert names(examine(model, x[:1000], y[:1000])) == ["one-class-only"]
    assert names(examine(model, tf.data.Dataset.from_tensor_slices((x, y)).batch(50))) == []


@pytest.mark.parametrize("kind", ["pair", "triple", "list", "single", "data set"])
def test_validation_data_is_what_fit_takes(mlp, names, features, numbers, kind):
    part = features[:20], numbers[:20]
    data = {
        "pair": part,
        "triple": (*part, np.ones(20)),
        "list": list(part),
        "single": part[:1],
        "data set": tf.data.Dataset.from_tensor_slices(part).batch(8),
    }[kind]
    diagnosis = examine(mlp, features, numbers, loss=LOSS, validation_data=data)
    assert "20 validation inputs" in diagnosis.scope
    assert "validated-on-training-samples" in names(diagnosis)


def test_texts_are_examined_and_learnt(names, numbers):
    texts = np.array([f"w{i} w{7 * i % 60} w{3 * i % 60}" for i in range(60)])
    words = layers.TextVectorization(output_sequence_length=3)
    words.adapt(texts)
    stack = [words, layers.Embedding(70, 8), layers.Flatten(), layers.Dense(3, "softmax")]
    model = keras.Sequential([keras.Input((), dtype="string"), *stack])
    for given in (texts, texts.astype(object)):
        assert names(examine(model, given, numbers, loss=LOSS, validation_split=0.2)) == []
    assert overfit(model, texts, numbers, loss=LOSS).findings == ()


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (lambda x, y: iter([(x, y)]), r"next\(batches\)"),
        (lambda x, y: sparse.csr_matrix(x), r"x\.toarray\(\)"),
        (lambda x, y: "x.npy", "must be arrays"),
        (lambda x, y: 5, "arrays with a row a sample"),
        (lambda x, y: [x, x[:50]], r"every input must have a row a sample. Received: \[50, 60\]"),
        (lambda x, y: [x, x], "an array for each of 1 inputs. Received: 2"),
        (lambda x, y: x[:, :4], r"takes shape \(None, 5\). Received: \(60, 4\)"),
        (lambda x, y: x[:, :, None, None], r"Received: \(60, 5, 1, 1\)"),
        (lambda x, y: tf.data.Dataset.range(0).batch(2), "at least one batch"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_remedy(mlp, features, numbers, x, message):
    given = x(features, numbers)
    y = None if isinstance(given, tf.data.Dataset) else numbers
    for act in (examine, overfit):
        with pytest.raises(ParameterError, match=message) as error:
            act(mlp, given, y, loss=LOSS)
        assert "\n" not in str(error.value)


def test_learning_by_heart_needs_labels(mlp, features):
    with pytest.raises(ParameterError, match="needs inputs and labels"):
        overfit(mlp, features, loss=LOSS)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"validation_data": (1, 2, 3, 4)}, "validation_data must be .* Received: tuple of 4"),
        ({"validation_data": np.zeros((4, 5))}, "Received: ndarray"),
        ({"validation_data": ([np.zeros((5, 5)), np.zeros((4, 5))],)}, "every input"),
        ({"validation_data": (np.zeros((5, 4)), np.zeros(5))}, "^validation_data: .* takes shape"),
        ({"validation_split": 0.99}, "must leave a sample to train on. Received: 0.99 of 60"),
    ],
)
def test_parts_that_do_not_fit_are_refused(mlp, features, numbers, how, message):
    with pytest.raises(ParameterError, match=message):
        examine(mlp, features, numbers, loss=LOSS, **how)


def test_a_data_set_brings_its_labels_and_is_not_split(mlp, data_set, numbers):
    with pytest.raises(ParameterError, match="leave y away"):
        examine(mlp, data_set, numbers, loss=LOSS)
    with pytest.raises(ParameterError, match="take"):
        examine(mlp, data_set, loss=LOSS, validation_split=0.2)


def test_axes_of_one_may_be_missing_or_left_over(network, names, features, rng):
    model = network((1,), layers.Dense(2))
    assert names(examine(model, features[:, 0])) == []
    assert names(examine(network((5,), layers.Dense(2)), features[:, :, None])) == []


def test_data_sets_without_batches_are_refused(mlp, features, numbers, one_hot):
    """The call that is forgotten most often; Keras's own message is about ranks."""
    for labels in (numbers, one_hot):
        samples = tf.data.Dataset.from_tensor_slices((features, labels))
        with pytest.raises(ParameterError, match=r"batch\(32\)"):
            examine(mlp, samples, loss=LOSS)
        assert examine(mlp, samples.batch(32), loss=LOSS).scope[2] == "60 inputs"


def test_ragged_and_sparse_batches_are_read_as_fit_reads_them(network, names):
    """Ragged rows are filled up with zeros."""
    ragged = tf.ragged.constant([[3, 1], [2], [1, 2], [3]])
    labels = np.array([0, 1, 0, 1])
    source = tf.data.Dataset.from_tensor_slices((ragged, labels)).batch(4)
    np.testing.assert_array_equal(read(source).x, [[3, 1], [2, 0], [1, 2], [3, 0]])
    model = network((None,), layers.Embedding(4, 2), layers.GlobalAveragePooling1D())
    model = keras.Sequential([*model.layers, layers.Dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    model.build((None, None))
    model.fit(source, shuffle=False, verbose=0)
    assert names(examine(model, source)) == []

    sparse_rows = tf.sparse.from_dense([[0.0, 1.0], [2.0, 0.0]])
    source = tf.data.Dataset.from_tensor_slices(sparse_rows).batch(2)
    np.testing.assert_array_equal(read(source).x, [[0, 1], [2, 0]])
