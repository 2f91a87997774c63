"""Score a run, on its own test part or on other clips."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from speechsent.auditing import audit_clips
from speechsent.auditing.report import AuditReport
from speechsent.centring import centred
from speechsent.corpus.hashes import file_hashes
from speechsent.corpus.merging import groups_of, regroup, told
from speechsent.corpus.open import read_corpus, require_targets
from speechsent.corpus.utterance import Corpus, Utterance
from speechsent.errors import RunError
from speechsent.evaluation.numeric import NumericPredictions
from speechsent.evaluation.predictions import Predictions
from speechsent.evaluation.regression import AnyScores
from speechsent.experiment.emotions import judge_emotions
from speechsent.experiment.leaks import AUDIT, tell_leaks, with_leaks
from speechsent.experiment.numbers import judge_numbers
from speechsent.features.extraction import FeatureTable
from speechsent.network import load_model, require_numbers
from speechsent.preparation import features, protocol_name, to_clips
from speechsent.report import CARD, N_CLIPS, model_card, write_report
from speechsent.report.material import Material
from speechsent.resources import Resources
from speechsent.run import Run
from speechsent.training.inference import clip_outputs
from speechsent.training.listener import Listener
from speechsent.training.workshop import Workshop

RUNS = Path("runs")


@dataclass(frozen=True)
class Evaluation:
    """Scores of a run on some clips, and what they were computed from.

    Args:
        run: The run.
        scores: All scores, with their protocol.
        predictions: Truth and probabilities of each clip, or true and told numbers.
        folder: Where the files are.
        times_seen: How often this set has been scored with this model, this time included.
    """

    run: Run
    scores: AnyScores
    predictions: Predictions | NumericPredictions
    folder: Path
    times_seen: int


def evaluate(
    run: Run | Path | str | None = None,
    corpus: Corpus | Path | str | None = None,
    *,
    out: Path | str | None = None,
    report: bool = True,
    report_clips: int = N_CLIPS,
    resources: Resources | None = None,
    listener: Listener | None = None,
    workshop: Workshop | None = None,
) -> Evaluation:
    """Score a run on its own test part, or on other clips.

    Args:
        run: The run or its folder; the newest under ``runs/`` if not given.
        corpus: Other clips: a corpus, or the folder or CSV of one. If it has a test part, that
            is scored. The run's own test part if not given.
        out: Folder for the results; inside the run if not given. A run that cannot be written
            needs one, and the look at its test part is recorded there.
        report: Write ``report.html`` beside the scores.
        report_clips: How many clips it shows in detail, worst first.
        resources: Threads or a cluster for features, and whether they are kept; all CPUs, and
            they are, if not given.
        listener: Who is told about progress.
        workshop: The one the run was trained in, so that its network need not be traced again.

    Returns:
        The scores; the files are written, and the look at the test set is recorded.

    Raises:
        RunError: If there is no such run, or the clips have emotions it does not know, or the run
            cannot be written and there is no ``out``.
        ClusterError: If a cluster is asked for and cannot be reached.
    """
    run, listener = open_run(run), listener or Listener()
    writable = os.access(run.path, os.W_OK)
    if not writable and out is None:
        raise RunError(f"{run.path}: cannot be written; name a folder for the results (--out)")
    utterances, name, root = _clips_to_score(run, corpus, listener)
    if run.scale is None:
        _refuse_unknown_emotions(run, utterances, root)
    standardizer = run.standardizer
    table = features(utterances, run.config, listener, resources or Resources())
    clips = to_clips(table, standardizer, run.labels, run.config, root=root, scale=run.scale)
    outputs = clip_outputs(load_model(run, workshop), clips)
    require_numbers(outputs, run)
    if run.config.centres_answers:
        outputs = centred(outputs, clips.speakers)
    if corpus is None:
        found, about, own = None, _about_own(run), run.path
    else:
        found = _audit(run, table, root, listener)
        external = protocol_name(_external(name, run), standardizer)
        about = _about_others(found, external, root, run.leaky)
        own = run.path / "evaluations" / f"{name}-{about['part']}"
    folder = Path(out) if out else own
    folder.mkdir(parents=True, exist_ok=True)
    judge = partial(judge_numbers, run, run.scale) if run.scale else partial(judge_emotions, run)
    scores, predictions = judge(table.utterances, clips, outputs, about, root=root, folder=folder)
    results = Run(folder)  # the same atomic writing, whichever folder it is
    results.write_json("scores.json", scores.as_dict())
    if found is not None:
        results.write_json(AUDIT, found.as_dict())
    what = "test" if found is None else str(root)
    if not writable:
        listener.note(f"{run.path}: cannot be written, so this look is recorded in {folder}")
    looked = run if writable else results
    times = looked.record_test(what, n=scores.n, **{run.score: getattr(scores, run.score)})
    if folder == run.path:
        run.write_text(CARD, model_card(run))
    if report:
        material = Material(
            run=run,
            folder=folder,
            scores=scores,
            predictions=predictions,
            utterances=table.utterances,
        )
        write_report(material, clips, n_clips=report_clips, resources=resources)
    return Evaluation(run, scores, predictions, folder, times)


def _about_own(run: Run) -> dict[str, Any]:
    """What ``score`` is to know of a run's own test part."""
    keys = ("protocol", "speaker_disjoint", "split_hash", "note")
    named = ("protocol_hash", "fold", "n_folds")  # older runs lack these
    facts = {key: run.facts[key] for key in keys}
    return {**facts, "part": "test", **{key: run.facts[key] for key in named if key in run.facts}}


def _about_others(report: AuditReport, protocol: str, root: Path, leaky: str) -> dict[str, Any]:
    """What ``score`` is to know of other clips."""
    return {
        "protocol": protocol,
        "speaker_disjoint": _disjoint(report),
        "note": with_leaks(leaky, report),
        "part": root.resolve().name,
    }


def open_run(run: Run | Path | str | None) -> Run:
    """Open a run by its folder, or the newest one under ``runs/``."""
    if isinstance(run, Run):
        return run
    return Run.newest(RUNS) if run is None else Run.open(Path(run))


def _clips_to_score(
    run: Run, corpus: Corpus | Path | str | None, listener: Listener
) -> tuple[list[Utterance], str, Path]:
    """The clips, a short name for them, and the folder their names are relative to."""
    if corpus is None:
        utterances = run.split.of("test")
        missing = [u.path for u in utterances if not u.path.is_file()]
        if missing:
            raise RunError(
                f"{missing[0]}: {len(missing)} of {len(utterances)} test clips of this run are "
                "gone; name a folder to evaluate instead"
            )
        return utterances, run.facts["corpus"], Path(run.facts["root"])
    targets = run.scale.names if run.scale else ()
    if not isinstance(corpus, Corpus):
        corpus = read_corpus(Path(corpus), labels=run.config.corpus.labels, targets=targets)
    require_targets(corpus, targets)
    if run.config.corpus.merge:
        groups = groups_of(run.config.corpus.merge, run.config.corpus.labels)
        listener.note(told(corpus, groups))
        corpus = regroup(corpus, groups)
    test = [u for u in corpus if u.part == "test"]
    return test or list(corpus), corpus.name, corpus.root


def _external(name: str, run: Run) -> str:
    """Name of a protocol on other clips; it tells classes that are no longer the corpus's own."""
    merged = f"+{'/'.join(run.labels)}" if run.config.corpus.merge else ""
    task = "+".join(run.labels) if run.scale else len(run.labels)
    return f"{name}-{task}-external{merged}"


def _refuse_unknown_emotions(run: Run, utterances: Sequence[Utterance], root: Path) -> None:
    unknown = sorted({u.emotion for u in utterances} - set(run.labels))
    if unknown:
        raise RunError(
            f"{root}: has emotions this run was not trained on: {', '.join(unknown)}. It knows "
            f"{', '.join(run.labels)}. Remove those clips, or train with them"
        )


def _audit(run: Run, table: FeatureTable, root: Path, listener: Listener) -> AuditReport:
    """Compare other clips with what the run was trained on, and warn of leaks."""
    hashes = table.hashes or file_hashes([u.path for u in table.utterances])
    report = audit_clips(run, table.utterances, hashes, root)
    tell_leaks(report, listener)
    return report


def _disjoint(report: AuditReport) -> bool | None:
    """Whether no speaker was trained on; None if some are unknown."""
    if not report.clean:
        return False
    unknown = any(finding.name == "speakers-unknown" for finding in report.findings)
    return None if unknown else True
