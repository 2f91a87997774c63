import pytest

from speechsent.errors import ParameterError, TrainingError
from speechsent.interruption import Interrupted
from speechsent.tracking import check_trackers, tracked
from speechsent.training.listener import Listener


@pytest.mark.parametrize("name", ["mlflow", "tensorboard"])
def test_a_missing_package_is_told_with_the_way_to_get_it(name, tmp_path, monkeypatch):
    monkeypatch.setattr("speechsent.tracking.find_spec", lambda module: None)
    with pytest.raises(TrainingError, match=rf"pip install speechsent\[{name}\]"):
        check_trackers((name,), tmp_path)


@pytest.mark.parametrize("track", [("wandb",), "mlflow"])
def test_an_unknown_tracker_is_refused(track, tmp_path):
    with pytest.raises(ParameterError, match="track lists any of mlflow, tensorboard"):
        check_trackers(track, tmp_path)


def test_a_tracker_that_is_asked_for_twice_is_one(tmp_path, store):
    assert check_trackers(["tensorboard", "tensorboard"], tmp_path) == ("tensorboard",)


@pytest.mark.parametrize(
    ("error", "status"), [(None, "FINISHED"), (Interrupted(15), "KILLED"), (OSError(), "FAILED")]
)
def test_trackers_learn_how_a_training_ended(run, store, error, status):
    try:
        with tracked(("mlflow",), run, "toy", Listener()):
            if error:
                raise error
    except type(error):
        pass
    assert store.runs["0"]["status"] == status


def test_tensorboard_files_of_a_stage_have_a_folder_of_their_own(run):
    with tracked(("tensorboard",), run, "toy", Listener()) as (board,):
        assert board.callback("joint").log_dir == str(run.path / "tensorboard" / "joint")
