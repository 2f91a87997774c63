import numpy as np
import pytest

from speechsent import metrics
from speechsent.errors import ParameterError

# Anger twice right, fear once right and once taken for joy, calm never said.
TRUTH, PREDICTION = [0, 0, 1, 1, 2], [0, 0, 1, 2, 2]
N_CLASSES = 4
SCORES = (
    metrics.confusion_matrix,
    metrics.recall_per_class,
    metrics.unweighted_average_recall,
    metrics.accuracy,
    metrics.macro_f1,
)


def test_rows_of_the_confusion_are_the_truth():
    confusion = metrics.confusion_matrix(TRUTH, PREDICTION, n_classes=N_CLASSES)
    assert confusion.tolist() == [[2, 0, 0, 0], [0, 1, 1, 0], [0, 0, 1, 0], [0, 0, 0, 0]]
    assert np.issubdtype(confusion.dtype, np.integer)


def test_recall_is_nan_for_a_class_that_does_not_occur():
    recall = metrics.recall_per_class(TRUTH, PREDICTION, n_classes=N_CLASSES)
    np.testing.assert_array_equal(recall, [1, 0.5, 1, np.nan])


def test_uar_leaves_out_classes_that_do_not_occur():
    uar = metrics.unweighted_average_recall(TRUTH, PREDICTION, n_classes=N_CLASSES)
    assert uar == pytest.approx((1 + 0.5 + 1) / 3)


def test_macro_f1_counts_a_class_that_was_only_predicted_as_zero():
    """F1 of class 0 is 2/3, of class 1 it is 0; classes 2 and 3 are left out."""
    assert metrics.macro_f1([0, 0], [0, 1], n_classes=4) == pytest.approx((2 / 3 + 0) / 2)


def test_a_skewed_corpus_flatters_accuracy_and_not_uar():
    truth, always = [0] * 9 + [1], [0] * 10
    assert metrics.accuracy(truth, always, n_classes=2) == pytest.approx(0.9)
    assert metrics.unweighted_average_recall(truth, always, n_classes=2) == pytest.approx(0.5)


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize(
    ("truth", "prediction", "message"),
    [
        ([], [], "at least one utterance. Received: none"),
        ([0, 1], [0], r"same shape. Received: truth.shape=\(2,\), prediction.shape=\(1,\)"),
        ([[0]], [[0]], "one-dimensional"),
        ([0, 2], [0, 0], r"in \[0, 2\). Received: truth with 2"),
        ([0, 0], [0, -1], "Received: prediction with -1"),
        ([0.0], [0], "must be integers. Received: truth.dtype=float64"),
    ],
)
def test_what_is_no_list_of_class_indices_is_refused(score, truth, prediction, message):
    with pytest.raises(ParameterError, match=message):
        score(truth, prediction, n_classes=2)
