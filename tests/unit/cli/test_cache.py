import json
from pathlib import Path

import numpy as np
import pytest

from speechsent.cli import main
from speechsent.cli.cache import n_bytes
from speechsent.errors import ParameterError
from speechsent.features.cache import FeatureCache
from speechsent.features.extraction import Extractor


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """Three packs of a little more than 1 MiB each."""
    monkeypatch.setenv("SPEECHSENT_HOME", str(tmp_path))
    cache = FeatureCache()
    for n in range(3):
        values = np.zeros((1 << 12, 64), np.float32)
        cache.add(Extractor(), "log_mel", [bytes([n]) * 32], [values], {})
    return cache


def test_info_tells_where_and_how_much(cache, capsys):
    assert main(["cache", "info"]) == 0
    assert capsys.readouterr().out == f"{cache.folder}: 3.0 MiB in 3 packs\n"
    assert cache.info().n_packs == 3


def test_prune_keeps_as_much_as_it_is_told(cache, capsys):
    assert main(["cache", "prune", "--max-size", "2.5M"]) == 0
    assert capsys.readouterr().out == f"{cache.folder}: 2.0 MiB in 2 packs\n"
    assert cache.info().n_packs == 2


def test_what_cannot_be_deleted_is_told(cache, capsys, monkeypatch):
    def refuse(path, missing_ok=False):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "unlink", refuse)
    assert main(["cache", "prune"]) == 1
    assert ".pack: cannot be deleted (Permission denied)" in capsys.readouterr().err


def test_a_size_beyond_all_disks_is_a_size():
    assert n_bytes("9" * 400) == int("9" * 400)


def test_prune_alone_deletes_everything(cache, capsys):
    assert main(["cache", "prune"]) == 0
    assert "0.0 MiB in 0 packs" in capsys.readouterr().out
    assert list(cache.folder.glob("*/*")) == []


def test_an_empty_home_is_no_error(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("SPEECHSENT_HOME", str(tmp_path / "none"))
    assert main(["cache", "info"]) == 0
    assert main(["cache", "prune"]) == 0
    assert not (tmp_path / "none").exists()


def test_a_wrong_size_is_one_message_and_deletes_nothing(cache, capsys):
    assert main(["cache", "prune", "--max-size", "lots"]) == 1
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert "Received: 'lots'" in captured.err
    assert cache.info().n_packs == 3


@pytest.mark.parametrize("arguments", [["cache"], ["cache", "empty"], ["cache", "info", "x"]])
def test_wrong_usage_is_refused(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("500M", 524_288_000),
        ("2G", 2_147_483_648),
        ("0.5 t", 549_755_813_888),
        ("3kb", 3_072),
    ],
)
def test_sizes_are_powers_of_1024(text, expected):
    assert n_bytes(text) == expected


@pytest.mark.parametrize("text", ["", "G", "-1", "1X", "1e3", "1.M", "nan", "1 2"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(ParameterError, match="a size is a number"):
        n_bytes(text)


def test_both_can_be_json(cache, capsys):
    assert main(["cache", "info", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n_packs"] == 3
    assert main(["cache", "prune", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "folder": str(cache.folder), "n_bytes": 0, "n_packs": 0,
    }  # fmt: skip
