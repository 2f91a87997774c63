"""Write ``data/*.npz``: seeded signals, and what librosa computes from them.

Run by hand (``python tests/golden/generate.py``), and only when the reference is meant to move.
"""

from pathlib import Path

import numpy as np

DATA = Path(__file__).parent / "data"
RATE = 16_000
N_SAMPLES = 6_400  # 0.4 s: 21 frames at a hop of 320


def chirp() -> np.ndarray:
    """A sweep from 50 Hz to Nyquist, at half of full scale."""
    time = np.arange(N_SAMPLES) / N_SAMPLES
    hertz = 50 * (RATE / 2 / 50) ** time
    return 0.5 * np.sin(2 * np.pi * np.cumsum(hertz) / RATE)


def vowel() -> np.ndarray:
    """Harmonics of a rising voice between two rests."""
    time = np.arange(N_SAMPLES) / RATE
    phase = 2 * np.pi * (110 * time + 100 * time**2)
    harmonics = sum(np.sin(k * phase) / k for k in range(1, 25))
    return 0.2 * harmonics * np.clip(np.minimum(time - 0.08, 0.32 - time) * 30, 0, 1)


def whisper() -> np.ndarray:
    """Noise of a few steps of 16 bits, so that every band is near the noise of rounding."""
    return np.random.default_rng(20).normal(scale=3e-4, size=N_SAMPLES)


def reference(signal: np.ndarray) -> dict[str, np.ndarray]:
    """Levels and cepstra with the package's default parameters, written out."""
    import librosa

    power = librosa.feature.melspectrogram(
        y=signal, sr=RATE, n_fft=1024, hop_length=320, n_mels=96, fmin=0.0, fmax=8_000.0
    )
    log_mel = librosa.power_to_db(power, ref=1.0, amin=1e-10, top_db=80.0)
    mfcc = librosa.feature.mfcc(S=log_mel, n_mfcc=40)
    return {
        "log_mel": log_mel.astype(np.float32),
        "mfcc": mfcc.astype(np.float32),
        "delta": librosa.feature.delta(mfcc).astype(np.float32),
        "delta2": librosa.feature.delta(mfcc, order=2).astype(np.float32),
    }


def main() -> None:
    """Write one file a signal; samples are kept as 16-bit steps, so all machines read the same."""
    DATA.mkdir(exist_ok=True)
    for make in (chirp, vowel, whisper):
        steps = np.round(make() * 2**15).astype(np.int16)
        signal = steps.astype(np.float32) / 2**15
        np.savez_compressed(DATA / f"{make.__name__}.npz", signal=steps, **reference(signal))


if __name__ == "__main__":
    main()
