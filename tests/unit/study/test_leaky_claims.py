import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest

from speechsent.config import ExperimentConfig, to_yaml
from speechsent.corpus.leaky import LEAKS
from speechsent.errors import ParameterError
from speechsent.evaluation.intervals import Interval
from speechsent.run import Run
from speechsent.study.leaky import Claim, Claims, also_leaky


def claim(leak, uar):
    name = f"toy-3-holdout{'-' + leak.name if leak else ''}"
    interval = Interval(low=uar - 0.1, high=uar + 0.1, confidence=0.95, method="test")
    return Claim(leak=leak, protocol=name, uar=uar, interval=interval, run=Path("run"))


CLAIMS = Claims(
    honest=claim(None, 0.5),
    leaky=tuple(claim(leak, uar) for leak, uar in zip(LEAKS, (0.62, 0.48, 0.7), strict=True)),
)


def test_inflation_is_in_points_and_may_be_negative():
    assert [CLAIMS.inflation(c) for c in CLAIMS.leaky] == pytest.approx([12, -2, 20])


def test_leaky_rows_are_marked_and_the_honest_one_is_not():
    rows = [line for line in CLAIMS.markdown().splitlines() if "toy-3-holdout" in line]
    assert rows[0] == "| honest | toy-3-holdout | 50.0 [40.0, 60.0] |  |"
    assert all("| LEAKY: " in row for row in rows[1:])
    assert [row.split("|")[4].strip() for row in rows[1:]] == ["+12.0", "-2.0", "+20.0"]


def test_the_name_of_a_corpus_breaks_no_table():
    odd = replace(CLAIMS, honest=replace(CLAIMS.honest, protocol="a|b-3-holdout"))
    assert r"| honest | a\|b-3-holdout | 50.0 [40.0, 60.0] |  |" in odd.markdown().splitlines()


def test_the_csv_tells_the_same_unrounded():
    rows = list(csv.DictReader(io.StringIO(CLAIMS.csv())))
    assert [row["leaky"] for row in rows] == ["0", "1", "1", "1"]
    assert rows[0]["inflation_points"] == ""
    assert float(rows[1]["inflation_points"]) == pytest.approx(12)
    assert rows[2]["protocol"] == "toy-3-holdout-chosen-on-test"


def test_a_run_that_was_started_from_another_has_no_leaky_counterpart(tmp_path):
    config = ExperimentConfig()
    run = Run(tmp_path)
    run.write_text("config.yaml", to_yaml(config))
    started = {"path": "/runs/other", "split_hash": "1"}
    run.write_json("run.json", {"finished": "now", "root": "/x", "started_from": started})
    run.write_json("scores.json", {})
    with pytest.raises(ParameterError, match="the honest one was not started from another"):
        also_leaky(config, honest=run)
