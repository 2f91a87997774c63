import pytest
from sqlalchemy.exc import DatabaseError

from speechsent.errors import RunError, TrainingError
from speechsent.tracking.mlflow import Mlflow, check_mlflow
from speechsent.training.listener import Listener

FIRST = {"loss": 1.5, "uar": 0.5, "val_loss": 1.25, "val_uar": 0.5, "accuracy": 0.1}


def follow(run, listener=None):
    return Mlflow(run, "toy", listener or Listener())


def metrics(store, id="0"):
    return [(name, step) for name, step, _ in store.runs[id]["metrics"]]


def test_the_corpus_is_the_experiment_and_the_folder_names_the_run(run, store):
    follow(run)
    (kept,) = store.runs.values()
    assert (kept["experiment"], kept["name"]) == ("toy", run.path.name)
    assert kept["params"]["fit.batch_size"] == "32"


def test_honest_figures_are_told_as_they_come(run, store):
    follow(run).callback("joint").on_epoch_end(0, FIRST | {"objective": 2.5})
    told = {name: value for name, _, value in store.runs["0"]["metrics"]}
    assert told["joint/val_uar"] == 0.5
    assert told["joint/objective"] == 2.5
    assert "joint/accuracy" not in told  # Keras's running figure


def test_the_end_has_results_tags_and_files(run, store):
    follow(run).close("FINISHED")
    kept = store.runs["0"]
    assert kept["status"] == "FINISHED"
    assert ("test/uar", 0, 0.5) in kept["metrics"]
    assert kept["tags"]["protocol"] == "toy-2-given"
    assert kept["tags"]["split_hash"] == "d6cf90266130"
    assert kept["files"] == ["report.html", "scores.json"]


def test_a_training_that_is_gone_on_with_stays_one_run_and_tells_nothing_twice(run, store):
    first = follow(run)
    first.callback("joint").on_epoch_end(0, FIRST | {"objective": 2.5})
    first.close("KILLED")
    assert store.runs["0"]["status"] == "KILLED"
    again = follow(run)
    assert store.runs["0"]["status"] == "RUNNING"
    again.callback("joint").on_epoch_end(0, FIRST | {"objective": 2.5})
    again.close("FINISHED")
    assert len(store.runs) == 1
    assert len(set(metrics(store))) == len(metrics(store))
    assert {("joint/val_uar", 1), ("joint/val_uar", 2)} <= set(metrics(store))


def test_a_store_that_is_lost_ends_no_training_and_learns_all_at_the_end(run, store, notes):
    follower = follow(run, notes)
    store.down = True
    for epoch in (0, 1):
        follower.callback("joint").on_epoch_end(epoch, FIRST)
    assert len(notes.texts) == 1
    assert "connection refused;" in notes.texts[0]
    assert "long story" not in notes.texts[0]
    store.down = False
    follower.close("FINISHED")
    assert {("joint/val_uar", 1), ("joint/val_uar", 2)} <= set(metrics(store))


def test_a_store_out_of_reach_stops_before_the_first_step(run, store, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://me:secret@mlflow.example")
    store.down = True
    with pytest.raises(TrainingError, match=r"^MLflow at https://mlflow.example: connection") as e:
        check_mlflow(run.path.parents[1])
    assert "secret" not in str(e.value)


@pytest.mark.parametrize("record", [[], {}, {"run_id": 7}])
def test_a_damaged_record_of_the_run_is_named_with_the_remedy(run, store, record):
    run.write_json("mlflow.json", record)
    with pytest.raises(RunError, match=r"mlflow\.json: does not name a run .* delete it"):
        check_mlflow(run.path.parents[1], run)


def test_an_error_without_words_is_told_by_its_name(run, store):
    store.down = True
    store.words = ""
    with pytest.raises(TrainingError, match=r"RefusedError$"):
        check_mlflow(run.path.parents[1])


def test_a_damaged_database_is_told_in_a_line(run, store):
    """MLflow lets what SQLAlchemy raises through while it connects."""
    damaged = DatabaseError("SELECT 1", None, Exception("file is not a database"))

    def refuse(**_):
        raise damaged

    store.search_experiments = refuse
    with pytest.raises(TrainingError, match=r"^MLflow at sqlite:.*file is not a database$"):
        check_mlflow(run.path.parents[1])


def test_a_store_without_the_run_that_is_gone_on_with_is_refused(run, store):
    run.write_json("mlflow.json", {"experiment_id": "toy", "run_id": "7"})
    with pytest.raises(TrainingError, match="Run '7' not found"):
        check_mlflow(run.path.parents[1], run)


def test_the_store_lies_beside_the_runs_unless_the_environment_names_one(run, store, monkeypatch):
    follow(run)
    root = run.path.parents[1].resolve()
    assert store.uri == f"sqlite:///{root}/mlflow.db"
    assert store.experiments["toy"] == (root / "mlflow-artifacts").as_uri()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow.example")
    Mlflow(run, "other", Listener())
    assert store.uri == "http://mlflow.example"
