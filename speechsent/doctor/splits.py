"""Do training and validation parts share what they must not, and have what they must?"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from speechsent.doctor.findings import Finding
from speechsent.errors import some

if TYPE_CHECKING:  # old logs and runs are read without Keras
    from speechsent.doctor.case import Case

UNLIKELY = 1e-3  # by chance alone one shuffled split in a thousand looks like this
ENOUGH = 5.0
LAST_ROWS = "validation_split takes the last rows before anything is shuffled"


def split_findings(case: "Case") -> Iterator[Finding]:
    """Everything about which samples are where."""
    trained = hashes(case.inputs)
    classes = next((head.classes for head in case.heads if head.classes is not None), None)
    if classes is not None and len(classes) == len(trained):
        yield from contradictions(trained, classes)
    yield from shared_samples(
        trained,
        hashes(case.validation),
        name="validated-on-training-samples",
        part="validation",
    )
    if classes is not None and case.validation_classes is not None:
        yield from unseen_classes(classes, case.validation_classes, split_off=case.split_off)


def hashes(inputs: Mapping[str, np.ndarray]) -> list[bytes]:
    """SHA-1 of each sample over all inputs; constant samples, such as silence, have none.

    The same sample is told as 32-bit and as 64-bit numbers.
    """
    if not inputs:
        return []
    arrays = [_single(values) for _, values in sorted(inputs.items())]
    found = []
    for row in zip(*arrays, strict=True):
        digest = hashlib.sha1(usedforsecurity=False)
        for values in row:
            digest.update(np.ascontiguousarray(values).tobytes())
        found.append(digest.digest() if any(_varies(values) for values in row) else b"")
    return found


def _single(values: np.ndarray) -> np.ndarray:
    """Fractions as 32-bit numbers, which is what Keras makes of them."""
    if values.dtype.kind == "O":  # its bytes are addresses
        values = values.astype(str)
    kept = values.dtype.kind != "f"
    return np.ascontiguousarray(values if kept else values.astype(np.float32, copy=False))


def _varies(sample: Any) -> bool:
    values = np.asarray(sample)
    return bool(np.any(values != values.flat[0])) if values.size else False


def contradictions(samples: list[bytes], classes: np.ndarray) -> Iterator[Finding]:
    """The same sample under different labels."""
    labels = defaultdict[bytes, set[int]](set)
    for sample, label in zip(samples, classes.tolist(), strict=True):
        labels[sample].add(label)
    n = sum(bool(s) and len(labels[s]) > 1 for s in samples)
    if n:
        yield Finding(
            name="same-sample-other-label",
            severity="warning",
            at="training samples",
            seen=f"{n} of {len(samples)} samples also occur under another label",
            expected="one label a sample",
            why="no network can answer both ways, so accuracy cannot reach 1",
            remedy="look whether labels and samples were shuffled apart; else keep one of each",
        )


def shared_samples(
    trained: Iterable[Hashable], held_out: Sequence[Hashable], *, name: str, part: str
) -> Iterator[Finding]:
    """Samples held out that are trained on.

    Args:
        trained: Hash of each training sample; an empty one is left out.
        held_out: Hash of each sample held out.
        name: Name of the finding.
        part: ``"validation"`` or ``"test"``.
    """
    known = set(trained) - {b""}
    n = sum(sample in known for sample in held_out)
    if n:
        yield Finding(
            name=name,
            severity="error",
            at=f"{part} samples",
            seen=f"{n} of {len(held_out)} are identical to training samples",
            expected="none",
            why="its score then shows what was learnt by heart; early stopping and checkpoints "
            "chosen by it mean nothing",
            remedy="split once, before augmentation and before any branch is trained, and by "
            "speaker: GroupShuffleSplit",
        )


def unseen_classes(
    trained: np.ndarray,
    validated: np.ndarray,
    *,
    split_off: bool,
    names: Sequence[str] | None = None,
) -> Iterator[Finding]:
    """Classes on one side alone, or in other shares than chance would give.

    Args:
        trained: Classes of the training samples.
        validated: Classes of the validation samples.
        split_off: Whether ``validation_split`` made the parts.
        names: Names of the classes; their numbers if not given.
    """
    told = {c: names[c] if names else c for c in {*trained.tolist(), *validated.tolist()}}
    there, here = Counter(trained.tolist()), Counter(validated.tolist())
    untaught, unasked = sorted(here.keys() - there), sorted(there.keys() - here)
    how = LAST_ROWS if split_off else "the parts were not drawn alike"
    shuffle = "shuffle x and y together first, or split by speaker and pass validation_data"
    if untaught:
        yield Finding(
            name="class-never-trained",
            severity="error",
            at="validation labels",
            seen="; ".join(
                f"class {told[c]}: {here[c]} validated, 0 trained" for c in untaught[:5]
            ),
            expected="every class in the training part",
            why=f"these can only be answered wrongly ({how})",
            remedy=shuffle,
        )
    elif unasked:
        yield Finding(
            name="class-never-validated",
            severity="warning",
            at="validation labels",
            seen=f"no sample of class {some(told[c] for c in unasked)}",
            expected="every class in the validation part",
            why=f"epochs are then chosen without regard to it ({how})",
            remedy=shuffle,
        )
    elif (p := _chance(there, here)) < UNLIKELY:
        yield Finding(
            name="class-shares-differ",
            severity="warning",
            at="validation labels",
            seen=f"shares that chance gives with p = {p:.1g}",
            expected=f"p of {UNLIKELY:g} or more",
            why=f"validation scores then speak of another mixture of classes ({how})",
            remedy="train_test_split(..., stratify=y), or StratifiedGroupKFold by speaker",
        )


def _chance(there: Counter[int], here: Counter[int]) -> float:
    """Probability of so different counts if both parts were drawn alike; 1 of too few samples.

    The chi-squared test, which needs five or more expected in each cell.
    """
    from scipy.stats import chi2_contingency

    labels = sorted(there | here)
    test = chi2_contingency([[part[c] for c in labels] for part in (there, here)])
    return float(test.pvalue) if test.expected_freq.min() >= ENOUGH else 1.0
