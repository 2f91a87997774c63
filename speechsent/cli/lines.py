"""Lines for a terminal."""


def in_one_line(told: object) -> str:
    r"""A message, in which nothing that a file is called can move the cursor.

    Example:
        >>> in_one_line(ValueError("a" + chr(10) + "b"))
        'a\\nb'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(told))
