"""Entries of a cache whose content follows from their number."""

import numpy as np

NAME = "log_mel-shared"
N_WRITTEN = 100  # by a writer that is not killed


def key_of(number: int) -> bytes:
    """The key of an entry."""
    return number.to_bytes(32, "big")


def content_of(number: int) -> np.ndarray:
    """What is kept under it, ``(n_frames, 64)``."""
    return np.random.default_rng(number).standard_normal((200, 64)).astype(np.float32)
