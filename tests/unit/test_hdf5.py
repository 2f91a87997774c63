"""A file of weights holds arrays of numbers, all of them, and nothing else."""

import h5py
import numpy as np
import pytest

from speechsent import hdf5
from speechsent.errors import WeightsError
from speechsent.hdf5 import check_weights


@pytest.fixture
def written(tmp_path):
    """Write a file with two good arrays and whatever else is asked for."""

    def written(change=lambda file: None):
        path = tmp_path / "a.weights.h5"
        with h5py.File(path, "w") as file:
            file["layers/dense/vars/0"] = np.ones((3, 4), np.float32)
            file["layers/dense/vars/1"] = np.zeros(4, np.float16)
            change(file)
        return path

    return written


def test_numbers_are_counted(written):
    assert check_weights(written()) == 16


def test_a_scalar_an_empty_array_and_whole_numbers_are_numbers(written):
    def change(file):
        file["step"] = 3
        file["none"] = np.zeros((0, 5), np.float32)
        file["seed"] = np.array([1, 2], np.uint32)

    assert check_weights(written(change)) == 19


BAD = {
    "external link": ("a link", lambda f: f.update(x=h5py.ExternalLink("/etc/hostname", "/x"))),
    "soft link": ("a link", lambda f: f.update(x=h5py.SoftLink("/layers"))),
    "dangling link": ("a link", lambda f: f.update(x=h5py.SoftLink("/nowhere"))),
    "loop": ("there twice", lambda f: f.update(x=f["layers"])),
    "array under two names": ("there twice", lambda f: f.update(x=f["layers/dense/vars/0"])),
    "outside storage": (
        "another file",
        lambda f: f.create_dataset("x", (4,), "f4", external=[("/etc/hostname", 0, 16)]),
    ),
    "virtual": (
        "another file",
        lambda f: f.create_virtual_dataset("x", virtual()),
    ),
    "compressed": (
        "compressed",
        lambda f: f.create_dataset("x", data=np.zeros(9_999), compression="gzip"),
    ),
    "declared only": (
        "not all there",
        lambda f: f.create_dataset("x", (1 << 34,), "f4", chunks=(1 << 16,)),
    ),
    "declared only, in one piece": ("not all there", lambda f: f.create_dataset("x", (1 << 34,))),
    "texts": ("not numbers", lambda f: f.create_dataset("x", data=["a"], dtype=text())),
    "records": ("not numbers", lambda f: f.create_dataset("x", (3,), [("a", "f4")])),
    "deep": ("nested deeper", lambda f: f.create_group("/".join(["g"] * 80))),
    "nameless type": ("not a readable", lambda f: f.update(x=np.dtype("f4"))),
}


def virtual():
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("/etc/hostname", "x", (4,))
    return layout


def text():
    return h5py.string_dtype()


@pytest.mark.parametrize(("rule", "change"), BAD.values(), ids=BAD)
def test_what_is_no_array_of_numbers_is_refused(written, rule, change):
    path = written(change)
    with pytest.raises(WeightsError, match=rule) as caught:
        check_weights(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n"])
def test_what_is_no_hdf5_is_refused(tmp_path, content):
    (tmp_path / "a.h5").write_bytes(content)
    with pytest.raises(WeightsError, match="not a readable HDF5 file"):
        check_weights(tmp_path / "a.h5")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(WeightsError, match=r"gone\.h5: not a readable"):
        check_weights(tmp_path / "gone.h5")


def test_a_file_of_too_many_bytes_or_objects_is_refused(written, monkeypatch):
    monkeypatch.setattr(hdf5, "MAX_BYTES", 55)
    with pytest.raises(WeightsError, match="more than"):
        check_weights(written())
    monkeypatch.setattr(hdf5, "MAX_BYTES", 1 << 30)
    monkeypatch.setattr(hdf5, "MAX_OBJECTS", 2)
    with pytest.raises(WeightsError, match="too many"):
        check_weights(written())
