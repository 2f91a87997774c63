import subprocess
import sys

import pytest

from speechsent.doctor import read_log
from speechsent.errors import ParameterError

LOG = """\
Epoch 1/2
 - 3s - loss: 7.0776 - acc: 0.5560 - val_loss: 6.7163 - val_acc: 0.5787
Epoch 2/2
 - 2s - loss: 7.0776 - acc: 0.5560 - val_loss: 6.7163 - val_acc: 0.5787
"""


def test_the_cause_in_a_pasted_log_is_told_first(tmp_path):
    """A log of a report: a head on a frozen network that never learns."""
    (tmp_path / "log.txt").write_text(LOG)
    diagnosis = read_log(tmp_path / "log.txt")
    assert [f.name for f in diagnosis.errors] == ["saturated-loss"]
    assert diagnosis.scope == ("2 epochs of training",)


def test_the_number_of_classes_helps(tmp_path):
    (tmp_path / "log.csv").write_text("epoch,loss\n0,1.80\n1,1.77\n2,1.76\n3,1.765\n")
    assert read_log(tmp_path / "log.csv").errors == ()
    (found,) = read_log(tmp_path / "log.csv", classes=6).errors
    assert found.name == "loss-at-chance"


@pytest.mark.parametrize("classes", [0, 1, -3])
def test_fewer_than_two_classes_are_refused(tmp_path, classes):
    (tmp_path / "log.csv").write_text("epoch,loss\n0,1\n1,1.2\n2,1.1\n3,1\n")
    with pytest.raises(ParameterError, match=f"classes={classes}"):
        read_log(tmp_path / "log.csv", classes=classes)


def test_two_fits_that_fell_did_not_rise(tmp_path):
    falling = [f"{i},{2 - 0.3 * i}\n" for i in range(5)] + [
        f"{i},{3 - 0.2 * i}\n" for i in range(5)
    ]
    (tmp_path / "log.csv").write_text("epoch,loss\n" + "".join(falling))
    diagnosis = read_log(tmp_path / "log.csv")
    assert diagnosis.errors == ()
    assert diagnosis.scope == ("5 epochs of training 1", "5 epochs of training 2")


def test_logs_and_runs_are_read_without_keras():
    code = (
        "import sys, speechsent.doctor.afterwards.logs, speechsent.doctor.afterwards.runs;"
        "sys.exit('keras' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
