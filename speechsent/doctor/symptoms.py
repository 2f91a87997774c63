"""What one batch shows: a first loss out of proportion, gradients that do not arrive."""

from collections.abc import Iterator

import numpy as np

from speechsent.doctor.case import Case
from speechsent.doctor.findings import Finding
from speechsent.doctor.graph import batchnorm_layers
from speechsent.doctor.heads import Head
from speechsent.doctor.normalisation import has_history
from speechsent.errors import some

TOO_HIGH = 5.0  # times ln(classes); 32 healthy networks had 0.98 to 3.17
TOO_HIGH_FRESH = 20.0  # a new EfficientNetB0 has 5.5 behind its BatchNorm, and recovers
SAME = 1e-6
ENOUGH_SAMPLES = 8


def symptom_findings(case: Case) -> Iterator[Finding]:
    """Everything that shows once a batch has run."""
    for head, values in zip(case.heads, _settled_outputs(case), strict=False):
        yield from constant_output(head, values)
    if case.step is None:
        return
    limit = TOO_HIGH_FRESH if _freshly_normalised(case) else TOO_HIGH
    told = zip(case.heads, case.step.losses, case.step.outputs, strict=True)
    for head, loss, values in told:
        yield from first_loss(head, loss / _summed(head, values), limit)
    yield from gradients(case.step.gradients)


def _settled_outputs(case: Case) -> list[np.ndarray]:
    """Outputs that tell whether the network answers alike to all.

    In inference BatchNorm that was never trained normalises nothing, and a deep healthy network
    fades to a constant; so such networks are judged in training mode, or not at all.
    """
    if _freshly_normalised(case):
        return case.step.outputs if case.step else []
    return case.probe.outputs if case.probe else []


def _freshly_normalised(case: Case) -> bool:
    """Whether there is BatchNorm that was never trained."""
    return any(not has_history(layer) for layer in batchnorm_layers(case.model))


def constant_output(head: Head, values: np.ndarray) -> Iterator[Finding]:
    """The same answer, whatever is shown."""
    if len(values) < ENOUGH_SAMPLES:
        return
    if not np.isfinite(values).all():
        yield Finding(
            name="output-not-finite",
            severity="error",
            at=head.name,
            seen=f"{int((~np.isfinite(values)).sum())} of {values.size} values NaN or infinite",
            expected="none, before the first step",
            why="no loss comes back from NaN",
            remedy="standardise the inputs; look for a logarithm or division in your own layers",
        )
    elif float(values.std(axis=0).max()) < SAME:
        yield Finding(
            name="output-is-constant",
            severity="error",
            at=head.name,
            seen=f"deviation {values.std(axis=0).max():.1g} over {len(values)} samples",
            expected=f"more than {SAME:g}",
            why="accuracy is then the share of one class, whatever the loss does",
            remedy="look for a softmax over one unit, dead units behind large inputs, or weights "
            "that start at 0",
        )


def _summed(head: Head, values: np.ndarray) -> int:
    """Number of answers whose losses were added up; 1 where their mean was taken."""
    summed = getattr(head.loss, "reduction", None) == "sum"
    return int(np.prod(values.shape[:-1])) if summed else 1


def first_loss(head: Head, loss: float, limit: float) -> Iterator[Finding]:
    """The loss before the first step, against that of guessing."""
    if not np.isfinite(loss):
        yield Finding(
            name="loss-not-finite",
            severity="error",
            at=head.name,
            seen=f"first loss {loss}",
            expected="a number",
            why="every weight is NaN after the first step",
            remedy="look at labels, inputs and the last activation",
        )
        return
    guess = float(np.log(head.n_values))
    if head.classifies and loss > limit * guess:
        yield Finding(
            name="first-loss-too-high",
            severity="warning",
            at=head.name,
            seen=f"{loss:.3g}, which is {loss / guess:.0f} times ln {head.n_values}",
            expected=f"about ln {head.n_values} = {guess:.3g}, at most {limit * guess:.3g}",
            why="the network starts sure of wrong answers, and the first steps are far too large",
            remedy="standardise the inputs (see input-scale); else look at loss and labels",
        )


def gradients(by_layer: dict[str, list[float | None]]) -> Iterator[Finding]:
    """Layers that a step would not move, or would break."""
    broken = [name for name, found in by_layer.items() if not np.isfinite(_known(found)).all()]
    if broken:
        yield Finding(
            name="gradient-not-finite",
            severity="error",
            at=some(broken),
            seen=f"NaN or infinity in {len(broken)} of {len(by_layer)} layers",
            expected="numbers",
            why="the first step makes these weights NaN, and the next all others",
            remedy="standardise the inputs; clipnorm=1.0 in the optimiser",
        )
        return
    still = [name for name, found in by_layer.items() if not _known(found).any()]
    if still:
        none = [name for name in still if not len(_known(by_layer[name]))]
        yield Finding(
            name="no-gradient",
            severity="error",
            at=some(still),
            seen=f"gradient exactly 0 in {len(still)} of {len(by_layer)} layers"
            + (f", {len(none)} of them unconnected to the loss" if none else ""),
            expected="0 layers (32 healthy networks had none)",
            why="these layers do not learn",
            remedy="look before the output for a dead ReLU, an argmax, a saturated softmax or a "
            "softmax over one unit; freeze layers on purpose with trainable=False",
        )


def _known(found: list[float | None]) -> np.ndarray:
    return np.array([value for value in found if value is not None])
