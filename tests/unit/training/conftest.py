import keras
import numpy as np
import pytest

from speechsent.branches.cnn import CnnBranch
from speechsent.branches.lstm import LstmBranch
from speechsent.clips import Clips
from speechsent.features.standardize import Statistics

N_MELS, N_MFCC, N_WINDOW, N_CLASSES = 8, 2, 12, 3
SEQUENCES = LstmBranch(channels=0, units=(4,), embedding=4, bidirectional=False)  # traces faster


@pytest.fixture(scope="session")
def make_clips():
    """Make clips of three classes in turn, whose mean level tells the class."""

    def make(n=18, *, n_frames=12, prefix="clip", seed=5) -> Clips:
        rng = np.random.default_rng(seed)
        classes = np.arange(n) % N_CLASSES

        def view(width):
            noise = rng.standard_normal((n, n_frames, width))
            return list((noise + 1.5 * (classes[:, None, None] - 1)).astype("float32"))

        views = {"log_mel": view(N_MELS), "mfcc": view(N_MFCC)}
        unchanged = Statistics(np.float32(0), np.float32(1))
        return Clips(
            views=views,
            statistics={name: [unchanged] * n for name in views},
            classes=classes,
            n_classes=N_CLASSES,
            n_window=N_WINDOW,
            ids=tuple(f"{prefix}{i}.wav@0" for i in range(n)),
        )

    return make


@pytest.fixture(scope="session")
def make_branches():
    """Make two untrained branches of a few hundred parameters, the same for the same seed."""

    def make(seed=1, n_window=N_WINDOW) -> dict[str, keras.Model]:
        keras.utils.set_random_seed(seed)
        return {
            "cnn": CnnBranch(backbone="blocks", filters=(4,), embedding=5).build(
                (N_MELS, n_window)
            ),
            "lstm": SEQUENCES.build({"mfcc": (n_window, N_MFCC)}),
        }

    return make
