"""ONNX files that say one thing and hold another: one error, never an answer."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile

from speechsent.errors import AudioError, ExportError
from speechsent.exporting.runtime import OnnxRecogniser, predict


@pytest.fixture
def written(tmp_path, facts):
    """Write a graph that tells the same of every clip, or whatever nodes are given."""
    onnx = pytest.importorskip("onnx", reason="needs the extra [onnx]")
    pytest.importorskip("onnxruntime", reason="needs the extra [onnx]")
    from onnx import TensorProto, helper, numpy_helper

    def write(told=(0.75, 0.25), signal="signal", answers="probabilities", **other):
        values = numpy_helper.from_array(np.array(told, np.float32), answers)
        windows = numpy_helper.from_array(np.array([told], np.float32), "windows")
        constants = [
            helper.make_node("Constant", [], [each.name], value=each) for each in (values, windows)
        ]
        graph = helper.make_graph(
            constants,
            "toy",
            [helper.make_tensor_value_info(signal, TensorProto.FLOAT, [None])],
            [
                helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
                for name in (answers, "windows")
            ],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
        helper.set_model_props(model, replace(facts, **other).as_text())
        onnx.save(model, tmp_path / "model.onnx")
        return tmp_path / "model.onnx"

    return write


@pytest.fixture
def clip(tmp_path, voiced):
    soundfile.write(tmp_path / "a.wav", voiced, 16_000)
    return tmp_path / "a.wav"


def test_what_such_a_file_tells_is_told(written, clip):
    (told,) = predict([clip], OnnxRecogniser(written()))
    assert told.probabilities == {"Ärger": 0.75, "joy": 0.25}


@pytest.mark.parametrize("names", [{"signal": "sound"}, {"answers": "shares"}])
def test_a_graph_with_other_names_than_its_metadata_is_refused(written, names):
    with pytest.raises(ExportError, match=r"model\.onnx: takes .* where a file of"):
        OnnxRecogniser(written(**names))


@pytest.mark.parametrize("told", [(0.5, 0.25, 0.25), (1.0,)])
def test_more_or_fewer_answers_than_labels_are_refused(written, clip, told):
    with pytest.raises(ExportError, match="for 2 labels"):
        predict([clip], OnnxRecogniser(written(told)))


def test_answers_that_are_no_numbers_are_refused(written, clip):
    with pytest.raises(ExportError, match="answers with what is no number"):
        predict([clip], OnnxRecogniser(written((np.nan, 1.0))))


def test_samples_that_are_none_are_told_in_a_line(written):
    with pytest.raises(ExportError, match=r"model\.onnx: cannot answer 2 samples \("):
        OnnxRecogniser(written()).signal(np.zeros((2, 2), np.float32))


def test_a_long_file_without_a_block_of_sound_is_refused_as_a_run_refuses_it(written, tmp_path):
    """Its only sound is shorter than a block may be."""
    quiet = np.zeros(16_000 * 60 + 800, np.float32)
    quiet[-5] = 0.5
    soundfile.write(tmp_path / "quiet.wav", quiet, 16_000)
    model = OnnxRecogniser(written(max_seconds=30.0))
    with pytest.raises(AudioError, match="silent"):
        model.file(tmp_path / "quiet.wav")
