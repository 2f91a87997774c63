"""HTML that cannot be broken out of: whatever is not markup already is escaped."""

from collections.abc import Sequence
from html import escape


class Html(str):
    """Text that is markup; every other text is escaped before it becomes part of one."""

    __slots__ = ()


def tag(element: str, *content: str, **attributes: str | float | bool | None) -> Html:
    """One element.

    Args:
        element: Its name.
        content: What is inside; plain texts are escaped.
        attributes: By name: ``class_`` and ``for_`` lose the underscore behind them, others within
            become hyphens. True stands alone, False and None are left out.

    Example:
        >>> tag("p", "a < b", tag("b", "c"), class_="note", hidden=True)
        '<p class="note" hidden>a &lt; b<b>c</b></p>'
    """
    return Html(f"<{element}{_attributes(attributes)}>{joined(*content)}</{element}>")


def void(element: str, **attributes: str | float | bool | None) -> Html:
    """An element without content, such as ``img``."""
    return Html(f"<{element}{_attributes(attributes)}>")


def joined(*content: str) -> Html:
    """Several pieces one after the other; plain texts are escaped.

    Example:
        >>> joined("a & ", Html("<br>"))
        'a &amp; <br>'
    """
    return Html("".join(piece if isinstance(piece, Html) else escape(piece) for piece in content))


def scrolling(caption: str, rows: Html, **attributes: str) -> Html:
    """A table under its caption, in a box that scrolls sideways, by keyboard as well.

    The caption stands outside: within, a narrow window would cut it.

    Args:
        caption: What the table shows.
        rows: Its ``thead`` and ``tbody``.
        attributes: Further attributes of the table.
    """
    inner = tag("table", rows, aria_label=caption, **attributes)
    box = tag("div", inner, class_="scrolling", role="region", aria_label=caption, tabindex="0")
    return joined(tag("p", caption, class_="caption"), box)


def table(caption: str, head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Html:
    """A table whose first column names its rows."""
    top = tag("tr", *(tag("th", name, scope="col") for name in head))
    body = [
        tag("tr", tag("th", first, scope="row"), *(tag("td", cell) for cell in rest))
        for first, *rest in rows
    ]
    return scrolling(caption, joined(tag("thead", top), tag("tbody", *body)))


def section(title: str, *content: str) -> Html:
    """A part of the page, named by its heading; nothing if it is empty."""
    if not any(content):
        return Html()
    name = title.lower().replace(" ", "-")
    heading = tag("h2", title, id=name)
    return tag("section", heading, *content, aria_labelledby=name)


def _attributes(attributes: dict[str, str | float | bool | None]) -> str:
    parts = []
    for key, value in attributes.items():
        name = key.rstrip("_").replace("_", "-")
        if value is True:
            parts.append(f" {name}")
        elif value is not None and value is not False:
            parts.append(f' {name}="{escape(str(value))}"')
    return "".join(parts)
