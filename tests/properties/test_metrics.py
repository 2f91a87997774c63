import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from speechsent import metrics

N_CLASSES = 5
indices = st.integers(0, N_CLASSES - 1)
answers = st.lists(st.tuples(indices, indices), min_size=1, max_size=40).map(np.transpose)


@given(answers)
def test_the_confusion_is_that_of_scikit_learn(pairs):
    truth, prediction = pairs
    expected = sklearn_metrics.confusion_matrix(truth, prediction, labels=range(N_CLASSES))
    confusion = metrics.confusion_matrix(truth, prediction, n_classes=N_CLASSES)
    np.testing.assert_array_equal(confusion, expected)


@given(answers)
def test_recall_is_that_of_scikit_learn_where_it_is_defined(pairs):
    truth, prediction = pairs
    recall = metrics.recall_per_class(truth, prediction, n_classes=N_CLASSES)
    expected = sklearn_metrics.recall_score(
        truth, prediction, labels=range(N_CLASSES), average=None, zero_division=np.nan
    )
    np.testing.assert_allclose(recall, expected)


@given(answers)
def test_uar_is_the_balanced_accuracy_of_scikit_learn(pairs):
    truth, prediction = pairs
    with warnings.catch_warnings():  # for classes that are predicted and do not occur
        warnings.simplefilter("ignore", UserWarning)
        expected = sklearn_metrics.balanced_accuracy_score(truth, prediction)
    uar = metrics.unweighted_average_recall(truth, prediction, n_classes=N_CLASSES)
    assert uar == pytest.approx(expected)


@given(answers)
def test_accuracy_and_f1_are_those_of_scikit_learn(pairs):
    truth, prediction = pairs
    accuracy = metrics.accuracy(truth, prediction, n_classes=N_CLASSES)
    assert accuracy == pytest.approx(sklearn_metrics.accuracy_score(truth, prediction))
    f1 = metrics.macro_f1(truth, prediction, n_classes=N_CLASSES)
    assert f1 == pytest.approx(sklearn_metrics.f1_score(truth, prediction, average="macro"))


@given(answers, st.permutations(range(N_CLASSES)))
def test_names_of_classes_do_not_matter_to_the_scores(pairs, renamed):
    truth, prediction = pairs
    new = np.array(renamed)
    for score in (metrics.unweighted_average_recall, metrics.accuracy, metrics.macro_f1):
        before = score(truth, prediction, n_classes=N_CLASSES)
        after = score(new[truth], new[prediction], n_classes=N_CLASSES)
        assert after == pytest.approx(before)


@given(st.lists(answers, min_size=1, max_size=4))
def test_a_stack_of_confusions_scores_like_each_of_them(sets):
    stack = np.stack([metrics.confusion_matrix(*pairs, n_classes=N_CLASSES) for pairs in sets])
    for score, of_stack in (
        (metrics.recall_per_class, metrics.recall_from_confusion),
        (metrics.unweighted_average_recall, metrics.uar_from_confusion),
        (metrics.accuracy, metrics.accuracy_from_confusion),
        (metrics.macro_f1, metrics.macro_f1_from_confusion),
    ):
        each = [score(*pairs, n_classes=N_CLASSES) for pairs in sets]
        np.testing.assert_allclose(of_stack(stack), each)
