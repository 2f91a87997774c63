"""Every corpus against every other: trained on one, tested on each."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from speechsent.config import ExperimentConfig
from speechsent.corpus.labels import LabelSet
from speechsent.corpus.pool import distinct
from speechsent.corpus.utterance import Corpus
from speechsent.errors import ParameterError, RunError, some
from speechsent.evaluation.predictions import PREDICTIONS, read_predictions
from speechsent.experiment import evaluate
from speechsent.opening import open_corpus
from speechsent.resources import Resources
from speechsent.run import Run
from speechsent.run_records import SCORES
from speechsent.study.changed import refuse_changed
from speechsent.study.matrix_cells import Cell, Matrix
from speechsent.study.matrix_tables import write_matrix
from speechsent.study.plan import PlannedRun
from speechsent.study.tasks import Task, perform, refuse_damaged, sweep
from speechsent.training.listener import Listener

MATRICES = Path("matrices")


def cross_corpus_matrix(
    config: ExperimentConfig | None,
    corpora: Sequence[Corpus | Path | str],
    *,
    seeds: Sequence[int] = (0,),
    out: Path | str = MATRICES,
    resources: Resources | None = None,
    listener: Listener | None = None,
) -> Matrix:
    """Train on each corpus by its own split; test on its test part, and on the others whole.

    A run or a test that exists is not repeated, so a matrix that was killed goes on where it
    stopped. Tables and picture are written into the folder: ``matrix.md``, ``matrix.csv``,
    ``matrix.png``.

    Args:
        config: What to compute, the split of each corpus included; the defaults if None.
        corpora: Two or more, each a corpus, or the folder or CSV of one.
        seeds: Seeds of the trainings; scores are means over them.
        out: Folder under which the folder of the matrix is made.
        resources: Threads or a cluster for features, and whether they are kept.
        listener: Who is told about progress.

    Raises:
        ParameterError: If there are fewer than two corpora, or seeds are not different whole
            numbers from 0, or emotions are to be merged.
        CorpusError: If a corpus cannot be read, or two have a clip in common.
        RunError: If a training fails, or the folder holds a matrix of other clips, or of clips that
            have changed since.
    """
    config, listener = config or ExperimentConfig(), listener or Listener()
    _check(corpora, seeds, config)
    members = distinct([open_corpus(corpus, config, listener) for corpus in corpora])
    folder = Path(out) / "+".join(corpus.name for corpus in members)
    _claim(folder, members)
    tasks = _tasks(config, members, seeds, folder, resources or Resources())
    refuse_damaged(tasks)
    refuse_changed(tasks)
    sweep(folder / "runs", [task.planned.folder for task in tasks if task.run is None])
    n_found = sum(task.run is not None for task in tasks)
    runs = {(t.corpus.name, t.planned.seed): _run(t, listener) for t in tasks}
    cells = [
        _cell(trained, tested, [runs[trained.name, seed] for seed in seeds], listener, resources)
        for trained in members
        for tested in members
    ]
    matrix = Matrix(
        names=tuple(corpus.name for corpus in members),
        cells={(cell.trained_on, cell.tested_on): cell for cell in cells if cell is not None},
        seeds=tuple(seeds),
        folder=folder,
        n_trained=len(tasks) - n_found,
        n_found=n_found,
    )
    write_matrix(matrix)
    return matrix


def _check(
    corpora: Sequence[Corpus | Path | str], seeds: Sequence[int], config: ExperimentConfig
) -> None:
    if len(corpora) < 2:
        raise ParameterError(f"a matrix needs two or more corpora. Received: {some(corpora)}")
    if not seeds or len(set(seeds)) < len(seeds) or min(seeds) < 0:
        raise ParameterError(f"seeds differ, and are whole numbers from 0. Received: {seeds}")
    if config.corpus.targets:
        raise ParameterError(
            "a matrix compares UAR of emotions; train numbers one by one. "
            f"Received: corpus.targets={', '.join(config.corpus.targets)}"
        )
    if config.corpus.merge:
        raise ParameterError(
            "a matrix compares emotions as they are; map names with corpus.labels instead. "
            f"Received: corpus.merge={dict(config.corpus.merge)}"
        )


def _claim(folder: Path, members: Sequence[Corpus]) -> None:
    """Runs of one folder are of the same clips, or a table would mix them unseen."""
    record = Run(folder)
    facts = {c.name: {"root": str(c.root), "n_clips": len(c)} for c in members}
    if (folder / "matrix.json").is_file() and record.read_json("matrix.json") != facts:
        raise RunError(f"{folder}: holds the matrix of other clips. Choose another --out")
    record.write_json("matrix.json", facts)


def _tasks(
    config: ExperimentConfig,
    members: Sequence[Corpus],
    seeds: Sequence[int],
    folder: Path,
    resources: Resources,
) -> list[Task]:
    runs = folder / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    return [
        Task(
            planned=PlannedRun(
                system=corpus.name,
                fold=config.split.fold,
                seed=seed,
                config=replace(config, seed=seed),
            ),
            corpus=corpus,
            folder=runs,
            resources=resources,
        )
        for corpus in members
        for seed in seeds
    ]


def _run(task: Task, listener: Listener) -> Run:
    if task.run is None:
        listener.note(f"training on {task.corpus.name}, seed {task.planned.seed}")
        outcome = perform(task, listener)
        if outcome.failure:
            raise RunError(f"{task.planned.folder}: {outcome.failure}")
    return Run.open(task.path)


def _cell(
    trained: Corpus,
    tested: Corpus,
    runs: Sequence[Run],
    listener: Listener,
    resources: Resources | None,
) -> Cell | None:
    """Score the runs of one corpus on another, or on their own test parts."""
    known = set(runs[0].labels)
    shared = known if trained is tested else known & tested.emotions.keys()
    if len(shared) < 2:
        listener.note(f"{trained.name} and {tested.name}: fewer than two emotions in common")
        return None
    folders = [_folder(run, trained, tested) for run in runs]
    for run, folder in zip(runs, folders, strict=True):
        # Scores are written after predictions: a test that was cut has the latter alone.
        if not all((folder / name).is_file() for name in (PREDICTIONS, SCORES)):
            listener.note(f"{trained.name}, seed {run.config.seed}: testing on {tested.name}")
            clips = tuple(replace(u, part=None) for u in tested if u.emotion in shared)
            other = replace(tested, utterances=clips)
            evaluate(run, other, out=folder, report=False, listener=listener, resources=resources)
    scores = Run(folders[0]).read_json(SCORES)
    return Cell.of(
        trained.name,
        tested.name,
        [read_predictions(folder / PREDICTIONS) for folder in folders],
        LabelSet.of(shared).names,
        known | tested.emotions.keys(),
        speaker_disjoint=scores["speaker_disjoint"],
        note=scores["note"],
    )


def _folder(run: Run, trained: Corpus, tested: Corpus) -> Path:
    """Where the answers are: those on its own test part are in the run itself."""
    return run.path if trained is tested else run.path / "evaluations" / tested.name
