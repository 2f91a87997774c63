import matplotlib.figure
import matplotlib.image
import numpy as np
import pytest

from speechsent.errors import ParameterError
from speechsent.evaluation.calibration import ConfidenceBin
from speechsent.evaluation.figures import confusion_figure, history_figure, reliability_figure

HISTORY = {
    "loss": [1.5, 1.0, 0.8],
    "val_loss": [1.6, 1.2, 1.3],
    "uar": [0.3, 0.5, 0.7],
    "val_uar": [0.3, 0.5, 0.4],
}


@pytest.fixture
def drawn(monkeypatch):
    """Figures that were saved, to look at what is in them."""
    figures = []
    save = matplotlib.figure.Figure.savefig

    def keep(figure, *args, **options):
        figures.append(figure)
        save(figure, *args, **options)

    monkeypatch.setattr(matplotlib.figure.Figure, "savefig", keep)
    return figures


def texts(axes):
    return [text.get_text() for text in axes.texts]


def margins_are_white(path):
    """Whether nothing reaches the edge of the picture, where it would be cut off."""
    picture = matplotlib.image.imread(path)
    edges = (picture[0], picture[-1], picture[:, 0], picture[:, -1])
    return all(edge.min() == 1 for edge in edges)


def test_each_cell_has_its_count_and_its_share_of_the_true_class(drawn, tmp_path):
    confusion_figure([[3, 1], [0, 0]], ["anger", "fear"], tmp_path / "c.png", title="toy")
    axes = drawn[0].axes[0]
    assert texts(axes) == ["3\n75%", "1\n25%", "0", "0"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["anger", "fear"]
    assert axes.get_ylabel() == "true emotion"


@pytest.mark.parametrize("n_classes", [2, 8, 12])
def test_nothing_of_a_confusion_is_cut_off(tmp_path, n_classes):
    names = [f"pleasant surprise {i}" for i in range(n_classes)]
    counts = np.full((n_classes, n_classes), 1234)
    title = "ravdess-8-holdout+spk, test, speakers unseen in training: UAR 0.523"
    confusion_figure(counts, names, tmp_path / "c.png", title=title)
    assert margins_are_white(tmp_path / "c.png")


def test_a_confusion_needs_a_label_for_each_row(tmp_path):
    with pytest.raises(ParameterError, match=r"Received: confusion.shape=\(2, 2\), 3 labels"):
        confusion_figure(np.eye(2, dtype=int), ["a", "b", "c"], tmp_path / "c.png", title="")
    assert not list(tmp_path.iterdir())


def test_a_history_shows_training_and_validation(drawn, tmp_path):
    history_figure(HISTORY, tmp_path / "h.png", best_epoch=2)
    left, right = drawn[0].axes
    for axes, name in ((left, "loss"), (right, "uar")):
        training, validation, best = axes.lines
        assert training.get_xdata().tolist() == [1, 2, 3]
        assert list(training.get_ydata()) == HISTORY[name]
        assert list(validation.get_ydata()) == HISTORY[f"val_{name}"]
        assert list(best.get_xdata()) == [2, 2]
    assert (left.get_ylabel(), right.get_ylabel()) == ("loss", "UAR")


@pytest.mark.parametrize("n_epochs", [1, 40])
def test_epochs_are_whole_numbers(drawn, tmp_path, n_epochs):
    curves = {name: [0.5] * n_epochs for name in HISTORY}
    history_figure(curves, tmp_path / "h.png", best_epoch=1)
    for axes in drawn[0].axes:
        low, high = axes.get_xlim()
        shown = [tick for tick in axes.get_xticks() if low <= tick <= high]
        assert shown
        assert all(tick == round(tick) for tick in shown)
    assert margins_are_white(tmp_path / "h.png")


def test_a_history_may_lack_validation_and_a_best_epoch(drawn, tmp_path):
    history_figure({"loss": [1.0]}, tmp_path / "h.png")
    assert [list(line.get_ydata()) for line in drawn[0].axes[0].lines] == [[1.0], []]


@pytest.mark.parametrize(
    ("history", "best_epoch", "message"),
    [
        ({}, None, "values of 'loss', 'uar' or 'ccc'"),
        ({"loss": []}, None, "values of 'loss', 'uar' or 'ccc'"),
        (HISTORY, 4, r"\[1, 3\]. Received: best_epoch=4"),
        (HISTORY, 0, r"\[1, 3\]. Received: best_epoch=0"),
    ],
)
def test_a_history_without_epochs_is_refused(tmp_path, history, best_epoch, message):
    with pytest.raises(ParameterError, match=message):
        history_figure(history, tmp_path / "h.png", best_epoch=best_epoch)


def test_equal_figures_are_equal_files_and_leave_no_others(tmp_path):
    for name in ("a.png", "b.png"):
        history_figure(HISTORY, tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.png"]


BEFORE = (
    ConfidenceBin(low=0.4, high=0.6, n=3, confidence=0.5, accuracy=1 / 3),
    ConfidenceBin(low=0.8, high=1.0, n=5, confidence=0.9, accuracy=0.6),
)


def test_a_reliability_plot_shows_both_sets_of_bins_beside_the_diagonal(drawn, tmp_path):
    reliability_figure(BEFORE, BEFORE[:1], tmp_path / "r.png", title="toy")
    upper, lower = drawn[0].axes
    perfect, before, after = upper.lines
    assert list(perfect.get_xdata()) == list(perfect.get_ydata()) == [0, 1]
    assert list(before.get_xdata()) == [0.5, 0.9]
    assert list(before.get_ydata()) == [1 / 3, 0.6]
    assert list(after.get_xdata()) == [0.5]
    assert [bar.get_height() for bar in lower.patches] == [3, 5, 3]
    assert lower.patches[1].get_x() == 0.8
    assert margins_are_white(tmp_path / "r.png")


def test_a_reliability_plot_needs_bins(tmp_path):
    with pytest.raises(ParameterError, match="Received: 2 before, 0 after"):
        reliability_figure(BEFORE, (), tmp_path / "r.png", title="toy")
