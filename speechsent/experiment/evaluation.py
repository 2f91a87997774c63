"""Score a run, on its own test part or on other clips."""

import os
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from speechsent.auditing import audit_clips, audit_origins
from speechsent.auditing.report import AuditReport
from speechsent.centring import centred
from speechsent.corpus.hashes import file_hashes
from speechsent.corpus.utterance import Corpus
from speechsent.errors import RunError
from speechsent.evaluation.numeric import NumericPredictions
from speechsent.evaluation.predictions import Predictions
from speechsent.evaluation.regression import AnyScores
from speechsent.experiment.emotions import judge_emotions
from speechsent.experiment.leaks import disjoint, tell_leaks, with_leaks
from speechsent.experiment.numbers import judge_numbers
from speechsent.experiment.results import REFIT, SOLVED_AGAIN
from speechsent.experiment.scored import (
    SOURCE,
    counted_under,
    folder_inside,
    other_clips,
    own_test,
    refuse_other_run,
)
from speechsent.heard import is_recorded
from speechsent.network import load_model, require_numbers
from speechsent.preparation import features, protocol_name, to_clips
from speechsent.report import CARD, N_CLIPS, model_card, write_report
from speechsent.report.material import Material
from speechsent.resources import Resources
from speechsent.run import OWN_TEST, Run
from speechsent.run_records import AUDIT, SCORES
from speechsent.training.inference import clip_outputs
from speechsent.training.listener import Listener
from speechsent.training.workshop import Workshop
from speechsent.writing import check_folder, make_folder

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
    skip_bad_audio: bool = False,
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
        skip_bad_audio: Leave out clips that cannot be used, and tell how many in the note of the
            scores, instead of stopping; a run that was trained so does in any case.
        resources: Threads or a cluster for features, and whether they are kept; all CPUs, and
            they are, if not given.
        listener: Who is told about progress.
        workshop: The one the run was trained in, so that its network need not be traced again.

    Returns:
        The scores; the files are written, and the look at the test set is recorded.

    Raises:
        RunError: If there is no such run, or files of its test part are gone or have changed, or
            the clips have emotions it does not know, or the run cannot be written and there is no
            ``out``, or ``out`` is a run whose own scores would be written over.
        CorpusError: If other clips cannot be read, none can be used, or they lack the targets.
        AudioError: If a clip cannot be used and none is to be left out.
        SaveError: If ``out`` cannot be a folder.
        ClusterError: If a cluster is asked for and cannot be reached.
    """
    run, listener, resources = open_run(run), listener or Listener(), resources or Resources()
    writable = os.access(run.path, os.W_OK)
    if not writable and out is None:
        raise RunError(f"{run.path}: cannot be written; name a folder for the results (--out)")
    if out is not None:
        check_folder(Path(out))
        refuse_other_run(Path(out), run if corpus is None else None)
    config = run.config
    if skip_bad_audio:
        config = replace(config, corpus=replace(config.corpus, skip_bad_audio=True))
    if corpus is None:
        scored = own_test(run, resources)
    else:
        skip_bad = config.corpus.skip_bad_audio
        scored = other_clips(run, corpus, listener, skip_bad=skip_bad)
    root = scored.root
    table = features(scored.utterances, config, listener, resources)
    clips = to_clips(table, run.standardizer, run.labels, run.config, root=root, scale=run.scale)
    outputs = clip_outputs(load_model(run, workshop), clips)
    require_numbers(outputs, run)
    if run.config.centres_answers:
        outputs = centred(outputs, clips.speakers)
    if corpus is None:
        found, about, own = None, _about_own(run), run.path
        place = scored.place
    else:
        hashes = table.hashes or file_hashes([u.path for u in table.utterances])
        found = audit_clips(run, table.utterances, hashes, root)
        tell_leaks(found, listener)
        place = counted_under(run, scored, table.utterances, hashes)
        external = protocol_name(_external(scored.name, run), run.standardizer)
        about = _about_others(run, found, external, root)
        own = folder_inside(run, scored, about["part"])
    about["note"] = scored.noted(about["note"], len(table))
    folder = Path(out) if out else own
    make_folder(folder)
    judge = partial(judge_numbers, run, run.scale) if run.scale else partial(judge_emotions, run)
    scores, predictions = judge(table.utterances, clips, outputs, about, root=root, folder=folder)
    results = Run(folder)  # the same atomic writing, whichever folder it is
    results.write_json(SCORES, scores.as_dict())
    if found is not None:
        results.write_json(AUDIT, found.as_dict())
        results.write_json(SOURCE, {"place": scored.place})
    if not writable:
        listener.note(f"{run.path}: cannot be written, so this look is recorded in {folder}")
    looked = run if writable else results
    times = looked.record_test(place, n=scores.n, **{run.score: getattr(scores, run.score)})
    if looked is run and place == OWN_TEST:
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
    if "started_from" in run.facts and not is_recorded(run):  # nobody had looked that far back
        found = audit_origins(run)
        facts["note"] = with_leaks(facts["note"], found)
        if facts["speaker_disjoint"] is not False:
            facts["speaker_disjoint"] = disjoint(found) and facts["speaker_disjoint"]
    return {**facts, "part": "test", **{key: run.facts[key] for key in named if key in run.facts}}


def _about_others(run: Run, report: AuditReport, protocol: str, root: Path) -> dict[str, Any]:
    """What ``score`` is to know of other clips."""
    again = [what for what in (SOLVED_AGAIN, REFIT) if what in run.facts["note"]]
    return {
        "protocol": protocol,
        "speaker_disjoint": disjoint(report),
        "note": "; ".join(filter(None, [with_leaks(run.leaky, report), *again])),
        "part": root.resolve().name,
    }


def open_run(run: Run | Path | str | None) -> Run:
    """Open a run by its folder, or the newest one under ``runs/``."""
    if isinstance(run, Run):
        return run
    return Run.newest(RUNS) if run is None else Run.open(Path(run))


def _external(name: str, run: Run) -> str:
    """Name of a protocol on other clips; it tells classes that are no longer the corpus's own."""
    merged = f"+{'/'.join(run.labels)}" if run.config.corpus.merge else ""
    task = "+".join(run.labels) if run.scale else len(run.labels)
    return f"{name}-{task}-external{merged}"
