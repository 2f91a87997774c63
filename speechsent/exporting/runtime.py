"""Exported ONNX files at work: audio in, answers out, without TensorFlow.

Outside the graph lie decoding, mixing to one channel and resampling, which is ``speechsent.audio``.
"""

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from speechsent import audio
from speechsent.audio import AudioConfig
from speechsent.errors import ExportError
from speechsent.evaluation.calibration import apply_temperature
from speechsent.exporting.facts import NUMBERS, ModelFacts
from speechsent.recognised import Estimate, Prediction, audio_files, check_threshold
from speechsent.training.listener import Listener


class OnnxRecogniser:
    """Recognise emotions with an exported file; open it once, call it often.

    Args:
        path: The file.

    Raises:
        ExportError: If onnxruntime is missing, the file is not an exported run, or it answers with
            what is no answer.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._session = _session(self.path)
        text = self._session.get_modelmeta().custom_metadata_map
        self.facts = ModelFacts.read(self.path, text)
        self._check_graph()
        self.audio = AudioConfig(
            sample_rate=self.facts.sample_rate,
            min_seconds=self.facts.min_seconds,
            max_seconds=self.facts.max_seconds,
        )

    @property
    def tells_numbers(self) -> bool:
        """Whether it tells numbers, not emotions."""
        return self.facts.answers == NUMBERS

    @property
    def labels(self) -> tuple[str, ...]:
        """Emotions, or targets, in the order of the answers."""
        return self.facts.labels

    @property
    def window_seconds(self) -> float:
        """Length of its windows.

        Raises:
            ExportError: If the file is too old to tell.
        """
        if self.facts.window_seconds is None:
            raise ExportError(
                f"{self.path}: does not tell how long its windows are; export the run again"
            )
        return self.facts.window_seconds

    @property
    def calibrated(self) -> bool:
        """Whether its probabilities are calibrated."""
        return self.facts.temperature is not None

    def signal(self, signal: np.ndarray) -> np.ndarray:
        """Probabilities or numbers of mono samples ``(n_samples,)`` at the file's rate."""
        return self._run(self.facts.answers, signal)

    def windows(self, signal: np.ndarray) -> np.ndarray:
        """Answer for each half-overlapping window, not calibrated, ``(n_windows, n_outputs)``."""
        return self._run("windows", signal)

    def answers(self, signals: Sequence[np.ndarray]) -> np.ndarray:
        """Answer for each of some clips no longer than a window, not calibrated."""
        return np.concatenate([self.windows(signal) for signal in signals])

    def file(self, path: Path | str) -> np.ndarray:
        """Probabilities or numbers of an audio file of any length, in the order of the labels.

        Raises:
            AudioError: If the file cannot be used.
        """
        pieces = audio.pieces(path, self.audio)
        first, second = next(pieces), next(pieces, None)
        if second is None:
            return self.signal(first)
        windows = [self.windows(piece) for piece in (first, second, *pieces)]
        mean: np.ndarray = np.concatenate(windows).mean(axis=0)
        temperature = self.facts.temperature
        return mean if temperature is None else apply_temperature(mean, temperature)

    def _check_graph(self) -> None:
        """Refuse a graph that goes by other names than its metadata."""
        heard = [place.name for place in self._session.get_inputs()]
        told = {place.name for place in self._session.get_outputs()}
        if heard != ["signal"] or not {self.facts.answers, "windows"} <= told:
            raise ExportError(
                f"{self.path}: takes {', '.join(heard) or 'nothing'} and gives "
                f"{', '.join(sorted(told))}, where a file of 'speechsent export' takes signal and "
                f"gives {self.facts.answers} and windows"
            )

    def _run(self, output: str, signal: np.ndarray) -> np.ndarray:
        from onnxruntime.capi.onnxruntime_pybind11_state import (
            Fail,
            InvalidArgument,
            RuntimeException,
        )

        try:
            found: np.ndarray = self._session.run([output], {"signal": signal})[0]
        except (Fail, InvalidArgument, RuntimeException) as error:
            reason = " ".join(str(error).split())[:300]
            raise ExportError(
                f"{self.path}: cannot answer {len(signal)} samples ({reason})"
            ) from error
        if found.shape[-1:] != (len(self.labels),):
            raise ExportError(
                f"{self.path}: its answers have the shape {found.shape}, for {len(self.labels)} "
                "labels; export the run again"
            )
        if not np.isfinite(found).all():
            raise ExportError(f"{self.path}: answers with what is no number (NaN or infinity)")
        return found


def predict(
    files: Sequence[Path | str],
    model: OnnxRecogniser,
    *,
    reject_below: float | None = None,
    listener: Listener | None = None,
) -> list[Prediction]:
    """Recognise the emotion in audio files, as ``speechsent.predict`` does with a run.

    Args:
        files: Audio files, or folders of them.
        model: The exported file.
        reject_below: Clips whose highest probability is lower are rejected, in ``(0, 1)``; none
            if not given.
        listener: Who is told about progress.

    Raises:
        ParameterError: If there is no file, or ``reject_below`` is out of range.
        AudioError: If a file cannot be used.
        ExportError: If the model tells numbers.
    """
    check_threshold(reject_below)
    if model.tells_numbers:
        raise ExportError(f"{model.path}: tells numbers, not emotions; use estimate")
    return [
        Prediction.of(path, values, model.calibrated, reject_below)
        for path, values in _answers(files, model, listener or Listener())
    ]


def estimate(
    files: Sequence[Path | str], model: OnnxRecogniser, *, listener: Listener | None = None
) -> list[Estimate]:
    """Tell the numbers a run was trained on, as ``speechsent.estimate`` does with a run.

    Args:
        files: Audio files, or folders of them.
        model: The exported file.
        listener: Who is told about progress.

    Raises:
        ParameterError: If there is no file.
        AudioError: If a file cannot be used.
        ExportError: If the model names emotions.
    """
    if not model.tells_numbers:
        raise ExportError(f"{model.path}: names emotions, and tells no numbers; use predict")
    return [
        Estimate(str(path), values)
        for path, values in _answers(files, model, listener or Listener())
    ]


def _answers(
    files: Sequence[Path | str], model: OnnxRecogniser, listener: Listener
) -> Iterator[tuple[Path, dict[str, float]]]:
    """What the model says of each file, by label."""
    paths = audio_files(files)
    note_standardising(model, listener)
    listener.begin("recognition", len(paths), "files")
    for done, path in enumerate(paths, start=1):
        yield path, dict(zip(model.facts.labels, model.file(path).tolist(), strict=True))
        listener.step(done)
    listener.end()


def note_standardising(model: OnnxRecogniser, listener: Listener) -> None:
    """Tell that a file standardises otherwise than its run, where it does."""
    if model.facts.standardize == "speaker":
        listener.note(
            "trained on features standardised by speaker; this file has the statistics of the "
            "training corpus alone"
        )


def _session(path: Path) -> Any:
    """Open a file with onnxruntime, on the CPU."""
    if find_spec("onnxruntime") is None:
        raise ExportError("onnxruntime: not installed; pip install 'speechsent[onnx]'")
    if not path.is_file():
        raise ExportError(f"{path}: no such file; 'speechsent export' writes one")
    import onnxruntime
    from onnxruntime.capi.onnxruntime_pybind11_state import (
        Fail,
        InvalidArgument,
        InvalidGraph,
        InvalidProtobuf,
    )
    from onnxruntime.capi.onnxruntime_pybind11_state import (
        NotImplemented as Unknown,
    )

    options = onnxruntime.SessionOptions()
    # Threads that wait for work by spinning cost as much again as the work.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, Unknown) as error:
        raise ExportError(f"{path}: not an ONNX file that can be run ({error})") from error
