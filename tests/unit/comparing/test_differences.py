import h5py
import numpy as np
import pytest

from speechsent.comparing.differences import (
    NOT_RECORDED,
    environment_differences,
    table_difference,
    weights_difference,
)
from speechsent.errors import RunError


def write_weights(path, **variables):
    with h5py.File(path, "w") as file:
        for layer, values in variables.items():
            group = file.create_group(f"layers/{layer}/vars")
            group.attrs["name"] = f"my_{layer}"
            group.create_dataset("0", data=values)
    return path


KERNEL = np.array([[1.0, 2.0], [3.0, 4.0]], "float32")


def test_equal_weights_do_not_differ(tmp_path):
    a = write_weights(tmp_path / "a.h5", dense=KERNEL, seed=np.array([1, 2], "uint32"))
    b = write_weights(tmp_path / "b.h5", dense=KERNEL, seed=np.array([1, 2], "uint32"))
    assert weights_difference(a, b) is None


def test_the_first_differing_variable_is_named_with_the_largest_gap(tmp_path):
    other = KERNEL + np.array([[0, 0.5], [0, -2]], "float32")
    a = write_weights(tmp_path / "a.h5", a=KERNEL, b=KERNEL, c=KERNEL)
    b = write_weights(tmp_path / "b.h5", a=KERNEL, b=other, c=-KERNEL)
    found = weights_difference(a, b)
    assert found.file == "a.h5"
    assert found.place == "layers/b/vars/0 (my_b)"
    assert found.told == "2 of 4 values, by 2 at most; 2 of 3 variables differ"


def test_one_bit_is_a_difference(tmp_path):
    nudged = KERNEL.copy()
    nudged[1, 1] = np.nextafter(np.float32(4), np.float32(5))
    a = write_weights(tmp_path / "a.h5", dense=KERNEL)
    b = write_weights(tmp_path / "b.h5", dense=nudged)
    assert "1 of 4 values, by 4.77e-07 at most" in weights_difference(a, b).told


def test_names_that_keras_counts_on_are_no_difference(tmp_path):
    """A second optimiser of a process is called adam_w_1."""
    a = write_weights(tmp_path / "a.h5", dense=KERNEL)
    b = write_weights(tmp_path / "b.h5", dense=KERNEL)
    with h5py.File(b, "r+") as file:
        file["layers/dense/vars"].attrs["name"] = "my_dense_1"
    assert weights_difference(a, b) is None


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"dense": KERNEL.astype("float64")}, "float32 (2, 2) recorded, float64 (2, 2) now"),
        ({"dense": KERNEL[:1]}, "float32 (2, 2) recorded, float32 (1, 2) now"),
        ({"dense": KERNEL, "added": KERNEL}, "only in the new run"),
        ({}, "only in the recorded run"),
    ],
)
def test_other_variables_are_told(tmp_path, other, told):
    a = write_weights(tmp_path / "a.h5", dense=KERNEL)
    b = write_weights(tmp_path / "b.h5", **other)
    assert weights_difference(a, b).told.startswith(told)


def test_a_damaged_weight_file_is_named(tmp_path):
    (tmp_path / "b.h5").write_text("no weights")
    with pytest.raises(RunError, match=r"b\.h5: missing or damaged"):
        weights_difference(write_weights(tmp_path / "a.h5"), tmp_path / "b.h5")


HISTORY = "stage,epoch,loss,uar\njoint,1,0.5,0.25\njoint,2,0.4,0.5\n"


def compare_tables(tmp_path, before, after):
    (tmp_path / "history.csv").write_text(before)
    (tmp_path / "again.csv").write_text(after)
    return table_difference(tmp_path / "history.csv", tmp_path / "again.csv", ("stage", "epoch"))


def test_equal_tables_do_not_differ(tmp_path):
    assert compare_tables(tmp_path, HISTORY, HISTORY) is None


def test_a_new_column_is_no_difference(tmp_path):
    more = "stage,epoch,loss,uar,kept\njoint,1,0.5,0.25,0\njoint,2,0.4,0.5,1\n"
    assert compare_tables(tmp_path, HISTORY, more) is None
    assert compare_tables(tmp_path, more, HISTORY).told == "0 recorded, nothing now"


def test_the_first_cell_is_named_with_both_values(tmp_path):
    found = compare_tables(tmp_path, HISTORY, HISTORY.replace("0.4", "0.45"))
    assert found.file == "history.csv"
    assert found.place == "stage joint, epoch 2, loss"
    assert found.told == "0.4 recorded, 0.45 now"


def test_a_missing_row_is_named(tmp_path):
    shorter = HISTORY.replace("joint,2,0.4,0.5\n", "")
    found = compare_tables(tmp_path, HISTORY, shorter)
    assert (found.place, found.told) == ("stage joint, epoch 2", "only in the recorded run")
    assert compare_tables(tmp_path, shorter, HISTORY).told == "only in the new run"


def test_a_table_without_the_column_that_names_its_rows_is_compared_all_the_same(tmp_path):
    found = compare_tables(tmp_path, HISTORY.replace("stage", "level"), HISTORY)
    assert found.place.startswith("stage unknown, epoch 1")


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(RunError, match=r"none\.csv: missing or damaged"):
        table_difference(tmp_path / "none.csv", tmp_path / "none.csv", ())


NOW = {
    "command": ["now"],
    "source": "0123456789abcdef",
    "python": "3.12.1",
    "processors": 2,
    "libraries": {"keras": "3.15.1"},
}


def test_the_same_environment_has_no_differences():
    assert environment_differences({**NOW, "command": ["then"]}, NOW) == ()


def test_versions_machine_and_code_are_compared():
    then = {**NOW, "source": "f" * 64, "processors": 8, "libraries": {"keras": "3.14.0"}}
    assert environment_differences(then, NOW) == (
        "source: ffffffffffff then, 0123456789ab now",
        "processors: 8 then, 2 now",
        "keras: 3.14.0 then, 3.15.1 now",
    )


def test_a_run_from_before_the_code_was_hashed_says_so():
    old = {key: value for key, value in NOW.items() if key != "source"}
    assert environment_differences(old, NOW) == (NOT_RECORDED,)
