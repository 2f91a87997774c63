"""A branch that decides costs all when it is held, one that is ignored costs nothing."""

import keras
import numpy as np
import pytest
from keras import layers

from speechsent.answers import Classes
from speechsent.branches.functionals import ANSWER, FunctionalsConfig, describing
from speechsent.clips import Clips
from speechsent.features.standardize import Statistics
from speechsent.fusion import beside, fusion_head, late_fusion
from speechsent.report.contributions import contributions


def test_only_the_branch_that_decides_is_missed():
    n = 24
    classes = np.arange(n) % 2
    plain = Statistics(np.zeros(2, np.float32), np.ones(2, np.float32))
    values = [np.tile(np.eye(2, dtype=np.float32)[c], (4, 1)) for c in classes]
    clips = Clips(
        {"mfcc": values, "prosody": values},
        {"mfcc": [plain] * n, "prosody": [plain] * n},
        classes, 2, 4, tuple(map(str, range(n))),
    )  # fmt: skip
    branches = {}
    for name, view in (("cnn", "prosody"), ("lstm", "mfcc")):
        x = keras.Input((4, 2), name=view)
        branches[name] = keras.Model({view: x}, layers.GlobalAveragePooling1D()(x), name=name)
    head = fusion_head({"cnn": 2, "lstm": 2}, answer=Classes(2), units=2)
    model = late_fusion(branches, head)
    for weights in head.weights:
        weights.assign(np.zeros(weights.shape))
    dense, answer = head.get_layer("fusion_dense"), head.get_layer("emotion")
    dense.kernel.assign([[0, 0], [0, 0], [1, 0], [0, 1]])  # hears the LSTM alone
    answer.kernel.assign(np.eye(2))
    found = {row.branch: row for row in contributions(branches, model, clips, clips)}
    assert found["cnn"].lost == 0
    assert found["lstm"].score == pytest.approx(0.5)
    assert found["lstm"].lost == pytest.approx(0.5)


def test_one_branch_alone_is_compared_with_nothing():
    assert contributions({"lstm": None}, None, None, None) == []


def test_functionals_are_held_like_a_branch():
    """The network tells nothing; the functionals tell a bright image from a dark one."""
    n = 24
    classes = np.arange(n) % 2
    plain = Statistics(np.zeros(4, np.float32), np.ones(4, np.float32))
    clips = Clips(
        {"log_mel": [np.full((6, 4), 2.0 * c - 1, np.float32) for c in classes]},
        {"log_mel": [plain] * n},
        classes, 2, 6, tuple(map(str, range(n))), speakers=("a", "b") * (n // 2),
    )  # fmt: skip
    branches = {}
    for name in ("cnn", "other"):
        image = keras.Input((4, 6, 1), name="image")
        branches[name] = keras.Model(
            {"image": image}, layers.GlobalAveragePooling2D()(image), name=name
        )
    head = fusion_head({"cnn": 1, "other": 1}, answer=Classes(2), units=2)
    for weights in head.weights:
        weights.assign(np.zeros(weights.shape))
    functionals = FunctionalsConfig(filters=20).build((4, 6), 2, hertz=np.linspace(0, 8000, 4))
    answer = functionals.get_layer(ANSWER)
    kernel = np.zeros(answer.kernel.shape)
    seen = describing(functionals)
    bright, dark = (
        seen.predict({"image": np.full((1, 4, 6, 1), v, np.float32)}, verbose=0)[0]
        for v in (1.0, 0.0)
    )
    kernel[:, 1] = bright - dark
    answer.set_weights([kernel, np.array([0, -kernel[:, 1] @ (bright + dark) / 2])])
    model = beside(late_fusion(branches, head), functionals, power=0.5)
    found = {row.branch: row for row in contributions(branches, model, clips, clips)}
    assert found["functionals"].lost == pytest.approx(0.5)
    assert found["cnn"].lost == found["other"].lost == 0
