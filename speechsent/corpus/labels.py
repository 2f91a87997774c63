"""One name for each emotion, whatever a corpus calls it; and the order of the classes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from speechsent.corpus.spelling import composed
from speechsent.errors import CorpusError, some

SPELLINGS: dict[str, str] = {
    "neutral": "neutral neu neut neutrality neutrale neutralny",
    "calm": "calm calmness",
    "happiness": "happiness happy hap happ joy joyful freude gioia radość radosc",
    "sadness": "sadness sad trauer tristezza smutek",
    "anger": "anger angry ang angr wut ärger aerger rabbia złość zlosc gniew",
    "fear": "fear fearful fea afraid scared anxiety anxious angst paura strach",
    "disgust": "disgust disgusted dis disg ekel disgusto wstręt wstret",
    "surprise": "surprise surprised sur surp ps pleasant_surprise pleasant_surprised "
    "überraschung ueberraschung sorpresa zaskoczenie",
    "boredom": "boredom bored bor langeweile noia nuda",
    "contempt": "contempt contemptuous",
    "excitement": "excitement excited exc",
    "frustration": "frustration frustrated fru",
}
CANONICAL = tuple(SPELLINGS)

# One letter means one thing in EmoDB (Wut, Langeweile, Ekel, Angst, Freude, Trauer, neutral)
# and another in SAVEE, so letters are read together, never alone.
CODES: dict[str, dict[str, str]] = {
    "EmoDB": {
        "w": "anger",
        "l": "boredom",
        "e": "disgust",
        "a": "fear",
        "f": "happiness",
        "t": "sadness",
        "n": "neutral",
    },
    "SAVEE": {
        "a": "anger",
        "d": "disgust",
        "f": "fear",
        "h": "happiness",
        "n": "neutral",
        "sa": "sadness",
        "su": "surprise",
    },
}

_KNOWN = {word: name for name, words in SPELLINGS.items() for word in words.split()}
_ALL_CODES = {code for system in CODES.values() for code in system}


def canonical(spelling: str) -> str | None:
    """Return the canonical name of an emotion word; None if the word is not known.

    Codes of one or two letters are no words: see ``canonical_names``.

    Example:
        >>> canonical("Pleasant Surprise"), canonical("ANG"), canonical("shout")
        ('surprise', 'anger', None)
    """
    return _KNOWN.get(_plain(spelling))


def canonical_names(
    spellings: Iterable[str], extra: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Name every emotion of one corpus, reading codes such as ``W`` or ``sa`` by their company.

    Args:
        spellings: All emotion names the corpus uses.
        extra: Names of one's own and what they mean; they win, and may name new emotions.

    Returns:
        Each spelling with its canonical name, or with the name ``extra`` gives it.

    Raises:
        CorpusError: If a name is unknown, or a code could mean two emotions.

    Example:
        >>> canonical_names(["W", "A", "joy"])
        {'W': 'anger', 'A': 'fear', 'joy': 'happiness'}
    """
    spellings = list(spellings)
    own = _own_names(extra or {})
    known = _codes(s for s in map(_plain, spellings) if s not in own) | _KNOWN | own
    unknown = [s for s in spellings if _plain(s) not in known]
    if unknown:
        raise CorpusError(
            f"unknown emotion names: {some(_with_guess(s, known) for s in unknown)}. "
            "Rename it, or map a name of your own with --set corpus.labels.NAME=EMOTION "
            "(for evaluate: when training)"
        )
    return {s: known[_plain(s)] for s in spellings}


@dataclass(frozen=True)
class LabelSet:
    """The classes of a recogniser; a class index is a place in ``names``.

    Args:
        names: Emotions in class order, at least two, none twice.

    Raises:
        CorpusError: If there are fewer than two classes, or one occurs twice.
    """

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.names) < 2:
            raise CorpusError(
                f"a recogniser needs two or more emotions. Received: {some(self.names) or 'none'}"
            )
        if len(set(self.names)) < len(self.names):
            raise CorpusError(f"an emotion is one class only. Received: {', '.join(self.names)}")

    @classmethod
    def of(cls, emotions: Iterable[str]) -> "LabelSet":
        """Order emotions: canonical ones as in ``CANONICAL``, then one's own alphabetically.

        Example:
            >>> LabelSet.of(["shout", "anger", "neutral", "anger"]).names
            ('neutral', 'anger', 'shout')
        """
        found = set(emotions)
        return cls((*(n for n in CANONICAL if n in found), *sorted(found.difference(CANONICAL))))

    def __len__(self) -> int:
        return len(self.names)

    def index(self, name: str) -> int:
        """Return the class index of an emotion.

        Raises:
            CorpusError: If the emotion is not one of the classes.
        """
        if name not in self.names:
            raise CorpusError(f"{name!r} is none of the classes {', '.join(self.names)}")
        return self.names.index(name)


def _plain(spelling: str) -> str:
    return "_".join(composed(spelling).lower().replace("-", " ").replace("_", " ").split())


def _own_names(extra: Mapping[str, str]) -> dict[str, str]:
    """Plain spellings of the user's names; what they are mapped to is a name as well."""
    empty = [name for name, meaning in extra.items() if not meaning.strip()]
    if empty:
        raise CorpusError(f"corpus.labels maps to no emotion: {some(empty)}")
    meanings = {n: canonical(meaning) or composed(meaning).strip() for n, meaning in extra.items()}
    return {_plain(m): m for m in meanings.values()} | {_plain(n): m for n, m in meanings.items()}


def _codes(plain: Iterable[str]) -> dict[str, str]:
    """Meanings of the codes used; empty if there are none."""
    used = _ALL_CODES.intersection(plain)
    fitting = [meanings for meanings in CODES.values() if used <= meanings.keys()]
    agreed = {code: {meanings[code] for meanings in fitting} for code in sorted(used)}
    unclear = [code for code, meanings in agreed.items() if len(meanings) != 1]
    if unclear:
        raise CorpusError(
            f"emotion codes that do not point to one corpus: {some(map(_meanings, unclear))}. "
            "Say which with --set corpus.labels.NAME=EMOTION"
        )
    return {code: meanings.pop() for code, meanings in agreed.items()}


def _meanings(code: str) -> str:
    told = [f"{system[code]} in {name}" for name, system in CODES.items() if code in system]
    return f"{code!r} is {' and '.join(told)}"


def _with_guess(spelling: str, known: Mapping[str, str]) -> str:
    """The spelling, and what is nearest to it: if it can be, an emotion by its own name."""
    plain, words = _plain(spelling), [k for k in known if len(k) > 2]
    guess = get_close_matches(plain, sorted(set(known.values())), n=1)
    guess = guess or get_close_matches(plain, words, n=1)
    return f"{spelling!r} (did you mean {guess[0]!r}?)" if guess else repr(spelling)
