"""A run as a file: the same answers, the facts inside, and nothing written where they differ."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from speechsent import audio
from speechsent.cli import main
from speechsent.config import from_dict
from speechsent.errors import ExportError
from speechsent.experiment import train
from speechsent.exporting import export as exporting
from speechsent.exporting.export import export
from speechsent.exporting.runtime import OnnxRecogniser
from speechsent.recogniser import Recogniser
from speechsent.run import Run
from speechsent.timeline import TrainedModel, follow

ROOT = Path(__file__).parents[2]
WITHOUT_TENSORFLOW = """
import sys
from speechsent.cli import main
status = main(["predict", "--runtime", "onnx", *sys.argv[1:], "--json"])
heavy = {"tensorflow", "keras", "librosa", "sklearn"} & sys.modules.keys()
sys.exit(status or ", ".join(heavy) or 0)
"""


@pytest.fixture(scope="module")
def run(workplace):
    return Run.newest(workplace / "runs")


@pytest.fixture(scope="module")
def onnx_file(run, tmp_path_factory):
    for module in ("onnx", "onnxruntime", "tf2onnx"):
        pytest.importorskip(module, reason="needs the extra [onnx]")
    return export(run, "onnx", tmp_path_factory.mktemp("onnx") / "model.onnx").path


@pytest.fixture(scope="module")
def clips(voices):
    return sorted((voices / "test").rglob("*.wav"))[:4]


@pytest.fixture(scope="module")
def recogniser(run):
    return Recogniser(run)


def test_the_onnx_file_answers_as_the_run_does_also_on_short_and_long_clips(
    onnx_file, recogniser, clips
):
    model = OnnxRecogniser(onnx_file)
    signals = [audio.load(clip) for clip in clips]
    for signal in (*signals, signals[0][4_000:6_000], np.concatenate(signals)):
        np.testing.assert_allclose(model.signal(signal), recogniser.signal(signal), atol=1e-5)
        np.testing.assert_allclose(model.windows(signal), recogniser.windows(signal), atol=1e-5)


def test_a_file_longer_than_a_clip_may_be_is_taken_in_blocks(
    onnx_file, recogniser, clips, monkeypatch
):
    model = OnnxRecogniser(onnx_file)
    short = audio.AudioConfig(max_seconds=0.5)
    monkeypatch.setattr(model, "audio", short)
    monkeypatch.setattr(recogniser, "extractor", replace(recogniser.extractor, audio=short))
    np.testing.assert_allclose(model.file(clips[0]), recogniser.file(clips[0]), atol=1e-5)


def test_the_onnx_file_holds_labels_rate_licence_and_score(onnx_file, run):
    import onnx

    props = {p.key: p.value for p in onnx.load(onnx_file).metadata_props}
    assert json.loads(props["labels"]) == list(run.labels)
    assert props["sample_rate"] == "16000"
    assert props["protocol"] == run.facts["protocol"]
    assert json.loads(props["value"]) == run.read_json("scores.json")["uar"]
    assert "synthetic voices" in props["licence"]


def test_the_onnx_file_holds_each_lstm_as_one_operation_and_no_loop(onnx_file, run):
    import onnx

    nodes = [node.op_type for node in onnx.load(onnx_file).graph.node]
    lstm = run.config.lstm
    assert nodes.count("LSTM") == len(lstm.units) * (1 + lstm.bidirectional)
    assert "Loop" not in nodes


def test_the_command_predicts_from_the_file_without_tensorflow(onnx_file, run, clips, capsys):
    names = [str(clip) for clip in clips]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TENSORFLOW, str(onnx_file), *names],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert main(["predict", "--run", str(run.path), *names, "--json"]) == 0
    for mine, theirs in zip(
        json.loads(done.stdout), json.loads(capsys.readouterr().out), strict=True
    ):
        assert mine["probabilities"] == pytest.approx(theirs.pop("probabilities"), abs=1e-5)
        del mine["probabilities"]
        assert mine == theirs


def test_a_timeline_of_the_file_is_that_of_the_run_and_needs_no_tensorflow(
    onnx_file, recogniser, clips
):
    command = [sys.executable, "-c", WITHOUT_TENSORFLOW, str(onnx_file), str(clips[0])]
    done = subprocess.run(
        [*command, "--timeline", "--hop", "0.3"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stderr) == (0, "")
    (found,) = json.loads(done.stdout)
    expected = follow(TrainedModel(recogniser), clips[0], hop=0.3)
    told = [row or [np.nan] * len(expected.labels) for row in found["values"]]
    np.testing.assert_allclose(told, expected.values, atol=1e-5)


def test_a_savedmodel_answers_alike_and_carries_its_facts(run, recogniser, clips, tmp_path):
    import tensorflow as tf

    done = export(run, "savedmodel", tmp_path / "saved", clips=clips)
    assert done.n_clips == len(clips)
    assert done.worst_difference < 1e-5
    facts = json.loads((tmp_path / "saved/assets/speechsent.json").read_text())
    assert facts["labels"] == list(run.labels)
    signal = audio.load(clips[0])
    serve = tf.saved_model.load(str(tmp_path / "saved")).signatures["serving_default"]
    found = serve(signal=tf.constant(signal))["probabilities"].numpy()
    np.testing.assert_allclose(found, recogniser.signal(signal), atol=1e-5)
    with pytest.raises(ExportError, match="exists already"):
        export(run, "savedmodel", tmp_path / "saved", clips=clips)


def test_a_litert_file_answers_alike_with_its_facts_beside_it(run, clips, tmp_path):
    pytest.importorskip("ai_edge_litert", reason="needs the extra [litert]")
    done = export(run, "litert", tmp_path / "model.tflite", clips=clips)
    assert done.worst_difference < 1e-5
    assert json.loads((tmp_path / "model.tflite.json").read_text())["labels"] == list(run.labels)


def test_nothing_is_written_where_the_answers_differ(run, clips, tmp_path, monkeypatch):
    monkeypatch.setattr(exporting, "worst_difference", lambda *_: 2e-4)
    with pytest.raises(ExportError, match="not written, because its answers differ"):
        export(run, "savedmodel", tmp_path / "new" / "saved", clips=clips)
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.parametrize("form", ["onnx", "litert"])
def test_a_missing_extra_is_named_with_the_command_that_installs_it(run, form, monkeypatch):
    monkeypatch.setattr("speechsent.exporting.formats.find_spec", lambda _: None)
    with pytest.raises(ExportError, match=rf"pip install 'speechsent\[{form}\]'"):
        export(run, form)


def test_a_file_that_is_no_export_is_refused(tmp_path, clips, capsys):
    pytest.importorskip("onnxruntime", reason="needs the extra [onnx]")
    (tmp_path / "model.onnx").write_bytes(b"no model")
    assert main(["predict", "--runtime", "onnx", str(tmp_path / "model.onnx"), str(clips[0])]) == 1
    assert "not an ONNX file that can be run" in capsys.readouterr().err
    assert main(["predict", "--runtime", "onnx", str(clips[0])]) == 1
    assert "takes an exported file, then clips" in capsys.readouterr().err


def test_the_example_needs_nothing_of_this_package(onnx_file, recogniser, clips):
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples/onnx_minimal.py"), str(onnx_file), str(clips[0])],
        capture_output=True,
        text=True,
        check=True,
    )
    told = dict(line.split() for line in done.stdout.splitlines())
    expected = dict(zip(recogniser.labels, recogniser.file(clips[0]), strict=True))
    assert {label: float(value) for label, value in told.items()} == pytest.approx(
        expected, abs=1e-4
    )


@pytest.mark.slow
@pytest.mark.corpus
def test_a_fold_of_real_speech_is_answered_alike(ravdess, tmp_path):
    """All clips of the tested actors: the same emotions, and probabilities within 1e-4."""
    for module in ("onnx", "onnxruntime", "tf2onnx"):
        pytest.importorskip(module, reason="needs the extra [onnx]")
    settings = {
        "fit": {"epochs": 2},
        "functionals": {"copies": 0, "refit": False},
        "split": {"protocol": "ravdess-8-luna5"},
    }
    run = train(
        from_dict(settings),
        ravdess,
        out=tmp_path,
        test=False,
        baseline=False,
    )
    model = OnnxRecogniser(export(run).path)
    trained = Recogniser(run)
    clips = run.split.of("test")
    assert len(clips) == 300
    mine = np.array([model.file(clip.path) for clip in clips])
    theirs = np.array([trained.file(clip.path) for clip in clips])
    assert (mine.argmax(axis=1) == theirs.argmax(axis=1)).all()
    assert np.abs(mine - theirs).max() <= 1e-4
