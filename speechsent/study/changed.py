"""Whether runs of a study are still of the clips that are compared, and of what is told of them."""

from collections.abc import Iterable
from pathlib import Path

from speechsent.errors import RunError, some
from speechsent.opening import split_corpus
from speechsent.run import Run
from speechsent.study.tasks import Task
from speechsent.training.listener import Listener


def refuse_changed(tasks: Iterable[Task]) -> None:
    """Refuse runs of other clips, labels or parts: a table would tell old numbers as new ones.

    Args:
        tasks: Trainings, some of which may be there.

    Raises:
        RunError: If the corpus, or a protocol of one's own, has changed since one was trained.
        CorpusError: If the corpus cannot be split any more.
    """
    for task in tasks:
        if (run := task.run) is None:
            continue
        if clips := _changed(run, task):
            raise RunError(
                f"{run.path}: clips are new or gone, or have another emotion, speaker or part than "
                f"when it was trained: {some(clips)}. Choose another --out, or bring back what the "
                "corpus or its protocol was"
            )


def _changed(run: Run, task: Task) -> list[str]:
    """Names of clips that are not what they were when a run was trained."""
    corpus, split = split_corpus(task.corpus, task.planned.config, Listener())
    now = ((u, split.part_of(i)) for i, u in enumerate(corpus))
    root, refused = Path(run.facts["root"]), run.facts.get("refused", {})
    return run.split.told_otherwise(root, now, corpus.root, refused)
