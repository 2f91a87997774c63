"""Curves and points as inline SVG, in the colours of the page, with their figures as a table."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from speechsent.report.html import Html, joined, table, tag

WIDTH, HEIGHT = 460, 280
LEFT, RIGHT, TOP, BOTTOM = 54, 12, 12, 44
N_TICKS = 5


@dataclass(frozen=True, kw_only=True)
class Series:
    """Points of one curve.

    Args:
        name: What it shows.
        x: Horizontal values.
        y: Vertical values, as many.
        style: Class in the style sheet: ``"first"``, ``"second"``, ``"ideal"`` or ``"points"``.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    style: str


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One axis: its name and its ends."""

    name: str
    low: float
    high: float

    @classmethod
    def around(cls, name: str, *values: Sequence[float]) -> "Axis":
        """An axis that holds some values."""
        joint = np.concatenate([np.asarray(v, np.float64) for v in values])
        low, high = float(joint.min()), float(joint.max())
        return cls(name=name, low=low, high=high if high > low else low + 1)

    def share(self, value: float) -> float:
        """Where a value lies, 0 at the lower end and 1 at the upper."""
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Round values within the ends."""
        rough = (self.high - self.low) / N_TICKS
        size = 10.0 ** np.floor(np.log10(rough))
        step = next(size * k for k in (1, 2, 5, 10) if size * k >= rough * 0.999)
        first, last = np.ceil(self.low / step - 1e-9), np.floor(self.high / step + 1e-9)
        return [float(k * step) + 0.0 for k in np.arange(first, last + 1)]


def plot(
    title: str, told: str, series: Sequence[Series], x: Axis, y: Axis, *, data: bool = True
) -> Html:
    """A picture of some series, a legend, and their figures in a table.

    Args:
        title: What it shows.
        told: The same in a sentence, for who does not see it.
        series: Curves or points.
        x: Horizontal axis.
        y: Vertical axis.
        data: Whether the figures are added, folded away.
    """
    picture = tag(
        "svg",
        tag("title", title),
        tag("desc", told),
        *_frame(x, y),
        *(_drawn(one, x, y) for one in series),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=f"{title}. {told}",
        class_="plot",
    )
    legend = tag("ul", *(tag("li", _key(one), one.name) for one in series), class_="legend")
    figures = _figures(title, series, x, y) if data else Html()
    return tag("figure", tag("figcaption", title), picture, legend, figures)


def _drawn(series: Series, x: Axis, y: Axis) -> Html:
    places = [(_across(x, a), _up(y, b)) for a, b in zip(series.x, series.y, strict=True)]
    dots = [
        tag("circle", cx=f"{a:.1f}", cy=f"{b:.1f}", r=3, class_=f"dot {series.style}")
        for a, b in places
    ]
    if series.style == "points":
        return joined(*dots)
    path = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
    line = tag("polyline", points=path, class_=f"curve {series.style}")
    return joined(line, *(dots if series.style != "ideal" else ()))


def _frame(x: Axis, y: Axis) -> list[Html]:
    """Grid, ticks and names of the axes."""
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    pieces = []
    for value in x.ticks():
        place = f"{_across(x, value):.1f}"
        pieces.append(tag("line", x1=place, x2=place, y1=TOP, y2=bottom, class_="grid"))
        pieces.append(_text(f"{value:g}", place, bottom + 16, "middle"))
    for value in y.ticks():
        place = f"{_up(y, value):.1f}"
        pieces.append(tag("line", x1=LEFT, x2=right, y1=place, y2=place, class_="grid"))
        pieces.append(_text(f"{value:.6g}", LEFT - 6, f"{_up(y, value) + 4:.1f}", "end"))
    pieces.append(_text(x.name, (LEFT + right) / 2, HEIGHT - 6, "middle"))
    middle = (TOP + bottom) / 2
    turned = {"transform": f"rotate(-90 12 {middle})"}
    pieces.append(tag("text", y.name, x=12, y=middle, text_anchor="middle", **turned))
    return pieces


def _text(text: str, x: float | str, y: float | str, anchor: str) -> Html:
    return tag("text", text, x=x, y=y, text_anchor=anchor)


def _key(series: Series) -> Html:
    line = tag("line", x1=1, x2=25, y1=6, y2=6, class_=f"curve {series.style}")
    dot = tag("circle", cx=13, cy=6, r=3, class_=f"dot {series.style}")
    shapes = {"points": (dot,), "ideal": (line,)}.get(series.style, (line, dot))
    return tag("svg", *shapes, viewBox="0 0 26 12", class_="key", aria_hidden="true")


def _figures(title: str, series: Sequence[Series], x: Axis, y: Axis) -> Html:
    rows = [
        (one.name, f"{a:.4g}", f"{b:.4g}")
        for one in series
        if one.style != "ideal"
        for a, b in zip(one.x, one.y, strict=True)
    ]
    figures = table(f"Figures: {title}", ("series", x.name, y.name), rows)
    return tag("details", tag("summary", "Figures"), figures, class_="figures")


def _across(x: Axis, value: float) -> float:
    return LEFT + x.share(value) * (WIDTH - RIGHT - LEFT)


def _up(y: Axis, value: float) -> float:
    return HEIGHT - BOTTOM - y.share(value) * (HEIGHT - BOTTOM - TOP)
