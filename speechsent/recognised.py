"""What is told of a clip; nothing here needs a neural network."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from speechsent.corpus.folder import AUDIO_SUFFIXES, UNREADABLE_SUFFIXES, walk
from speechsent.errors import AudioError, ParameterError

AT_ONCE = 8  # windows evaluated at once: responses of functionals to more leave the CPU's cache
REJECTED = "rejected"
SOUND = AUDIO_SUFFIXES | UNREADABLE_SUFFIXES


@dataclass(frozen=True)
class Prediction:
    """The answer for one clip.

    Args:
        file: The file.
        probabilities: By emotion; they sum to 1.
        calibrated: Whether the run's temperature was applied to them.
        rejected: Whether the highest is too low for an answer.
    """

    file: str
    probabilities: dict[str, float]
    calibrated: bool = False
    rejected: bool = False

    @classmethod
    def of(
        cls,
        path: Path,
        probabilities: dict[str, float],
        calibrated: bool,
        reject_below: float | None,
    ) -> "Prediction":
        """The answer, rejected if its highest probability is below a threshold."""
        rejected = reject_below is not None and max(probabilities.values()) < reject_below
        return cls(str(path), probabilities, calibrated, rejected)

    @property
    def emotion(self) -> str:
        """The most probable emotion, or ``"rejected"``."""
        if self.rejected:
            return REJECTED
        return max(self.probabilities, key=lambda name: self.probabilities[name])


@dataclass(frozen=True)
class Estimate:
    """The numbers told of one clip.

    Args:
        file: The file.
        values: By target, in the units of the columns the run was trained on.
    """

    file: str
    values: dict[str, float]


def check_threshold(reject_below: float | None) -> None:
    """Refuse a threshold that is no probability.

    Raises:
        ParameterError: If it does not lie in ``(0, 1)``.
    """
    if reject_below is not None and not 0 < reject_below < 1:
        raise ParameterError(
            f"reject_below must lie in (0, 1). Received: reject_below={reject_below}"
        )


def audio_files(files: Sequence[Path | str]) -> list[Path]:
    """Files as they are, folders as the audio files below them, found as those of a corpus are.

    Raises:
        ParameterError: If there is none.
        AudioError: If a folder holds none, or one that must be converted first.
        CorpusError: If a folder cannot be read.
    """
    found: list[Path] = []
    for file in map(Path, files):
        if not file.is_dir():
            found.append(file)
            continue
        below = sorted(p for p in walk(file) if p.suffix.lower() in SOUND)
        if not below:
            raise AudioError(file, "a folder without audio files")
        unreadable = [path for path in below if path.suffix.lower() in UNREADABLE_SUFFIXES]
        if unreadable:  # passed over, it would be missed by nobody
            raise AudioError(unreadable[0], "convert it to wav or flac first, or move it away")
        found.extend(below)
    if not found:
        raise ParameterError("predict needs at least one file. Received: none")
    return found
