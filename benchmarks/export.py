"""Prediction of one 3 s clip from an exported ONNX file, against the run by TensorFlow.

Cold is the whole command, from nothing to the printed answer; warm is one more clip in a process
that has the model open. Both sides read the same file and tell the same probabilities. Weights are
random: they cost what trained ones cost.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import soundfile
from cli import child_seconds
from measure import Figure, arguments, cpu_seconds, interleaved, report
from predict import N_CALLS, SAMPLE_RATE, random_run, three_seconds

from speechsent.branches.cnn import CnnBranch
from speechsent.config import ExperimentConfig
from speechsent.exporting.export import export
from speechsent.exporting.runtime import OnnxRecogniser
from speechsent.recogniser import Recogniser
from speechsent.run import Run, now

PREDICT = [sys.executable, "-m", "speechsent", "predict", "--quiet"]
COLD, WARM = 0.15, 0.6


def main() -> None:
    """Measure, print, write."""
    args = arguments(__doc__)
    inception = ExperimentConfig(cnn=CnnBranch(backbone="inceptionv3", weights="none"))
    figures = [
        *ratios("compact + LSTM, the default", ExperimentConfig(), args.rounds, named=True),
        *ratios("InceptionV3 + LSTM", inception, args.rounds, named=False),
    ]
    report(figures, args.json)


def ratios(net: str, config: ExperimentConfig, rounds: int, *, named: bool) -> Iterator[Figure]:
    """What ONNX costs over TensorFlow, for one network."""
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.wav"
        soundfile.write(clip, three_seconds(), SAMPLE_RATE)
        run = finished(random_run(config, Path(folder)))
        done = export(run, "onnx", clips=[clip])
        cold = interleaved(
            {
                "onnx": lambda: child_seconds(
                    [*PREDICT, "--runtime", "onnx", str(done.path), str(clip)]
                ),
                "tensorflow": lambda: child_seconds([*PREDICT, "--run", str(run.path), str(clip)]),
            },
            rounds,
        )
        exported, trained = OnnxRecogniser(done.path), Recogniser(run)
        warm = interleaved(
            {
                "onnx": lambda: seconds(lambda: exported.file(clip)),
                "tensorflow": lambda: seconds(lambda: trained.file(clip)),
            },
            rounds,
        )
    for name, cpu, most in (("cold", cold, COLD), ("warm", warm, WARM)):
        yield Figure(
            name=f"export.{name}_ratio" if named else "",
            what=f"{name} prediction by ONNX over that by TensorFlow, {net}",
            value=cpu["onnx"] / cpu["tensorflow"],
            at_most=most if named else None,
        )
        yield Figure(what="  by ONNX, CPU ms", value=1e3 * cpu["onnx"])
    yield Figure(what="  largest difference of a probability", value=done.worst_difference)


def seconds(call: Callable[[], object]) -> float:
    """CPU seconds of a call, as the mean of some."""
    return cpu_seconds(lambda: [call() for _ in range(N_CALLS)]) / N_CALLS


def finished(run: Run) -> Run:
    """The run with facts as of a training that came to its end."""
    run.write_json(
        "run.json",
        {
            "format": 1,
            "finished": now(),
            "corpus": "benchmark",
            "protocol": "none",
            "validation_uar": 0.0,
        },
    )
    return run


if __name__ == "__main__":
    main()
