"""A series of binary tasks: one class against each other class, each a training of its own."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from speechsent.config import ExperimentConfig
from speechsent.corpus.labels import LabelSet, canonical
from speechsent.corpus.merging import groups_of
from speechsent.corpus.protocols import restrict
from speechsent.corpus.utterance import Corpus
from speechsent.errors import CorpusError
from speechsent.experiment.transfer import open_origin, settled
from speechsent.opening import CorpusSource, open_corpus
from speechsent.run import Run
from speechsent.study import STUDIES, StudyResult, carry_out
from speechsent.study.analysis import Table
from speechsent.study.plan import Study, System
from speechsent.study.tables import by_unit, line, unit, with_sd
from speechsent.training.listener import Listener

COLUMNS = ("task", "clips", "uar", "uar_sd_over_seeds", "uar_low", "uar_high", "runs", "failure")
EXPLANATION = (
    "Tasks, not comparable with each other: each has clips and classes of its own, so a lower "
    "figure need not be a worse recogniser, and no p-value stands between two rows. UAR "
    "(unweighted average recall; chance 50.0) in percent over the test clips of all folds; mean "
    "and standard deviation over seeds, never the best. Intervals from a bootstrap that draws "
)


def one_vs(
    config: ExperimentConfig | None,
    corpus: CorpusSource,
    reference: str,
    *,
    start: Run | Path | str | None = None,
    folds: Sequence[int] | None = None,
    seeds: Sequence[int] | None = None,
    out: Path | str = STUDIES,
    cache: bool = True,
    listener: Listener | None = None,
) -> StudyResult:
    """Train one class against each other class, on the same speakers, and make one table.

    A run that exists is not trained again, so a series that was killed goes on where it stopped.

    Args:
        config: The configuration of every task; the defaults, or that of ``start``, if not given.
        corpus: A corpus, or the folder or CSV of one; the default one if not given.
        reference: The class, in any spelling, or a group of ``corpus.merge``.
        start: A finished run whose branches every task starts from.
        folds: Folds of the configuration's protocol; its own fold if not given.
        seeds: Seeds of the trainings; the configuration's own if not given.
        out: Folder under which the series has its folder.
        cache: Keep features and outputs of frozen branches between runs.
        listener: Who is told about progress.

    Returns:
        A table for each task; the folder holds them as one, ``table.md`` and ``table.csv``.

    Raises:
        ConfigError: If a fold does not exist.
        CorpusError: If the corpus cannot be read, or has no clip of the class or of any other.
        RunError: If there is no run to start from, or no task succeeded.
    """
    listener = listener or Listener()
    origin = None if start is None else open_origin(start).run
    config = settled(config, origin)
    corpus = open_corpus(corpus, config, listener)
    systems = _systems(config, restrict(corpus, config.split), reference, origin)
    study = Study(
        name=_name(systems[0].name.partition(" vs ")[0], origin),
        systems=systems,
        protocol=config.split.protocol,
        folds=tuple((config.split.fold,) if folds is None else folds),
        seeds=tuple((config.seed,) if seeds is None else seeds),
    )
    result = carry_out(study, corpus, out=out, cache=cache, listener=listener)
    record = Run(result.folder)
    record.write_text("table.md", markdown(study.name, result.tables, result.failures))
    record.write_text("table.csv", as_csv(result.tables, result.failures))
    return result


def _systems(
    config: ExperimentConfig, corpus: Corpus, reference: str, origin: Run | None
) -> tuple[System, ...]:
    """The class against each other class that has clips."""
    merge = groups_of(config.corpus.merge, config.corpus.labels)
    groups = merge or {emotion: emotion for emotion in corpus.emotions}
    names = LabelSet.of(groups[e] for e in corpus.emotions if e in groups).names
    chosen = _known(reference, names)
    return tuple(
        System(
            name=f"{chosen} vs {other}",
            config=_binary(config, groups, (chosen, other)),
            start=origin.path.resolve() if origin else None,
        )
        for other in names
        if other != chosen
    )


def _known(reference: str, names: Sequence[str]) -> str:
    """The class that is meant, among those the corpus has."""
    meant = reference if reference in names else canonical(reference)
    if meant is None or meant not in names:
        raise CorpusError(f"no clips of {reference!r}; there are {', '.join(names)}")
    return meant


def _binary(
    config: ExperimentConfig, groups: Mapping[str, str], pair: tuple[str, str]
) -> ExperimentConfig:
    """The configuration with two classes, chosen after the split, so that all tasks share it."""
    merge = {emotion: group for emotion, group in groups.items() if group in pair}
    return replace(config, corpus=replace(config.corpus, merge=merge))


def _name(reference: str, origin: Run | None) -> str:
    """Name of the folder."""
    plain = re.sub(r"[^\w.+-]+", "-", reference)
    return f"{plain}-vs-each" + (f"-from-{origin.path.resolve().name}" if origin else "")


def markdown(name: str, tables: Sequence[Table], failures: Mapping[str, str]) -> str:
    """One row for each task, with what a reader must know under it."""
    ways = {by_unit(table) for table in tables}
    interval = f"95 % {ways.pop()}" if len(ways) == 1 else "95 %"
    header = ["task", "UAR ± sd over seeds", interval, "test clips", "runs"]
    rows = [header, ["---"] * len(header), *map(_cells, tables)]
    rows += [[run, why.replace("|", "/"), "", "", "failed"] for run, why in failures.items()]
    lines = "\n".join(map(line, rows))
    return f"# Series {name}\n\n{lines}\n\n{EXPLANATION}{_drawn(tables)}\n"


def _drawn(tables: Sequence[Table]) -> str:
    """What the intervals are drawn from, and what that makes of them."""
    by_clip = [table.rows[0].system for table in tables if unit(table) == "clips"]
    if not by_clip:
        return "speakers."
    which = "clips" if len(by_clip) == len(tables) else f"speakers, of {', '.join(by_clip)} clips"
    return f"{which}; where clips are drawn, speakers are unknown or one alone: too narrow."


def _cells(table: Table) -> list[str]:
    (row,) = table.rows
    low, high = row.uar_interval.low, row.uar_interval.high
    return [
        row.system,
        with_sd(row.uar.mean, row.uar.sd),
        f"{100 * low:.1f} to {100 * high:.1f}",
        _clips(table),
        str(row.n_runs),
    ]


def _clips(table: Table) -> str:
    return ", ".join(f"{name} {n}" for name, n in table.classes.items())


def as_csv(tables: Sequence[Table], failures: Mapping[str, str]) -> str:
    """Every figure unrounded, a line for each task; failed runs have a line that says why."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for table in tables:
        (row,) = table.rows
        writer.writerow(
            {
                "task": row.system,
                "clips": _clips(table),
                "uar": row.uar.mean,
                "uar_sd_over_seeds": "" if row.uar.sd is None else row.uar.sd,
                "uar_low": row.uar_interval.low,
                "uar_high": row.uar_interval.high,
                "runs": row.n_runs,
            }
        )
    for run, why in failures.items():
        writer.writerow({"task": run, "failure": why})
    return stream.getvalue()
