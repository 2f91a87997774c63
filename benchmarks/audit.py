"""Copies the audit finds, by what was done to them, and pairs of different clips it takes for one.

On RAVDESS, whose one pair of identical files (actor 07) counts as a copy. Every sixth clip is
distorted; all pairs of different clips are compared.
"""

import io
import time
from collections.abc import Callable

import numpy as np
import soundfile
import soxr
from measure import Figure, arguments, recordings, report

from speechsent import audio
from speechsent.auditing.fingerprint import ALIKE, BANDS, compare, fingerprint
from speechsent.corpus.open import read_corpus

RATE = BANDS.sample_rate
EVERY = 6
Distortion = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def main() -> None:
    """Measure, print, write."""
    args = arguments(__doc__)
    signals = [audio.load(u.path) for u in read_corpus(recordings()).utterances]
    figures = [*hits(signals[::EVERY]), *false_alarms(signals)]
    report(figures, args.json)


def trimmed(signal: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Up to a quarter of the start and a fifth of the end are gone."""
    start, end = rng.uniform([0.02, 0.02], [0.25, 0.2]) * len(signal)
    return signal[int(start) : len(signal) - int(end)]


def quieter(signal: np.ndarray, _: np.random.Generator) -> np.ndarray:
    """20 dB down, and rounded to 16 bits again."""
    return np.round(signal * 3276.8).astype(np.float32) / 32768


def resampled(rate: int) -> Distortion:
    """To another rate and back."""

    def distort(signal: np.ndarray, _: np.random.Generator) -> np.ndarray:
        return soxr.resample(soxr.resample(signal, RATE, rate), rate, RATE)

    return distort


def encoded(container: str) -> Distortion:
    """Through a lossy encoder."""

    def distort(signal: np.ndarray, _: np.random.Generator) -> np.ndarray:
        file = io.BytesIO()
        soundfile.write(file, signal, RATE, format=container)
        file.seek(0)
        return soundfile.read(file, dtype="float32")[0]

    return distort


def everything(signal: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Trimmed, 10 dB down, at 8 kHz, as Ogg."""
    return encoded("OGG")(resampled(8_000)(0.3 * trimmed(signal, rng), rng), rng)


DISTORTIONS: dict[str, tuple[str, Distortion]] = {
    "trim": ("trimmed", trimmed),
    "gain": ("20 dB quieter", quieter),
    "8k": ("resampled to 8 kHz", resampled(8_000)),
    "22k": ("resampled to 22.05 kHz", resampled(22_050)),
    "44k": ("resampled to 44.1 kHz", resampled(44_100)),
    "ogg": ("encoded as Ogg Vorbis", encoded("OGG")),
    "mp3": ("encoded as MP3", encoded("MP3")),
    "all": ("trimmed, quieter, 8 kHz and Ogg", everything),
}


def hits(signals: list[np.ndarray]) -> list[Figure]:
    """Share of copies found, by distortion, and the least alike of them."""
    rng = np.random.default_rng(0)
    figures = []
    for name, (what, distort) in DISTORTIONS.items():
        likeness = np.array([likeness_of(signal, distort(signal, rng)) for signal in signals])
        copies = f"{len(signals)} copies {what}"
        share = float(np.mean(likeness >= ALIKE))
        figures += [
            Figure(name=f"audit.hits_{name}", what=f"{copies}, found", value=share, at_least=0.99),
            Figure(what=f"{copies}, least likeness", value=float(likeness.min())),
        ]
    return figures


def likeness_of(signal: np.ndarray, copy: np.ndarray) -> float:
    """Likeness of a clip and its copy; 0 if they are no candidates."""
    prints = [fingerprint(BANDS(x.astype(np.float32))) for x in (signal, copy)]
    return max((pair.likeness for pair in compare(prints[:1], prints[1:])), default=0.0)


def false_alarms(signals: list[np.ndarray]) -> list[Figure]:
    """Pairs of different clips taken for copies, the most alike of them, and the time it took."""
    start = time.process_time()
    prints = [x for x in (fingerprint(BANDS(signal)) for signal in signals) if x is not None]
    prepared = time.process_time()
    pairs = [pair for pair in compare(prints, prints) if pair.first < pair.second]
    searched = time.process_time()
    different = [pair.likeness for pair in pairs if pair.likeness < 1 - 1e-6]
    n_pairs = len(prints) * (len(prints) - 1) // 2
    alarms = sum(likeness >= ALIKE for likeness in different)
    clips = f"{len(prints)} × {len(prints)} clips"
    return [
        Figure(
            name="audit.false_alarms",
            what=f"of {n_pairs} pairs of different clips, taken for copies",
            value=alarms,
            at_most=0,
        ),
        Figure(what="greatest likeness of different clips", value=max(different, default=0.0)),
        Figure(what=f"identical pairs among {clips}", value=len(pairs) - len(different)),
        Figure(what=f"CPU seconds, fingerprints of {len(prints)} clips", value=prepared - start),
        Figure(
            name="audit.search_seconds",
            what=f"CPU seconds, comparing {clips}",
            value=searched - prepared,
            at_most=60,
        ),
    ]


if __name__ == "__main__":
    main()
