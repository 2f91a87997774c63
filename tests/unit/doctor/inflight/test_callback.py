"""Networks from problem reports, scaled down and trained: the right thing must be told."""

import logging

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import speechsent
from speechsent.doctor import DoctorCallback
from speechsent.doctor.inflight.look import Looker
from speechsent.errors import ParameterError

SPARSE = "sparse_categorical_crossentropy"


@pytest.fixture(scope="module")
def images():
    """240 noisy images of six shapes, 16 pixels square, deviation about 1."""
    rng = np.random.default_rng(3)
    classes = np.arange(240) % 6
    shapes = rng.normal(size=(6, 16, 16, 1))
    return (0.5 * shapes[classes] + rng.normal(size=(240, 16, 16, 1))).astype("float32"), classes


@pytest.fixture
def watched():
    """Train with a doctor beside it; return the names of what it found, and the doctor."""

    def fit(model, x, y, *, loss=SPARSE, optimizer="adam", epochs=8, **more):
        metrics = ["accuracy"] if loss == SPARSE else None
        model.compile(optimizer, loss, metrics=metrics)
        doctor = DoctorCallback(x, y, tell=lambda _: None)
        model.fit(x, y, epochs=epochs, batch_size=24, verbose=0, callbacks=[doctor], **more)
        return [finding.name for finding in doctor.findings], doctor

    return fit


def pixels(x):
    return 255 * (x - x.min()) / (x.max() - x.min())


def convolutional(network, *, n_classes=6):
    return network(
        (16, 16, 1),
        layers.Conv2D(8, 5, activation="relu", kernel_initializer="he_normal"),
        layers.Flatten(),
        layers.Dense(25, "relu", kernel_initializer="he_normal"),
        layers.Dense(n_classes, "softmax"),
    )


def test_a_healthy_network_is_left_in_peace(network, watched, images):
    x, y = images
    assert watched(convolutional(network), x, y, epochs=12)[0] == []


def test_a_healthy_network_with_batchnorm_is_left_in_peace(network, watched, images):
    model = network(
        (16, 16, 1),
        layers.Conv2D(8, 3),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(6, "softmax"),
    )
    assert watched(model, *images, epochs=12)[0] == []


def test_pixels_to_255_kill_units(network, watched, images):
    """Accuracy frozen at the share of a class: the first step was far too large."""
    x, y = images
    model = convolutional(network, n_classes=2)
    names, doctor = watched(model, pixels(x), y % 2, optimizer=keras.optimizers.SGD(0.01))
    assert names == ["steps-too-large", "dead-units", "answers-do-not-vary"]
    assert doctor.findings[0].when == "step 10, epoch 1"
    assert doctor.findings[1].severity == "error"


def test_a_rate_of_nearly_nothing(network, watched, images):
    model = network((16, 16, 1), layers.Flatten(), layers.Dense(6, "softmax"))
    names, _ = watched(model, *images, optimizer=keras.optimizers.SGD(1e-8))
    assert names == ["loss-does-not-move", "steps-too-small"]


@pytest.mark.filterwarnings("ignore:You are using a softmax:UserWarning")
def test_a_softmax_over_one_unit(network, watched, images):
    x, y = images
    model = network((16, 16, 1), layers.Flatten(), layers.Dense(1, "softmax"))
    assert watched(model, x, y % 2, loss="binary_crossentropy")[0] == ["answers-do-not-vary"]


def test_a_regression_that_always_predicts_the_same(network, watched, rng):
    """Coordinates that vary by .2 % of their mean; standardised, they are learnt."""
    places = rng.normal([0.5, 0.1], [0.001, 0.0002], (240, 2))
    standard = (places - places.mean(axis=0)) / places.std(axis=0)
    distances = 0.5 + 0.2 * standard[:, 0]

    def fit(x):
        model = network((2,), layers.Dense(16, "relu"), layers.Dense(1))
        return watched(model, x, distances, loss="mse", epochs=12)[0]

    assert fit(places)[0] == "answers-do-not-vary"
    assert fit(standard) == []


def test_dropout_before_batchnorm_shifts_its_variance(network, watched, images):
    """Half the units dropped: .5 of the variance is left in inference, and no more of it."""
    model = network(
        (16, 16, 1),
        layers.Flatten(),
        layers.Dense(64, "relu"),
        layers.Dropout(0.5),
        layers.BatchNormalization(momentum=0.9, name="last"),
        layers.Dense(6, "softmax"),
    )
    names, doctor = watched(model, *images, epochs=10)
    assert names == ["variance-shifts-at-batchnorm"]
    assert doctor.findings[0].at == "'last'"


def test_pretrained_batchnorm_that_trains_on_other_data(network, watched, images):
    """Statistics of data ten times larger: at step 10 inference is another network."""
    model = network(
        (16, 16, 1),
        layers.Conv2D(8, 3),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Flatten(),
        layers.Dense(6, "softmax"),
    )
    model.layers[1].moving_variance.assign(np.full(8, 100.0))
    names, _ = watched(model, *images, epochs=2)
    assert "batchnorm-modes-disagree" in names


def test_labels_learnt_by_heart(network, watched, images, rng):
    x, y = images
    model = network((16, 16, 1), layers.Flatten(), layers.Dense(128, "relu"), layers.Dense(6))
    model = keras.Sequential([model, layers.Softmax()])
    shuffled = rng.permutation(y)
    names, doctor = watched(
        model, x[:120], shuffled[:120], epochs=20, validation_data=(x[120:], shuffled[120:])
    )
    assert names == ["overfitting"]
    assert doctor.findings[0].severity == "warning"


def two_branches(scale):
    inputs = {name: keras.Input((16,), name=name) for name in ("first", "second")}
    first = layers.Rescaling(scale)(layers.Dense(16, "relu", name="loud")(inputs["first"]))
    second = layers.Dense(4, "relu", name="quiet")(inputs["second"])
    joined = layers.Concatenate(name="join")([first, second])
    hidden = layers.Dense(32, "relu")(joined)
    return keras.Model(inputs, layers.Dense(6, "softmax")(hidden))


def two_views(rng, *, second):
    classes = np.arange(240) % 6
    centres = rng.normal(size=(6, 16))
    first = centres[classes] + rng.normal(size=(240, 16))
    other = second * centres[::-1][classes] + rng.normal(size=(240, 16))
    return {"first": first, "second": other}, classes


def test_a_branch_of_noise_is_ignored(watched, rng):
    keras.utils.set_random_seed(1)
    names, doctor = watched(two_branches(1.0), *two_views(rng, second=0), epochs=20)
    assert names == ["branch-ignored"]
    assert doctor.findings[0].at == "'quiet' at 'join'"


def test_two_branches_that_both_help_are_left_in_peace(watched, rng):
    keras.utils.set_random_seed(1)
    assert watched(two_branches(1.0), *two_views(rng, second=1), epochs=20)[0] == []


def test_the_training_is_the_same_bit_for_bit(images):
    """Dropout, BatchNorm and an LSTM, with and without a doctor who looks three times."""
    x, y = images
    x = x[..., 0]

    def fit(*doctors):
        keras.utils.set_random_seed(4)
        model = keras.Sequential(
            [
                keras.Input((16, 16)),
                layers.LSTM(4, return_sequences=True, dropout=0.2),
                layers.BatchNormalization(momentum=0.5),
                layers.Dropout(0.4),
                layers.Flatten(),
                layers.Dense(6, "softmax"),
            ]
        )
        model.compile("adam", SPARSE)
        more = {"verbose": 0, "callbacks": list(doctors)}
        history = model.fit(x, y, epochs=9, batch_size=24, **more)
        return history.history, [v.numpy() for v in model.variables]

    doctor = DoctorCallback(x, y, tell=lambda _: None)
    (alone, weights), (beside, same) = fit(), fit(doctor)
    assert alone == beside
    for before, after in zip(weights, same, strict=True):
        np.testing.assert_array_equal(before, after)


def test_without_samples_weights_and_losses_are_judged(network, images):
    model = network((16, 16, 1), layers.Flatten(), layers.Dense(6, "softmax"))
    model.compile(keras.optimizers.SGD(1e-8), SPARSE)
    doctor = DoctorCallback(tell=lambda _: None)
    model.fit(*images, epochs=7, batch_size=24, verbose=0, callbacks=[doctor])
    assert [f.name for f in doctor.findings] == ["loss-does-not-move", "steps-too-small"]


def test_a_second_training_starts_with_no_findings(network, images):
    model = network((16, 16, 1), layers.Flatten(), layers.Dense(6, "softmax"))
    doctor = DoctorCallback(*images, tell=lambda _: None)
    found = []
    for rate in (1e-8, 1e-2):
        model.compile(keras.optimizers.Adam(rate), SPARSE)
        model.fit(*images, epochs=2, batch_size=24, verbose=0, callbacks=[doctor])
        found.append([f.name for f in doctor.findings])
    assert found == [["steps-too-small"], []]


def test_findings_are_logged_when_nobody_else_is_told(network, images, caplog):
    model = network((16, 16, 1), layers.Flatten(), layers.Dense(6, "softmax"))
    model.compile(keras.optimizers.SGD(1e-8), SPARSE)
    with caplog.at_level(logging.WARNING, "speechsent.doctor"):
        model.fit(*images, epochs=1, verbose=0, batch_size=24, callbacks=[DoctorCallback(*images)])
    assert [record.getMessage().split(":")[0] for record in caplog.records] == ["steps-too-small"]


def test_a_mistake_of_the_doctors_ends_no_training(network, images, monkeypatch, caplog):
    """It is told once, with its traceback; what needs no look is judged all the same."""

    def broken(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(Looker, "look", broken)
    model = network((16, 16, 1), layers.Flatten(), layers.Dense(6, "softmax"))
    model.compile(keras.optimizers.SGD(1e-8), SPARSE)
    doctor = DoctorCallback(*images, tell=lambda _: None)
    with caplog.at_level(logging.WARNING, "speechsent.doctor"):
        history = model.fit(*images, epochs=7, verbose=0, batch_size=24, callbacks=[doctor])
    assert len(history.history["loss"]) == 7
    (record,) = caplog.records
    assert record.exc_info[0] is ZeroDivisionError
    assert "worth reporting" in record.getMessage()
    assert [f.name for f in doctor.findings] == ["loss-does-not-move", "steps-too-small"]


class Twofold(keras.Model):
    """A model with two outputs that are trained on the same labels, by a step of its own."""

    def __init__(self):
        super().__init__()
        self.flat, self.heads = layers.Flatten(), [layers.Dense(6, "softmax") for _ in range(2)]

    def call(self, inputs):
        return [head(self.flat(inputs)) for head in self.heads]

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return sum(keras.ops.mean(self.loss(y, answers)) for answers in y_pred)


def test_labels_of_a_step_of_ones_own_are_no_mistake(images):
    """One set of labels for two outputs: the answers are not judged, and all else is."""
    model = Twofold()
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy())
    doctor = DoctorCallback(*images, tell=lambda _: None)
    model.fit(*images, epochs=2, verbose=0, batch_size=24, callbacks=[doctor])
    assert doctor.findings == ()
    assert not doctor._progress.failed


def test_what_the_listener_raises_is_not_held_back(network, images):
    def stop(finding):
        raise KeyError(finding.name)

    model = network((16, 16, 1), layers.Flatten(), layers.Dense(6, "softmax"))
    model.compile(keras.optimizers.SGD(1e-8), SPARSE)
    with pytest.raises(KeyError, match="steps-too-small"):
        model.fit(*images, batch_size=24, verbose=0, callbacks=[DoctorCallback(tell=stop)])


class Subclassed(keras.Model):
    """A model without a graph that gives one answer to everything."""

    def __init__(self):
        super().__init__()
        self.flat, self.dense = layers.Flatten(), layers.Dense(6)

    def call(self, inputs):
        return keras.ops.softmax(1e-6 * self.dense(self.flat(inputs)))


def test_a_subclassed_model_is_judged_by_its_answers(watched, images):
    keras.utils.set_random_seed(0)
    names, doctor = watched(Subclassed(), *images, optimizer="sgd", epochs=12)
    assert "answers-do-not-vary" in names
    assert doctor.findings[names.index("answers-do-not-vary")].at == "output 0"


def test_steps_of_a_training_that_goes_on_are_counted_from_where_it_does(network, images):
    """A rate that moves weights by 1e-4 in ten steps or more: one step would be too small."""
    found = []
    for first in (0, 5):
        model = network((16, 16, 1), layers.Flatten(), layers.Dense(6, "softmax"))
        model.compile(keras.optimizers.SGD(1e-3), SPARSE)
        doctor = DoctorCallback(*images, tell=found.append)
        more = {"batch_size": 24, "verbose": 0, "callbacks": [doctor]}
        model.fit(*images, epochs=first + 2, initial_epoch=first, **more)
        assert doctor._progress.steps == 20
    assert found == []


def test_steps_told_are_those_that_were_made(network, images):
    model = network((16, 16, 1), layers.Flatten(), layers.Dense(6, "softmax"))
    model.compile(keras.optimizers.SGD(1e-8), SPARSE)
    doctor = DoctorCallback(*images, tell=lambda _: None)
    more = {"batch_size": 24, "verbose": 0, "callbacks": [doctor]}
    model.fit(*images, epochs=7, initial_epoch=5, **more)
    (found,) = doctor.findings
    assert found.seen.endswith("in 10 steps")
    assert found.when == "step 10, epoch 6"


def test_it_is_exported_at_the_top():
    assert speechsent.DoctorCallback is DoctorCallback


def test_labels_must_belong_to_the_samples():
    with pytest.raises(ParameterError, match=r"a row a sample\. Received: 3 and 2"):
        DoctorCallback(np.zeros((3, 2)), np.zeros(2))


def test_a_data_set_may_be_watched(network, features, numbers):
    import tensorflow as tf

    model = network((5,), layers.Dense(3, "softmax"), loss="sparse_categorical_crossentropy")
    source = tf.data.Dataset.from_tensor_slices((features, numbers)).batch(10)
    callback = DoctorCallback(source)
    model.fit(source, epochs=12, shuffle=False, verbose=0, callbacks=[callback])
    assert [finding.severity for finding in callback.findings if finding.severity == "error"] == []
    with pytest.raises(ParameterError, match=r"next\(batches\)"):
        DoctorCallback(iter([(features, numbers)]))


def test_a_rate_that_warms_up_is_not_called_too_small(network, watched, images):
    """Transformers start so: the first steps are tiny on purpose."""
    warm = keras.optimizers.schedules.CosineDecay(0.0, 1000, warmup_target=1e-3, warmup_steps=4000)
    model = network((16, 16, 1), layers.Flatten(), layers.Dense(6, "softmax"))
    found, _ = watched(model, *images, optimizer=keras.optimizers.AdamW(warm), epochs=2)
    assert found == []
    tiny = keras.optimizers.schedules.ExponentialDecay(1e-8, 1000, 0.9)
    model = network((16, 16, 1), layers.Flatten(), layers.Dense(6, "softmax"))
    found, _ = watched(model, *images, optimizer=keras.optimizers.SGD(tiny), epochs=2)
    assert found == ["steps-too-small"]


def test_a_loss_that_a_step_of_ones_own_never_tells_is_not_judged(images):
    """Keras then shows 0 in every epoch, while the network learns."""

    class Own(keras.Model):
        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                loss = self.compute_loss(x, y, self(x, training=True))
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
            return {"loss": loss}

    keras.utils.set_random_seed(0)
    inputs = keras.Input((16, 16, 1))
    hidden = layers.Dense(16, "relu")(layers.Flatten()(inputs))
    model = Own(inputs, layers.Dense(6, "softmax")(hidden))
    model.compile("adam", SPARSE)
    doctor = DoctorCallback(*images)
    told = model.fit(*images, batch_size=24, epochs=8, verbose=0, callbacks=[doctor])
    assert set(told.history["loss"]) == {0.0}
    assert (model.predict(images[0], verbose=0).argmax(axis=1) == images[1]).mean() > 0.9
    assert doctor.findings == ()
