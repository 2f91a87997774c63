from types import SimpleNamespace

import keras
import pytest

from speechsent.training import forecast
from speechsent.training.forecast import Forecast, expected_memory, warn_of_memory


def network(name, size):
    build = getattr(keras.applications, name)
    return build(include_top=False, weights=None, input_shape=(size, size, 3))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "size", "batch_size", "frozen", "measured"),
    [
        ("InceptionV3", 150, 16, True, 942),
        ("InceptionV3", 150, 16, False, 1840),
        ("InceptionV3", 299, 32, True, 1411),
        ("InceptionV3", 299, 32, False, 4427),
        ("VGG16", 128, 16, True, 974),
        ("VGG16", 128, 16, False, 1489),
    ],
)
def test_expected_memory_is_near_peaks_measured_on_a_machine(
    name, size, batch_size, frozen, measured
):
    """Peak resident memory in MiB of whole training processes, TensorFlow 2.21 on a CPU."""
    model = network(name, size)
    model.trainable = not frozen
    assert expected_memory(model, batch_size) == pytest.approx(measured, rel=0.25)


def test_a_warning_says_what_to_lower_where_memory_is_short(monkeypatch, notes):
    monkeypatch.setattr(forecast, "available_memory", lambda: 1000.0)
    warn_of_memory(999.0, notes)
    assert not notes.texts
    warn_of_memory(4427.0, notes)
    assert notes.texts[0].startswith("warning: training needs about 4427 MiB and 1000 MiB are free")
    assert "fit.batch_size" in notes.texts[0]


def test_time_is_told_once_after_a_few_steps_without_the_first(monkeypatch, notes):
    """Half a second a step, 100 steps an epoch, 4 epochs: 50 s and 3.3 min."""
    clock = iter([10.0, 12.5])
    monkeypatch.setattr(forecast, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    told = Forecast(notes, "joint", epochs=4, n_steps=100, memory=900.0)
    for step in range(20):
        told.on_train_batch_end(step)
    assert notes.texts == [
        "joint: about 50.0 s an epoch of 100 steps, at most 3:20 min for 4; about 900 MiB"
    ]
