"""What the docstrings of the package write in Sphinx's way, told to mkdocstrings in its own."""

import re
from typing import Any

import griffe

ROLE = re.compile(r":(?:func|class|meth|mod):`~?([\w.]+)`")
EXAMPLE = re.compile(r"^Example:$", re.MULTILINE)


class Docstrings(griffe.Extension):
    """Make doctests code, and roles names; leave out what is private."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite one docstring; Griffe calls this for every object."""
        if obj.docstring is not None:
            text = EXAMPLE.sub("Examples:", obj.docstring.value)
            obj.docstring.value = ROLE.sub(r"`\1`", text)
        if isinstance(obj, griffe.Function):
            public = [p for p in obj.parameters if not p.name.startswith("_")]
            obj.parameters = griffe.Parameters(*public)
