"""Which corpus is meant when none is named: ``train/`` here, or else the built-in one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path

from speechsent.corpus.open import read_corpus
from speechsent.corpus.synthetic import SyntheticCorpus, synthesize
from speechsent.corpus.utterance import Corpus
from speechsent.errors import CorpusError
from speechsent.home import home

VOICES = 1  # raise it when the synthesiser changes in a way its parameters do not show


def default_corpus(
    folder: Path,
    *,
    labels: Mapping[str, str] | None = None,
    classes: Sequence[str] | None = None,
    skip_bad: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Corpus:
    """Read ``folder/train`` with ``folder/test`` if it exists, else the built-in corpus.

    Args:
        folder: Usually the current folder.
        labels: Emotion names of one's own and what they mean.
        classes: Keep only these emotions; None keeps all.
        skip_bad: Leave out files that break a rule, and list them in ``Corpus.refused``.
        progress: Called while the built-in corpus is made, with clips done and clips in all.
    """
    if not (folder / "train").is_dir():
        return read_corpus(builtin_folder(progress=progress), classes=classes, labels=labels)
    train = read_corpus(folder / "train", labels=labels, classes=classes, skip_bad=skip_bad)
    if not (folder / "test").is_dir():
        return train
    test = read_corpus(folder / "test", labels=labels, classes=classes, skip_bad=skip_bad)
    unseen = sorted(test.emotions.keys() - train.emotions.keys())
    if unseen:
        raise CorpusError(f"{folder / 'test'}: emotions that train/ lacks: {', '.join(unseen)}")
    return Corpus(
        name=train.name,
        root=folder,
        utterances=(
            *(replace(u, part="test") for u in test),
            *(replace(u, part="train") for u in train),
        ),
        spellings={**test.spellings, **train.spellings},
        refused=(*test.refused, *train.refused),
    )


def builtin_folder(
    config: SyntheticCorpus | None = None,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Folder of the built-in corpus; made on first use and kept in the user's cache.

    ``SPEECHSENT_HOME`` names another place than ``~/.cache/speechsent``.
    """
    config = config or SyntheticCorpus()
    folder = builtin_path(config)
    if folder.is_dir():
        return folder
    try:
        return synthesize(folder, config, progress=progress)
    except (CorpusError, OSError):
        if folder.is_dir():  # another process was faster, and its folder is whole
            return folder
        raise


def builtin_path(config: SyntheticCorpus) -> Path:
    """Where the built-in corpus of these parameters is, or will be."""
    told = f"{VOICES} {sorted(asdict(config).items())}"
    return home() / f"builtin-{sha256(told.encode()).hexdigest()[:12]}"
