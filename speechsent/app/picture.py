"""The spectrogram of a clip, as narrow as a screen needs, however long the clip."""

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from speechsent import audio
from speechsent.audio import AudioConfig
from speechsent.features.log_mel import AMIN
from speechsent.features.spectrum import mel_power, n_frames

N_MELS, N_COLUMNS = 64, 1000
HOP = 160  # samples: 10 ms
BLOCK = 60.0  # seconds in memory at once
DEPTH = 65.0  # dB below the loudest that are still shown


@dataclass(frozen=True, eq=False)
class Picture:
    """A spectrogram.

    Args:
        shades: From 0 (``DEPTH`` below the loudest) to 255, shape ``(n_mels, n_columns)``, low
            frequencies first.
        top: Highest frequency in Hz; bands are as wide as on the mel scale.
    """

    shades: np.ndarray
    top: float

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it, the shades row by row in base64."""
        rows, columns = self.shades.shape
        shades = b64encode(self.shades.tobytes()).decode()
        return {"shades": shades, "rows": rows, "columns": columns, "top_hz": self.top}


def picture(path: Path) -> Picture:
    """Draw the spectrogram of a file.

    Frames which share a column are averaged, so memory does not grow with the clip.

    Raises:
        AudioError: If the file cannot be used.
    """
    config = AudioConfig(min_seconds=1 / 16_000)  # how short a clip may be, a run has said
    top = config.sample_rate / 2
    total = n_frames(round(audio.probe(path).seconds * config.sample_rate), HOP)
    power = np.zeros((min(total, N_COLUMNS), N_MELS))
    counts = np.zeros((len(power), 1))
    done = 0
    for block in audio.blocks(path, config, seconds=BLOCK):
        frames = mel_power(
            block, hop_length=HOP, sample_rate=config.sample_rate, n_fft=512, n_mels=N_MELS,
            fmin=0.0, fmax=top,
        )  # fmt: skip
        columns = np.minimum((done + np.arange(len(frames))) * len(power) // total, len(power) - 1)
        np.add.at(power, columns, frames)
        np.add.at(counts, columns, 1)
        done += round(len(block) / HOP)
    return Picture(_shades(power / np.maximum(counts, 1)), top)


def _shades(power: np.ndarray) -> np.ndarray:
    """Levels below the loudest, as bytes, low frequencies in the first row."""
    level = 10 * np.log10(np.maximum(power, AMIN))
    shades = np.clip(1 + (level - level.max()) / DEPTH, 0, 1)
    return np.ascontiguousarray(np.round(255 * shades).astype(np.uint8).T)
