"""``split.csv`` of a run: every clip with its file's hash and its part."""

import csv
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from speechsent.corpus.utterance import PARTS, Part, Utterance
from speechsent.errors import RunError

HEARD = "heard.csv"  # the same columns: what the runs heard that a run goes back to
SPLIT_COLUMNS = (
    "file",
    "sha256",
    "speaker",
    "gender",
    "sentence",
    "intensity",
    "emotion",
    "start",
    "end",
    "part",
)


@dataclass(frozen=True)
class RunSplit:
    """Clips of a run with their part and the hash of their file, aligned."""

    utterances: tuple[Utterance, ...]
    parts: tuple[Part, ...]
    hashes: tuple[str, ...]

    def of(self, *parts: Part) -> list[Utterance]:
        """The clips of some parts."""
        return [u for u, part in zip(self.utterances, self.parts, strict=True) if part in parts]

    def speakers(self, *parts: Part) -> set[str | None]:
        """Speakers of some parts; None stands for unknown ones."""
        return {utterance.speaker for utterance in self.of(*parts)}

    def hashes_of(self, *parts: Part) -> set[str]:
        """File hashes of some parts."""
        return {h for h, part in zip(self.hashes, self.parts, strict=True) if part in parts}

    def told_otherwise(
        self,
        root: Path,
        now: Iterable[tuple[Utterance, Part]],
        now_root: Path,
        refused: Collection[str],
    ) -> list[str]:
        """Names of clips that are gone, new, or have another emotion, number, speaker or part.

        Args:
            root: Folder the recorded clips are named from.
            now: The clips as they are now, each with its part.
            now_root: Folder these are named from.
            refused: Files that were left out; one of that name is not new.
        """
        before = _told(zip(self.utterances, self.parts, strict=True), root)
        after = _told(now, now_root)
        left_out = {Path(path).name for path in refused}
        return sorted(
            {
                clip[0]
                for clip in before.keys() | after.keys()
                if before.get(clip) != after.get(clip)
                and (clip in before or Path(clip[0]).name not in left_out)
            }
        )

    def rows(self, root: Path, targets: Sequence[str] = ()) -> Iterable[dict[str, Any]]:
        """Rows of ``split.csv``, and columns of targets; paths are relative to the corpus."""
        for u, part, digest in zip(self.utterances, self.parts, self.hashes, strict=True):
            yield {
                "file": relative(u.path, root),
                "sha256": digest,
                "speaker": u.speaker or "",
                "gender": u.gender or "",
                "sentence": u.sentence or "",
                "intensity": u.intensity or "",
                "emotion": u.emotion,
                "start": u.start,
                "end": "" if u.end is None else u.end,
                "part": part,
                **dict(zip(targets, map(repr, u.values), strict=True)),
            }

    @classmethod
    def read(cls, path: Path, root: Path, targets: Sequence[str] = ()) -> "RunSplit":
        """Read ``split.csv``.

        Args:
            path: The file.
            root: Folder of the corpus.
            targets: Columns of numbers to tell.

        Raises:
            RunError: If it is missing or damaged.
        """
        try:
            with path.open(newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            if not rows:
                raise ValueError("it lists no clips")
            return cls(
                tuple(_utterance(row, root, targets) for row in rows),
                tuple(_part(row["part"]) for row in rows),
                tuple(row["sha256"] for row in rows),
            )
        except (OSError, KeyError, ValueError, TypeError, csv.Error) as error:
            raise RunError(f"{path}: missing or damaged ({error})") from error


def _told(
    clips: Iterable[tuple[Utterance, Part]], root: Path
) -> dict[tuple[str, float, float | None], tuple[Any, ...]]:
    """What training is told of each clip, by its name, start and end."""
    return {
        (relative(u.path, root), u.start, u.end): (u.emotion, u.values, u.speaker, part)
        for u, part in clips
    }


def _utterance(row: Mapping[str, str], root: Path, targets: Sequence[str]) -> Utterance:
    return Utterance(
        path=root / row["file"],
        emotion=row["emotion"],
        speaker=row["speaker"] or None,
        gender=row["gender"] or None,
        sentence=row.get("sentence") or None,  # older runs do not say
        intensity=row.get("intensity") or None,
        start=float(row["start"]),
        end=float(row["end"]) if row["end"] else None,
        values=tuple(float(row[target]) for target in targets),
    )


def _part(word: str) -> Part:
    for part in PARTS:
        if part == word:
            return part
    raise ValueError(f"unknown part {word!r}")


def relative(path: Path, root: Path) -> str:
    """POSIX path below ``root``, or the whole path where it lies elsewhere."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
