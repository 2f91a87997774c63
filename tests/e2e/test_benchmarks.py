"""The quick benchmarks run and write the figures they promise; no figure is judged here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

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
