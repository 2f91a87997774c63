"""What the same model would have claimed under protocols that leak: for teaching, no result."""

import csv
import io
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from speechsent.config import ExperimentConfig
from speechsent.corpus.leaky import LEAKS, Leak
from speechsent.errors import ParameterError
from speechsent.evaluation.intervals import Interval
from speechsent.experiment import resume, train
from speechsent.experiment.evaluation import RUNS
from speechsent.opening import CorpusSource
from speechsent.resources import Resources
from speechsent.run import Run
from speechsent.study.tables import line
from speechsent.training.listener import Listener
from speechsent.training.workshop import Workshop

FOLDER = "leaky"
COLUMNS = ("claim", "leaky", "protocol", "uar", "uar_low", "uar_high", "inflation_points", "run")


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A score somebody could publish.

    Args:
        leak: What was done wrong; None for the honest score.
        protocol: Name of the protocol.
        uar: UAR on what was called the test part.
        interval: Its interval.
        run: Folder of the run.
    """

    leak: Leak | None
    protocol: str
    uar: float
    interval: Interval
    run: Path

    @property
    def name(self) -> str:
        """What was done, in words; a leaky one is marked."""
        return "honest" if self.leak is None else self.leak.warning


@dataclass(frozen=True, kw_only=True)
class Claims:
    """An honest score, and the leaky ones beside it.

    Args:
        honest: The score as it is.
        leaky: The same model under each leak.
    """

    honest: Claim
    leaky: tuple[Claim, ...]

    def inflation(self, claim: Claim) -> float:
        """UAR of a claim less the honest one, in percentage points."""
        return 100 * (claim.uar - self.honest.uar)

    def markdown(self) -> str:
        """A table for papers and teaching, with what a reader must know under it."""
        header = ["claim", "protocol", "UAR [95 %]", "inflation, points"]
        rows = [header, ["---"] * 4, self._cells(self.honest), *map(self._cells, self.leaky)]
        return "\n".join([*map(line, rows), "", EXPLANATION, ""])

    def csv(self) -> str:
        """Every figure unrounded, a line for each claim."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        for claim in (self.honest, *self.leaky):
            inflation = self.inflation(claim) if claim.leak else ""
            low, high = claim.interval.low, claim.interval.high
            told = (claim.name, int(claim.leak is not None), claim.protocol)
            writer.writerow([*told, claim.uar, low, high, inflation, claim.run])
        return stream.getvalue()

    def _cells(self, claim: Claim) -> list[str]:
        low, high = claim.interval.low, claim.interval.high
        inflation = f"{self.inflation(claim):+.1f}" if claim.leak else ""
        score = f"{100 * claim.uar:.1f} [{100 * low:.1f}, {100 * high:.1f}]"
        return [claim.name, claim.protocol, score, inflation]


EXPLANATION = (
    "UAR in percent, with the interval of each score by itself. Same clips, same sizes of the "
    "parts, same configuration and seed. A split at random has other test clips than the honest "
    "one, and its interval does not know that the speakers were heard. Where the epoch was chosen "
    "on the test clips, the validation clips were not used. One seed: repeat with others before "
    "reading much into a point or two. Only the honest row is a result."
)


def refuse_targets(config: ExperimentConfig) -> None:
    """Refuse a training whose score has no leaky counterpart here.

    Raises:
        ParameterError: If numbers are told.
    """
    if config.corpus.targets:
        raise ParameterError(
            "what leaky protocols claim is told in UAR of emotions. "
            f"Received: corpus.targets={', '.join(config.corpus.targets)}"
        )


def also_leaky(
    config: ExperimentConfig | None = None,
    corpus: CorpusSource = None,
    *,
    honest: Run | None = None,
    out: Path | str = RUNS,
    resources: Resources | None = None,
    listener: Listener | None = None,
) -> Claims:
    """Train honestly, and beside it with each leak, and show what the leaks gain.

    The leaky runs lie in the folder ``leaky`` of the honest one, are marked as such in
    ``run.json``, and are never the newest run. The table is there as ``leaky.md`` and
    ``leaky.csv``. A leaky run that exists is not trained again.

    Args:
        config: What to compute; the defaults if not given.
        corpus: As ``train`` takes it.
        honest: The finished run of this configuration and corpus; trained now if not given.
        out: Folder under which the honest run is made.
        resources: Threads or a cluster for features, and whether they are kept.
        listener: Who is told about progress.

    Raises:
        ParameterError: If the honest run was trained with another configuration, is leaky itself,
            was started from another run, or its test part was never scored.
        CorpusError: If the corpus cannot be read or split.
    """
    config, listener = config or ExperimentConfig(), listener or Listener()
    refuse_targets(config)
    workshop = Workshop()
    if honest is None:
        honest = train(
            config, corpus, out=out, resources=resources, listener=listener, workshop=workshop
        )
    _check(honest, config)
    runs = []
    for leak in LEAKS:
        listener.note(f"--also-leaky: {leak.warning}")
        runs.append(_trained(leak, honest, corpus, resources, listener, workshop))
    claims = Claims(honest=_claim(None, honest), leaky=_claims(runs))
    honest.write_text("leaky.md", claims.markdown())
    honest.write_text("leaky.csv", claims.csv())
    return claims


def _check(honest: Run, config: ExperimentConfig) -> None:
    if honest.leaky or honest.config != config:
        raise ParameterError(
            f"the honest run is not leaky and has the same configuration. Received: {honest.path}"
        )
    if "started_from" in honest.facts:
        raise ParameterError(
            "the leaky runs begin anew, so the honest one was not started from another. "
            f"Received: {honest.path}"
        )
    if not (honest.path / "scores.json").is_file():
        raise ParameterError(
            f"inflation is measured against the score of the test part. Received: {honest.path}, "
            "which has none"
        )


def _trained(
    leak: Leak,
    honest: Run,
    corpus: CorpusSource,
    resources: Resources | None,
    listener: Listener,
    workshop: Workshop,
) -> Run:
    """The leaky run, in its place only when it is whole."""
    place = honest.path / FOLDER / leak.name
    if (place / "run.json").is_file():
        return Run.open(place)
    working = honest.path / FOLDER / f".running-{leak.name}"
    how: dict[str, Any] = {"resources": resources, "listener": listener, "workshop": workshop}
    cut = [path.parent for path in working.glob("*/*/config.yaml") if Run(path.parent).resumable]
    if cut:
        run = resume(cut[0], corpus, **how)
    else:
        shutil.rmtree(working, ignore_errors=True)
        run = train(
            honest.config, corpus, out=working, baseline=False, report=False, _leak=leak, **how
        )
    run.path.rename(place)
    shutil.rmtree(working)
    return Run.open(place)


def _claims(runs: Sequence[Run]) -> tuple[Claim, ...]:
    return tuple(_claim(leak, run) for leak, run in zip(LEAKS, runs, strict=True))


def _claim(leak: Leak | None, run: Run) -> Claim:
    scores = run.read_json("scores.json")
    return Claim(
        leak=leak,
        protocol=scores["protocol"],
        uar=scores["uar"],
        interval=Interval(**scores["uar_interval"]),
        run=run.path,
    )
