"""Write the tables of docs/results.md from the archive of finished runs; trains nothing.

    python benchmarks/results.py [--archive docs/results] [--page docs/results.md]

What stands outside the two markers of the page is written by hand and left alone.
"""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from standings import Found, Standing, collect, machines, standings
from training_command import training_command

from speechsent.corpus.named import load_protocol
from speechsent.errors import RunError
from speechsent.study.comparisons import N_RESAMPLES
from speechsent.study.plan import Study
from speechsent.study.reading import load_study
from speechsent.study.tables import p_value, with_sd
from speechsent.writing import writing

ROOT = Path(__file__).parents[1]
STUDIES = ROOT / "configs" / "studies" / "results"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
ORDER = ("ravdess-8-luna5", "ravdess-8-luna5+spk", "ravdess-6-random")
COMBINED = {
    "average": "the mean of",
    "product": "the product of",
    "weighted": "a mean, weighted on validation clips, of",
    "stacked": "a logistic regression, fitted on validation clips, on",
}
LEAKY = (
    "**Leaky by design**: clips are drawn at random, so every test speaker is trained on too, "
    "and most test clips have their twin in training. No figure here says anything about a new "
    "speaker."
)
ADAPTED = (
    "Each speaker is standardised on their own unlabelled clips, those of the test part too, so "
    "these scores need several clips of a new speaker and are not to be held beside others."
)
EXPLANATION = (
    "Figures in percent. *UAR a run*: mean ± standard deviation over folds and seeds, never the "
    "best. *UAR pooled*: on the clips of all folds together, mean over seeds, with a 95 % interval "
    f"of {N_RESAMPLES:,} draws of speakers. Differences are from the best part alone, CNN, LSTM or "
    "functionals, on the folds and seeds both have: interval and p (UAR) by draws of speakers, "
    "p (accuracy) by McNemar's exact test, over several seeds twice the median; both adjusted by "
    "Holm for the comparisons of the table. *Minutes*: median wall time of a run; `frozen` and "
    "`finetune` take over branches that were trained already where they are kept, and the SVMs' "
    "time is without openSMILE's functionals (two minutes for 1,440 clips)."
)
HEADER = (
    "system",
    "UAR a run",
    "UAR pooled [95 %]",
    "accuracy",
    "UAR less that of {} [95 %]",
    "p (UAR)",
    "p (accuracy)",
    "folds",
    "seeds",
    "clips",
    "minutes",
)


def measured(archive: Path, studies: Path = STUDIES) -> str:
    """The part of the page that is measured, a section a protocol."""
    found = [
        (study, collect(study, archive / study.name))
        for study in sorted(map(load_study, studies.glob("*.yaml")), key=_rank)
    ]
    facts = [f for _, one in found for runs in one.facts.values() for f in runs.values()]
    if not facts:
        raise RunError(f"{archive}: no entry of a finished run; see `make results`")
    newest = max(str(fact["finished"]) for fact in facts)[:10]
    lines = [f"Newest run: {newest}. Runs: {len(facts)}. Made on:", ""]
    lines += [f"- {machine}" for machine in machines(facts)]
    parts = ["\n".join(lines), EXPLANATION, *(_section(study, one) for study, one in found)]
    return "\n\n".join(parts)


def _rank(study: Study) -> tuple[int, str]:
    return (ORDER.index(study.name) if study.name in ORDER else len(ORDER)), study.name


def _section(study: Study, found: Found) -> str:
    """Title, what must be known, table and commands of one protocol."""
    rows = standings([*study.names, *sorted(found.fixed)], found)
    if not rows:
        return f"## {study.name}\n\nNo run is finished."
    n_speakers = max(_n_speakers(found, row) for row in rows)
    about = [f"{n_speakers} test speakers in the folds finished so far."]
    if study.protocol and not load_protocol(study.protocol).speaker_disjoint:
        about.append(LEAKY)
    if study.name.endswith("+spk"):
        about.append(ADAPTED)
    about += _partial(study, rows, found)
    parts = [f"## {study.name}", " ".join(about), _table(study, rows, found)]
    return "\n\n".join([*parts, _commands(study, rows, found)])


def _n_speakers(found: Found, row: Standing) -> int:
    tests = (found.runs[row.system][fold, row.seeds[0]].test for fold in row.folds)
    return len({speaker for test in tests for speaker in test.speakers if speaker})


def _partial(study: Study, rows: Sequence[Standing], found: Found) -> list[str]:
    """What is not whole yet."""
    told = []
    missing = [name for name in study.names if name not in {row.system for row in rows}]
    if missing:
        told.append(f"No finished run yet: {', '.join(f'`{name}`' for name in missing)}.")
    waiting = [f"`{row.system}` {row.left_out}" for row in rows if row.left_out]
    if waiting:
        told.append(
            f"Finished runs that do not count yet, because their seed lacks a fold: "
            f"{', '.join(waiting)}."
        )
    if found.stale:
        told.append(f"{len(found.stale)} entries of other settings or files are left out.")
    return told


def _table(study: Study, rows: Sequence[Standing], found: Found) -> str:
    better = next((f"`{row.against.system}`" for row in rows if row.against), "the best part")
    header = [cell.format(better) for cell in HEADER]
    cells = [_cells(row, study, found) for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in (header, ["---"] * len(header), *cells))


def _cells(row: Standing, study: Study, found: Found) -> list[str]:
    fixed = row.system in found.fixed
    seeds = "none needed" if fixed else f"{len(row.seeds)} of {len(study.seeds)}"
    against = ["", "", ""]
    if row.against:
        uar = row.against.uar
        low, high = 100 * uar.interval.low, 100 * uar.interval.high
        against = [
            f"{100 * uar.difference:+.1f} [{low:+.1f}, {high:+.1f}]",
            p_value(row.against.p_uar),
            p_value(row.against.p_accuracy),
        ]
    return [
        f"`{row.system}`",
        with_sd(row.uar.mean, row.uar.sd),
        f"{100 * row.pooled:.1f} [{100 * row.interval.low:.1f}, {100 * row.interval.high:.1f}]",
        f"{100 * row.accuracy:.1f}",
        *against,
        f"{len(row.folds)} of {_n_folds(found)}",
        seeds,
        str(row.n_clips),
        _minutes(row, found),
    ]


def _n_folds(found: Found) -> int:
    return max(f["n_folds"] for runs in found.facts.values() for f in runs.values())


def _minutes(row: Standing, found: Found) -> str:
    """Median minutes of the runs that count; nothing for what trains nothing."""
    counted = [
        facts["seconds"]
        for (fold, seed), facts in found.facts.get(row.system, {}).items()
        if fold in row.folds and seed in row.seeds and facts.get("seconds") is not None
    ]
    if not counted:
        return ""
    minutes = median(counted) / 60
    return f"{minutes:.1f}" if minutes >= 0.05 else "< 0.1"


def _commands(study: Study, rows: Iterable[Standing], found: Found) -> str:
    """What makes a run of each row."""
    lines = [f"| `{row.system}` | {_command(study, row.system, found)} |" for row in rows]
    return "\n".join(["| system | command for each fold and seed |", "|---|---|", *lines])


def _command(study: Study, system: str, found: Found) -> str:
    for combination in study.combinations:
        if combination.name == system:
            of = " and ".join(f"`{name}`" for name in combination.of)
            made = COMBINED[combination.how]
            return f"none: {made} the probabilities of {of}"
    for known in study.systems:
        if known.name == system:
            return f"`{training_command(study.at(known, 0, 0))}`"
    first: dict[str, Any] = next(iter(found.facts[system].values()))
    return f"`{first['command']}`"


def rewritten(page: str, tables: str) -> str:
    """The page with what stands between its markers replaced.

    Raises:
        RunError: If it does not have both markers, each once and in order.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in after or END in after:
        raise RunError(f"the page needs the lines {BEGIN} and {END}, each once")
    return f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}"


def main() -> None:
    """Rewrite the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--archive", type=Path, default=ROOT / "docs" / "results")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "results.md")
    args = parser.parse_args()
    text = rewritten(args.page.read_text(encoding="utf-8"), measured(args.archive))
    with writing(args.page) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
    print(f"written: {args.page}")


if __name__ == "__main__":
    main()
