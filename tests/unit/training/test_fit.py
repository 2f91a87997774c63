import keras
import numpy as np
import pytest

from speechsent.answers import Classes
from speechsent.datasets import TrainingBatches, TrainingOptions
from speechsent.errors import ParameterError, TrainingError
from speechsent.features.augment import Augment
from speechsent.features.mfcc import Mfcc
from speechsent.fusion import classifier
from speechsent.run import Run
from speechsent.tracking.tensorboard import TensorBoard
from speechsent.training.callbacks import EpochScores
from speechsent.training.fit import FitConfig, fit
from speechsent.training.listener import Listener
from speechsent.training.seed import choose_deterministic_kernels

AUGMENT = Augment(tempo=0, warp=0, mixup=0, gain_db=3, time_mask_frames=3, mel_mask_bands=2)


class Watched(TrainingBatches):
    """Remembers which batch of which epoch was asked for."""

    def __init__(self, *args):
        super().__init__(*args)
        self.asked = []

    def __getitem__(self, step):
        self.asked.append((self.epoch, step))
        return super().__getitem__(step)


def train(model, clips, validation, *, seed=0, epochs=3, trackers=(), **config):
    options = TrainingOptions(
        batch_size=6,
        seed=seed,
        augment=AUGMENT,
        mfcc=Mfcc(n_mfcc=2, n_deltas=0),
        inputs=tuple(t.name for t in model.inputs),
    )
    batches = Watched(clips, options)
    history = fit(
        model,
        batches,
        EpochScores(clips, validation),
        FitConfig(**{"learning_rate": 0.02} | config),
        stage="lstm",
        epochs=epochs,
        listener=Listener(),
        trackers=trackers,
    )
    return history, batches


@pytest.fixture
def lstm(make_branches):
    return lambda: classifier(make_branches()["lstm"], answer=Classes(3))


@pytest.fixture
def cnn(make_branches):
    return lambda seed=1: classifier(make_branches(seed)["cnn"], answer=Classes(3))


def test_training_learns(cnn, make_clips):
    """Classes whose means lie 1.5 deviations apart: from about a third to nearly all right."""
    clips, validation = make_clips(36), make_clips(18, seed=9)
    history, _ = train(cnn(), clips, validation, epochs=15, patience=15)
    assert history.best["val_uar"] > 0.8


def test_every_epoch_has_an_order_of_its_own(lstm, make_clips):
    """Keras must ask for each step of an epoch once, and move on to another in between."""
    _, batches = train(lstm(), make_clips(), make_clips(seed=9))
    asked = batches.asked[-9:]  # before them, Keras looks at some batches for their shapes
    assert [step for _, step in asked] == [0, 1, 2] * 3
    epochs = [epoch for epoch, _ in asked]
    assert epochs[::3] == epochs[1::3] == epochs[2::3]
    assert np.diff(epochs[::3]).tolist() == [1, 1]


def test_the_best_epochs_weights_are_left_in_the_model(lstm, make_clips):
    model, clips, validation = lstm(), make_clips(), make_clips(seed=9)
    history, _ = train(model, clips, validation, epochs=6, learning_rate=0.2)
    best = max(history.rows, key=lambda row: (row["val_uar"], -row["val_loss"]))
    assert history.best == best
    again = EpochScores(clips, validation)
    again.set_model(model)
    logs = {}
    again.on_epoch_end(0, logs)
    assert logs["val_loss"] == pytest.approx(best["val_loss"], rel=1e-5)


def test_the_same_seed_gives_the_same_model(cnn, make_clips):
    clips, validation = make_clips(), make_clips(seed=9)

    def run(seed):
        choose_deterministic_kernels()
        model = cnn(seed)
        history, _ = train(model, clips, validation, seed=seed, epochs=2)
        return history, np.concatenate([w.ravel() for w in model.get_weights()])

    (one, first), (other, second), (third, different) = run(1), run(1), run(2)
    assert one == other
    np.testing.assert_array_equal(first, second)
    assert third != one
    assert np.abs(different - first).max() > 1e-3


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_a_diverging_training_is_stopped(lstm, make_clips):
    model = lstm()
    model.get_layer("emotion").bias.assign([np.nan] * 3)
    with pytest.raises(TrainingError, match=r"lower fit\.learning_rate"):
        train(model, make_clips(), make_clips(seed=9))


def test_tensorboard_files_are_written_where_told(lstm, make_clips, tmp_path):
    pytest.importorskip("tensorboard", reason="needs the extra [tensorboard]")
    board = TensorBoard(Run(tmp_path), "toy", Listener())
    train(lstm(), make_clips(), make_clips(seed=9), epochs=1, trackers=[board])
    assert list((tmp_path / "tensorboard" / "lstm").rglob("events.out.tfevents.*"))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("epochs", 0, "epochs must be positive. Received: epochs=0"),
        ("head_epochs", 0, "head_epochs must be positive"),
        ("batch_size", 0, "batch_size must be positive"),
        ("patience", 0, "patience must be positive"),
        ("learning_rate", 0.0, "learning_rate must lie in"),
        ("learning_rate", 1.0, "learning_rate must lie in"),
        ("finetune_rate", 1.1, "finetune_rate in"),
        ("warmup", 1.0, "warmup and label_smoothing must lie in"),
        ("label_smoothing", 1.0, "warmup and label_smoothing must lie in"),
        ("weight_decay", -0.1, "weight_decay must not be negative"),
        ("precision", "float64", "precision must be one of float32"),
    ],
)
def test_parameters_out_of_range_are_refused(field, value, message):
    with pytest.raises(ParameterError, match=message):
        FitConfig(**{field: value})


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_loss_is_smoothed_cross_entropy(lstm, make_clips, smoothing):
    """The first batch's loss at a rate of nearly 0, by hand from the model's probabilities."""
    model, clips = lstm(), make_clips(6)
    for layer in model.get_layer("mfcc_lstm_branch").layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0
    model.get_layer("classifier_dropout").rate = 0
    batches = TrainingBatches(clips, TrainingOptions(batch_size=6, inputs=("mfcc",)))
    inputs, targets, _ = batches[0]
    smooth = (1 - smoothing) * targets + smoothing / 3
    expected = -(smooth * np.log(model(inputs).numpy())).sum(axis=1).mean()
    config = FitConfig(learning_rate=1e-9, weight_decay=0, label_smoothing=smoothing)
    scores = EpochScores(clips, clips)
    history = fit(model, batches, scores, config, stage="x", epochs=1, listener=Listener())
    assert history.rows[0]["objective"] == pytest.approx(expected, rel=1e-5)
