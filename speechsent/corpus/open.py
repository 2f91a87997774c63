"""Open a corpus, whatever it is kept as: a table, class folders, or a published corpus."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from speechsent.corpus.audformat import is_database, read_database
from speechsent.corpus.folder import is_text, read_folder
from speechsent.corpus.labels import canonical_names
from speechsent.corpus.manifest import read_manifest
from speechsent.corpus.metadata import metadata_files, read_metadata
from speechsent.corpus.utterance import Corpus
from speechsent.errors import CorpusError, some


def read_corpus(
    path: Path,
    *,
    labels: Mapping[str, str] | None = None,
    classes: Sequence[str] | None = None,
    skip_bad: bool = False,
    targets: Sequence[str] = (),
) -> Corpus:
    """Read a CSV, or a folder in any of the layouts ``read_folder`` knows.

    Folders with a ``metadata.csv`` or ``.jsonl`` as Hugging Face has them, and audformat databases
    with their ``db.yaml``, are read by their tables.

    Args:
        path: The CSV or folder; or one table of an audformat database.
        labels: Emotion names of one's own and what they mean, such as ``{"exc": "happiness"}``.
        classes: Keep only these emotions, in any spelling; None keeps all.
        skip_bad: Leave out files that break a rule, and list them in ``Corpus.refused``.
        targets: Columns of a CSV with numbers to tell instead of emotions.

    Raises:
        CorpusError: If there is no such path, or it does not hold a usable corpus.
    """
    path = Path(path)
    if path.exists() and not is_text(path.absolute()):
        raise CorpusError(f"{path}: not every name on the way there is UTF-8; rename it")
    if path.is_dir() and not os.access(path, os.R_OK | os.X_OK):
        raise CorpusError(f"{path}: the folder cannot be read; allow it (chmod u+rx)")
    if is_database(path):
        corpus = read_database(path, labels=labels, skip_bad=skip_bad, targets=targets)
    elif metadata_files(path, targets):
        corpus = read_metadata(path, labels=labels, skip_bad=skip_bad, targets=targets)
    elif path.is_dir():
        corpus = read_folder(path, labels=labels, skip_bad=skip_bad)
        require_targets(corpus, targets)
    elif path.suffix.lower() == ".csv" and path.is_file():
        corpus = read_manifest(path, labels=labels, skip_bad=skip_bad, targets=targets)
    else:
        raise CorpusError(f"{path}: {_reason(path)}")
    return corpus if classes is None else keep_classes(corpus, classes, labels or {})


def require_targets(corpus: Corpus, targets: Sequence[str]) -> None:
    """Refuse a corpus that does not tell the numbers that are asked for.

    Raises:
        CorpusError: If its targets are others, or it has none.
    """
    if corpus.targets != tuple(targets):
        raise CorpusError(
            f"{corpus.root}: targets are numeric columns of a CSV that lists the clips; name one "
            f"that has {some(targets) if targets else 'emotions'}. "
            f"Received: {some(corpus.targets) if corpus.targets else 'emotions only'}"
        )


def _reason(path: Path) -> str:
    if path.exists():
        return "a corpus is a folder of clips or a .csv that lists them"
    return "no such file or folder"


def keep_classes(corpus: Corpus, classes: Sequence[str], labels: Mapping[str, str]) -> Corpus:
    """The clips of some emotions only.

    Args:
        corpus: The corpus.
        classes: Emotions, in any spelling.
        labels: Emotion names of one's own and what they mean.

    Raises:
        CorpusError: If no class is named, or the corpus has no clip of one.
    """
    wanted = set(canonical_names(classes, labels).values())
    absent = sorted(wanted - corpus.emotions.keys())
    if absent or not wanted:
        raise CorpusError(
            f"{corpus.root}: no utterance of {some(absent) or 'any class'}; "
            f"the corpus has {', '.join(sorted(corpus.emotions))}"
        )
    return corpus.where(lambda utterance: utterance.emotion in wanted)
