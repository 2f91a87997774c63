"""The doctor on programs that fail and on programs that do not.

Failures that people have reported, each rebuilt with its own architecture and settings: the
finding that must come first, and the score on unseen samples as written and with the cure. Then
networks that nothing is wrong with, our own among them: whatever is told of these is told wrongly.
Scores are accuracies, or the share of variance explained where numbers are told; of our own the
validation UAR. On made-up data, so that they say nothing but that it learns. A dash stands
where Keras would not train at all.

All of it takes most of an hour. ``--only TEXT`` runs what has the text in its name, ``--join`` puts
several files of such parts together.
"""

import argparse
import json
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from doctor_failures import FAILURES, Failure
from doctor_healthy import healthy
from doctor_programs import Outcome, run
from measure import Figure, report

QUICK = ("the loss is NaN", "validation at 14 %", "SGD(lr=1e-8)")
QUICK_HEALTHY = 6
Plain = dict[str, Any]


def main() -> None:
    """Print the failures, the healthy networks, and the figures with their goals."""
    args = _arguments()
    warnings.simplefilter("ignore")
    if args.join:
        parts = [json.loads(file.read_text(encoding="utf-8")) for file in args.join]
        failures = {name: row for part in parts for name, row in part["failures"].items()}
        told = {name: words for part in parts for name, words in part["healthy"].items()}
        for name, row in failures.items():
            print(_line(name, row))
    else:
        seeds = range(1 if args.quick else args.seeds)
        failures, told = dict(_failures(seeds, args)), dict(_healthy(seeds[:2], args))
    figures = [*_recall(failures), *_false_alarms(told)]
    report(figures, None)
    if args.json:
        named: Plain = {figure.name: figure.value for figure in figures if figure.name}
        text = json.dumps({**named, "failures": failures, "healthy": told}, indent=2)
        args.json.write_text(text + "\n", encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--seeds", type=int, default=3, help="runs of each failure")
    parser.add_argument("--quick", action="store_true", help="three failures, six networks")
    parser.add_argument("--only", nargs="+", metavar="TEXT", help="what has one in its name")
    parser.add_argument("--join", type=Path, nargs="+", metavar="FILE", help="run nothing")
    return parser.parse_args()


def _failures(seeds: Sequence[int], args: argparse.Namespace) -> Iterator[tuple[str, Plain]]:
    """Each failure over all seeds, printed as well."""
    print("scores: validation / unseen samples")
    print(f"{'what was asked':<43}{'found first':<32}{'caught':<8}{'broken':<15}mended")
    for failure in FAILURES:
        if _asked(failure.name, args) and (not args.quick or failure.name in QUICK):
            broken, mended = (_runs(failure, seeds, mended) for mended in (False, True))
            row = {
                "finding": failure.finding,
                "first": [outcome.first for outcome in broken],
                "told_of_mended": [[f.name for f in outcome.findings] for outcome in mended],
                "broken": _scores(broken),
                "mended": _scores(mended),
            }
            print(_line(failure.name, row), flush=True)
            yield failure.name, row


def _asked(name: str, args: argparse.Namespace) -> bool:
    return not args.only or any(text in name for text in args.only)


def _runs(failure: Failure, seeds: Sequence[int], mended: bool) -> list[Outcome]:
    outcomes = []
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        outcomes.append(run(failure.build(seed, mended)))
        keras.backend.clear_session()
    return outcomes


def _scores(outcomes: Sequence[Outcome]) -> dict[str, list[float | None]]:
    """Scores of each seed; None where there is none."""
    pairs = {"validation": [o.validation for o in outcomes], "test": [o.test for o in outcomes]}
    return {
        part: [None if np.isnan(score) else float(score) for score in scores]
        for part, scores in pairs.items()
    }


def _line(name: str, row: Plain) -> str:
    caught = f"{_caught(row)}/{len(row['first'])}"
    before, after = (_mean_scores(row[side]) for side in ("broken", "mended"))
    return f"{name:<43}{row['finding']:<32}{caught:<8}{before:<15}{after}".rstrip()


def _caught(row: Plain) -> int:
    """Seeds in which the right finding came first."""
    return sum(name == row["finding"] for name in row["first"])


def _mean_scores(side: Mapping[str, Sequence[float | None]]) -> str:
    validation, test = (_mean(side[part]) for part in ("validation", "test"))
    return f"{'' if validation is None else f'{validation:.2f}':>4} / " + (
        "-" if test is None else f"{test:.2f}"
    )


def _mean(scores: Sequence[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return float(np.mean(known)) if known else None


def _healthy(seeds: Sequence[int], args: argparse.Namespace) -> Iterator[tuple[str, list[str]]]:
    """Each healthy network and what was told of it, printed as well."""
    n = 0
    for seed in seeds:
        for name, judge in healthy(seed):
            if not _asked(name, args) or (args.quick and n == QUICK_HEALTHY):
                continue
            n += 1
            keras.utils.set_random_seed(seed)
            words, score = judge()
            keras.backend.clear_session()
            print(f"{name}: {', '.join(words) or 'nothing told'} ({score:.2f})", flush=True)
            yield name, words


def _recall(failures: Mapping[str, Plain]) -> Iterator[Figure]:
    if not failures:
        return
    n_broken = sum(len(row["first"]) for row in failures.values())
    yield Figure(
        name="doctor.recall",
        what=f"share of {n_broken} broken programs with the right finding first",
        value=sum(map(_caught, failures.values())) / n_broken,
        at_least=1,
    )
    ends = (
        [_mean(row[side]["test"]) for side in ("broken", "mended")] for row in failures.values()
    )
    gains = [after - before for before, after in ends if before is not None and after is not None]
    if gains:
        what = "mean gain of the cures on unseen samples"
        yield Figure(what=what, value=float(np.mean(gains)))


def _false_alarms(told: Mapping[str, Sequence[str]]) -> Iterator[Figure]:
    if not told:
        return
    wrong = {
        severity: sum(any(word.startswith(severity) for word in words) for words in told.values())
        for severity in ("error", "warning")
    }
    yield Figure(
        name="doctor.false_errors",
        what=f"of {len(told)} healthy programs, told an error",
        value=wrong["error"],
        at_most=1,
    )
    yield Figure(
        name="doctor.false_warnings",
        what="share of them that were told a warning",
        value=wrong["warning"] / len(told),
        at_most=0.05,
    )


if __name__ == "__main__":
    main()
