"""The whole graph against the recogniser it was made from."""

import errno
import resource
from dataclasses import replace

import numpy as np
import pytest
import soundfile
import tensorflow as tf

from speechsent.answers import Classes, Numbers
from speechsent.config import from_dict, to_yaml
from speechsent.errors import ExportError, SaveError
from speechsent.exporting.export import export
from speechsent.exporting.formats import FORMATS
from speechsent.exporting.graph import answering, answering_window_by_window
from speechsent.features.standardize import Standardizer, Statistics
from speechsent.network import assemble, build_branches
from speechsent.recogniser import Recogniser
from speechsent.run import MODEL, STATISTICS, TARGETS, Run, now

SMALL = {
    "log_mel": {"n_mels": 16},
    "mfcc": {"n_mfcc": 4},
    "view": {"seconds": 0.6},
    "cnn": {"stem": [4], "channels": 4, "embedding": 4},
    "lstm": {"channels": 4, "units": [4], "embedding": 4},
}
SCALE = {"names": ["arousal", "valence"], "mean": [3.0, 40.0], "sd": [0.5, 20.0]}
CALIBRATION = {"temperature": 2.0, "n_validation": 9, "ece_before": 0.2, "ece_after": 0.1}


def small_run(root, *, numbers=False, **changes):
    """A small network with the weights it was born with, and speakers' own statistics."""
    config = from_dict({**SMALL, **changes})
    run = Run.create(root, "toy", "joint")
    run.write_text("config.yaml", to_yaml(config))
    run.write_json("labels.json", SCALE["names"] if numbers else ["anger", "fear", "neutral"])
    if numbers:
        run.write_json(TARGETS, SCALE)
    else:
        run.write_json("calibration.json", CALIBRATION)
    answer = Numbers(2) if numbers else Classes(3)
    with run.writing(MODEL) as path:
        assemble(build_branches(config), config, answer).save_weights(path)
    statistics = {
        view: Statistics(np.full(n, -9, np.float32), np.full(n, 10, np.float32))
        for view, n in {"log_mel": 16, "mfcc": 12}.items()
    }
    with run.writing(STATISTICS) as path:
        Standardizer("speaker", statistics).save(path)
    run.write_json("run.json", {"format": 1, "finished": now()})
    return run


@pytest.mark.parametrize(
    ("fusion", "numbers", "make"),
    [
        ("joint", False, answering),
        ("joint", True, answering_window_by_window),
        ("lstm", False, answering_window_by_window),
        ("cnn", True, answering),
    ],
)
def test_calibrated_probabilities_and_numbers_in_their_units_are_the_recognisers(
    tmp_path, voiced, fusion, numbers, make
):
    recogniser = Recogniser(small_run(tmp_path, numbers=numbers, fusion={"mode": fusion}))
    found = tf.function(make(recogniser, "answer"))(tf.constant(voiced))["answer"].numpy()
    assert len(recogniser.windows(voiced)) > 1
    np.testing.assert_allclose(found, recogniser.signal(voiced), rtol=1e-5, atol=1e-5)


def test_functionals_by_likeness_are_in_the_graph(tmp_path, voiced):
    alike = {"filters": 20, "likeness": 4}
    run = small_run(tmp_path, fusion={"mode": "functionals"}, functionals=alike)
    recogniser = Recogniser(run)
    found = tf.function(answering(recogniser, "answer"))(tf.constant(voiced))["answer"].numpy()
    np.testing.assert_allclose(found, recogniser.signal(voiced), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"lstm": {"streams": ["mfcc", "prosody"]}}, "pitch tracking"),
        ({"fit": {"precision": "mixed_bfloat16"}}, "computes in mixed_bfloat16"),
    ],
)
def test_what_no_format_can_compute_is_refused_in_a_line(tmp_path, change, reason):
    with pytest.raises(ExportError, match=reason):
        export(small_run(tmp_path, **change), "savedmodel")


@pytest.mark.parametrize("form", ["onnx", "savedmodel"])
def test_a_place_that_cannot_be_is_refused_before_the_work(tmp_path, voiced, monkeypatch, form):
    monkeypatch.setattr("speechsent.exporting.formats.Format.require", lambda _: None)
    monkeypatch.setattr("speechsent.exporting.export.Recogniser", lambda _: pytest.fail("worked"))
    run, file = small_run(tmp_path / "runs"), tmp_path / "a.wav"
    soundfile.write(file, voiced, 16_000)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(SaveError, match=r"a\.wav is a file; name another"):
        export(run, form, file / "below" / "model", clips=[file])
    with pytest.raises(ExportError, match=r"runs: (exists already|is a folder)"):
        export(run, form, tmp_path / "runs", clips=[file])
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("form", ["onnx", "savedmodel"])
def test_a_full_disk_is_told_in_a_line_and_leaves_nothing(tmp_path, voiced, monkeypatch, form):
    def fill(_recogniser, _facts, path):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    full = replace(FORMATS[form], write=fill, modules=())
    monkeypatch.setattr("speechsent.exporting.export.FORMATS", {form: full})
    monkeypatch.setattr("speechsent.exporting.export.describe", lambda _: None)
    run, file = small_run(tmp_path / "runs"), tmp_path / "a.wav"
    soundfile.write(file, voiced, 16_000)
    with pytest.raises(SaveError, match=r"model: no room"):
        export(run, form, tmp_path / "new" / "model", clips=[file])
    assert list((tmp_path / "new").iterdir()) == []


def test_a_savedmodel_that_is_larger_than_a_file_may_be_is_told_in_a_line(
    tmp_path, voiced, monkeypatch, facts
):
    """TensorFlow writes it, and its errors are its own."""
    monkeypatch.setattr("speechsent.exporting.export.describe", lambda _: facts)
    run, file = small_run(tmp_path / "runs"), tmp_path / "a.wav"
    soundfile.write(file, voiced, 16_000)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(SaveError, match=r"model: a file may have 100000 here"):
            export(run, "savedmodel", tmp_path / "new" / "model", clips=[file])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list((tmp_path / "new").iterdir()) == []
