"""The quick benchmarks run and write the figures they promise; no figure is judged here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from speechsent.run import Run

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
NAMES = {
    "features": {
        "features.vs_librosa",
        "features.vs_librosa_shared",
        "features.max_db",
        "features.max_mfcc",
        "features.image_ratio",
        "features.blas_ratio",
    },
    "cli": {"cli.help_ratio"},
}


@pytest.mark.parametrize("benchmark", sorted(NAMES))
def test_a_benchmark_prints_a_table_and_writes_its_figures(benchmark, tmp_path):
    file = tmp_path / "figures.json"
    command = [sys.executable, str(BENCHMARKS / f"{benchmark}.py")]
    done = subprocess.run(
        [*command, "--json", str(file), "--rounds", "1"], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[0].split() == ["what", "measured", "goal", "met"]
    figures = json.loads(file.read_text())
    assert figures.keys() == NAMES[benchmark]
    assert all(value > 0 for value in figures.values())


@pytest.mark.browser
@pytest.mark.usefixtures("browser")
def test_a_report_is_weighed_and_opened(workplace, tmp_path):
    page, file = Run.newest(workplace / "runs").path / "report.html", tmp_path / "figures.json"
    command = [sys.executable, str(BENCHMARKS / "report_page.py"), str(page)]
    done = subprocess.run(
        [*command, "--json", str(file), "--rounds", "1"], capture_output=True, text=True, check=True
    )
    figures = json.loads(file.read_text())
    assert figures.keys() == {"report.megabytes", "report.load_seconds"}
    assert figures["report.megabytes"] == page.stat().st_size / 1e6
    assert 0 < figures["report.load_seconds"] < 60
    clips = page.read_text().count('<details class="clip')
    assert done.stdout.split("\n")[1].split() == ["clips", "in", "detail", str(clips)]


@pytest.mark.slow
def test_the_doctor_catches_some_failures_and_leaves_healthy_networks_alone(tmp_path):
    file = tmp_path / "figures.json"
    command = [sys.executable, str(BENCHMARKS / "doctor.py"), "--quick", "--json", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[1].startswith("what was asked")
    figures = json.loads(file.read_text())
    assert figures["doctor.recall"] == 1
    assert figures["doctor.false_errors"] == 0
    assert (len(figures["failures"]), len(figures["healthy"])) == (3, 6)
    for failure in figures["failures"].values():
        assert failure["mended"]["test"] > failure["broken"]["test"]


def test_figures_of_parts_are_joined(tmp_path):
    """Three seeds of one failure, two of them caught, and three healthy networks, one warned."""
    scores = {"validation": [None] * 3, "test": [0.5] * 3}
    row = {"finding": "a", "first": ["a", "b", "a"], "broken": scores, "mended": scores}
    parts = {
        "one": {"failures": {"x": row}, "healthy": {"p": []}},
        "two": {"failures": {}, "healthy": {"q": ["warning c"], "r": []}},
    }
    files = [tmp_path / name for name in parts]
    for file, part in zip(files, parts.values(), strict=True):
        file.write_text(json.dumps(part))
    written = tmp_path / "figures.json"
    command = [sys.executable, str(BENCHMARKS / "doctor.py"), "--json", str(written), "--join"]
    subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=True)
    figures = json.loads(written.read_text())
    assert figures["doctor.recall"] == pytest.approx(2 / 3)
    assert figures["doctor.false_errors"] == 0
    assert figures["doctor.false_warnings"] == pytest.approx(1 / 3)
