"""Is the network better than a linear model on the same clips?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from speechsent import metrics
from speechsent.evaluation.comparison import mcnemar, paired_bootstrap, told_p
from speechsent.evaluation.intervals import Interval
from speechsent.evaluation.predictions import Predictions


@dataclass(frozen=True, kw_only=True)
class LinearComparison:
    """Scores of a linear model on clip statistics, and what the network adds to them.

    Args:
        uar: UAR of the linear model.
        accuracy: Its accuracy.
        difference: UAR of the network less that of the linear model.
        interval: Bootstrap interval of the difference.
        p: Two-sided p-value of no difference, from the same draws.
        mcnemar_p: p-value of McNemar's exact test, which takes clips as independent.
    """

    uar: float
    accuracy: float
    difference: float
    interval: Interval
    p: float
    mcnemar_p: float

    @property
    def beaten(self) -> bool:
        """Whether the network is better by more than the speakers drawn explain."""
        return self.interval.low > 0

    @property
    def told_p(self) -> str:
        """The p-value as papers print it."""
        return told_p(self.p)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> "LinearComparison":
        """Undo ``dataclasses.asdict``."""
        return cls(**{**raw, "interval": Interval(**raw["interval"])})


def compare_linear(net: Predictions, linear: Predictions, *, seed: int) -> LinearComparison:
    """Compare a network with a linear model, clip by clip.

    Args:
        net: Predictions of the network.
        linear: Those of the linear model, for the same clips in the same order.
        seed: Seed of the draws.

    Raises:
        ParameterError: If the numbers of clips differ.
    """
    confusion = linear.confusion()
    paired = paired_bootstrap(
        metrics.uar_from_confusion,
        net.truth,
        net.predicted,
        linear.predicted,
        net.speakers,
        seed=seed,
    )
    test = mcnemar(net.predicted == net.truth, linear.predicted == linear.truth)
    return LinearComparison(
        uar=float(metrics.uar_from_confusion(confusion)),
        accuracy=float(metrics.accuracy_from_confusion(confusion)),
        difference=paired.difference,
        interval=paired.interval,
        p=paired.p,
        mcnemar_p=test.p,
    )
