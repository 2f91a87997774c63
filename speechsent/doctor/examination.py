"""Examine a model before it is trained."""

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

import keras

from speechsent.doctor.architecture import architecture_findings
from speechsent.doctor.backbone import backbone_ranges
from speechsent.doctor.case import Case, by_name, fed, n_rows, rows
from speechsent.doctor.findings import Diagnosis, Finding, in_order
from speechsent.doctor.gates import first_step
from speechsent.doctor.given import Given, check_shapes, gives_batches, read, read_validation
from speechsent.doctor.graph import fixed_batch, graph_of
from speechsent.doctor.heads import heads_of
from speechsent.doctor.inputs import input_findings, not_finite
from speechsent.doctor.labels import label_findings
from speechsent.doctor.normalisation import never_trained, normalisation_findings
from speechsent.doctor.outputs import output_findings
from speechsent.doctor.probe import probed_rows, run_forwards
from speechsent.doctor.sharing import Ids, SharedIds, split_rows
from speechsent.doctor.splits import split_findings
from speechsent.doctor.symptoms import symptom_findings
from speechsent.errors import ParameterError

ABOUT_ALL = {  # some batches do not tell
    "class-never-trained",
    "class-never-validated",
    "class-shares-differ",
    "more-units-than-classes",
    "one-class-only",
}
SYMPTOMS = {
    "output-is-constant",
    "output-not-finite",
    "loss-not-finite",
    "gradient-not-finite",
    "no-gradient",
}
CAUSES = ("input-scale", "batchnorm-off-distribution")


def examine(
    model: keras.Model,
    x: Any = None,
    y: Any = None,
    *,
    loss: Any = None,
    validation_data: Any = None,
    validation_split: float = 0.0,
    batch_size: int | None = None,
    steps: int | None = None,
    classes: int | None = None,
    groups: Any = None,
    validation_groups: Any = None,
    fitted_ids: Mapping[str, Ids] | None = None,
    validation_ids: Ids = (),
    passes: Literal[0, 1, 2] = 2,
) -> Diagnosis:
    """Look for what would go wrong, before an hour is spent.

    Any Keras 3 model will do. The more is given, the more is looked at: layers alone, then inputs
    and labels, then one batch of at most 64 samples. It takes about a second, or some where an
    LSTM reads long sequences. The model is left as it was, bit for bit.

    Args:
        model: Built model, compiled or not.
        x: Training inputs, an array or a dict or list of them, as ``model.fit`` takes them. Of a
            ``tf.data.Dataset`` or ``keras.utils.PyDataset`` some batches are read.
        y: Training labels, likewise; a data set brings them.
        loss: As ``model.compile`` takes it; that of the compiled model if not given.
        validation_data: Inputs and labels of the validation part, or a data set; labels may be
            None, or missing.
        validation_split: Share of the last rows of ``x`` and ``y`` that Keras takes for validation.
        batch_size: Samples in a step.
        steps: Steps of the whole training, such as ``epochs * len(x) // batch_size``.
        classes: Number of classes that exclude each other, where the labels do not tell.
        groups: Speaker of each sample of ``x``.
        validation_groups: Speaker of each validation sample; ``validation_split`` takes them from
            ``groups``.
        fitted_ids: Identifiers of the samples which parts of the model were fitted on before, by
            the name of the part or stage.
        validation_ids: Identifier of each validation sample.
        passes: How far one batch is run: forth and back; 1 only forth, without gradients; 0 not
            at all, which takes no time.

    Returns:
        The findings, errors first.

    Raises:
        ParameterError: If the model is not built, lengths or shapes differ, both kinds of
            validation are given, ``x`` can be read only once, or one side of what is to be
            compared is missing.

    Example:
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        >>> [finding.name for finding in examine(model, loss="categorical_crossentropy").errors]
        ['output-not-probabilities']
    """
    _check(model, x, validation_data, validation_split)
    train, held_out = read(x, y), read_validation(validation_data)
    shared = SharedIds(groups, validation_groups, fitted_ids or {}, validation_ids)
    shared = shared.split_off(n_rows(train.x) or n_rows(train.y), validation_split)
    train, held_out = _split_off(train, held_out, validation_split)
    _check_inputs(model, train, held_out)
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # told in our own words
        loss = model_loss(model) if loss is None else loss
        case = _case(model, train.x if passes else None, train.y, loss, held_out)
        case = replace(
            case,
            split_off=validation_split > 0,
            n_classes=classes,
            batch_size=batch_size,
            n_steps=steps,
        )
        found = blamed(list(_findings(case, train.x, back=passes > 1)))
        if not (train.whole and held_out.whole):
            found = [finding for finding in found if finding.name not in ABOUT_ALL]
        findings = (*found, *shared.findings())
        return Diagnosis(in_order(findings), (*_scope(case), *shared.scope))


def model_loss(model: keras.Model) -> Any:
    """The loss a model was compiled with; None if it was not."""
    return getattr(model, "loss", None) if model.compiled else None


def _check(model: keras.Model, x: Any, given: Any, share: float) -> None:
    if not model.built:
        raise ParameterError(
            f"{model.name}: has no weights yet; start it with keras.Input, or call it on one batch"
        )
    if not 0 <= share < 1 or (share and given is not None):
        raise ParameterError(
            "validation_split must lie in [0, 1), and not stand beside validation_data. "
            f"Received: validation_split={share}"
        )
    if share and gives_batches(x):
        raise ParameterError(
            "validation_split needs arrays: of a data set take(n) and skip(n) make the parts, for "
            f"x and validation_data. Received: validation_split={share}"
        )


def _check_inputs(model: keras.Model, train: Given, held_out: Given) -> None:
    if train.x is not None and not n_rows(train.x):
        raise ParameterError("x must have at least one sample. Received: none")
    check_shapes(model, train.x)
    check_shapes(model, held_out.x, "validation_data")


def _split_off(train: Given, held_out: Given, share: float) -> tuple[Given, Given]:
    """Take the last rows away, as Keras does."""
    n = n_rows(train.x) or n_rows(train.y)
    if not share or not n:
        return train, held_out
    first, last = split_rows(n, share)
    if not first.stop:
        raise ParameterError(
            f"validation_split must leave a sample to train on. Received: {share} of {n} samples"
        )
    parts = [Given(rows(train.x, part), rows(train.y, part)) for part in (first, last)]
    return parts[0], parts[1]


def _case(model: keras.Model, x: Any, y: Any, loss: Any, held_out: Given) -> Case:
    graph = graph_of(model)
    names = [tensor.name for tensor in model.inputs] if graph else []
    inputs = by_name(x, names)
    usable = bool(inputs) and not list(not_finite(inputs))
    chosen = probed_rows(n_rows(x), fixed_batch(model))
    probe = run_forwards(model, fed(rows(x, chosen))) if usable else None
    answered = probe.answered if probe else None
    asked = heads_of(graph, loss, held_out.y, answered)
    return Case(
        model=model,
        graph=graph,
        heads=heads_of(graph, loss, y, answered),
        inputs=inputs,
        validation=by_name(held_out.x, names),
        validation_classes=next((h.classes for h in asked if h.classes is not None), None),
        probe=probe,
    )


def _findings(case: Case, x: Any, *, back: bool) -> Iterator[Finding]:
    """Causes before symptoms; no batch is trained on with labels that cannot be used."""
    yield from input_findings(case)
    if not never_trained(case.model):
        yield from backbone_ranges(case)
    mislabelled = list(label_findings(case))
    yield from mislabelled
    yield from split_findings(case)
    yield from output_findings(case)
    yield from architecture_findings(case)
    yield from normalisation_findings(case)
    usable = back and all(finding.severity != "error" for finding in mislabelled)
    yield from symptom_findings(_with_gradients(case, x) if usable else case)


def blamed(findings: list[Finding]) -> list[Finding]:
    """The first cause that often does no harm is an error where the harm is done.

    So it is if nothing else explains the symptoms: inputs out of scale, or BatchNorm statistics of
    other data.
    """
    errors = {finding.name for finding in findings if finding.severity == "error"}
    cause = next((finding.name for finding in findings if finding.name in CAUSES), "")
    if not errors or not errors <= SYMPTOMS:
        return findings
    return [replace(f, severity="error") if f.name == cause else f for f in findings]


def _with_gradients(case: Case, x: Any) -> Case:
    """The case with a backward pass, if every output has a loss and targets."""
    complete = all(head.loss is not None and head.targets is not None for head in case.heads)
    if case.probe is None or not complete or not case.model.trainable_variables:
        return case
    chosen = probed_rows(n_rows(x), fixed_batch(case.model))
    return replace(case, step=first_step(case.model, fed(rows(x, chosen)), case.heads, chosen))


def _scope(case: Case) -> tuple[str, ...]:
    looked = ["the layers"] if case.graph else []
    looked += ["the loss"] if any(head.loss is not None for head in case.heads) else []
    n = n_rows(case.inputs or None)
    looked += [f"{n} inputs"] if n else []
    looked += ["labels"] if any(head.targets is not None for head in case.heads) else []
    looked += [f"{n_rows(case.validation)} validation inputs"] if case.validation else []
    return (*looked, "one batch") if case.probe else tuple(looked)
