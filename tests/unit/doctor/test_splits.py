import numpy as np
import pytest

from speechsent.doctor import examine
from speechsent.doctor.splits import hashes

LOSS = "sparse_categorical_crossentropy"


def found(names, model, x, y, **parts):
    return names(examine(model, x, y, loss=LOSS, **parts))


def test_a_shuffled_split_is_clean(mlp, names, features, numbers):
    assert found(names, mlp, features, numbers, validation_split=0.25) == []
    other = np.random.default_rng(5).normal(size=(60, 5)).astype("float32")
    assert found(names, mlp, features, numbers, validation_data=(other, numbers)) == []


def test_sorted_labels_lose_a_class_to_validation_split(mlp, features, numbers):
    """Keras takes the last rows: with sorted labels the last class is never trained."""
    order = np.argsort(numbers, kind="stable")
    n_last = int((numbers == 2).sum())
    diagnosis = examine(
        mlp, features[order], numbers[order], loss=LOSS, validation_split=(n_last + 0.5) / 60
    )
    finding = diagnosis.findings[0]
    assert finding.name == "class-never-trained"
    assert finding.seen.startswith(f"class 2: {n_last} validated, 0 trained")
    assert "last rows" in finding.why


def test_a_class_that_is_never_validated(mlp, names, features, numbers):
    few = numbers[:20] % 2
    other = -features[:20]
    assert found(names, mlp, features, numbers, validation_data=(other, few)) == [
        "class-never-validated"
    ]


def test_shares_that_chance_does_not_give(mlp, names, rng):
    """Chi-squared of (200, 100) against (100, 200) is 66.7 at one degree: p = 3e-16."""
    x = rng.normal(size=(600, 5)).astype("float32")
    y = np.repeat([0, 1, 2, 0, 1, 2], [150, 75, 75, 75, 150, 75])
    parts = {"validation_data": (x[300:], y[300:])}
    assert found(names, mlp, x[:300], y[:300], **parts) == ["class-shares-differ"]
    even = {"validation_data": (x[300:], y[:300])}
    assert found(names, mlp, x[:300], y[:300], **even) == []


def test_validation_samples_that_are_trained_on(mlp, features, numbers):
    other = -features
    other[:7] = features[10:17]
    diagnosis = examine(mlp, features, numbers, loss=LOSS, validation_data=(other, numbers))
    (finding,) = diagnosis.errors
    assert finding.name == "validated-on-training-samples"
    assert finding.seen.startswith("7 of 60")


def test_validation_inputs_need_no_labels(mlp, names, features, numbers):
    parts = {"validation_data": (features, None)}
    assert found(names, mlp, features, numbers, **parts) == ["validated-on-training-samples"]


def test_the_same_sample_under_two_labels(mlp, features, numbers):
    features[1] = features[0]
    numbers[:2] = 0, 1
    (finding,) = examine(mlp, features, numbers, loss=LOSS).findings
    assert finding.name == "same-sample-other-label"
    assert finding.seen.startswith("2 of 60")


def test_silent_samples_are_no_copies_of_each_other():
    silence = np.zeros((2, 4))
    assert hashes({"x": silence}) == [b"", b""]


def test_all_inputs_of_a_sample_count():
    left = np.array([[1.0, 2.0], [1.0, 2.0]])
    right = np.array([[3.0, 4.0], [3.0, 5.0]])
    one, other = hashes({"left": left, "right": right})
    assert one != other
    assert len(set(hashes({"left": left}))) == 1


@pytest.mark.parametrize(("one", "other"), [("float32", "float64"), ("float64", "float32")])
def test_the_same_samples_in_another_precision(mlp, names, rng, numbers, one, other):
    x = rng.normal(size=(60, 5))
    part = (x[:20].astype("float32").astype(other), numbers[:20])
    diagnosis = examine(mlp, x.astype(one), numbers, loss=LOSS, validation_data=part)
    assert "validated-on-training-samples" in names(diagnosis)
