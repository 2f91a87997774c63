"""Tables with a bar in each row: the picture and its figures in one, for every reader."""

from collections.abc import Sequence
from dataclasses import dataclass

from speechsent.report.html import Html, joined, scrolling, tag

WIDTH = 200


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One row.

    Args:
        name: What it is about.
        value: In ``[0, 1]``; None if there is nothing to show.
        told: The value in words.
        low: Lower end of its interval; None if it has none.
        high: Upper end.
        also: Further cells.
    """

    name: str
    value: float | None
    told: str
    low: float | None = None
    high: float | None = None
    also: tuple[str, ...] = ()


def bar_table(
    caption: str, head: tuple[str, ...], bars: Sequence[Bar], *, mark: float | None = None
) -> Html:
    """A table with a bar a row, and its interval as a line across the bar's end.

    Args:
        caption: What the table shows.
        head: Names of the columns: that of the rows, that of the value, those of further cells.
        bars: The rows.
        mark: A value marked in every row, such as that of chance.
    """
    name, value, *rest = head
    columns = (
        tag("th", name, scope="col"),
        tag("th", value, scope="col", colspan="2"),
        *(tag("th", other, scope="col") for other in rest),
    )
    rows = [
        tag(
            "tr",
            tag("th", bar.name, scope="row"),
            tag("td", _picture(bar, mark), class_="bar", aria_hidden="true"),
            tag("td", bar.told),
            *(tag("td", cell) for cell in bar.also),
        )
        for bar in bars
    ]
    body = joined(tag("thead", tag("tr", *columns)), tag("tbody", *rows))
    return scrolling(caption, body, class_="bar-table")


def _picture(bar: Bar, mark: float | None) -> Html:
    shapes = [_rectangle(0, 1, "track")]
    if bar.value is not None:
        shapes.append(_rectangle(0, min(max(bar.value, 0), 1), "value"))
    if mark is not None:
        shapes.append(_line(mark, mark, "mark", 0, 16))
    if bar.low is not None and bar.high is not None:
        shapes.append(_line(bar.low, bar.high, "span", 8, 8))
    return tag("svg", joined(*shapes), viewBox=f"0 0 {WIDTH} 16", class_="bars")


def _rectangle(low: float, high: float, name: str) -> Html:
    width = f"{(high - low) * WIDTH:.1f}"
    return tag("rect", x=f"{low * WIDTH:.1f}", y=2, width=width, height=12, class_=name)


def _line(low: float, high: float, name: str, top: float, bottom: float) -> Html:
    ends = {"x1": f"{low * WIDTH:.1f}", "x2": f"{high * WIDTH:.1f}"}
    return tag("line", **ends, y1=top, y2=bottom, class_=name)
