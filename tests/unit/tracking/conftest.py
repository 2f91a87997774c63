"""A finished run folder, and an MLflow that only remembers what it is told."""

import sys
from types import ModuleType, SimpleNamespace

import pytest

from speechsent.config import ExperimentConfig, to_yaml
from speechsent.run import Run

INTERVAL = {"low": 0.3, "high": 0.7, "confidence": 0.95, "method": "bootstrap over speakers"}
SCORES = {
    "note": "speakers: 3, so few",
    "n": 108,
    "uar": 0.5,
    "uar_interval": INTERVAL,
    "accuracy": 0.4,
    "accuracy_interval": INTERVAL,
    "macro_f1": 0.3,
    "macro_f1_interval": None,
    "recall": {"anger": {"recall": 0.25}, "never": {"recall": None}},
    "linear": {"uar": 0.45},
}
FACTS = {
    "format": 1,
    "finished": "2026-11-21T20:00:00+00:00",
    "protocol": "toy-2-given",
    "split_hash": "d6cf90266130",
    "note": "",
    "validation_uar": 0.75,
}
HISTORY = """\
stage,epoch,objective,loss,uar,val_loss,val_uar,kept
joint,1,2.5,1.5,0.5,1.25,0.5,0
joint,2,2.0,1.0,0.75,1.0,0.75,1
"""


@pytest.fixture
def run(tmp_path) -> Run:
    run = Run.create(tmp_path / "runs", "toy", "joint-s0")
    run.write_text("config.yaml", to_yaml(ExperimentConfig()))
    run.write_text("history.csv", HISTORY)
    run.write_text("report.html", "<p>")
    run.write_json("run.json", FACTS)
    run.write_json("stages.json", [{"stage": "joint", "best_epoch": 2}])
    run.write_json("scores.json", SCORES)
    return run


class RefusedError(Exception):
    """Stands for MlflowException."""


class Store:
    """What MLflow would keep, in memory; ``down`` makes it refuse everything."""

    def __init__(self):
        self.runs, self.experiments, self.down = {}, {}, False
        self.words = "connection refused\nwith a long story"

    def client(self, uri):
        self.uri = uri
        return self

    def __getattribute__(self, name):
        look = super().__getattribute__
        if not name.startswith("_") and callable(look(name)) and name != "client" and self.down:
            raise RefusedError(self.words)
        return look(name)

    def search_experiments(self, max_results):
        return list(self.experiments)[:max_results]

    def get_experiment_by_name(self, name):
        return SimpleNamespace(experiment_id=name) if name in self.experiments else None

    def create_experiment(self, name, artifact_location):
        self.experiments[name] = artifact_location
        return name

    def create_run(self, experiment, run_name):
        kept = {"name": run_name, "experiment": experiment, "status": "RUNNING"}
        self.runs[str(len(self.runs))] = kept | {
            "params": {},
            "metrics": [],
            "tags": {},
            "files": [],
        }
        return SimpleNamespace(info=SimpleNamespace(run_id=str(len(self.runs) - 1)))

    def get_run(self, id):
        if id not in self.runs:
            raise RefusedError(f"Run '{id}' not found")
        names = {name for name, _, _ in self.runs[id]["metrics"]}
        return SimpleNamespace(data=SimpleNamespace(metrics=dict.fromkeys(names, 0.0)))

    def get_metric_history(self, id, name):
        return [SimpleNamespace(step=s) for n, s, _ in self.runs[id]["metrics"] if n == name]

    def log_batch(self, id, metrics=(), params=()):
        assert len(params) <= 100
        self.runs[id]["metrics"] += [(m.key, m.step, m.value) for m in metrics]
        self.runs[id]["params"] |= {p.key: p.value for p in params}

    def set_tag(self, id, name, value):
        self.runs[id]["tags"][name] = value

    def log_artifact(self, id, path):
        self.runs[id]["files"].append(path.rpartition("/")[2])

    def update_run(self, id, status):
        self.runs[id]["status"] = status

    def set_terminated(self, id, status):
        self.update_run(id, status)


@pytest.fixture
def store(monkeypatch) -> Store:
    kept, fake = Store(), ModuleType("mlflow")
    fake.MlflowClient = kept.client
    fake.exceptions = SimpleNamespace(MlflowException=RefusedError)
    fake.entities = SimpleNamespace(
        Param=lambda key, value: SimpleNamespace(key=key, value=value),
        Metric=lambda key, value, timestamp, step: SimpleNamespace(key=key, value=value, step=step),
    )
    monkeypatch.setitem(sys.modules, "mlflow", fake)
    monkeypatch.setattr("speechsent.tracking.find_spec", lambda name: name)
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return kept
