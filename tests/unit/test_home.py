from pathlib import Path

import pytest

from speechsent.home import home


def test_the_environment_names_the_home(monkeypatch, tmp_path):
    monkeypatch.setenv("SPEECHSENT_HOME", str(tmp_path / "kept"))
    assert home() == tmp_path / "kept"
    assert not home().exists()


@pytest.mark.parametrize("value", ["~/voices", "~"])
def test_a_tilde_is_the_users_folder(monkeypatch, tmp_path, value):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SPEECHSENT_HOME", value)
    assert home() == Path(str(tmp_path) + value[1:])


@pytest.mark.parametrize("value", [None, ""])
def test_without_a_name_it_lies_in_the_users_cache(monkeypatch, tmp_path, value):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SPEECHSENT_HOME", raising=False)
    if value is not None:
        monkeypatch.setenv("SPEECHSENT_HOME", value)
    assert home() == tmp_path / ".cache" / "speechsent"
