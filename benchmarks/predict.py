"""Prediction of one 3 s clip in a warm process, against one compiled forward pass.

The prediction reads the file, computes the features and runs the network; the forward pass has
its input ready. Weights are random: they cost what trained ones cost.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from measure import Figure, arguments, cpu_seconds, interleaved, report

from speechsent.answers import Classes
from speechsent.branches.cnn import CnnBranch
from speechsent.config import ExperimentConfig, to_yaml
from speechsent.features.standardize import Standardizer, Statistics
from speechsent.network import assemble, build_branches
from speechsent.recogniser import Recogniser
from speechsent.run import MODEL, STATISTICS, Run
from speechsent.training.inference import forward

EMOTIONS = ["anger", "fear", "happiness", "neutral", "sadness", "surprise"]
SAMPLE_RATE = 16_000
N_CALLS = 20


def main() -> None:
    """Measure, print, write."""
    args = arguments(__doc__)
    inception = ExperimentConfig(cnn=CnnBranch(backbone="inceptionv3", weights="none"))
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.wav"
        soundfile.write(clip, three_seconds(), SAMPLE_RATE)
        figures = [
            *predict_figures("InceptionV3 + LSTM", inception, clip, args.rounds, named=True),
            *predict_figures("compact + LSTM", ExperimentConfig(), clip, args.rounds, named=False),
        ]
    report(figures, args.json)


def three_seconds() -> np.ndarray:
    """Noise that swells and falls, loud enough throughout that nothing is trimmed."""
    rng = np.random.default_rng(0)
    time = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    return 0.05 * (1.2 + np.sin(5 * time)) * rng.standard_normal(len(time))


def predict_figures(
    net: str, config: ExperimentConfig, clip: Path, rounds: int, *, named: bool
) -> tuple[Figure, Figure]:
    """Time of a prediction over that of a forward pass, for one network."""
    with tempfile.TemporaryDirectory() as folder:
        recogniser = Recogniser(random_run(config, Path(folder)))
    one_pass = forward(recogniser.model)
    inputs = {t.name: np.zeros((1, *t.shape[1:]), np.float32) for t in recogniser.model.inputs}

    def seconds(call: Callable[[], object]) -> float:
        return cpu_seconds(lambda: [call() for _ in range(N_CALLS)]) / N_CALLS

    cpu = interleaved(
        {
            "predict": lambda: seconds(lambda: recogniser.file(clip)),
            "forward": lambda: seconds(lambda: one_pass(inputs)),
        },
        rounds,
    )
    return (
        Figure(
            name="predict.warm_ratio" if named else "",
            what=f"prediction of a 3 s clip over one forward pass, {net}",
            value=cpu["predict"] / cpu["forward"],
            at_most=1.1 if named else None,
        ),
        Figure(what="  one forward pass, CPU ms", value=1e3 * cpu["forward"]),
    )


def random_run(config: ExperimentConfig, root: Path) -> Run:
    """A run folder with the weights the network was born with."""
    run = Run.create(root, "benchmark", config.fusion.mode)
    run.write_text("config.yaml", to_yaml(config))
    run.write_json("labels.json", EMOTIONS)
    with run.writing(MODEL) as path:
        assemble(build_branches(config), config, Classes(len(EMOTIONS))).save_weights(path)
    widths = {"log_mel": config.log_mel.n_mels, "mfcc": config.mfcc.n_coefficients}
    statistics = {
        view: Statistics(np.full(n, -30, np.float32), np.full(n, 10, np.float32))
        for view, n in widths.items()
    }
    with run.writing(STATISTICS) as path:
        Standardizer("corpus", statistics).save(path)
    return run


if __name__ == "__main__":
    main()
