"""The runs behind a page."""

from types import SimpleNamespace

import pytest

pytest.importorskip("starlette", reason="needs the extra [app]")

from speechsent.app import models
from speechsent.app.models import Model, cautions, load_models, told_apart
from speechsent.config import ExperimentConfig
from speechsent.errors import ParameterError, RunError
from speechsent.training.listener import Listener


def run(**changes):
    return SimpleNamespace(
        **{"leaky": "", "facts": {}, "config": ExperimentConfig(), "path": None, **changes}
    )


def test_what_must_be_known_of_a_run_is_told():
    assert list(cautions(run())) == []
    assert "synthetic" in next(cautions(run(facts={"corpus": "builtin"})))
    assert "test clips" in next(cautions(run(leaky="epoch chosen on the test clips")))


def test_a_run_that_is_not_there_is_named(tmp_path):
    with pytest.raises(RunError, match="nowhere"):
        load_models([tmp_path / "nowhere"], Listener())


def test_the_same_run_twice_is_refused_however_it_is_spelled(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    monkeypatch.setattr(models, "open_run", lambda path: run(path=path))
    with pytest.raises(ParameterError, match="named once"):
        load_models([tmp_path / "a", tmp_path / "." / "a" / ".." / "a"], Listener())


def test_runs_of_one_name_are_told_apart():
    models = [Model(name, recogniser=None) for name in ("a/x", "b/x", "a/x")]
    names = [model.name for model in told_apart(models)]
    assert names == ["a/x (1)", "b/x", "a/x (2)"]
