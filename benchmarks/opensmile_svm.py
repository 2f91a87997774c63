"""openSMILE functionals and a linear SVM: the bar for every network, on the same folds.

    python benchmarks/opensmile_svm.py ravdess/ [--archive docs/results] [--features FILE.npz]

Each functional is standardised by the training clips or, under protocols that end in ``+spk``, by
each speaker's own unlabelled clips. The C of the SVM is chosen by UAR on the validation clips.
``opensmile-svm`` is fitted on the training clips alone, as the networks are;
``opensmile-svm-refit`` once more, with the chosen C, on training and validation clips, and has
seen more speakers than they have. Nothing is random, and what is in the archive is not
fitted again. Needs the extra ``[benchmarks]``.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from functionals import functionals

from speechsent.corpus.labels import LabelSet
from speechsent.corpus.named import load_protocol
from speechsent.corpus.open import read_corpus
from speechsent.corpus.protocols import Split
from speechsent.corpus.split import clip_name
from speechsent.corpus.utterance import Corpus, Part
from speechsent.environment import environment, installed_version
from speechsent.evaluation.predictions import Predictions
from speechsent.evaluation.scores import score
from speechsent.metrics import unweighted_average_recall
from speechsent.run import now
from speechsent.study.archive import FACTS, entry_name, machine, read_facts, write_entry

PROTOCOLS = ("ravdess-8-luna5", "ravdess-8-luna5+spk", "ravdess-6-random")
STRENGTHS = (0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01)  # of C, the smallest first
SYSTEM, REFIT = "opensmile-svm", "opensmile-svm-refit"
ADAPTED = "+spk"  # how protocols end under which speakers are standardised one by one


@dataclass(frozen=True, kw_only=True)
class Fold:
    """One fold of a protocol, with the functionals of its clips.

    Args:
        corpus: Its clips.
        split: Their parts.
        number: Which fold, from 0.
        values: Functionals, shape ``(n_clips, n_values)``.
        by_speaker: Whether each speaker is standardised on their own unlabelled clips.
    """

    corpus: Corpus
    split: Split
    number: int
    values: np.ndarray
    by_speaker: bool

    @property
    def labels(self) -> LabelSet:
        """The classes."""
        return LabelSet.of(self.corpus.emotions)

    @property
    def classes(self) -> np.ndarray:
        """Class index of each clip."""
        place = {name: i for i, name in enumerate(self.labels.names)}
        return np.array([place[utterance.emotion] for utterance in self.corpus])

    def indices(self, *parts: Part) -> list[int]:
        """Clips of some parts."""
        return sorted(i for part in parts for i in self.split.parts[part])

    def standardised(self, fitted: list[int]) -> np.ndarray:
        """The functionals with mean 0 and deviation 1 over the fitted clips, or each speaker's."""
        if not self.by_speaker:
            return _standard(self.values, fitted)
        standard = np.empty_like(self.values)
        for speaker in self.corpus.speakers:
            own = [i for i, u in enumerate(self.corpus) if u.speaker == speaker]
            standard[own] = _standard(self.values[own], range(len(own)))
        return standard


def splits(corpus: Corpus, name: str) -> Iterator[tuple[Corpus, Split, int]]:
    """The clips of a protocol, and their parts in each of its folds."""
    protocol = load_protocol(name.removesuffix(ADAPTED))
    kept = protocol.restrict(corpus)
    for number in range(len(protocol.folds(kept))):
        yield kept, replace(protocol.split(kept, number), protocol=name), number


def fold_of(corpus: Corpus, values: np.ndarray, kept: Corpus, split: Split, number: int) -> Fold:
    """A fold with the functionals of its clips, out of those of the whole corpus."""
    rows = {utterance.path: row for utterance, row in zip(corpus, values, strict=True)}
    return Fold(
        corpus=kept,
        split=split,
        number=number,
        values=np.stack([rows[utterance.path] for utterance in kept]),
        by_speaker=split.protocol.endswith(ADAPTED),
    )


def is_there(archive: Path, split: Split, number: int) -> bool:
    """Whether both systems have their entries, of this very split."""
    places = [archive / split.protocol / entry_name(s, number, 0) for s in (SYSTEM, REFIT)]
    return all(
        (place / FACTS).is_file() and read_facts(place)["split_hash"] == split.hash
        for place in places
    )


def _standard(values: np.ndarray, fitted: Any) -> np.ndarray:
    from sklearn.preprocessing import StandardScaler

    scaled: np.ndarray = StandardScaler().fit(values[fitted]).transform(values)
    return scaled


def svm(strength: float) -> Any:
    """A linear SVM on scalar products; classes weigh the same however many clips they have."""
    from sklearn.svm import SVC

    return SVC(kernel="precomputed", C=strength, class_weight="balanced", break_ties=True)


def chosen_strength(fold: Fold) -> float:
    """The C of highest UAR on the validation clips; of equal ones the smallest."""
    train, validation = fold.indices("train"), fold.indices("validation")
    values, classes = fold.standardised(train), fold.classes
    products = values @ values[train].T

    def uar(strength: float) -> float:
        fitted = svm(strength).fit(products[train], classes[train])
        answers = fitted.predict(products[validation])
        return unweighted_average_recall(
            classes[validation], answers, n_classes=len(fold.labels.names)
        )

    return max(STRENGTHS, key=uar)


def answers(fold: Fold, strength: float, *fitted_on: Part) -> dict[Part, Predictions]:
    """Answers on the validation and the test part.

    Probabilities are the softmax of the SVM's decision values: they rank the classes as the SVM
    does, and mean nothing else.
    """
    fitted = fold.indices(*fitted_on)
    values = fold.standardised(fitted)
    products = values @ values[fitted].T
    model = svm(strength).fit(products[fitted], fold.classes[fitted])
    return {
        part: _predictions(fold, fold.indices(part), model.decision_function(products))
        for part in ("validation", "test")
    }


def _predictions(fold: Fold, chosen: list[int], decisions: np.ndarray) -> Predictions:
    odds = np.exp(decisions[chosen] - decisions[chosen].max(axis=1, keepdims=True))
    clips = [fold.corpus[i] for i in chosen]
    return Predictions(
        files=tuple(clip_name(fold.corpus, utterance) for utterance in clips),
        truth=fold.classes[chosen],
        probabilities=odds / odds.sum(axis=1, keepdims=True),
        speakers=tuple(utterance.speaker for utterance in clips),
        genders=tuple(utterance.gender for utterance in clips),
        labels=fold.labels.names,
    )


def judge(fold: Fold, archive: Path, command: str) -> str:
    """Fit both systems on a fold, write their entries, and say in a line what they came to."""
    started = time.monotonic()
    strength = chosen_strength(fold)
    told = [f"{fold.split.protocol}, fold {fold.number}: C {strength:g}"]
    for system, fitted_on in ((SYSTEM, ("train",)), (REFIT, ("train", "validation"))):
        found = answers(fold, strength, *fitted_on)
        seconds = round(time.monotonic() - started, 1)
        uar = _write(fold, archive, system, fitted_on, found, strength, seconds, command)
        told.append(f"{system} UAR {100 * uar:.1f}")
    return ", ".join(told)


def _write(
    fold: Fold,
    archive: Path,
    system: str,
    fitted_on: tuple[Part, ...],
    found: dict[Part, Predictions],
    strength: float,
    seconds: float,
    command: str,
) -> float:
    """Write an entry; return its UAR."""
    split, fitted = fold.split, fold.indices(*fitted_on)
    scores = score(
        found["test"],
        protocol=split.protocol,
        part="test",
        speaker_disjoint=split.speaker_disjoint,
        seed=0,
        n_train=len(fitted),
        majority=int(np.bincount(fold.classes[fitted]).argmax()),
        split_hash=split.hash,
        note=split.note,
        protocol_hash=split.protocol_hash,
        fold=split.fold,
        n_folds=split.n_folds,
    )
    validation = None if "validation" in fitted_on else found["validation"]
    facts = {
        "protocol": split.protocol,
        "protocol_hash": split.protocol_hash,
        "n_folds": split.n_folds,
        "split_hash": split.hash,
        "speaker_disjoint": split.speaker_disjoint,
        "note": split.note,
        "system": system,
        "fold": fold.number,
        "seed": 0,
        "run_format": None,
        "deterministic": True,
        "fitted_on": list(fitted_on),
        "strength": strength,
        "n_clips": {part: len(indices) for part, indices in split.parts.items()},
        "validation_uar": None if validation is None else _uar(validation),
        "finished": now(),
        "seconds": seconds,
        "command": command,
        "environment": _machine(),
    }
    place = archive / split.protocol / entry_name(system, fold.number, 0)
    write_entry(place, facts, scores=scores, test=found["test"], validation=validation)
    return scores.uar


def _machine() -> dict[str, Any]:
    told = machine(environment())
    also = {name: installed_version(name) for name in ("opensmile", "scikit-learn")}
    return {**told, "libraries": {**told["libraries"], **also}}


def _uar(found: Predictions) -> float:
    return unweighted_average_recall(found.truth, found.predicted, n_classes=len(found.labels))


def main() -> None:
    """Fit and judge on every fold of every protocol."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path, help="folder of RAVDESS")
    parser.add_argument("--archive", type=Path, default=Path("docs/results"))
    parser.add_argument("--features", type=Path, help=".npz where functionals are kept")
    args = parser.parse_args()
    corpus = read_corpus(args.corpus)
    every = [found for name in PROTOCOLS for found in splits(corpus, name)]
    left = [found for found in every if not is_there(args.archive, *found[1:])]
    print(f"{len(every)} folds, {len(every) - len(left)} already there")
    values = functionals(corpus, args.features) if left else np.empty(0)
    for found in left:
        print(judge(fold_of(corpus, values, *found), args.archive, COMMAND), flush=True)


COMMAND = "python benchmarks/opensmile_svm.py ravdess/"

if __name__ == "__main__":
    main()
