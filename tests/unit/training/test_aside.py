from contextlib import closing

import numpy as np
import pytest

from speechsent.training.aside import PutAside


@pytest.mark.parametrize("n_rows", [1, 4, 7, 20])
def test_pieces_are_what_was_put_aside_and_nothing_is_left_of_it(
    rng, tmp_path, monkeypatch, n_rows
):
    monkeypatch.setenv("SPEECHSENT_HOME", str(tmp_path / "home"))
    values = rng.standard_normal((7, 3)).astype("float32")
    expected = values.copy()
    with closing(PutAside(values)) as aside:
        values[:] = 0  # its memory is used for something else
        for _ in range(2):
            pieces = list(aside.pieces(n_rows))
            np.testing.assert_array_equal(np.concatenate(pieces), expected)
            assert max(map(len, pieces)) == min(n_rows, 7)
    assert not list((tmp_path / "home").iterdir())


def test_what_cannot_be_written_stays_in_memory(rng, tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.write_text("a file, where a folder should be")
    monkeypatch.setenv("SPEECHSENT_HOME", str(home))
    values = rng.standard_normal((7, 3))
    with closing(PutAside(values)) as aside:
        np.testing.assert_array_equal(np.concatenate(list(aside.pieces(2))), values)
