"""Names that look the same are the same."""

from unicodedata import normalize


def composed(name: str) -> str:
    r"""The name with letters and their accents as one character, which macOS takes apart in files.

    Example:
        >>> len("Jose\u0301"), len(composed("Jose\u0301"))
        (5, 4)
    """
    return normalize("NFC", name)
