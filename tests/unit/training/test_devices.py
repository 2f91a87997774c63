import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from speechsent.errors import ParameterError
from speechsent.training.devices import adamw, require_even_shares, sharing

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[3]


@pytest.fixture(scope="module")
def figures():
    """What was trained on one and on two logical CPUs."""
    printed = subprocess.run(
        [sys.executable, HERE / "two_devices.py"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert printed.returncode == 0, printed.stderr[-3000:]
    return json.loads(printed.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "n_epochs"), [("joint", 3), ("frozen", 9)])
def test_two_devices_train_like_one(figures, mode, n_epochs):
    """Three epochs of one stage, or of three; sums in another order round otherwise."""
    one, two = figures[mode]
    assert len(set(one["objective"])) == n_epochs
    np.testing.assert_allclose(two["objective"], one["objective"], rtol=0, atol=1e-6)
    np.testing.assert_allclose(two["val_loss"], one["val_loss"], rtol=0, atol=1e-5)


@pytest.mark.slow
def test_the_whole_batchs_gradient_is_clipped(figures):
    """Clipped each by itself, the two halves would cancel out and learn nothing."""
    one, two = figures["clipped"]
    assert one[-1] < one[0] - 0.1
    np.testing.assert_allclose(two, one, rtol=1e-6)


@pytest.mark.slow
def test_fewer_clips_than_a_batch_that_cannot_be_shared_are_refused(figures):
    """Seven clips on two devices: shares of four and three would weigh the same."""
    assert figures["uneven"] == (
        "batch_size must be a multiple of n_devices. Received: batch_size=7, n_devices=2"
    )


@pytest.mark.slow
def test_more_devices_than_there_are_is_an_error(figures):
    assert figures["refusal"] == "n_devices must not exceed this machine's 0 GPUs. " + (
        "Received: n_devices=3"
    )


def test_one_device_needs_no_strategy():
    with sharing(1, batch_size=7, precision="mixed_float16"):
        assert not tf.distribute.has_strategy()
        require_even_shares(7)
        assert type(adamw(0.1, weight_decay=0, clipnorm=1.0)) is keras.optimizers.AdamW


@pytest.mark.parametrize(
    ("batch_size", "precision", "message"),
    [
        (7, "float32", "batch_size must be a multiple of n_devices. Received: batch_size=7"),
        (8, "mixed_float16", "on several devices. Received: precision='mixed_float16'"),
    ],
)
def test_what_devices_cannot_share_is_refused(batch_size, precision, message):
    with pytest.raises(ParameterError, match=message):
        sharing(2, batch_size=batch_size, precision=precision)
