import keras
import numpy as np
import pytest
from keras import layers

from speechsent.doctor import examine, overfit

SPARSE = "sparse_categorical_crossentropy"
CATEGORICAL = "categorical_crossentropy"


def test_fitting_labels_are_clean(mlp, names, features, numbers, one_hot):
    smooth = 0.9 * one_hot + 0.1 / 3
    assert names(examine(mlp, features, numbers, loss=SPARSE), notes=True) == []
    assert names(examine(mlp, features, numbers[:, None], loss=SPARSE), notes=True) == []
    assert names(examine(mlp, features, one_hot, loss=CATEGORICAL), notes=True) == []
    assert names(examine(mlp, features, smooth, loss=CATEGORICAL), notes=True) == []


@pytest.mark.parametrize("shift", [1, -1])
def test_numbers_without_a_unit(mlp, features, numbers, shift):
    """RAVDESS counts emotions from 1; Keras counts units from 0."""
    finding = examine(mlp, features, numbers + shift, loss=SPARSE).findings[0]
    n = int((numbers == (2 if shift == 1 else 0)).sum())
    assert finding.name == "labels-out-of-range"
    assert finding.seen.endswith(f"{n} of 60 outside")
    assert finding.expected == "labels from 0 to 2, as the head has 3 units"


@pytest.mark.parametrize("labels", [(1, 2), (-1, 1)])
def test_binary_labels_other_than_0_and_1(network, names, features, numbers, labels):
    model = network((5,), layers.Dense(1, "sigmoid"), loss="binary_crossentropy")
    binary = (numbers > 0).astype(int)
    assert names(examine(model, features, np.array(labels)[binary])) == ["labels-out-of-range"]
    assert names(examine(model, features, binary)) == []


def test_the_wrong_encoding_is_told_with_the_loss_that_fits(mlp, features, numbers, one_hot):
    for labels, loss, remedy in [
        (one_hot, SPARSE, "CategoricalCrossentropy"),
        (numbers, CATEGORICAL, "SparseCategoricalCrossentropy"),
        (numbers[:, None], CATEGORICAL, "SparseCategoricalCrossentropy"),
    ]:
        (finding,) = examine(mlp, features, labels, loss=loss).findings
        assert (finding.name, finding.remedy) == ("loss-and-labels-disagree", remedy)


def test_one_hot_rows_for_one_sigmoid(network, names, features, numbers):
    model = network((5,), layers.Dense(1, "sigmoid"), loss="binary_crossentropy")
    rows = np.eye(2)[(numbers > 0).astype(int)]
    assert names(examine(model, features, rows)) == ["loss-and-labels-disagree"]


def test_sequences_of_numbers_are_no_one_hot_rows(network, names, rng):
    """Three steps and three classes: the shapes alone look like one-hot rows."""
    model = network((3, 5), layers.Dense(3, "softmax"), loss=SPARSE)
    x, y = rng.normal(size=(20, 3, 5)), rng.integers(0, 3, (20, 3))
    assert names(examine(model, x, y)) == []


@pytest.mark.parametrize("bad", [np.array(["anger", "fear"] * 30), None])
def test_labels_that_are_no_numbers(mlp, names, features, numbers, bad):
    if bad is None:
        bad = numbers.astype(float)
        bad[7] = np.nan
    assert names(examine(mlp, features, bad, loss=SPARSE)) == ["labels-not-numbers"]


def test_fractions_as_class_numbers(mlp, names, features, numbers):
    assert names(examine(mlp, features, numbers * 0.5, loss=SPARSE)) == ["labels-not-whole"]


def test_rows_with_several_ones(mlp, names, features, one_hot):
    several = one_hot.copy()
    several[:4] = 1
    assert names(examine(mlp, features, several, loss=CATEGORICAL)) == [
        "label-rows-do-not-sum-to-1"
    ]


def test_one_class_alone(mlp, names, features, numbers):
    assert names(examine(mlp, features, numbers * 0, loss=SPARSE)) == ["one-class-only"]


def test_spare_units_are_a_note(network, names, features, numbers):
    """Eight units for six classes train as well as six."""
    model = network((5,), layers.Dense(8, "softmax"), loss=SPARSE)
    diagnosis = examine(model, features, numbers, classes=3)
    assert names(diagnosis, notes=True) == ["more-units-than-classes"]
    assert not diagnosis.errors
    assert not diagnosis.warnings


def test_a_label_a_frame_for_one_sigmoid(network, names, rng):
    """Speech or none, frame by frame; Keras makes a column of each row."""
    model = network(
        (10, 5),
        layers.LSTM(4, return_sequences=True),
        layers.Dense(1, "sigmoid"),
        loss="binary_crossentropy",
    )
    x, y = rng.normal(size=(20, 10, 5)), rng.integers(0, 2, (20, 10))
    assert np.isfinite(model.evaluate(x, y, verbose=0))
    assert names(examine(model, x, y)) == []


@pytest.mark.parametrize(
    ("units", "loss", "one_hot"), [(3, SPARSE, False), (3, CATEGORICAL, True), (1, "mse", False)]
)
def test_one_label_a_sequence_for_an_answer_a_step(network, rng, units, loss, one_hot):
    model = network((10, 5), layers.LSTM(4, return_sequences=True), layers.Dense(units, "softmax"))
    y = np.arange(20) % 3
    labels = np.eye(3)[y] if one_hot else y
    errors = examine(model, rng.normal(size=(20, 10, 5)), labels, loss=loss).errors
    (finding,) = (f for f in errors if f.name == "loss-and-labels-disagree")
    assert f"labels {labels.shape} for outputs with 3 axes" in finding.seen
    assert "return_sequences" in finding.remedy


def test_two_numbers_a_sample_for_one_unit(network, names, features):
    """Keras compares the one answer with both, and says nothing."""
    model = network((5,), layers.Dense(1), loss="mse")
    assert np.isfinite(model.evaluate(features, features[:, :2], verbose=0))
    found = names(examine(model, features, features[:, :2]))
    assert found == ["loss-and-labels-disagree"]
    for fitting in (features[:, 0], features[:, :1], features[:, :1, None]):
        assert names(examine(model, features, fitting)) == []


@pytest.mark.parametrize("loss", ["poisson", "mape", lambda y, p: keras.ops.square(y - p)])
def test_counts_are_split_like_numbers(network, names, features, rng, loss):
    """The largest count is in the validation part alone."""
    counts = np.append(rng.poisson(20, 59), 99).astype("float32")
    model = network((5,), layers.Dense(1, "softplus"), loss=loss)
    assert names(examine(model, features, counts, validation_split=0.2)) == []


def test_labels_that_the_loss_leaves_out_are_no_mistake(network, names, rng):
    """Frames beyond the end of a sequence, and clips without a label, are often marked with -1."""
    loss = keras.losses.SparseCategoricalCrossentropy(ignore_class=-1)
    frames = network((4, 5), layers.Dense(3, "softmax"), loss=loss)
    x, y = rng.normal(size=(20, 4, 5)), rng.integers(-1, 3, (20, 4))
    assert names(examine(frames, x, y), notes=True) == []
    assert names(examine(frames, x, np.where(y < 0, -2, y))) == ["labels-out-of-range"]

    clips = network((5,), layers.Dense(3, "softmax"), loss=loss)
    y = np.array([-1, 0, 1, 2] * 5)
    validation = (rng.normal(size=(20, 5)), y.clip(0))  # all of these have a label
    found = names(examine(clips, rng.normal(size=(20, 5)), y, validation_data=validation))
    assert found == []


def test_a_loss_of_ones_own_may_leave_missing_numbers_out(network, names, features):
    """What it does with them shows in its first loss."""

    def known_only(y_true, y_pred):
        known = keras.ops.isfinite(y_true)
        error = keras.ops.where(known, keras.ops.where(known, y_true, 0.0) - y_pred, 0.0)
        return keras.ops.mean(error**2, axis=-1)

    def careless(y_true, y_pred):
        return keras.ops.mean((y_true - y_pred) ** 2, axis=-1)

    y = features[:, :2].copy()
    y[::5, 0] = np.nan
    model = network((5,), layers.Dense(2))
    assert names(examine(model, features, y, loss=known_only)) == []
    (note,) = examine(model, features, y, loss=known_only).findings
    assert (note.name, note.severity) == ("labels-not-numbers", "note")
    assert names(examine(model, features, y, loss="kl_divergence")) == ["labels-not-numbers"]
    assert "loss-not-finite" in names(examine(model, features, y, loss=careless))
    assert names(examine(model, features, y, loss="mse")) == ["labels-not-numbers"]


def test_labels_in_a_list_of_one(mlp, names, features, numbers, one_hot):
    """So ``fit`` takes them as well."""
    mlp.compile("sgd", SPARSE)
    mlp.fit(features, [numbers], verbose=0)
    assert names(examine(mlp, [features], [numbers], validation_split=0.2)) == []
    assert names(examine(mlp, [features], [one_hot], loss=CATEGORICAL)) == []


@pytest.mark.parametrize(
    ("units", "activation", "loss"), [(2, "softmax", SPARSE), (1, "sigmoid", "binary_crossentropy")]
)
def test_one_event_a_sequence_is_no_one_hot_row(network, names, rng, units, activation, loss):
    """A label a frame, 1 where something begins: its place is no class of the sequence."""
    model = network((4, 5), layers.Dense(8, "relu"), layers.Dense(units, activation), loss=loss)
    x, events = rng.normal(size=(40, 4, 5)).astype("float32"), np.eye(4, dtype=int)
    y = events[np.arange(40) % 3]  # never in the last frame
    validation = (rng.normal(size=(40, 4, 5)), events[np.arange(40) % 4])
    assert names(examine(model, x, y, validation_data=validation)) == []
    assert len(overfit(model, x, y, steps=1).findings) == 1  # far from learnt, but asked rightly
