"""Ablations: systems, folds and seeds, each trained once, compared on the same clips."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from speechsent.corpus.named import load_protocol
from speechsent.corpus.utterance import Corpus
from speechsent.errors import RunError
from speechsent.opening import CorpusSource, open_corpus
from speechsent.resources import Resources
from speechsent.run import Run
from speechsent.study.analysis import Table, summarise
from speechsent.study.archive import Archive
from speechsent.study.changed import refuse_changed
from speechsent.study.leaky import also_leaky
from speechsent.study.matrix import cross_corpus_matrix
from speechsent.study.missing import train_missing
from speechsent.study.picture import study_figure
from speechsent.study.plan import Study, System, to_yaml
from speechsent.study.reading import load_study
from speechsent.study.search import require_optuna
from speechsent.study.searching import searched_runs
from speechsent.study.tables import as_csv, latex, markdown
from speechsent.study.tasks import Task, refuse_damaged, sweep
from speechsent.study.trained import Place, Trained, not_combined
from speechsent.training.listener import Listener

__all__ = [
    "Study",
    "StudyResult",
    "System",
    "Table",
    "ablate",
    "also_leaky",
    "cross_corpus_matrix",
    "load_study",
    "plan",
]

STUDIES = Path("studies")


@dataclass(frozen=True, kw_only=True)
class StudyResult:
    """What a study came to.

    Args:
        folder: Where its runs and tables are.
        tables: One for each protocol its runs were scored under.
        failures: Why there is no run, by run, and no row of a combination, by its name.
        n_trained: Runs that were trained now.
        n_found: Runs that were there already.
    """

    folder: Path
    tables: tuple[Table, ...]
    failures: Mapping[str, str]
    n_trained: int
    n_found: int

    def markdown(self) -> str:
        """The tables as text."""
        return (self.folder / "table.md").read_text(encoding="utf-8")


def ablate(
    study: Study | Path | str,
    corpus: CorpusSource = None,
    *,
    out: Path | str = STUDIES,
    n_workers: int = 1,
    cluster: str | None = None,
    cache: bool = True,
    archive: Path | str | None = None,
    listener: Listener | None = None,
) -> StudyResult:
    """Train every system of a study on every fold with every seed, and compare them.

    A run that exists is not trained again, so a study that was killed goes on where it stopped.
    Features and the outputs of frozen branches are shared between runs. A run that fails is told
    in the table and does not stop the others; the next start tries it again.

    Args:
        study: A study, or its YAML file.
        corpus: A corpus, or the folder or CSV of one, or a list of several, which are pooled;
            the default one if not given.
        out: Folder under which the study's folder is.
        n_workers: Trainings at once on this machine, each in a process of its own.
        cluster: Address of a Dask scheduler whose workers train instead.
        cache: Keep features and outputs of frozen branches between runs.
        archive: Folder where the numbers of finished runs are kept. A run whose numbers are there,
            of the same configuration and split, is not trained again, whether or not its run
            folder is still there.
        listener: Who is told about progress.

    Returns:
        The tables; they are in the study's folder as well, as ``table.md``, ``table.csv``,
        ``table.tex`` and ``table.png``.

    Raises:
        ConfigError: If the study is mistyped, or names a fold that does not exist.
        CorpusError: If the corpus cannot be read.
        RunError: If the folder holds the same study on another corpus, a damaged run, or one of
            clips that have changed since, or no run succeeded.
        ClusterError: If a cluster is asked for and cannot be reached.
    """
    study = study if isinstance(study, Study) else load_study(Path(study))
    result = carry_out(
        study,
        corpus,
        out=out,
        n_workers=n_workers,
        cluster=cluster,
        cache=cache,
        archive=archive,
        listener=listener,
    )
    _write(study, result)
    return result


def carry_out(
    study: Study,
    corpus: CorpusSource = None,
    *,
    out: Path | str = STUDIES,
    n_workers: int = 1,
    cluster: str | None = None,
    cache: bool = True,
    archive: Path | str | None = None,
    listener: Listener | None = None,
) -> StudyResult:
    """Train what is missing of a study and summarise it, as ``ablate`` does; write no table."""
    listener = listener or Listener()
    if study.search is not None:
        require_optuna()
    corpus = _open(corpus, study, listener)
    folder = Path(out) / study.name
    tasks = _tasks(study, corpus, folder, Resources(cache=cache), archive)
    _claim(folder, study, corpus)
    (folder / "runs").mkdir(parents=True, exist_ok=True)
    refuse_damaged(tasks)
    refuse_changed(tasks)
    for task in tasks:
        task.archived()
    left = [task for task in tasks if task.trained is None]
    sweep(folder / "runs", [task.planned.folder for task in left])
    listener.note(f"study {study.name}: {len(tasks)} runs, {len(tasks) - len(left)} already there")
    failures = train_missing(left, folder, n_workers, cluster, listener)
    if study.search is not None:
        searched = searched_runs(study, tasks[0], _folds(study, corpus), listener)
        more = [replace(tasks[0], planned=run) for run in searched]
        missing = [task for task in more if task.trained is None]
        failures |= train_missing(missing, folder, n_workers, cluster, listener)
        tasks, left = [*tasks, *more], [*left, *missing]
    found = _read(tasks)
    if not any(found.values()):
        first = next(iter(failures.values()), "no run is left")
        raise RunError(f"{folder}: not one run of the study succeeded. The first: {first}")
    return StudyResult(
        folder=folder,
        tables=summarise(study, found),
        failures=failures | not_combined(study, found),
        n_trained=len(left) - len(failures),
        n_found=len(tasks) - len(left),
    )


def plan(
    study: Study,
    corpus: Corpus | Path | str | None = None,
    *,
    out: Path | str = STUDIES,
    archive: Path | str | None = None,
    listener: Listener | None = None,
) -> list[tuple[str, bool]]:
    """Name every run of a study, and tell whether it is there already; nothing is trained."""
    corpus = _open(corpus, study, listener or Listener())
    tasks = _tasks(study, corpus, Path(out) / study.name, Resources(), archive)
    return [(task.planned.folder, task.trained is not None) for task in tasks]


def _open(corpus: CorpusSource, study: Study, listener: Listener) -> Corpus:
    return open_corpus(_resolved(corpus), study.systems[0].config, listener)


def _resolved(corpus: CorpusSource) -> CorpusSource:
    """Workers of a cluster stand in folders of their own."""
    if corpus is None or isinstance(corpus, Corpus):
        return corpus
    if isinstance(corpus, (str, Path)):
        return Path(corpus).resolve()
    return [Path(place).resolve() for place in corpus]


def _tasks(
    study: Study,
    corpus: Corpus,
    folder: Path,
    resources: Resources,
    archive: Path | str | None,
) -> list[Task]:
    runs = (folder / "runs").resolve()  # workers of a cluster stand in folders of their own
    kept = None if archive is None else Archive(Path(archive))
    return [
        Task(planned=run, corpus=corpus, folder=runs, resources=resources, archive=kept)
        for run in study.runs(_n_folds(study, corpus))
    ]


def _folds(study: Study, corpus: Corpus) -> Sequence[int]:
    return study.folds or range(_n_folds(study, corpus))


def _n_folds(study: Study, corpus: Corpus) -> int:
    if not study.protocol:
        return 1
    protocol = load_protocol(study.protocol)
    return len(protocol.folds(protocol.restrict(corpus)))


def _claim(folder: Path, study: Study, corpus: Corpus) -> None:
    """Runs of one folder are of one corpus, or a table would mix them unseen."""
    record = Run(folder)
    facts = {"corpus": corpus.name, "root": str(corpus.root.resolve()), "n_clips": len(corpus)}
    if (folder / "study.json").is_file():
        before = record.read_json("study.json")
        if before != facts:
            raise RunError(
                f"{folder}: holds this study on {before.get('root')} ({before.get('n_clips')} "
                f"clips), not on {facts['root']} ({facts['n_clips']}). Choose another --out"
            )
    record.write_json("study.json", facts)
    record.write_text("study.yaml", to_yaml(study))


def _read(tasks: Sequence[Task]) -> dict[str, dict[Place, Trained]]:
    found: dict[str, dict[Place, Trained]] = {}
    for task in tasks:
        runs = found.setdefault(task.planned.system, {})
        if (trained := task.trained) is not None:
            runs[task.planned.fold, task.planned.seed] = trained
    return found


def _write(study: Study, result: StudyResult) -> None:
    record = Run(result.folder)
    record.write_text("table.md", markdown(study.name, result.tables, result.failures))
    record.write_text("table.csv", as_csv(result.tables, result.failures))
    record.write_text("table.tex", latex(result.tables))
    record.write_json("table.json", [asdict(table) for table in result.tables])
    for i, table in enumerate(result.tables):
        suffix = f"-{i + 1}" if i else ""
        study_figure(table, result.folder / f"table{suffix}.png")
