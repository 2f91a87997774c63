"""The recipes, each read top to bottom: train, evaluate, predict."""

from speechsent.experiment.evaluation import Evaluation, evaluate, open_run
from speechsent.experiment.prediction import estimate, predict
from speechsent.experiment.reporting import report
from speechsent.experiment.resuming import resume
from speechsent.experiment.training import train
from speechsent.recognised import Estimate, Prediction

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
