"""A clip as the network heard it, compressed so that hundreds fit into one page."""

import io
from dataclasses import dataclass

import numpy as np
import soxr

from speechsent import audio
from speechsent.config import ExperimentConfig
from speechsent.corpus.utterance import Utterance
from speechsent.features.extraction import speech_frames

# MP3 because every browser plays it, Safari too; 16 kHz allow 8 to 160 kbit/s, and this is 32.
RATE = 16_000
COMPRESSION = 0.84
MAX_SECONDS = 12.0
MIME = "audio/mpeg"


@dataclass(frozen=True, eq=False)
class Heard:
    """The part of a clip that was heard.

    Args:
        mp3: Its sound.
        levels: Log-mel spectrogram in dB, shape ``(n_mels, n_frames)``, low frequencies first.
        seconds: Its duration.
    """

    mp3: bytes
    levels: np.ndarray
    seconds: float


def hear(utterance: Utterance, config: ExperimentConfig) -> Heard:
    """Read a clip again, cut as its features were, at most its first 12 seconds.

    Raises:
        AudioError: If it cannot be read.
    """
    signal = audio.load(utterance.path, config.audio, start=utterance.start, end=utterance.end)
    hop, rate = config.log_mel.hop_length, config.audio.sample_rate
    levels = config.log_mel(signal)
    keep = speech_frames(levels, config.view.trim_db)
    stop = min(keep.stop, keep.start + round(MAX_SECONDS * rate / hop))
    sound = signal[keep.start * hop : stop * hop]
    levels = levels[:, keep.start : stop]
    return Heard(_mp3(sound, rate), levels, levels.shape[1] * hop / rate)


def _mp3(signal: np.ndarray, rate: int) -> bytes:
    import soundfile

    if rate != RATE:  # MP3 knows nine rates, and a run may have any
        signal = soxr.resample(signal, rate, RATE)
    memory = io.BytesIO()
    soundfile.write(
        memory,
        signal / max(1.0, float(np.abs(signal).max())),
        RATE,
        format="MP3",
        subtype="MPEG_LAYER_III",
        compression_level=COMPRESSION,
        bitrate_mode="CONSTANT",
    )
    return memory.getvalue()
