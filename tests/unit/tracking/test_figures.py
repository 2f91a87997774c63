from speechsent.tracking import figures


def test_the_configuration_is_told_flat(run):
    told = figures.parameters(run)
    assert told["fit.learning_rate"] == "0.002"
    assert told["fusion.mode"] == "joint"
    assert all(isinstance(value, str) for value in told.values())


def test_a_score_comes_with_the_ends_of_its_interval(run):
    told = figures.results(run)
    assert told["test/uar"] == 0.5
    assert (told["test/uar_low"], told["test/uar_high"]) == (0.3, 0.7)
    assert told["test/recall/anger"] == 0.25
    assert told["test/linear/uar"] == 0.45
    assert told["validation/uar"] == 0.75
    assert told["joint/best_epoch"] == 2


def test_what_nobody_measured_is_not_told(run):
    """A class without clips has no recall, and an older score no interval."""
    told = figures.results(run)
    assert "test/recall/never" not in told
    assert not any("macro_f1_" in name for name in told)


def test_numbers_are_told_target_by_target(run):
    interval = {"low": 0.1, "high": 0.5}
    row = {"ccc": 0.3, "ccc_interval": interval, "rmse": 0.9, "rmse_interval": interval}
    scores = {"n": 9, "ccc": 0.3, "ccc_interval": interval, "targets": {"arousal": row}}
    run.write_json("scores.json", scores)
    told = figures.results(run)
    assert (told["test/ccc"], told["test/arousal/rmse"]) == (0.3, 0.9)
    assert told["test/arousal/ccc_high"] == 0.5


def test_a_run_that_was_not_tested_has_no_test_scores(run):
    (run.path / "scores.json").unlink()
    assert not any(name.startswith("test/") for name in figures.results(run))


def test_the_note_is_that_of_the_score_where_there_is_one(run):
    assert figures.tags(run)["note"] == "speakers: 3, so few"
