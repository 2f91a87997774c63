"""Zero mean and unit deviation per coefficient, with statistics of the training set alone.

Per-speaker standardisation instead takes each speaker's own unlabelled clips. It is worth many
points, and it needs several clips of the test speaker, so scores that use it say ``+spk``.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from speechsent.errors import ParameterError, RunError

Scope = Literal["corpus", "speaker"]
BY_SPEAKER = "+spk"  # ends the name of a protocol under which unlabelled test clips were used
# What NumPy raises for a damaged archive, depending on the byte that is wrong.
DAMAGED = (
    OSError,
    ValueError,
    KeyError,
    EOFError,
    TypeError,
    RuntimeError,
    MemoryError,
    OverflowError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
)
MAX_BYTES = 16 << 20  # of all arrays; those of a run take a few kB
SMALLEST = 1e-3  # a coefficient that never moves is centred, not blown up


@dataclass(frozen=True)
class Statistics:
    """Mean and standard deviation of each coefficient, each of shape ``(n_coefficients,)``."""

    mean: np.ndarray
    scale: np.ndarray

    @classmethod
    def of(cls, clips: Iterable[np.ndarray]) -> "Statistics":
        """Pool all frames of all clips.

        Args:
            clips: Feature sequences, each ``(n_frames, n_coefficients)``.

        Raises:
            ParameterError: If there is no clip.
        """
        count = 0
        total: np.ndarray = np.zeros(1)
        squares: np.ndarray = np.zeros(1)
        for clip in clips:
            values = clip.astype(np.float64)
            count += len(values)
            total = total + values.sum(axis=0)
            squares = squares + np.square(values).sum(axis=0)
        if not count:
            raise ParameterError("statistics need at least one clip. Received: none")
        mean = total / count
        scale = np.sqrt(np.maximum(squares / count - mean**2, 0))
        return cls(mean.astype(np.float32), np.maximum(scale, SMALLEST).astype(np.float32))

    @property
    def usable(self) -> bool:
        """Whether all values are finite numbers, and all scales positive."""
        numbers = self.mean.dtype == self.scale.dtype == np.float32
        if not numbers or self.mean.ndim != 1 or self.mean.shape != self.scale.shape:
            return False
        return bool(np.isfinite([self.mean, self.scale]).all() and (self.scale > 0).all())

    def __call__(self, values: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """Standardise ``(..., n_coefficients)``, into ``out`` if given."""
        found: np.ndarray = np.subtract(values, self.mean, out=out)
        return np.divide(found, self.scale, out=found)


@dataclass(frozen=True)
class Standardizer:
    """Statistics of each view, for the whole corpus or for each speaker.

    Args:
        scope: ``"corpus"`` uses the training statistics for everyone; ``"speaker"`` uses each
            speaker's own clips, and the training statistics only where the speaker is unknown.
        corpus: Training statistics by view.
        fixed: Views whose statistics are constants, for every corpus and speaker.
    """

    scope: Scope
    corpus: Mapping[str, Statistics]
    fixed: tuple[str, ...] = ()

    @classmethod
    def fit(
        cls,
        views: Mapping[str, Sequence[np.ndarray]],
        train: Iterable[int],
        scope: Scope,
        *,
        fixed: Mapping[str, Statistics] = MappingProxyType({}),
    ) -> "Standardizer":
        """Learn from the clips with the indices ``train``, and from no other.

        Args:
            views: Feature sequences by view, one a clip.
            train: Indices of the training clips.
            scope: Whose statistics are used.
            fixed: Constants for some views, of which nothing is learned.
        """
        if scope not in ("corpus", "speaker"):
            raise ParameterError(f"scope must be 'corpus' or 'speaker'. Received: {scope!r}")
        indices = list(train)
        learned = {
            view: fixed.get(view) or Statistics.of(clips[i] for i in indices)
            for view, clips in views.items()
        }
        return cls(scope, learned, tuple(view for view in views if view in fixed))

    def per_clip(
        self, views: Mapping[str, Sequence[np.ndarray]], speakers: Sequence[str | None]
    ) -> dict[str, list[Statistics]]:
        """Choose the statistics for each clip.

        Args:
            views: Feature sequences by view, one a clip.
            speakers: Speaker of each clip; None if unknown.

        Returns:
            Statistics by view, one a clip.
        """
        if self.scope == "corpus":
            return {view: [self.corpus[view]] * len(speakers) for view in views}
        places: dict[str, list[int]] = {}
        for i, speaker in enumerate(speakers):
            if speaker is not None:
                places.setdefault(speaker, []).append(i)
        chosen = {}
        for view, clips in views.items():
            if view in self.fixed:
                chosen[view] = [self.corpus[view]] * len(speakers)
                continue
            own: dict[str | None, Statistics] = {None: self.corpus[view]}
            for speaker, spoken in places.items():
                own[speaker] = Statistics.of(clips[i] for i in spoken)
            chosen[view] = [own[speaker] for speaker in speakers]
        return chosen

    def save(self, path: Path) -> None:
        """Write the statistics as an ``.npz`` file without pickled objects."""
        arrays: dict[str, Any] = {"scope": np.array(self.scope), "fixed": np.array(self.fixed, str)}
        for view, statistics in self.corpus.items():
            arrays |= {f"{view}/mean": statistics.mean, f"{view}/scale": statistics.scale}
        with path.open("wb") as file:
            np.savez(file, **arrays)

    @classmethod
    def load(cls, path: Path, widths: Mapping[str, int] = MappingProxyType({})) -> "Standardizer":
        """Read what :meth:`save` wrote.

        Args:
            path: The file.
            widths: Values per frame of each view that must be there.

        Raises:
            RunError: If the file is missing, damaged, or holds values that cannot be used.
        """
        try:
            # NumPy would leave a damaged file open, had it opened it.
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
                check_size(file.zip)
                arrays = {name: file[name] for name in file.files}
            scope = str(arrays.pop("scope"))
            fixed = tuple(map(str, arrays.pop("fixed", [])))  # older runs lack it
            views = {name.rpartition("/")[0] for name in arrays}
            corpus = {v: Statistics(arrays[f"{v}/mean"], arrays[f"{v}/scale"]) for v in views}
        except DAMAGED as error:
            raise RunError(f"{path}: not a file of feature statistics ({error})") from error
        for statistics in corpus.values():
            if not statistics.usable:
                raise RunError(f"{path}: holds values that are not finite or not positive")
        for view, width in widths.items():
            allowed = (width, 1) if view in fixed else (width,)
            if view not in corpus or len(corpus[view].mean) not in allowed:
                raise RunError(f"{path}: holds no statistics of {width} values for {view}")
        if scope not in ("corpus", "speaker"):
            raise RunError(f"{path}: unknown scope {scope!r}")
        return cls("corpus" if scope == "corpus" else "speaker", corpus, fixed)


def check_size(archive: zipfile.ZipFile) -> None:
    """Refuse an archive that unpacks to more than statistics take.

    Raises:
        ValueError: If it does.
    """
    if sum(member.file_size for member in archive.infolist()) > MAX_BYTES:
        raise ValueError(f"it unpacks to more than {MAX_BYTES >> 20} MiB")
