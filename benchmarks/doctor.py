"""The doctor on programs that fail and on programs that do not.

Twelve failures that people have reported, each rebuilt with its own architecture and settings: the
finding that must come first, and the score on unseen samples as written and with the cure. Then
networks that nothing is wrong with, our own among them: whatever is told of these is told wrongly.
Scores are accuracies, or the share of variance explained where numbers are told. On small made-up
data, so that accuracies say nothing but that it learns.
"""

import argparse
import json
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from doctor_failures import FAILURES, Failure
from doctor_healthy import our_own, programs
from doctor_programs import Outcome, run
from measure import Figure, report

QUICK = ("output-not-probabilities", "class-never-trained", "steps-too-small")


@dataclass(frozen=True)
class Row:
    """A failure over all seeds."""

    failure: Failure
    broken: Sequence[Outcome]
    mended: Sequence[Outcome]

    @property
    def n_caught(self) -> int:
        """Seeds in which the right finding came first."""
        return sum(outcome.first == self.failure.finding for outcome in self.broken)

    def __str__(self) -> str:
        before, after = (_scores(outcomes) for outcomes in (self.broken, self.mended))
        caught = f"{self.n_caught}/{len(self.broken)}"
        return f"{self.failure.name:<41}{self.failure.finding:<32}{caught:<8}{before}   {after}"


def main() -> None:
    """Print the failures, the healthy networks, and the figures with their goals."""
    args = _arguments()
    warnings.simplefilter("ignore")
    seeds = range(1 if args.quick else args.seeds)
    rows = []
    print(
        f"{'what was asked':<41}{'found first':<32}{'caught':<8}broken val/test   mended val/test"
    )
    for failure in FAILURES:
        if not args.quick or failure.finding in QUICK:
            rows.append(Row(failure, *(_runs(failure, seeds, mended) for mended in (False, True))))
            print(rows[-1], flush=True)
    told = _healthy(seeds[:2], quick=args.quick)
    errors = sum(any(word.startswith("error") for word in words) for words in told)
    warned = sum(any(word.startswith("warning") for word in words) for words in told)
    n_broken = sum(len(row.broken) for row in rows)
    better = [
        np.mean([m.test - b.test for b, m in zip(r.broken, r.mended, strict=True)]) for r in rows
    ]
    report(
        [
            Figure(
                name="doctor.recall",
                what=f"share of {n_broken} broken programs with the right finding first",
                value=sum(row.n_caught for row in rows) / n_broken,
                at_least=1,
            ),
            Figure(
                name="doctor.false_errors",
                what=f"of {len(told)} healthy programs, told an error",
                value=errors,
                at_most=1,
            ),
            Figure(
                name="doctor.false_warnings",
                what="share of them that were told a warning",
                value=warned / len(told),
                at_most=0.05,
            ),
            Figure(what="mean gain of the cures on unseen samples", value=float(np.mean(better))),
        ],
        None,
    )
    if args.json:
        args.json.write_text(json.dumps(_plain(rows, told, errors, warned), indent=2) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--seeds", type=int, default=3, help="runs of each failure")
    parser.add_argument("--quick", action="store_true", help="three failures, six networks")
    return parser.parse_args()


def _runs(failure: Failure, seeds: Sequence[int], mended: bool) -> list[Outcome]:
    outcomes = []
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        outcomes.append(run(failure.build(seed, mended)))
        keras.backend.clear_session()
    return outcomes


def _healthy(seeds: Sequence[int], *, quick: bool) -> list[list[str]]:
    """What was told of each healthy program; printed where there was something."""
    told = []
    for seed in seeds:
        for name, program in programs(seed):
            if quick and len(told) == 6:
                return told
            keras.utils.set_random_seed(seed)
            outcome = run(program)
            told.append([f"{f.severity} {f.name}" for f in outcome.findings])
            _print_healthy(f"{name}, seed {seed}, test {outcome.test:.2f}", told[-1])
        for name, words in our_own(seed):
            told.append(words)
            _print_healthy(f"{name}, seed {seed}", words)
    return told


def _print_healthy(name: str, words: Sequence[str]) -> None:
    print(f"healthy: {name}: {', '.join(words) or 'nothing told'}", flush=True)


def _scores(outcomes: Sequence[Outcome]) -> str:
    validation = np.mean([outcome.validation for outcome in outcomes])
    test = np.mean([outcome.test for outcome in outcomes])
    return f"{'    ' if np.isnan(validation) else f'{validation:.2f}'} / {test:.2f}".ljust(15)


def _plain(
    rows: Sequence[Row], told: Sequence[Sequence[str]], errors: int, warned: int
) -> dict[str, object]:
    return {
        "doctor.recall": sum(r.n_caught for r in rows) / sum(len(r.broken) for r in rows),
        "doctor.false_errors": errors,
        "doctor.false_warnings": warned / len(told),
        "doctor.n_healthy": len(told),
        "failures": {
            row.failure.name: {
                "finding": row.failure.finding,
                "first": [outcome.first for outcome in row.broken],
                "broken": [outcome.test for outcome in row.broken],
                "mended": [outcome.test for outcome in row.mended],
            }
            for row in rows
        },
    }


if __name__ == "__main__":
    main()
