"""Whether runs of a study are still of the clips that are compared, and of what is told of them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from speechsent.corpus.utterance import Part, Utterance
from speechsent.errors import RunError, some
from speechsent.opening import split_corpus
from speechsent.run import Run
from speechsent.run_split import relative
from speechsent.study.tasks import Task
from speechsent.training.listener import Listener

Told = dict[tuple[str, float, float | None], tuple[Any, ...]]


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
    recorded, left_out = run.split, {Path(path).name for path in run.facts.get("refused", {})}
    then = _told(zip(recorded.utterances, recorded.parts, strict=True), Path(run.facts["root"]))
    now = _told(((u, split.part_of(i)) for i, u in enumerate(corpus)), corpus.root)
    return sorted(
        {
            clip[0]
            for clip in then.keys() | now.keys()
            if then.get(clip) != now.get(clip)
            and (clip in then or Path(clip[0]).name not in left_out)
        }
    )


def _told(clips: Iterable[tuple[Utterance, Part]], root: Path) -> Told:
    """What training is told of each clip, by its name, start and end."""
    return {
        (relative(u.path, root), u.start, u.end): (u.emotion, u.speaker, part) for u, part in clips
    }
