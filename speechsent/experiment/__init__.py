"""The recipes, each read top to bottom: train, evaluate, predict."""

from speechsent.experiment.evaluation import Evaluation, evaluate, open_run
from speechsent.experiment.prediction import Estimate, Prediction, estimate, predict
from speechsent.experiment.reporting import report
from speechsent.experiment.resuming import resume
from speechsent.experiment.training import train

__all__ = [
    "Estimate",
    "Evaluation",
    "Prediction",
    "estimate",
    "evaluate",
    "open_run",
    "predict",
    "report",
    "resume",
    "train",
]
