"""The built-in corpus: made-up speakers say made-up sentences in six emotions.

It needs no download and shows that everything works: a demonstration, never a result.
"""

import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import soundfile

from speechsent.corpus.delivery import EMOTIONS, utter
from speechsent.corpus.phones import SENTENCES
from speechsent.corpus.voice import FRAME_RATE
from speechsent.errors import CorpusError, ParameterError
from speechsent.writing import saving, sync_tree


@dataclass(frozen=True, kw_only=True)
class SyntheticCorpus:
    """Size and seed of a synthetic corpus.

    Args:
        n_speakers: Number of speakers, odd numbers female, even numbers male.
        n_test_speakers: How many of them, the last ones, only ``test`` has.
        n_sentences: Number of sentences, at most 8.
        n_takes: How often each speaker says each sentence in each emotion.
        sample_rate: Hz, a multiple of 100, at least 16000.
        seed: Equal seeds, equal files.

    Raises:
        ParameterError: If a field is out of range.
    """

    n_speakers: int = 12
    n_test_speakers: int = 4
    n_sentences: int = 3
    n_takes: int = 3
    sample_rate: int = 16_000
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.n_test_speakers < self.n_speakers:
            raise ParameterError(
                "n_test_speakers must lie between 1 and n_speakers - 1. Received: "
                f"n_test_speakers={self.n_test_speakers}, n_speakers={self.n_speakers}"
            )
        if not 1 <= self.n_sentences <= len(SENTENCES):
            raise ParameterError(
                f"n_sentences must lie in [1, {len(SENTENCES)}]. "
                f"Received: n_sentences={self.n_sentences}"
            )
        if self.n_takes < 1:
            raise ParameterError(f"n_takes must be at least 1. Received: n_takes={self.n_takes}")
        if self.sample_rate < 16_000 or self.sample_rate % FRAME_RATE:
            raise ParameterError(
                f"sample_rate must be a multiple of {FRAME_RATE} Hz and at least 16000 Hz. "
                f"Received: sample_rate={self.sample_rate}"
            )
        if self.seed < 0:
            raise ParameterError(f"seed must not be negative. Received: seed={self.seed}")

    @property
    def n_clips(self) -> int:
        """Clips in all: every voice says every sentence in every emotion, several times."""
        return self.n_speakers * len(EMOTIONS) * self.n_sentences * self.n_takes


def synthesize(
    out: Path,
    config: SyntheticCorpus = SyntheticCorpus(),
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write the corpus as ``OUT/<part>/<emotion>/syn-f03-anger-s2-1.wav``.

    The folder appears whole or not at all. A clip depends only on the seed and on its own
    speaker, emotion, sentence and take, so a larger corpus contains the smaller one.

    Args:
        out: Folder to make; it may exist if it is empty.
        config: Size and seed.
        progress: Called after each clip with the number written and the number in all.

    Returns:
        ``out``.

    Raises:
        CorpusError: If ``out`` exists and is not an empty folder.
        SaveError: If the disk is full or does not let itself be written to.
    """
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise CorpusError(
            f"{out}: the folder for a synthetic corpus must be new or empty. "
            "Name another one or remove it"
        )
    with saving(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as scratch:
            folder = Path(scratch) / "corpus"
            _write(folder, config, progress)
            sync_tree(folder)  # a folder that is there counts as whole
            if out.exists():
                out.rmdir()  # some systems cannot replace even an empty folder
            os.replace(folder, out)  # noqa: PTH105 - atomic on every system
    return out


def _write(
    folder: Path, config: SyntheticCorpus, progress: Callable[[int, int], None] | None
) -> None:
    clips = list(
        product(
            range(1, config.n_speakers + 1),
            EMOTIONS,
            range(1, config.n_sentences + 1),
            range(1, config.n_takes + 1),
        )
    )
    for n_written, (speaker, emotion, sentence, take) in enumerate(clips, start=1):
        part = "test" if speaker > config.n_speakers - config.n_test_speakers else "train"
        name = f"syn-{'mf'[speaker % 2]}{speaker:02d}-{emotion}-s{sentence}-{take}.wav"
        path = folder / part / emotion / name
        path.parent.mkdir(parents=True, exist_ok=True)
        signal = utter(
            speaker, emotion, sentence, take, seed=config.seed, sample_rate=config.sample_rate
        )
        memory = io.BytesIO()  # libsndfile does not say why a disk refuses a file
        soundfile.write(memory, signal, config.sample_rate, format="WAV", subtype="PCM_16")
        path.write_bytes(memory.getvalue())
        if progress is not None:
            progress(n_written, len(clips))
    (folder / "README.txt").write_text(
        f"Synthetic speech made by speechsent from seed {config.seed}; nobody speaks here.\n"
        "A demonstration, never a result.\n",
        encoding="utf-8",
    )
