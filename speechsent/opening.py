"""From where a corpus is to the clips that take part, and the part each is in."""

from collections.abc import Sequence
from pathlib import Path

from speechsent.config import ExperimentConfig
from speechsent.corpus.default import builtin_path, default_corpus
from speechsent.corpus.merging import groups_of, regroup_split, told
from speechsent.corpus.open import keep_classes, require_targets
from speechsent.corpus.pool import read_corpora
from speechsent.corpus.protocols import Split, hold_out, restrict
from speechsent.corpus.split import thinned
from speechsent.corpus.synthetic import SyntheticCorpus
from speechsent.corpus.utterance import Corpus
from speechsent.errors import CorpusError, some
from speechsent.training.listener import Listener

CorpusSource = Corpus | Path | str | Sequence[Path | str] | None


def open_corpus(
    corpus: CorpusSource,
    config: ExperimentConfig,
    listener: Listener,
    *,
    here: Path | None = None,
) -> Corpus:
    """Read a corpus from wherever it is, pool several, or find the default one.

    Args:
        corpus: A corpus, or where one is or several are; None for the default one. Of one that was
            read already the configured classes are kept as well.
        config: Decides which clips take part, and what they are called.
        listener: Who is told.
        here: Where the default one is looked for; the current folder if not given.
    """
    labels, classes = config.corpus.labels, config.corpus.classes or None
    if isinstance(corpus, Corpus):
        require_targets(corpus, config.corpus.targets)
        return corpus if classes is None else keep_classes(corpus, classes, labels)
    skip_bad = config.corpus.skip_bad_audio
    if corpus is not None:
        places = [corpus] if isinstance(corpus, (Path, str)) else corpus
        return read_corpora(
            [Path(place) for place in places],
            labels=labels,
            classes=classes,
            skip_bad=skip_bad,
            targets=config.corpus.targets,
        )
    here = here or Path.cwd()
    if not (here / "train").is_dir() and not builtin_path(SyntheticCorpus()).is_dir():
        listener.note("making the built-in voices: once, some seconds")
    found = default_corpus(here, labels=labels, classes=classes, skip_bad=skip_bad)
    require_targets(found, config.corpus.targets)
    if found.root in (here, here / "train"):
        listener.note(f"corpus: {found.root}")
    else:
        listener.note(
            "corpus: the built-in synthetic voices, because no corpus was named and there is no "
            "train/ here. A demonstration, never a result"
        )
    return found


def split_corpus(
    corpus: Corpus, config: ExperimentConfig, listener: Listener
) -> tuple[Corpus, Split]:
    """Take a corpus apart as a configuration says: the clips that take part, and in which part.

    Raises:
        CorpusError: If it cannot be split, or fewer than two classes are left.
    """
    corpus = restrict(corpus, config.split)
    _check_emotions(corpus)
    split = hold_out(corpus, config.split)
    if config.split.train_fraction < 1:
        corpus, split = thinned(corpus, split, config.split.train_fraction, config.split.seed)
    if config.corpus.merge:
        groups = groups_of(config.corpus.merge, config.corpus.labels)
        listener.note(told(corpus, groups))
        corpus, split = regroup_split(corpus, split, groups)
    return corpus, split


def _check_emotions(corpus: Corpus) -> None:
    if not corpus.targets and len(corpus.emotions) < 2:
        raise CorpusError(
            f"{corpus.root}: a recogniser needs two or more emotions. "
            f"Received: {some(corpus.emotions) or 'none'}"
        )
