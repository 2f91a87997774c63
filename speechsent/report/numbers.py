"""Sections about told numbers: agreement, scatter, errors."""

from speechsent.evaluation.numeric import NumericPredictions
from speechsent.evaluation.regression import RegressionScores
from speechsent.report.html import Html, joined, section, table
from speechsent.report.plots import Axis, Series, plot


def number_sections(scores: RegressionScores, predictions: NumericPredictions) -> list[Html]:
    """All sections of a run that tells numbers."""
    return [
        section("Agreement", _agreement(scores)),
        section("True and told", _scatters(predictions)),
    ]


def _agreement(scores: RegressionScores) -> Html:
    head = ("target", "CCC", "RMSE", "always the mean: RMSE", "linear: CCC", "linear: RMSE")
    rows = [
        (
            name,
            f"{t.ccc:.3f} [{t.ccc_interval.low:.2f}, {t.ccc_interval.high:.2f}]",
            f"{t.rmse:.3g} [{t.rmse_interval.low:.3g}, {t.rmse_interval.high:.3g}]",
            f"{t.constant_rmse:.3g}",
            "" if t.linear_ccc is None else f"{t.linear_ccc:.3f}",
            "" if t.linear_rmse is None else f"{t.linear_rmse:.3g}",
        )
        for name, t in scores.targets.items()
    ]
    return table("Concordance and error of each target, with 95 % intervals", head, rows)


def _scatters(predictions: NumericPredictions) -> Html:
    pictures = []
    columns = zip(predictions.names, predictions.truth.T, predictions.predicted.T, strict=True)
    for name, truth, told in columns:
        ends = [float(min(truth.min(), told.min())), float(max(truth.max(), told.max()))]
        series = [
            Series(name="told is true", x=ends, y=ends, style="ideal"),
            Series(name="a clip", x=truth.tolist(), y=told.tolist(), style="points"),
        ]
        pictures.append(
            plot(
                f"{name}: true and told",
                "A point a clip; on the dashed line what is told is true.",
                series,
                Axis.around(f"true {name}", ends),
                Axis.around(f"told {name}", ends),
            )
        )
    return joined(*pictures)
