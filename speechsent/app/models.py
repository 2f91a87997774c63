"""The runs a page can ask: each loaded once, and what visitors may know of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from speechsent.errors import ParameterError
from speechsent.experiment.evaluation import open_run
from speechsent.recogniser import Recogniser
from speechsent.run import Run
from speechsent.training.listener import Listener

WARM_UP = 1.0  # seconds of faint noise, so that no visitor waits for the first graph


@dataclass(frozen=True, eq=False)
class Model:
    """A run in memory.

    Args:
        name: What it is called on the page: corpus and folder, never a path of this machine.
        recogniser: Its network.
    """

    name: str
    recogniser: Recogniser

    @classmethod
    def of(cls, run: Run) -> "Model":
        """Load a run and make it ready."""
        recogniser = Recogniser(run)
        rate = recogniser.extractor.audio.sample_rate
        noise = np.random.default_rng(0).standard_normal(round(WARM_UP * rate)) * 1e-3
        recogniser.windows(noise.astype(np.float32))
        path = run.path.resolve()
        return cls(f"{path.parent.name}/{path.name}", recogniser)

    @property
    def tells_numbers(self) -> bool:
        """Whether it tells numbers instead of emotions."""
        return self.recogniser.scale is not None

    def facts(self) -> dict[str, Any]:
        """What a visitor may know of it."""
        run = self.recogniser.run
        return {
            "name": self.name,
            "labels": list(run.labels),
            "numbers": self.tells_numbers,
            "branches": run.config.fusion.mode,
            "cautions": list(cautions(run)),
        }


def cautions(run: Run) -> Iterator[str]:
    """What must be known before an answer of a run is believed."""
    if run.leaky:
        yield f"LEAKY on purpose: {run.leaky}"
    if run.facts.get("corpus") == "builtin":
        yield "Trained on synthetic voices: a demonstration, its answers about people mean nothing."
    if run.config.view.standardize == "speaker":
        yield "Standardised by speaker: each clip counts as one speaker's."


def load_models(folders: Sequence[Path], listener: Listener) -> list[Model]:
    """Load runs by their folders; the newest under ``runs/`` if none is named.

    Raises:
        ParameterError: If one is named twice.
        RunError: If one cannot be used.
    """
    runs = [open_run(folder) for folder in folders] or [open_run(None)]
    places = [run.path.resolve() for run in runs]
    twice = next((str(run.path) for run in runs if places.count(run.path.resolve()) > 1), None)
    if twice is not None:
        raise ParameterError(f"a run is named once. Received: {twice} twice")
    models = []
    listener.begin("loading", len(runs), "runs")
    for done, run in enumerate(runs, start=1):
        models.append(Model.of(run))
        listener.step(done)
    listener.end()
    return told_apart(models)


def told_apart(models: Sequence[Model]) -> list[Model]:
    """Number models of one name, which may lie in folders that no visitor is told of."""
    names = [model.name for model in models]
    return [
        replace(model, name=f"{model.name} ({names[: i + 1].count(model.name)})")
        if names.count(model.name) > 1
        else model
        for i, model in enumerate(models)
    ]
