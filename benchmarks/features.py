"""Log-mel, MFCC and two deltas per clip, against librosa; the image, against the log-mel.

Both sides read the same 16 kHz wav files, use one BLAS thread, and compute the same numbers.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import librosa
import numpy as np
import soundfile
from measure import Figure, arguments, cpu_seconds, interleaved, recordings, report
from threadpoolctl import threadpool_limits

from speechsent import audio
from speechsent.corpus.open import read_corpus
from speechsent.corpus.utterance import Utterance
from speechsent.features.extraction import Extractor
from speechsent.features.image import to_image
from speechsent.features.log_mel import LogMel
from speechsent.features.standardize import Statistics

N_CLIPS = 60
FINE = LogMel(n_fft=512, hop_length=160, n_mels=128)  # the setting of the goals
EXTRACT = """
import sys, time
from pathlib import Path
from speechsent.corpus.utterance import Utterance
from speechsent.features.extraction import Extractor, extract
clips = [Utterance(path=Path(name), emotion="neutral") for name in sys.argv[1:]]
extract(clips, Extractor())
start = time.process_time()
extract(clips, Extractor())
print(time.process_time() - start)
"""

Views = tuple[np.ndarray, ...]


def main() -> None:
    """Measure, print, write."""
    args = arguments(__doc__)
    utterances = read_corpus(recordings()).utterances
    chosen = utterances[:: max(1, len(utterances) // N_CLIPS)][:N_CLIPS]
    with tempfile.TemporaryDirectory() as folder:
        clips = as_wav(chosen, Path(folder))
        with threadpool_limits(1):
            figures = [
                *speed(clips, FINE, args.rounds, named=True),
                *speed(clips, LogMel(), args.rounds, named=False),
                *differences(clips),
                image_ratio(clips, args.rounds),
            ]
        figures.append(blas_ratio(clips, args.rounds))
    report(figures, args.json)


def as_wav(utterances: Sequence[Utterance], folder: Path) -> list[Path]:
    """The clips as 16-bit wav files at 16 kHz, so that neither side resamples."""
    paths = [folder / f"{i}.wav" for i in range(len(utterances))]
    for path, utterance in zip(paths, utterances, strict=True):
        soundfile.write(path, audio.load(utterance.path), 16_000)
    return paths


def ours(path: Path, log_mel: LogMel) -> Views:
    """Our log-mel and MFCC with deltas, the whole clip, ``(n_frames, n_values)``."""
    extractor = Extractor(log_mel=log_mel, trim_db=0)
    views = extractor.read(Utterance(path=path, emotion="neutral"))
    return views["log_mel"], *np.split(views["mfcc"], 3, axis=1)


def as_users_write_it(path: Path, log_mel: LogMel) -> Views:
    """Librosa, each feature from the signal."""
    signal, rate = librosa.load(path, sr=log_mel.sample_rate)
    options = {
        "n_fft": log_mel.n_fft,
        "hop_length": log_mel.hop_length,
        "n_mels": log_mel.n_mels,
        "fmax": log_mel.fmax,
    }
    power = librosa.feature.melspectrogram(y=signal, sr=rate, **options)
    level = librosa.power_to_db(power)
    mfcc = librosa.feature.mfcc(y=signal, sr=rate, n_mfcc=40, **options)
    return level, mfcc, librosa.feature.delta(mfcc), librosa.feature.delta(mfcc, order=2)


def sharing_one_spectrum(path: Path, log_mel: LogMel) -> Views:
    """Librosa, the MFCC from the log-mel."""
    signal, rate = librosa.load(path, sr=log_mel.sample_rate)
    power = librosa.feature.melspectrogram(
        y=signal,
        sr=rate,
        n_fft=log_mel.n_fft,
        hop_length=log_mel.hop_length,
        n_mels=log_mel.n_mels,
        fmax=log_mel.fmax,
    )
    level = librosa.power_to_db(power)
    mfcc = librosa.feature.mfcc(S=level, n_mfcc=40)
    return level, mfcc, librosa.feature.delta(mfcc), librosa.feature.delta(mfcc, order=2)


def speed(
    clips: Sequence[Path], log_mel: LogMel, rounds: int, *, named: bool
) -> tuple[Figure, Figure]:
    """How many times faster than librosa, in one setting; only the goals' setting is named."""

    def read_all(features: Callable[[Path, LogMel], Views]) -> float:
        return cpu_seconds(lambda: [features(path, log_mel) for path in clips])

    sides = {
        side.__name__: partial(read_all, side)
        for side in (ours, as_users_write_it, sharing_one_spectrum)
    }
    cpu = interleaved(sides, rounds)
    setting = f"{log_mel.n_mels} mels, hop {log_mel.hop_length}"
    return (
        Figure(
            name="features.vs_librosa" if named else "",
            what=f"features, times faster than librosa ({setting})",
            value=cpu["as_users_write_it"] / cpu["ours"],
            at_least=5 if named else None,
        ),
        Figure(
            name="features.vs_librosa_shared" if named else "",
            what=f"features, times faster than librosa with one spectrum ({setting})",
            value=cpu["sharing_one_spectrum"] / cpu["ours"],
            at_least=3 if named else None,
        ),
    )


def differences(clips: Sequence[Path]) -> Iterator[Figure]:
    """Largest difference to librosa over all clips, by feature."""
    worst = np.zeros(4)
    for path in clips:
        pairs = zip(ours(path, FINE), as_users_write_it(path, FINE), strict=True)
        worst = np.maximum(worst, [np.abs(mine.T - theirs).max() for mine, theirs in pairs])
    worst_mfcc = float(worst[1:].max())
    yield Figure(
        name="features.max_db",
        what=f"log-mel, largest difference to librosa over {len(clips)} clips (dB)",
        value=float(worst[0]),
        at_most=5e-5,
    )
    yield Figure(
        name="features.max_mfcc",
        what=f"MFCC and deltas, largest difference to librosa over {len(clips)} clips",
        value=worst_mfcc,
        at_most=3e-4,
    )


def image_ratio(clips: Sequence[Path], rounds: int) -> Figure:
    """Standardising and scaling to grey, against computing the log-mel."""
    signals = [audio.load(path) for path in clips]
    log_mel = LogMel()
    levels = [log_mel(signal).T for signal in signals]
    statistics = Statistics.of(levels)
    cpu = interleaved(
        {
            "log_mel": lambda: cpu_seconds(lambda: [log_mel(signal) for signal in signals]),
            "image": lambda: cpu_seconds(lambda: [to_image(statistics(x)) for x in levels]),
        },
        rounds,
    )
    return Figure(
        name="features.image_ratio",
        what="image from log-mel, over the log-mel",
        value=cpu["image"] / cpu["log_mel"],
        at_most=0.25,
    )


def blas_ratio(clips: Sequence[Path], rounds: int) -> Figure:
    """Extraction with BLAS as it comes, against BLAS told to use one thread from outside."""
    plain = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    single = {**plain, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    with busy_process():
        cpu = interleaved(
            {
                "default": lambda: extraction_seconds(clips, plain),
                "single": lambda: extraction_seconds(clips, single),
            },
            rounds,
        )
    return Figure(
        name="features.blas_ratio",
        what="CPU of extraction beside a busy process, default BLAS over one thread",
        value=cpu["default"] / cpu["single"],
        at_most=1.2,
    )


def extraction_seconds(clips: Sequence[Path], environment: dict[str, str]) -> float:
    """CPU seconds of extracting all clips, in a process with this environment."""
    command = [sys.executable, "-c", EXTRACT, *map(str, clips)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout)


@contextmanager
def busy_process() -> Iterator[None]:
    """Another process that wants a whole core."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    main()
