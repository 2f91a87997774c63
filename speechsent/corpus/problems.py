"""Many problems of one corpus, told in one line."""

from collections.abc import Sequence

from speechsent.errors import CorpusError

SHOWN = 5


def corpus_error(source: object, problems: Sequence[str]) -> CorpusError:
    """Return an error that tells at most five problems and the total.

    Args:
        source: The folder or file which has the problems.
        problems: One clause a problem, each with its remedy if that is not obvious.

    Example:
        >>> str(corpus_error("clips.csv", ["row 2: file is missing", "row 3: emotion is empty"]))
        'clips.csv: row 2: file is missing; row 3: emotion is empty'
    """
    rest = len(problems) - SHOWN
    tail = f"; and {rest} more ({len(problems)} in all)" if rest > 0 else ""
    return CorpusError(f"{source}: {'; '.join(problems[:SHOWN])}{tail}")
