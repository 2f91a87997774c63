"""Groups of emotions: arousal, valence, their quadrants, or a map of one's own.

A map is applied after the split, so that whatever label set is trained, the same speakers are
tested. Emotions without a group are left out.

References:
    Russell (1980). A circumplex model of affect. Journal of Personality and Social Psychology
    39(6), 1161-1178. https://doi.org/10.1037/h0077714
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import yaml

from speechsent.corpus.labels import LabelSet, canonical_names
from speechsent.corpus.split import Split, subset
from speechsent.corpus.utterance import Corpus
from speechsent.errors import ConfigError, CorpusError, ParameterError, some
from speechsent.plain_yaml import parse

# Quadrants of the 28 words Russell scaled, for those that name one of our emotions (surprise is
# his "astonished"). He placed neither disgust nor contempt; neutral would lie in the middle of
# the circle, in no quadrant. These three have no group, so they are left out.
QUADRANTS = {
    "happiness": "high_positive",
    "excitement": "high_positive",
    "surprise": "high_positive",
    "anger": "high_negative",
    "fear": "high_negative",
    "frustration": "high_negative",
    "sadness": "low_negative",
    "boredom": "low_negative",
    "calm": "low_positive",
}
MAPS: dict[str, dict[str, str]] = {
    "arousal": {e: f"{q.partition('_')[0]}_arousal" for e, q in QUADRANTS.items()},
    "valence": {e: q.partition("_")[2] for e, q in QUADRANTS.items()},
    "quadrants": QUADRANTS,
}


def merge_map(name: str) -> dict[str, str]:
    """Group of each emotion, by the name of a built-in map or from a YAML file.

    Args:
        name: ``"arousal"``, ``"valence"``, ``"quadrants"``, or a file of ``emotion: group`` lines.

    Raises:
        ParameterError: If there is neither such a map nor such a file.
        ConfigError: If the file is no mapping of names to names.

    Example:
        >>> merge_map("valence")["anger"], merge_map("arousal")["anger"]
        ('negative', 'high_arousal')
    """
    if name in MAPS:
        return dict(MAPS[name])
    path = Path(name)
    if not path.is_file():
        raise ParameterError(f"merge is one of {', '.join(MAPS)}, or a file. Received: {name!r}")
    try:
        found = parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError([" ".join(f"not YAML: {error}".split())], name) from error
    if not isinstance(found, dict) or not all(isinstance(g, str) for g in found.values()):
        raise ConfigError(["expected lines of 'emotion: group'"], name)
    return {str(emotion): group for emotion, group in found.items()}


def groups_of(groups: Mapping[str, str], labels: Mapping[str, str] | None = None) -> dict[str, str]:
    """The map with canonical emotions, whatever its spellings.

    Args:
        groups: Group of each emotion.
        labels: Emotion names of one's own and what they mean.

    Raises:
        CorpusError: If an emotion is unknown, or is in two groups.

    Example:
        >>> groups_of({"ANG": "negative", "happy": "positive"})
        {'anger': 'negative', 'happiness': 'positive'}
    """
    names = canonical_names(groups, labels)
    found: dict[str, str] = {}
    for spelling, group in groups.items():
        if found.setdefault(names[spelling], group) != group:
            raise CorpusError(f"corpus.merge puts {names[spelling]} into two groups")
    return found


def regroup(corpus: Corpus, groups: Mapping[str, str], *, complete: bool = True) -> Corpus:
    """The corpus with groups for emotions, without the clips that have none.

    Args:
        corpus: Clips with canonical emotions.
        groups: Group of each canonical emotion.
        complete: Require clips of each emotion that is to stay what it is, as training does.

    Raises:
        CorpusError: If no clip is left of an emotion that was to stay what it is, or none at all.
    """
    kept = corpus.where(lambda utterance: utterance.emotion in groups)
    present = {groups[u.emotion] for u in kept}
    absent = sorted({g for e, g in groups.items() if complete and e == g} - present)
    if absent or not present:
        raise CorpusError(
            f"{corpus.root}: no utterance of {some(absent) or 'any group'}; "
            f"the corpus has {', '.join(sorted(corpus.emotions))}"
        )
    return replace(kept, utterances=tuple(replace(u, emotion=groups[u.emotion]) for u in kept))


def regroup_split(corpus: Corpus, split: Split, groups: Mapping[str, str]) -> tuple[Corpus, Split]:
    """Give a split corpus another label set; the clips that stay keep their part.

    The protocol's name tells the new classes, and both fingerprints tell the map, because a score
    on other classes is no score under the same protocol.

    Args:
        corpus: The corpus that was split.
        split: Its parts.
        groups: Group of each canonical emotion.

    Raises:
        CorpusError: If fewer than two groups have clips.
    """
    merged = regroup(corpus, groups)
    stays = [i for i, u in enumerate(corpus) if u.emotion in groups]
    names = LabelSet.of(merged.emotions).names
    _, kept = subset(corpus, split, stays)
    return merged, replace(
        kept,
        protocol=f"{split.protocol}+{'/'.join(names)}",
        hash=_with_map(split.hash, groups),
        protocol_hash=_with_map(split.protocol_hash, groups) if split.protocol_hash else "",
    )


def _with_map(fingerprint: str, groups: Mapping[str, str]) -> str:
    told = json.dumps([fingerprint, groups], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def told(corpus: Corpus, groups: Mapping[str, str]) -> str:
    """What becomes of a corpus under a map, in a line.

    Args:
        corpus: The corpus before it is regrouped.
        groups: Group of each canonical emotion.
    """
    members: dict[str, list[str]] = defaultdict(list)
    for emotion in corpus.emotions:
        if emotion in groups:
            members[groups[emotion]].append(emotion)
    made = ", ".join(
        g if m == [g] else f"{g} = {' + '.join(sorted(m))}" for g, m in sorted(members.items())
    )
    out = {emotion: n for emotion, n in corpus.emotions.items() if emotion not in groups}
    left = f"; left out {sum(out.values())} clips of {', '.join(sorted(out))}" if out else ""
    return f"classes: {made}{left}"
