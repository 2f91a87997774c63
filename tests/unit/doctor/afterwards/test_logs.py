import subprocess
import sys

from speechsent.doctor import read_log

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


def test_logs_and_runs_are_read_without_keras():
    code = (
        "import sys, speechsent.doctor.afterwards.logs, speechsent.doctor.afterwards.runs;"
        "sys.exit('keras' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
