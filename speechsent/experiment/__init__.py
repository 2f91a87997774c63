"""The recipes, each read top to bottom: train, evaluate, predict."""

from speechsent.experiment.evaluation import Evaluation, evaluate, open_run
from speechsent.experiment.prediction import Prediction, predict
from speechsent.experiment.training import train

__all__ = ["Evaluation", "Prediction", "evaluate", "open_run", "predict", "train"]
