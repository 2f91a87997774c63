import hashlib
import json

import numpy as np
import pytest

from speechsent.errors import RunError
from speechsent.training.snapshot import FORMAT, Slots, Snapshot

ARRAYS = {
    "model": [np.arange(6, dtype="float32").reshape(2, 3), np.float32(2.5), np.zeros(0, "uint32")],
    "best": [],
}


def test_a_snapshot_comes_back_bit_for_bit(tmp_path):
    facts = {
        "stage": "joint",
        "rows": [{"val_loss": 1.0, "epoch": 1, "loss": 0.1 + 0.2}],
        "best": None,
    }
    Snapshot(facts, ARRAYS).write(tmp_path / "x")
    found = Snapshot.read(tmp_path / "x")
    assert {key: found.facts[key] for key in facts} == facts
    assert list(found.facts["rows"][0]) == ["val_loss", "epoch", "loss"]  # as a file tells them
    assert found.arrays.keys() == ARRAYS.keys()
    for group, arrays in ARRAYS.items():
        assert len(found.arrays[group]) == len(arrays)
        for before, after in zip(arrays, found.arrays[group], strict=True):
            assert (after.dtype, after.shape) == (before.dtype, before.shape)
            assert after.tobytes() == before.tobytes()


@pytest.mark.parametrize("change", ["flip", "cut", "more"])
def test_a_file_with_one_other_byte_is_not_used(tmp_path, change):
    path = tmp_path / "x"
    Snapshot({"stage": "joint"}, ARRAYS).write(path)
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        changed = {
            "flip": whole[:place] + bytes([whole[place] ^ 0x20]) + whole[place + 1 :],
            "cut": whole[:place],
            "more": whole[:place] + b"\0" + whole[place:],
        }
        path.write_bytes(changed[change])
        assert Snapshot.read(path) is None


def test_there_may_be_no_snapshot(tmp_path):
    assert Snapshot.read(tmp_path / "x") is None
    assert Slots(tmp_path).newest() is None


def test_a_snapshot_of_another_format_is_refused_by_name(tmp_path):
    content = json.dumps({"format": FORMAT + 1}).encode() + b"\n"
    (tmp_path / "x").write_bytes(hashlib.sha256(content).hexdigest().encode() + b"\n" + content)
    with pytest.raises(RunError, match=f"x: a checkpoint of format {FORMAT + 1}, this version"):
        Snapshot.read(tmp_path / "x")


def test_the_newest_of_two_slots_counts_and_the_other_one_is_overwritten(tmp_path):
    slots = Slots(tmp_path)
    for step in range(5):
        slots.write({"step": step}, ARRAYS)
        assert Slots(tmp_path).newest().facts["step"] == step
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.checkpoint", "b.checkpoint"]


@pytest.mark.parametrize("n_written", [2, 3])
def test_a_damaged_slot_leaves_the_one_before_it_and_is_written_next(tmp_path, n_written):
    slots = Slots(tmp_path)
    for step in range(n_written):
        slots.write({"step": step}, ARRAYS)
    damaged = slots.paths[(n_written - 1) % 2]
    damaged.write_bytes(damaged.read_bytes()[:-1])
    again = Slots(tmp_path)
    assert again.newest().facts["step"] == n_written - 2
    again.write({"step": 99}, ARRAYS)
    assert Snapshot.read(damaged).facts["step"] == 99
    assert Slots(tmp_path).newest().facts["step"] == 99
