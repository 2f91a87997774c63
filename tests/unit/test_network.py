import resource

import h5py
import keras
import numpy as np
import pytest
from keras.src.backend.common import global_state

from speechsent import network
from speechsent.answers import Classes
from speechsent.config import from_dict, to_yaml
from speechsent.errors import RunError
from speechsent.hdf5 import check_weights
from speechsent.network import assemble, build_branches, load_model, precision, save_model
from speechsent.run import MODEL, Run

TINY = {
    "log_mel": {"n_mels": 8},
    "mfcc": {"n_mfcc": 2, "n_deltas": 0},
    "view": {"seconds": 0.3},
    "cnn": {"stem": [4], "channels": 4, "embedding": 4},
    "lstm": {"channels": 4, "units": [4], "embedding": 4, "bidirectional": False},
    "fusion": {"units": 4},
}


def tiny(**sections):
    return from_dict(
        {name: TINY.get(name, {}) | sections.get(name, {}) for name in TINY | sections}
    )


def save(folder, config, model=None):
    """A run folder with the files that a model is rebuilt from."""
    model = model or assemble(build_branches(config), config, Classes(3))
    run = Run.create(folder, "toy", config.fusion.mode)
    run.write_text("config.yaml", to_yaml(config))
    run.write_json("labels.json", ["anger", "fear", "neutral"])
    with run.writing(MODEL) as path:
        model.save_weights(path)
    return run, model


def inputs_of(model, rng):
    return {t.name: rng.random((2, *t.shape[1:])).astype("float32") for t in model.inputs}


@pytest.mark.parametrize("mode", ["joint", "frozen", "cnn", "lstm"])
def test_a_loaded_model_computes_what_the_saved_one_did(tmp_path, rng, mode):
    run, model = save(tmp_path, tiny(fusion={"mode": mode}))
    inputs = inputs_of(model, rng)
    np.testing.assert_array_equal(load_model(run)(inputs), model(inputs))


def test_a_second_stream_widens_the_model(tmp_path, rng):
    run, model = save(tmp_path, tiny(lstm={"streams": ["mfcc", "prosody"]}))
    assert sorted(t.name for t in model.inputs) == ["image", "mfcc", "prosody"]
    inputs = inputs_of(model, rng)
    np.testing.assert_array_equal(load_model(run)(inputs), model(inputs))


@pytest.mark.parametrize("mode", ["cnn", "lstm", "joint"])
def test_branches_are_those_of_the_mode_with_the_shapes_of_the_views(mode):
    config = tiny(fusion={"mode": mode})
    shapes = {name: branch.input_shape for name, branch in build_branches(config).items()}
    views = {"cnn": (None, 8, config.n_window, 1), "lstm": (None, config.n_window, 2)}
    assert shapes == {name: views[name] for name in config.fusion.branches}


def test_a_trained_model_needs_no_imagenet_weights(monkeypatch):
    def refuse(*_):
        raise AssertionError("a trained model brings its own weights")

    monkeypatch.setattr(network, "weight_file", refuse)
    config = tiny(cnn={"backbone": "vgg16", "image_size": 32}, fusion={"mode": "cnn"})
    assert set(build_branches(config, pretrained=False)) == {"cnn"}
    with pytest.raises(AssertionError, match="brings its own"):
        build_branches(config)


def test_weights_that_are_no_numbers_are_refused(tmp_path):
    config = tiny(fusion={"mode": "lstm"})
    model = assemble(build_branches(config), config, Classes(3))
    model.get_layer("emotion").bias.assign([0.0, np.nan, 0.0])
    run, _ = save(tmp_path, config, model)
    with pytest.raises(RunError, match="not numbers"):
        load_model(run)


@pytest.mark.parametrize(
    "other",
    [
        {"lstm": {"units": [5]}},
        {"lstm": {"units": [4, 4]}},
        {"lstm": {"pooling": "last"}},
        {"fusion": {"mode": "cnn"}},
        {"fusion": {"units": 5}},
    ],
)
def test_weights_of_another_configuration_are_refused(tmp_path, other):
    run, _ = save(tmp_path, tiny())
    run.write_text("config.yaml", to_yaml(tiny(**other)))
    with pytest.raises(RunError, match="the weights do not fit the run's configuration") as caught:
        load_model(Run(run.path))
    assert "\n" not in str(caught.value)


def test_another_number_of_classes_is_refused(tmp_path):
    run, _ = save(tmp_path, tiny())
    run.write_json("labels.json", ["anger", "fear"])
    with pytest.raises(RunError, match="do not fit"):
        load_model(run)


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"text"])
def test_a_damaged_weight_file_is_named(tmp_path, damage):
    run, _ = save(tmp_path, tiny(fusion={"mode": "lstm"}))
    path = run.path / MODEL
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(RunError, match=r"model\.weights\.h5"):
        load_model(run)


def test_a_network_larger_than_its_file_is_never_built(tmp_path, monkeypatch):
    """A few kilobytes from a stranger may not ask for gigabytes."""
    run, _ = save(tmp_path, tiny())
    run.write_text("config.yaml", to_yaml(tiny(lstm={"units": [4096] * 4})))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(RunError, match=r"the weights do not fit .*numbers, where the network has"):
        load_model(Run(run.path))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 << 10  # kB


def test_what_was_only_measured_is_never_filled(tmp_path):
    """Keras fills weights without memory when a stateless scope is next left, by whomever."""
    load_model(save(tmp_path, tiny())[0])
    assert not global_state.get_global_attribute("uninitialized_variables")


def test_a_configuration_of_no_network_is_refused(tmp_path):
    run, _ = save(tmp_path, tiny())
    run.write_text("config.yaml", to_yaml(tiny(cnn={"stem": [2] * 8})))
    with pytest.raises(RunError, match=r"config\.yaml: describes no network .*too small"):
        load_model(Run(run.path))


def test_weights_that_are_compressed_are_refused(tmp_path):
    run, _ = save(tmp_path, tiny())
    with h5py.File(run.path / MODEL, "r+") as file:
        file.create_dataset("more", data=np.zeros(1 << 20), compression="gzip")
    with pytest.raises(RunError, match=r"weights\.h5: '/more' is compressed"):
        load_model(run)


def test_answers_that_are_no_numbers_are_refused(tmp_path):
    run, _ = save(tmp_path, tiny())
    network.require_numbers(np.zeros((2, 3)), run)
    with pytest.raises(RunError, match="answers with what is no number"):
        network.require_numbers(np.array([[0.5, np.inf]]), run)


def test_precision_holds_inside_and_ends_outside():
    before = keras.config.dtype_policy()
    with precision("mixed_bfloat16"):
        assert keras.layers.Dense(1).compute_dtype == "bfloat16"
    assert keras.config.dtype_policy() == before
    with pytest.raises(ZeroDivisionError), precision("mixed_bfloat16"):
        _ = 1 / 0
    assert keras.config.dtype_policy() == before


def test_mixed_precision_still_outputs_float32(tmp_path, rng):
    config = tiny(fit={"precision": "mixed_bfloat16"})
    with precision(config.fit.precision):
        model = assemble(build_branches(config), config, Classes(3))
    run, _ = save(tmp_path, config, model)
    probabilities = load_model(run)(inputs_of(model, rng)).numpy()
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)


def test_a_trained_network_is_saved_without_its_optimiser(tmp_path):
    """A compiled model would otherwise be written with its slots, three times as large."""
    config = tiny(fusion={"mode": "lstm"})
    model = assemble(build_branches(config), config, Classes(3))
    model.compile("adam", "categorical_crossentropy")
    model.fit({"mfcc": np.ones((3, config.n_window, 2))}, np.eye(3), verbose=0)
    save_model(model, tmp_path / MODEL)
    with h5py.File(tmp_path / MODEL) as file:
        assert "optimizer" not in file
    run, _ = save(tmp_path / "run", config, model)
    save_model(model, run.path / MODEL)
    for one, other in zip(load_model(run).get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("room", [1_000, 60_000, 120_000])
def test_weights_that_find_no_room_are_told_before_they_are_written(tmp_path, room):
    """120 kB of them: HDF5 fails while it writes, or at its end, or takes the process with it."""
    inputs = keras.Input((100,))
    model = keras.Model(inputs, keras.layers.Dense(200)(keras.layers.Dense(100)(inputs)))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
        with pytest.raises(OSError, match="File too large"):
            save_model(model, tmp_path / MODEL)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    save_model(model, tmp_path / MODEL)
    assert check_weights(tmp_path / MODEL) == 100 * 100 + 100 + 100 * 200 + 200
