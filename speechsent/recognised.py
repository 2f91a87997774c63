"""What is told of a clip; nothing here needs a neural network."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from speechsent.corpus.folder import AUDIO_SUFFIXES
from speechsent.errors import AudioError, ParameterError

REJECTED = "rejected"


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
    """Files as they are, folders as the audio files below them.

    Raises:
        ParameterError: If there is none.
        AudioError: If a folder holds none.
    """
    found: list[Path] = []
    for file in map(Path, files):
        if not file.is_dir():
            found.append(file)
            continue
        below = sorted(p for p in file.rglob("*") if p.suffix.lower() in AUDIO_SUFFIXES)
        if not below:
            raise AudioError(file, "a folder without audio files")
        found.extend(below)
    if not found:
        raise ParameterError("predict needs at least one file. Received: none")
    return found
