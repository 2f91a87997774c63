"""The two sides of a split, wherever they come from: folders, CSVs, runs, published lists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from speechsent.auditing.lists import LIST_SUFFIXES, read_list
from speechsent.corpus.audformat import is_database
from speechsent.corpus.audformat_header import HEADER
from speechsent.corpus.metadata import metadata_files
from speechsent.corpus.open import read_corpus
from speechsent.corpus.utterance import Corpus, Part, Refusal, Utterance
from speechsent.errors import CorpusError

if TYPE_CHECKING:
    from speechsent.run import Run

FITTED: tuple[Part, ...] = ("train", "validation")  # training saw both, though by other doors


@dataclass(frozen=True, kw_only=True)
class Side:
    """Clips of one side.

    Args:
        name: Where they come from, for people.
        root: Folder their names are relative to.
        utterances: The clips.
        hashes: SHA-256 of each clip's file, where it is known already; empty if none is.
        refused: Files that were left out while reading, with the reason.
    """

    name: str
    root: Path
    utterances: tuple[Utterance, ...]
    hashes: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()

    def __len__(self) -> int:
        return len(self.utterances)

    def clip(self, index: int) -> str:
        """Name of one clip, relative to the root, with the stretch if it is part of a file."""
        u = self.utterances[index]
        path = u.path.relative_to(self.root) if u.path.is_relative_to(self.root) else u.path
        whole = not u.start and u.end is None
        return path.as_posix() if whole else f"{path.as_posix()}@{u.start:g}"

    def part(self, *parts: Part) -> "Side":
        """The clips of some parts; all clips if none has a part."""
        if all(u.part is None for u in self.utterances):
            return self
        kept = [i for i, u in enumerate(self.utterances) if u.part in parts]
        return replace(
            self,
            name=f"{self.name} ({'+'.join(parts)})",
            utterances=tuple(self.utterances[i] for i in kept),
            hashes=tuple(self.hashes[i] for i in kept) if self.hashes else (),
        )


def read_sides(
    train: "Corpus | Run | Path",
    test: "Corpus | Run | Path | None",
    *,
    folder: Path | None = None,
    labels: Mapping[str, str] | None = None,
) -> tuple[Side, Side]:
    """Read the training and the test side.

    Args:
        train: What is trained on; if it has parts, its training and validation parts.
        test: What is tested on; if it has parts, its test part. None takes the test part of
            ``train``.
        folder: Where the files of lists lie; beside the list if not given, or none is there.
        labels: Emotion names of one's own and what they mean.

    Raises:
        CorpusError: If a side cannot be read or is empty.
    """
    first = _read(train, folder, labels)
    if test is None and all(u.part is None for u in first.utterances):
        raise CorpusError(f"{first.name}: has no test part of its own; name the other side as well")
    second = first if test is None else _read(test, folder, labels)
    sides = first.part(*FITTED), second.part("test")
    for side in sides:
        if not side.utterances:
            raise CorpusError(f"{side.name}: no clips")
    return sides


def is_there(path: Path) -> bool:
    """Whether there is such a file; false for names no file can have, and in closed folders."""
    try:
        return path.is_file()
    except OSError:
        return False


def split_side(
    utterances: Sequence[Utterance], parts: Sequence[Part], hashes: Sequence[str], root: Path
) -> Side:
    """A split as one side, every clip with its part."""
    placed = (replace(u, part=part) for u, part in zip(utterances, parts, strict=True))
    return Side(name=str(root), root=root, utterances=tuple(placed), hashes=tuple(hashes))


def _read(
    source: "Corpus | Run | Path", folder: Path | None, labels: Mapping[str, str] | None
) -> Side:
    if isinstance(source, Corpus):
        return _corpus_side(source, str(source.root))
    if not isinstance(source, Path):
        return run_side(source)
    listed = source.suffix.lower() in LIST_SUFFIXES and source.is_file()
    if listed and not is_database(source):
        return _list_side(source, folder, labels)
    header = source.name == HEADER and source.is_file()
    database = source.parent if header else source
    return _corpus_side(read_corpus(database, labels=labels, skip_bad=True), str(source))


def _list_side(path: Path, folder: Path | None, labels: Mapping[str, str] | None) -> Side:
    """The clips of a list, which lie in the folder one names, or else beside the list."""
    roots = (path.parent,) if folder is None else (folder, path.parent)
    sides = [
        Side(name=str(path), root=root, utterances=read_list(path, root, labels)) for root in roots
    ]
    there = next((side for side in sides if any(is_there(u.path) for u in side.utterances)), None)
    if there and there.root == path.parent and metadata_files(path):
        # Its folders tell parts, as where the whole folder is read.
        return _corpus_side(read_corpus(path, labels=labels, skip_bad=True), str(path))
    return there or sides[0]


def _corpus_side(corpus: Corpus, name: str) -> Side:
    return Side(name=name, root=corpus.root, utterances=corpus.utterances, refused=corpus.refused)


def run_side(run: "Run") -> Side:
    """All clips of a run, each with its part and the hash of its file."""
    split = run.split
    side = split_side(split.utterances, split.parts, split.hashes, Path(run.facts["root"]))
    return replace(side, name=str(run.path))
