"""What stands over every table of scores: protocol, clips, split and what must be known."""

import textwrap

from speechsent.evaluation.regression import AnyScores

WIDTH = 100


def headline(scores: AnyScores) -> list[str]:
    """Lines of at most 100 columns."""
    seen = {
        True: "speakers unseen in training",
        False: "SPEAKERS OVERLAP with training",
        None: "speakers unknown",
    }[scores.speaker_disjoint]
    trained = "" if scores.n_train is None else f", trained on {scores.n_train}"
    split = "" if scores.split_hash is None else f", split {scores.split_hash[:12]}"
    lines = [
        f"protocol {scores.protocol}{_fold(scores)}, {scores.part}: {seen}",
        f"{scores.n} clips{trained}, seed {scores.seed}{split}",
        *([f"note: {scores.note}"] if scores.note else []),
    ]
    return [part for line in lines for part in textwrap.wrap(line, WIDTH, subsequent_indent="  ")]


def _fold(scores: AnyScores) -> str:
    """Fold and definition of a named protocol."""
    if not scores.protocol_hash:
        return ""
    definition = f"definition {scores.protocol_hash}"
    if scores.n_folds == 1:
        return f" ({definition})"
    return f", {scores.fold} (one of {scores.n_folds} folds, {definition})"
