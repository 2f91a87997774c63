"""The three formats: each writes a graph to a path, and calls what lies there."""

import errno
import logging
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import tensorflow as tf

from speechsent.errors import ExportError
from speechsent.exporting.facts import ModelFacts
from speechsent.exporting.graph import SIGNAL, Graph, answering, answering_window_by_window
from speechsent.exporting.lstm import HANDLERS, whole_lstms
from speechsent.recogniser import Recogniser

OPSET = 18
FACTS = "speechsent.json"
# What TensorFlow makes of a disk that is full, and of a file that may not grow.
FULL = {
    tf.errors.ResourceExhaustedError: errno.ENOSPC,
    tf.errors.OutOfRangeError: errno.EFBIG,
}
Answering = Callable[[np.ndarray], np.ndarray]  # samples to the answer for the clip


@dataclass(frozen=True, kw_only=True)
class Format:
    """How a run is written in a format.

    Args:
        suffix: Ending of the file's name.
        extra: What pip is to install for it; empty for nothing.
        modules: What must be importable.
        write: Writes a recogniser and its facts to a path.
        load: Opens what was written.
    """

    suffix: str
    extra: str = ""
    modules: tuple[str, ...] = ()
    write: Callable[[Recogniser, ModelFacts, Path], None]
    load: Callable[[Path, ModelFacts], Answering]

    def require(self) -> None:
        """Refuse to begin without the extra.

        Raises:
            ExportError: If a module is missing.
        """
        missing = [name for name in self.modules if find_spec(name) is None]
        if missing:
            raise ExportError(
                f"{', '.join(missing)}: not installed; pip install 'speechsent[{self.extra}]'"
            )


def _function(graph: Graph) -> Any:
    return tf.function(graph, input_signature=[tf.TensorSpec((None,), tf.float32, name=SIGNAL)])


def write_onnx(recogniser: Recogniser, facts: ModelFacts, path: Path) -> None:
    """One file, its metadata inside."""
    import onnx

    with _quiet(), whole_lstms(recogniser.model):
        import tf2onnx

        function = _function(answering(recogniser, facts.answers))
        model, _ = tf2onnx.convert.from_function(
            function,
            input_signature=function.input_signature,
            opset=OPSET,
            custom_op_handlers=HANDLERS,
        )
    onnx.helper.set_model_props(model, facts.as_text())
    onnx.save(model, path)


def load_onnx(path: Path, facts: ModelFacts) -> Answering:
    """By onnxruntime."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda signal: session.run([facts.answers], {SIGNAL: signal})[0]


def write_litert(recogniser: Recogniser, facts: ModelFacts, path: Path) -> None:
    """One file of built-in operations; its metadata lie beside it."""
    function = _function(answering_window_by_window(recogniser, facts.answers))
    module = tf.Module()
    module.answer = function
    with _quiet():
        concrete = [function.get_concrete_function()]
        path.write_bytes(
            tf.lite.TFLiteConverter.from_concrete_functions(concrete, module).convert()
        )


def load_litert(path: Path, facts: ModelFacts) -> Answering:
    """By LiteRT."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(path))
    signal_at = interpreter.get_input_details()[0]["index"]
    answer_at = interpreter.get_output_details()[0]["index"]

    def answer(signal: np.ndarray) -> np.ndarray:
        interpreter.resize_tensor_input(signal_at, signal.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(signal_at, signal)
        interpreter.invoke()
        found: np.ndarray = interpreter.get_tensor(answer_at)
        return found

    return answer


def write_savedmodel(recogniser: Recogniser, facts: ModelFacts, path: Path) -> None:
    """A folder, its metadata among the assets."""
    module = tf.Module()
    module.model = recogniser.model
    module.answer = _function(answering(recogniser, facts.answers))
    with TemporaryDirectory() as folder, _quiet():
        told = Path(folder) / FACTS
        told.write_text(facts.as_json(), encoding="utf-8")
        module.facts = tf.saved_model.Asset(str(told))
        try:
            tf.saved_model.save(module, str(path), signatures={"serving_default": module.answer})
        except tuple(FULL) as error:
            number = FULL[type(error)]
            raise OSError(number, os.strerror(number), str(path)) from error


def load_savedmodel(path: Path, facts: ModelFacts) -> Answering:
    """By TensorFlow."""
    module = tf.saved_model.load(str(path))
    return lambda signal: module.answer(signal)[facts.answers].numpy()


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what converters tell about themselves."""
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)


FORMATS: Mapping[str, Format] = {
    "onnx": Format(
        suffix=".onnx",
        extra="onnx",
        modules=("onnx", "onnxruntime", "tf2onnx"),
        write=write_onnx,
        load=load_onnx,
    ),
    "litert": Format(
        suffix=".tflite",
        extra="litert",
        modules=("ai_edge_litert",),
        write=write_litert,
        load=load_litert,
    ),
    "savedmodel": Format(suffix=".savedmodel", write=write_savedmodel, load=load_savedmodel),
}
