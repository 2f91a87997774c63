"""A hash of every variable of a model, to show that frozen means frozen."""

import hashlib

import keras
import numpy as np


def fingerprint(model: keras.Model) -> dict[str, str]:
    """SHA-256 of the bytes of each variable, by the variable's path."""
    return {
        variable.path: hashlib.sha256(
            np.ascontiguousarray(keras.ops.convert_to_numpy(variable)).tobytes()
        ).hexdigest()
        for variable in model.variables
    }
