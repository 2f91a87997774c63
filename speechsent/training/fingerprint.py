"""A hash of every variable of a model, to show that frozen means frozen."""

import hashlib

import keras
import numpy as np


def fingerprint(model: keras.layers.Layer) -> dict[str, str]:
    """SHA-256 of the bytes of each variable of a layer or model, by its path."""
    return {
        variable.path: hashlib.sha256(
            np.ascontiguousarray(keras.ops.convert_to_numpy(variable)).tobytes()
        ).hexdigest()
        for variable in model.variables
    }
