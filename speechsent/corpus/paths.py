"""A corpus of one's own whose paths tell who speaks, and with which emotion."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from string import Formatter

from speechsent.corpus.folder import AUDIO_SUFFIXES, find_audio
from speechsent.corpus.manifest import from_rows
from speechsent.corpus.problems import corpus_error
from speechsent.corpus.spelling import composed
from speechsent.corpus.utterance import Corpus, Refusal
from speechsent.errors import CorpusError, ParameterError
from speechsent.typed import shown

FIELDS = ("speaker", "emotion", "gender", "sentence", "intensity", "split")
RULE = (
    "a pattern is a path with {emotion}, {speaker} and so on where it tells them, and {} where it "
    "tells nothing, such as '{speaker}/{emotion}/{}'"
)


class PathPattern:
    """What the paths of a corpus tell, such as ``"{speaker}/{emotion}/{}"``.

    Args:
        pattern: The path of a clip below its corpus, folders separated by ``/``, with or without
            the suffix. ``{emotion}``, ``{speaker}``, ``{gender}``, ``{sentence}``, ``{intensity}``
            and ``{split}`` stand where it tells them, and ``{}`` where it tells nothing; each is
            as short as it can be, and never spans folders. A field that comes twice is the same
            both times.

    Raises:
        ParameterError: If there is no ``{emotion}``, or a field that no corpus has.

    Example:
        >>> PathPattern("{speaker}/{emotion}/{}").read(PurePosixPath("s01/angry/004.wav"))
        {'speaker': 's01', 'emotion': 'angry'}
        >>> PathPattern("{}_{speaker}_{emotion}.wav").read(PurePosixPath("4_s01_angry.wav"))
        {'speaker': 's01', 'emotion': 'angry'}
    """

    def __init__(self, pattern: str) -> None:
        self._with_suffix = PurePosixPath(pattern).suffix.lower() in AUDIO_SUFFIXES
        try:
            parts = list(Formatter().parse(composed(pattern)))
        except ValueError as error:
            raise ParameterError(f"{RULE}. Received: {shown(pattern)} ({error})") from error
        fields = [field for _, field, _, _ in parts if field]
        strange = any(how or conversion for _, _, how, conversion in parts)
        if strange or "emotion" not in fields or not set(fields) <= set(FIELDS):
            raise ParameterError(
                f"{RULE}; {{emotion}} must be there, and what else there may be is "
                f"{', '.join(f'{{{name}}}' for name in FIELDS)}. Received: {shown(pattern)}"
            )
        expression, met = "", set()
        for literal, field, _, _ in parts:
            expression += re.escape(literal)
            if field in met:
                expression += f"(?P={field})"
            elif field:
                expression += f"(?P<{field}>[^/]+?)"
                met.add(field)
            elif field is not None:
                expression += "[^/]+?"
        self._expression = re.compile(expression)

    def read(self, path: PurePosixPath) -> dict[str, str] | None:
        """What a path below the corpus tells, by field; None if it is not as the pattern says."""
        name = path if self._with_suffix else path.with_suffix("")
        found = self._expression.fullmatch(composed(str(name)))
        return found and found.groupdict()


def read_paths(
    root: Path,
    pattern: PathPattern,
    *,
    labels: Mapping[str, str] | None = None,
    skip_bad: bool = False,
) -> Corpus:
    """Read every clip below a folder by what its path tells.

    Args:
        root: The folder.
        pattern: What paths below it tell.
        labels: Emotion names of one's own and what they mean.
        skip_bad: Leave out files that break a rule or the pattern, and list them in
            ``Corpus.refused``.

    Raises:
        CorpusError: If there is no audio file, or a path is not as the pattern says or tells
            something that cannot be.
    """
    if not root.is_dir():
        raise CorpusError(f"{root}: no such folder")
    files, unreadable = find_audio(root)
    refused, rows = list(unreadable), []
    for path in files:
        file = path.relative_to(root).as_posix()
        told = pattern.read(PurePosixPath(file))
        if told is None:
            refused.append(Refusal(path, "its path is not as the pattern says"))
        else:
            rows.append((file, {"file": file, **told}))
    if refused and (not skip_bad or not rows):
        raise corpus_error(root, [f"{r.path.relative_to(root)}: {r.reason}" for r in refused])
    corpus = from_rows(root, root, rows, labels=labels, skip_bad=skip_bad)
    return replace(corpus, refused=(*refused, *corpus.refused))
