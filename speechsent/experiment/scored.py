"""Which clips an evaluation scores, whether they are still those, and where the results go."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from speechsent.corpus.hashes import file_hashes
from speechsent.corpus.merging import groups_of, regroup, told
from speechsent.corpus.open import read_corpus, require_targets
from speechsent.corpus.utterance import Corpus, Utterance
from speechsent.errors import RunError, some
from speechsent.features.cache import FeatureCache
from speechsent.features.reuse import hashes_folder
from speechsent.preparation import tell_left_out
from speechsent.resources import Resources
from speechsent.run import OWN_TEST, Run
from speechsent.run_records import AUDIT, SCORES
from speechsent.training.listener import Listener

SOURCE = "source.json"
REMEDY = "put them back as they were, or name a folder to evaluate instead"


@dataclass(frozen=True)
class Scored:
    """Clips that are to be scored.

    Args:
        utterances: The clips.
        name: A short name for them.
        root: The folder their names are relative to.
        place: ``"test"`` for a run's own test part, otherwise the whole path of the folder or
            file.
        n_refused: Files beside them that are no clips, and were left out.
    """

    utterances: Sequence[Utterance]
    name: str
    root: Path
    place: str
    n_refused: int = 0

    def noted(self, note: str, n_read: int) -> str:
        """A note that tells how many clips could not be read, so that the score is of fewer."""
        n = len(self.utterances) + self.n_refused
        left = f"left out {n - n_read} of {n} clips, which cannot be read" if n_read < n else ""
        return "; ".join(filter(None, [note, left]))


def own_test(run: Run, resources: Resources) -> Scored:
    """The test part of a run, as long as its files are what they were.

    Raises:
        RunError: If clips are gone or have changed.
    """
    split = run.split
    utterances = split.of("test")
    missing = [u.path for u in utterances if not u.path.is_file()]
    if missing:
        raise RunError(
            f"{missing[0]}: {len(missing)} of {len(utterances)} test clips of this run are "
            "gone; name a folder to evaluate instead"
        )
    changed = changed_files(run, resources)
    if changed:
        n_files = len({u.path for u in utterances})
        raise RunError(
            f"{run.path}: {len(changed)} of {n_files} files of its test part have changed "
            f"since it was trained: {some(changed)}; {REMEDY}"
        )
    return Scored(utterances, run.facts["corpus"], Path(run.facts["root"]), OWN_TEST)


def changed_files(run: Run, resources: Resources) -> list[Path]:
    """Files of the test part of a run that are not what they were when it was trained.

    Those that cannot be read are not among them; extraction tells of them.
    """
    split = run.split
    rows = zip(split.utterances, split.parts, split.hashes, strict=True)
    recorded = {u.path: digest for u, part, digest in rows if part == "test"}
    found = _hashes(list(recorded), hashes_folder(FeatureCache()) if resources.cache else None)
    return [path for path, digest in recorded.items() if found[path] not in (digest, None)]


def other_clips(
    run: Run, corpus: Corpus | Path | str, listener: Listener, *, skip_bad: bool = False
) -> Scored:
    """Other clips, with the classes or targets of the run; what is left out is told.

    Raises:
        CorpusError: If they cannot be read, or lack the targets.
        RunError: If they have emotions the run does not know.
    """
    targets = run.scale.names if run.scale else ()
    place = corpus.root if isinstance(corpus, Corpus) else Path(corpus)
    if not isinstance(corpus, Corpus):
        labels = run.config.corpus.labels
        corpus = read_corpus(place, labels=labels, targets=targets, skip_bad=skip_bad)
        tell_left_out(corpus.refused, listener)
    require_targets(corpus, targets)
    if run.config.corpus.merge:
        groups = groups_of(run.config.corpus.merge, run.config.corpus.labels)
        listener.note(told(corpus, groups))
        corpus = regroup(corpus, groups, complete=False)
    test = [u for u in corpus if u.part == "test"] or list(corpus)
    if run.scale is None:
        _refuse_unknown_emotions(run, test, corpus.root)
    return Scored(test, corpus.name, corpus.root, str(place.resolve()), len(corpus.refused))


def counted_under(
    run: Run, scored: Scored, utterances: Sequence[Utterance], hashes: Sequence[str]
) -> str:
    """What a look at other clips is counted under.

    Those of the run's own test part are that, whatever folder they were named by.

    Args:
        run: The run.
        scored: The clips that were named.
        utterances: Those of them that could be read.
        hashes: SHA-256 of the file of each.
    """
    split = run.split
    rows = zip(split.utterances, split.parts, split.hashes, strict=True)
    own = {(digest, u.start, u.end) for u, part, digest in rows if part == "test"}
    named = {(h, u.start, u.end) for u, h in zip(utterances, hashes, strict=True)}
    return OWN_TEST if named == own else scored.place


def folder_inside(run: Run, scored: Scored, part: str) -> Path:
    """Where the scores of other clips go; sets of the same name have folders of their own."""
    folder = run.path / "evaluations" / f"{scored.name}-{part}"
    if _place_of(folder, scored) == scored.place:
        return folder
    digest = hashlib.sha256(scored.place.encode(errors="surrogateescape")).hexdigest()[:8]
    return folder.with_name(f"{folder.name}-{digest}")


def refuse_other_run(out: Path, own: Run | None) -> None:
    """Refuse results in a run folder, but for those of its own test part.

    They would stand there as what the run scored under its own protocol.

    Args:
        out: Where results are to go.
        own: The run, if it is its own test part that is scored.

    Raises:
        RunError: If ``out`` is another run, or other clips are scored.
    """
    is_run = any((out / name).is_file() for name in ("run.json", "split.csv"))
    if is_run and (own is None or out.resolve() != own.path.resolve()):
        raise RunError(
            f"{out}: is a run, whose own scores would be written over; name another folder (--out)"
        )


def _place_of(folder: Path, scored: Scored) -> str | None:
    """Which clips the results in a folder are of; those asked for, if there are none yet."""
    results = Run(folder)
    if (folder / SOURCE).is_file():
        told = results.read_json(SOURCE)
        return told.get("place") if isinstance(told, dict) else None
    if not (folder / SCORES).is_file():
        return scored.place
    audit = results.read_json(AUDIT) if (folder / AUDIT).is_file() else None
    root = audit.get("test") if isinstance(audit, dict) else None  # older runs tell no more
    same = isinstance(root, str) and Path(root).resolve() == scored.root.resolve()
    return scored.place if same else None


def _hashes(paths: Sequence[Path], folder: Path | None) -> dict[Path, str | None]:
    """Hash of each file; None for those that cannot be read, which extraction will tell."""
    try:
        return dict(zip(paths, file_hashes(paths, folder), strict=True))
    except OSError:
        return {path: _hash(path) for path in paths}


def _hash(path: Path) -> str | None:
    try:
        return file_hashes([path])[0]
    except OSError:
        return None


def _refuse_unknown_emotions(run: Run, utterances: Sequence[Utterance], root: Path) -> None:
    unknown = sorted({u.emotion for u in utterances} - set(run.labels))
    if unknown:
        raise RunError(
            f"{root}: has emotions this run was not trained on: {', '.join(unknown)}. It knows "
            f"{', '.join(run.labels)}. Remove those clips, or train with them"
        )
