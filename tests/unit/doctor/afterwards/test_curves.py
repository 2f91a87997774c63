import numpy as np
import pytest

from speechsent.doctor.afterwards.curves import read_curves
from speechsent.errors import ParameterError

PASTED = """\
Train on 2071 samples, validate on 518 samples
Epoch 1/3
  64/2071 [..............................] - ETA: 1:13 - loss: 8.2192 - acc: 0.4844\b\b\b
2071/2071 [==============================] - 5s 2ms/step - loss: 7.0776 - acc: 0.5560 - \
val_loss: 6.7163 - val_acc: 0.5787

Epoch 00001: val_loss improved from inf to 6.71630, saving model to best.hdf5
Epoch 2/3
2071/2071 [==============================] - 2s 838us/step - loss: 7.0e0 - acc: 0.5561 - \
val_loss: nan - val_acc: 0.5787
Epoch 3/3
"""


def write(tmp_path, text, name="log"):
    (tmp_path / name).write_text(text)
    return tmp_path / name


def test_progress_of_old_keras_is_read_by_its_last_figures(tmp_path):
    """The third epoch was interrupted before its first figure."""
    (curves,) = read_curves(write(tmp_path, PASTED))
    assert curves.n_epochs == 2
    np.testing.assert_array_equal(curves.of("loss"), [7.0776, 7.0])
    np.testing.assert_array_equal(curves.accuracy(), [0.5560, 0.5561])
    np.testing.assert_array_equal(curves.of("val_loss"), [6.7163, np.nan])
    assert set(curves.columns) == {"loss", "acc", "val_loss", "val_acc"}


def test_progress_of_keras_3_is_read(tmp_path):
    text = (
        "Epoch 1/2\n\x1b[1m9/9\x1b[0m \x1b[32m━━\x1b[0m \x1b[1m1s\x1b[0m 39ms/step - "
        "accuracy: 0.2153 - loss: 1.7935 - val_accuracy: 0.1667 - val_loss: 1.7899\r\n"
        "Epoch 2/2\r 1/9 ━ 0s 20ms/step - accuracy: 0.9 - loss: 9.9\r"
        "9/9 ━━ 1s 39ms/step - accuracy: 0.3 - loss: 1.7 - learning_rate: 1.0000e-03\n"
    )
    (curves,) = read_curves(write(tmp_path, text))
    np.testing.assert_array_equal(curves.of("loss"), [1.7935, 1.7])
    np.testing.assert_array_equal(curves.of("val_loss"), [1.7899, np.nan])
    assert curves.of("learning_rate")[1] == 1e-3


def test_each_fit_in_a_log_has_curves_of_its_own(tmp_path):
    text = "Epoch 1/2\n - loss: 3.0\nEpoch 2/2\n - loss: 2.0\nEpoch 1/1\n - loss: 1.0\n"
    curves = read_curves(write(tmp_path, text))
    assert [(c.name, c.n_epochs) for c in curves] == [("training 1", 2), ("training 2", 1)]


def test_lines_without_epochs_are_an_epoch_each(tmp_path):
    (curves,) = read_curves(write(tmp_path, "loss: 3.0 - acc: 0.1\nloss: 2.0 - acc: 0.2\n"))
    np.testing.assert_array_equal(curves.of("acc"), [0.1, 0.2])


def test_a_table_of_csv_logger_is_read(tmp_path):
    """Keras writes NA where a figure is missing, and any separator one asks for."""
    text = "epoch;acc;loss;val_loss\n0;0.5;2.0;NA\n1;0.6;1.5;1.9\n"
    (curves,) = read_curves(write(tmp_path, text))
    np.testing.assert_array_equal(curves.of("val_loss"), [np.nan, 1.9])
    np.testing.assert_array_equal(curves.accuracy(), [0.5, 0.6])
    assert not curves.honest
    assert not len(curves.score("val_"))


def test_stages_of_our_own_history_are_told_apart(tmp_path):
    text = "stage,epoch,objective,loss,uar,kept\ncnn,1,9,2.0,0.2,1\nhead,1,9,1.0,0.4,0\n"
    cnn, head = read_curves(write(tmp_path, text))
    assert (cnn.name, head.name) == ("cnn", "head")
    assert head.honest
    assert head.best_kept
    assert not len(head.accuracy())
    np.testing.assert_array_equal(head.score(), [0.4])


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "nothing of the kind\n", "Epoch 1/2\n"])
def test_what_is_no_log_is_refused_in_one_line(tmp_path, text):
    with pytest.raises(ParameterError, match="no training log") as error:
        read_curves(write(tmp_path, text))
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ParameterError, match="gone"):
        read_curves(tmp_path / "gone")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(ParameterError, match="cannot be read as text"):
        read_curves(tmp_path / "binary")


@pytest.mark.parametrize("separator", [", ", "\t", " ; "])
def test_tables_written_by_hand_are_read(tmp_path, separator):
    lines = (["epoch", "loss", "accuracy"], ["0", "1", ".5"], ["1", "1.2", ".6"])
    text = "\n".join(separator.join(line) for line in lines)
    (curves,) = read_curves(write(tmp_path, text))
    np.testing.assert_array_equal(curves.of("loss"), [1, 1.2])
    np.testing.assert_array_equal(curves.accuracy(), [0.5, 0.6])


def test_fits_appended_to_one_table_are_told_apart(tmp_path):
    """As ``CSVLogger(append=True)`` writes them; the second begins higher than the first ended."""
    text = "epoch,loss\n0,2\n1,1.5\n2,1\n0,2.6\n1,2.5\n2,2.4\n"
    curves = read_curves(write(tmp_path, text))
    assert [(c.name, c.of("loss").tolist()) for c in curves] == [
        ("training 1", [2, 1.5, 1]),
        ("training 2", [2.6, 2.5, 2.4]),
    ]


def test_a_training_that_went_on_is_one(tmp_path):
    text = "epoch,loss\n0,2\n1,1.5\n5,1\n6,.9\n"
    (curves,) = read_curves(write(tmp_path, text))
    assert curves.n_epochs == 4


def test_numbers_with_a_decimal_comma(tmp_path):
    """As a spreadsheet writes them in half of Europe, with semicolons between the columns."""
    path = tmp_path / "log.csv"
    path.write_text("epoch;accuracy;loss\n0;0,5;0,75\n1;0,625;5,5e-1\n", encoding="utf-8")
    (curves,) = read_curves(path)
    np.testing.assert_array_equal(curves.of("loss"), [0.75, 0.55])
    np.testing.assert_array_equal(curves.accuracy(), [0.5, 0.625])


def test_a_last_row_that_was_cut_off_is_no_epoch(tmp_path):
    """A killed training leaves one behind; its loss is not known, which is not NaN."""
    path = tmp_path / "log.csv"
    for end in ("2,0.8", "2"):
        path.write_text(f"epoch,accuracy,loss\n0,0.5,0.75\n1,0.6,0.5\n{end}", encoding="utf-8")
        (curves,) = read_curves(path)
        np.testing.assert_array_equal(curves.of("loss"), [0.75, 0.5])
    for nan in ("nan", ""):  # pandas leaves the cell empty
        path.write_text(f"epoch,loss,accuracy\n0,0.75,0.5\n1,{nan},0.5\n", encoding="utf-8")
        assert np.isnan(read_curves(path)[0].of("loss")[1])
