"""How the file names of a published corpus are read."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from speechsent.corpus.utterance import Utterance
from speechsent.errors import CorpusError


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a file name tells beside the emotion.

    Args:
        speaker: Who speaks, as the corpus calls them.
        gender: ``"female"`` or ``"male"``.
        sentence: Name of the spoken text.
        intensity: Strength of the emotion in the corpus's words; None if unknown.
    """

    speaker: str
    gender: str
    sentence: str
    intensity: str | None = None


# A corpus has one reader, so readers are compared by identity and may be counted.
@dataclass(frozen=True, kw_only=True, eq=False)
class Reader:
    """The rule of one corpus: which names are its own, and what they tell.

    Args:
        name: Name of the corpus, as in ``Corpus.name`` and before the slash of a speaker.
        rule: How its files are named, in one sentence with an example.
        emotions: Codes in file names, in lower case, and the canonical emotions they stand for.
        pattern: The whole name without its suffix; its group ``emotion`` is the code.
        read: What a name that fits ``pattern`` tells beside the emotion.
        with_folder: The folder is part of the name: ``pattern`` describes ``folder/name``.
    """

    name: str
    rule: str
    emotions: Mapping[str, str]
    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], Told]
    with_folder: bool = False

    def matches(self, path: Path) -> bool:
        """Tell whether the file is named as the rule says."""
        return self._match(path) is not None

    def parse(self, path: Path) -> Utterance:
        """Read the utterance off the file name.

        Raises:
            CorpusError: If the name breaks the rule, be it by a prefix or suffix only.
        """
        found = self._match(path)
        if found is None:
            folder = f" in folder {path.parent.name!r}" if self.with_folder else ""
            raise CorpusError(f"{self.rule}. Received: {path.name!r}{folder}")
        told = self.read(found)
        return Utterance(
            path=path,
            emotion=self.emotions[found["emotion"].lower()],
            speaker=f"{self.name}/{told.speaker}",
            gender=told.gender,
            sentence=told.sentence,
            intensity=told.intensity,
        )

    def _match(self, path: Path) -> re.Match[str] | None:
        name = f"{path.parent.name}/{path.stem}" if self.with_folder else path.stem
        return self.pattern.fullmatch(name)
