import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from speechsent.baseline import LinearBaseline, clip_statistics
from speechsent.errors import ParameterError, RunError


class OneAtATime(list):
    """Refuses to be read in any way but item by item."""

    def __getitem__(self, index):
        assert isinstance(index, int)
        return super().__getitem__(index)

    def __array__(self, *_, **__):
        raise AssertionError("all clips were fetched at once")


def clips_of(n, seed, *, n_classes=3, n_values=6, distance=4.0):
    """Values in clouds around one corner a class, on scales from hundredths to hundreds."""
    rng = np.random.default_rng(seed)
    classes = np.arange(n) % n_classes
    values = rng.normal(size=(n, n_values)) + distance * np.eye(n_classes, n_values)[classes]
    return values * np.logspace(-2, 2, n_values) + 7, classes


def fit_toy(**options):
    return LinearBaseline.fit(*clips_of(90, 0, **options), *clips_of(30, 1, **options), 3)


def test_statistics_are_means_and_deviations_over_time():
    views = {
        "mfcc": [np.array([[0.0], [2.0]]), np.array([[5.0]])],
        "log_mel": [np.array([[1.0, 10.0], [3.0, 10.0]]), np.array([[-4.0, 8.0]])],
    }
    expected = [[2, 10, 1, 0, 1, 1], [-4, 8, 0, 0, 5, 0]]
    np.testing.assert_array_equal(clip_statistics(views), expected)


def test_only_the_named_views_count_in_the_order_of_the_names():
    views = {"a": [np.array([[1.0]])], "b": [np.array([[2.0]])], "c": [np.array([[3.0]])]}
    assert clip_statistics(views, names=("c", "a")).tolist() == [[3, 0, 1, 0]]


def test_a_view_that_is_not_there_is_left_out():
    assert clip_statistics({"mfcc": [np.array([[1.0]])]}).tolist() == [[1, 0]]


def test_clips_are_fetched_one_at_a_time(rng):
    views = {"mfcc": OneAtATime(rng.normal(size=(4, 9, 3)).astype(np.float32))}
    assert clip_statistics(views).shape == (4, 6)


@pytest.mark.parametrize("views", [{}, {"prosody": [np.ones((2, 2))]}, {"mfcc": []}])
def test_statistics_need_a_clip_and_a_view(views):
    with pytest.raises(ParameterError, match="need a clip, and one of the views log_mel, mfcc"):
        clip_statistics(views)


def test_classes_apart_are_told_apart():
    values, classes = clips_of(60, 2)
    probabilities = fit_toy().probabilities(values)
    assert (probabilities.argmax(axis=1) == classes).mean() > 0.95
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


def test_values_are_standardised_by_the_training_clips_alone():
    train, classes = clips_of(90, 0)
    other, other_classes = clips_of(30, 1)
    found = LinearBaseline.fit(train, classes, 1000 * other, other_classes, 3)
    np.testing.assert_allclose(found.statistics.mean, train.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(found.statistics.scale, train.std(axis=0), rtol=1e-5)


def test_validation_clips_choose_the_strength_and_nothing_else():
    """Two validation sets that choose the same strength give the same model."""
    train = clips_of(90, 0)
    one, other = (LinearBaseline.fit(*train, *clips_of(30, seed), 3) for seed in (1, 5))
    assert one.strength == other.strength
    np.testing.assert_array_equal(one.weights, other.weights)


def test_the_answer_for_a_clip_does_not_depend_on_the_others():
    model, (values, _) = fit_toy(), clips_of(12, 3)
    np.testing.assert_allclose(model.probabilities(values[:1]), model.probabilities(values)[:1])


def test_the_strongest_regularisation_wins_a_tie():
    assert fit_toy(distance=40.0).strength == 0.001


def test_the_strength_is_that_of_highest_uar_on_validation():
    """The values that tell the classes are faint beside louder ones: little may be shrunk."""
    rng = np.random.default_rng(8)
    loud = rng.normal(size=(400, 1))
    classes = np.arange(400) % 2
    sign = (2 * classes - 1)[:, np.newaxis]
    values = np.hstack([loud, loud + 0.2 * sign + rng.normal(0, 0.05, (400, 1))])
    found = LinearBaseline.fit(values[:200], classes[:200], values[200:], classes[200:], 2)
    assert found.strength == 1.0


def test_rare_classes_weigh_as_much_as_frequent_ones():
    """With 190 clips of one class and 10 of the other, unweighted answers would all be the one."""
    rng = np.random.default_rng(4)
    classes = np.array([0] * 190 + [1] * 10)
    values = rng.normal(size=(200, 1)) + classes[:, np.newaxis]
    model = LinearBaseline.fit(values, classes, values, classes, 2)
    answers = model.probabilities(np.array([[-1.0], [2.0]])).argmax(axis=1)
    assert answers.tolist() == [0, 1]


def test_equal_clips_give_equal_models():
    values, _ = clips_of(10, 6)
    np.testing.assert_array_equal(fit_toy().probabilities(values), fit_toy().probabilities(values))


def test_a_class_that_was_not_trained_on_has_no_probability():
    values, classes = clips_of(60, 0)
    seen = classes != 1
    model = LinearBaseline.fit(values[seen], classes[seen], values, classes, 4)
    probabilities = model.probabilities(values)
    assert probabilities.shape == (60, 4)
    assert not probabilities[:, [1, 3]].any()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


@pytest.mark.parametrize(("classes", "seen"), [([1, 1], "1"), ([0, 3], "0, 3"), ([], "none")])
def test_training_needs_two_classes_of_the_label_set(classes, seen):
    values = np.zeros((len(classes), 2))
    with pytest.raises(ParameterError, match=rf"in \[0, 3\)\. Received: classes {seen}"):
        LinearBaseline.fit(values, classes, values, classes, 3)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_probabilities_are_those_of_scikit_learn(n_classes):
    train, classes = clips_of(80, 0, n_classes=n_classes, distance=1.0)
    values, _ = clips_of(30, 1, n_classes=n_classes)
    found = LinearBaseline.fit(train, classes, train, classes, n_classes)
    scaler = StandardScaler().fit(train)
    model = LogisticRegression(C=found.strength, class_weight="balanced", max_iter=2000)
    model.fit(scaler.transform(train), classes)
    expected = model.predict_proba(scaler.transform(values))
    np.testing.assert_allclose(found.probabilities(values), expected, atol=1e-3)


def test_a_model_is_the_same_when_it_was_saved(tmp_path):
    values, classes = clips_of(60, 0)
    seen = classes != 1
    model = LinearBaseline.fit(values[seen], classes[seen], values, classes, 4)
    model.save(tmp_path / "b.npz")
    loaded = LinearBaseline.load(tmp_path / "b.npz", 4)
    np.testing.assert_array_equal(loaded.probabilities(values), model.probabilities(values))
    assert loaded.strength == model.strength


def test_clips_of_other_features_are_refused():
    with pytest.raises(ParameterError, match=r"reads 6 values a clip.*\(2, 5\)"):
        fit_toy().probabilities(np.zeros((2, 5)))


def damaged(**changes):
    return {
        "mean": np.zeros(2, np.float32), "scale": np.ones(2, np.float32), "strength": 0.1,
        "classes": np.array([0, 2]), "coef": np.ones((2, 2)), "intercept": np.zeros(2),
    } | changes  # fmt: skip


def test_sound_arrays_are_a_model(tmp_path):
    np.savez(tmp_path / "b.npz", **damaged())
    assert LinearBaseline.load(tmp_path / "b.npz", 3).probabilities(np.zeros((1, 2)))[0, 1] == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"coef": np.array([[1.0, np.nan], [0, 0]])},
        {"coef": np.ones((2, 3))},
        {"coef": np.ones((2, 2), int)},
        {"intercept": np.array([0, np.inf])},
        {"intercept": np.zeros(3)},
        {"scale": np.zeros(2, np.float32)},
        {"mean": np.zeros(3, np.float32)},
        {"classes": np.array([0, 3])},
        {"classes": np.array([2, 0])},
        {"classes": np.array([-1, 0])},
        {"classes": np.array([0.0, 1.0])},
        {"classes": np.array([[0, 1]])},
        {"strength": np.array(["strong"])},
        {"coef": np.array([{}], object)},
    ],
)
def test_values_that_cannot_be_used_are_refused(tmp_path, changes):
    np.savez(tmp_path / "b.npz", **damaged(**changes))
    with pytest.raises(RunError, match=r"b\.npz: (holds values|not the weights)"):
        LinearBaseline.load(tmp_path / "b.npz", 3)


@pytest.mark.parametrize("content", [None, b"", b"no archive", b"PK"])
def test_a_file_that_is_no_model_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "b.npz").write_bytes(content)
    with pytest.raises(RunError, match=r"b\.npz: not the weights of a linear model"):
        LinearBaseline.load(tmp_path / "b.npz", 3)
