"""A training in a real MLflow, whose store is a database beside the runs."""

import json

import pytest

import speechsent
from speechsent.cli import main
from speechsent.training.listener import Listener

pytestmark = pytest.mark.slow
SCORES = {"test/uar", "test/uar_low", "test/uar_high", "test/accuracy"}


class Cut(Listener):
    """Presses Ctrl-C in the second epoch."""

    def epoch(self, number, logs):
        if number == 2:
            raise KeyboardInterrupt


@pytest.fixture
def client(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    mlflow = pytest.importorskip("mlflow", reason="needs the extra [mlflow]")
    pytest.importorskip("alembic", reason="needs the extra [mlflow]")
    return mlflow.MlflowClient(f"sqlite:///{tmp_path.resolve()}/mlflow.db")


def test_a_cut_training_is_one_run_in_mlflow(voices, tiny, tmp_path, client):
    config = speechsent.load_config(tiny, ["fusion.mode=lstm"])
    how = {"out": tmp_path, "track": ("mlflow",), "baseline": False, "report": False}
    with pytest.raises(KeyboardInterrupt):
        speechsent.train(config, voices, listener=Cut(), **how)
    (folder,) = (tmp_path / "builtin").iterdir()
    known = json.loads((folder / "mlflow.json").read_text())["run_id"]
    assert client.get_run(known).info.status == "KILLED"
    assert main(["train", "--resume", str(folder), "--quiet"]) == 0
    (experiment,) = (e for e in client.search_experiments() if e.name == "builtin")
    (run,) = client.search_runs([experiment.experiment_id])
    assert (run.info.run_id, run.info.run_name, run.info.status) == (known, folder.name, "FINISHED")
    scores = json.loads((folder / "scores.json").read_text())
    assert run.data.metrics["test/uar"] == scores["uar"]
    assert set(run.data.metrics) >= SCORES
    assert run.data.params["lstm.units"] == "[8]"
    assert run.data.tags["split_hash"] == scores["split_hash"]
    assert [m.step for m in client.get_metric_history(known, "lstm/val_uar")] == [1, 2]
    files = {file.path for file in client.list_artifacts(known)}
    assert files == {"model_card.md", "scores.json"}
