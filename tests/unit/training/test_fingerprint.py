import hashlib

import keras
import numpy as np

from speechsent.training.fingerprint import fingerprint


def network():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="a")], name="net")
    model.add(keras.layers.BatchNormalization(name="b"))
    model.add(keras.layers.Dropout(0.5, seed=1, name="c"))
    return model


def test_each_variable_has_the_hash_of_its_bytes():
    model = network()
    kernel = model.get_layer("a").kernel.numpy()
    assert fingerprint(model)["net/a/kernel"] == hashlib.sha256(kernel.tobytes()).hexdigest()
    assert len(fingerprint(model)) == len(model.variables)


def test_one_changed_bit_changes_one_hash():
    model = network()
    before = fingerprint(model)
    mean = model.get_layer("b").moving_mean
    mean.assign(np.nextafter(mean.numpy(), np.float32(1)))
    after = fingerprint(model)
    assert [path for path in before if before[path] != after[path]] == ["net/b/moving_mean"]


def test_inference_changes_nothing():
    model = network()
    before = fingerprint(model)
    model.predict_on_batch(np.ones((4, 3)))
    assert fingerprint(model) == before
