"""A run's model in memory: audio in, probabilities or numbers out, nothing loaded twice."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from threadpoolctl import ThreadpoolController

from speechsent import audio
from speechsent.centring import speaker_offset, without_offset
from speechsent.clips import standard_window, to_inputs, window_starts
from speechsent.evaluation.calibrated import CALIBRATION, Calibration
from speechsent.features.standardize import Statistics
from speechsent.features.voice import Views
from speechsent.network import load_model, require_numbers
from speechsent.recognised import AT_ONCE
from speechsent.run import Run
from speechsent.training.inference import forward

BLOCK = 60.0  # seconds of a long file that are in memory at once


class Recogniser:
    """Recognise emotions with a finished run; load it once, call it often.

    Probabilities of clips and files are calibrated where the run has a temperature; those of
    windows never are, because the temperature was fitted on clips. A run that tells numbers gives
    them in the units of the columns it was trained on.

    Args:
        run: The run.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.labels = run.labels
        self.scale = run.scale
        self.extractor = run.config.extractor
        self.standardizer = run.standardizer
        self.statistics = dict(self.standardizer.corpus)
        self.calibration = Calibration.find(run.sound(CALIBRATION).parent)
        self.offset: np.ndarray | None = None
        self.model = load_model(run)
        self._forward = forward(self.model)
        # Small matrix products spin for many times their cost when BLAS shares them among
        # threads. Finding the libraries takes milliseconds, so it is done once.
        self._blas = ThreadpoolController().select(user_api="blas")

    def adapt(self, files: Sequence[Path]) -> None:
        """Standardise from now on by the statistics of these files, all of one speaker.

        Where the run centres answers, what all these files are told alike is taken out as well.

        Raises:
            AudioError: If a file cannot be used.
        """
        for view in self.statistics.keys() - set(self.standardizer.fixed):
            pieces = (self._views(s)[view] for file in files for s in self._signals(file))
            self.statistics[view] = Statistics.of(pieces)
        if self.run.config.centres_answers:
            self.offset = speaker_offset(np.stack([self._mean(Path(file)) for file in files]))

    def file(self, path: Path | str) -> np.ndarray:
        """Probabilities or numbers of a file, in memory that does not grow with its length.

        A file longer than ``audio.max_seconds`` is taken in blocks, each like a clip of its own,
        which count by their length.

        Returns:
            Shape ``(n_outputs,)``, in the order of ``labels``.

        Raises:
            AudioError: If the file cannot be used.
        """
        return self._settled(self._mean(Path(path)))

    def _mean(self, path: Path) -> np.ndarray:
        """Mean answer over the windows of a file."""
        total = np.zeros(len(self.labels))
        n_windows = 0
        for signal in self._signals(path):
            outputs = self.windows(signal)
            total += outputs.sum(axis=0)
            n_windows += len(outputs)
        return total / n_windows

    def signal(self, signal: np.ndarray) -> np.ndarray:
        """Probabilities or numbers of mono samples ``(n_samples,)`` at ``audio.sample_rate``."""
        return self._settled(self.windows(signal).mean(axis=0))

    def windows(self, signal: np.ndarray) -> np.ndarray:
        """Answer for each of the half-overlapping windows, ``(n_windows, n_outputs)``."""
        raw = self._views(signal)
        n_window = self.run.config.n_window
        starts = window_starts(len(next(iter(raw.values()))), n_window)
        outputs = []
        for first in range(0, len(starts), AT_ONCE):
            chosen = starts[first : first + AT_ONCE]
            outputs.append(
                self._outputs(
                    [standard_window(raw, self.statistics, start, n_window) for start in chosen]
                )
            )
        return np.concatenate(outputs)

    def short_clips(self, signals: Sequence[np.ndarray]) -> np.ndarray:
        """Answer for each of some clips no longer than a window, all evaluated at once.

        Args:
            signals: Mono samples of each, ``(n_samples,)`` at ``audio.sample_rate``.

        Returns:
            Shape ``(n_signals, n_outputs)``, not calibrated.
        """
        n_window = self.run.config.n_window
        views = map(self._views, signals)
        return self._outputs([standard_window(raw, self.statistics, 0, n_window) for raw in views])

    def _outputs(self, windows: list[Views]) -> np.ndarray:
        """What the network says of some windows, in the units of its answers."""
        answers = self._forward(to_inputs(windows))
        require_numbers(answers, self.run)
        return self.scale.undone(answers) if self.scale else answers

    def _settled(self, probabilities: np.ndarray) -> np.ndarray:
        """The answer for a clip: centred where its speaker is known, and calibrated."""
        if self.offset is not None:
            probabilities = without_offset(probabilities, self.offset)
        return self.calibration(probabilities) if self.calibration else np.asarray(probabilities)

    def _views(self, signal: np.ndarray) -> Views:
        with self._blas.limit(limits=1):
            return self.extractor(signal)

    def _signals(self, path: Path) -> Iterator[np.ndarray]:
        return audio.pieces(path, self.extractor.audio, seconds=BLOCK)
