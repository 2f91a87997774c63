"""Late fusion: each branch's embedding, made equally loud, joined by a dense layer.

What is joined are penultimate embeddings, never a branch's softmax: a head on probabilities
sees a few numbers that sum to 1 and has little left to learn from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import keras
from keras import layers, ops

from speechsent.answers import Answer
from speechsent.centring import FLOOR
from speechsent.errors import ParameterError

FusionMode = Literal["joint", "frozen", "finetune", "cnn", "lstm", "functionals"]
MODES = ("joint", "frozen", "finetune", "cnn", "lstm", "functionals")
BRANCHES = {"cnn": ("cnn",), "lstm": ("lstm",), "functionals": ()}  # of modes that fuse nothing
OUTPUT, AGREED = "emotion", "agreed_emotion"
MAX_UNITS, MAX_COPIES = 8192, 1000
LOUDNESS = 32.0  # squared length of each normalised embedding, whatever its width
SILENCE = 1e-6  # variance that counts as none; with Keras's 1e-3 a quiet embedding stays quiet


@dataclass(frozen=True, kw_only=True)
class FusionConfig:
    """How the branches are joined and trained.

    Args:
        mode: ``"joint"`` trains branches and head together; ``"frozen"`` trains each branch by
            itself, freezes it, and trains the head on its embeddings; ``"finetune"`` goes on from
            there with everything at a low rate; ``"cnn"`` and ``"lstm"`` are one branch alone, and
            ``"functionals"`` are the functionals without any network.
        units: Width of the dense layer behind the concatenation.
        dropout: Fraction of the joined embedding dropped while training.
        auxiliary: Weight of each branch's own classifier in the joint loss, which keeps either
            branch from falling asleep; 0 leaves the fused output alone.
        copies: Augmented copies of each training clip on which a frozen head is trained.
        network: What a fused network counts for beside the functionals: the exponent of its
            probabilities, by which those of the functionals are multiplied.

    Raises:
        ParameterError: If a field is out of range.
    """

    mode: FusionMode = "joint"
    units: int = 64
    dropout: float = 0.3
    auxiliary: float = 1.0
    copies: int = 8
    network: float = 0.5

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ParameterError(f"mode must be one of {', '.join(MODES)}. Received: {self.mode!r}")
        if not 1 <= self.units <= MAX_UNITS or not 1 <= self.copies <= MAX_COPIES:
            raise ParameterError(
                f"units must lie in [1, {MAX_UNITS}] and copies in [1, {MAX_COPIES}]. "
                f"Received: {self.units}, {self.copies}"
            )
        if not 0 <= self.dropout < 1 or self.auxiliary < 0:
            raise ParameterError(
                "dropout must lie in [0, 1) and auxiliary must not be negative. "
                f"Received: dropout={self.dropout}, auxiliary={self.auxiliary}"
            )
        if not 0 <= self.network <= 100:
            raise ParameterError(f"network must lie in [0, 100]. Received: {self.network}")

    @property
    def branches(self) -> tuple[str, ...]:
        """Names of the branches this mode trains."""
        return BRANCHES.get(self.mode, ("cnn", "lstm"))


def fusion_head(
    widths: Mapping[str, int], *, answer: Answer, units: int = 64, dropout: float = 0.3
) -> keras.Model:
    """The head alone: embeddings in, class probabilities or numbers out.

    Each embedding is normalised to the same length first, so that a branch of 1,000 numbers
    does not drown one of 20.

    Args:
        widths: Number of features of each branch's embedding, by branch.
        answer: What is answered, which decides the last layer.
        units: Width of the dense layer.
        dropout: Fraction of the joined embedding dropped while training.

    Returns:
        Model from a dict of embeddings ``(batch, n_features)`` to ``(batch, n_outputs)``.

    Raises:
        ParameterError: If fewer than two branches are given.
    """
    if len(widths) < 2:
        raise ParameterError(f"fusion needs two or more branches. Received: {sorted(widths)}")
    inputs = {name: keras.Input((width,), name=name) for name, width in widths.items()}
    x = layers.Concatenate(name="fusion_join")([_equally_loud(inputs[name]) for name in inputs])
    x = layers.Dropout(dropout, name="fusion_dropout")(x)
    x = layers.Dense(units, activation="relu", name="fusion_dense")(x)
    return keras.Model(inputs, answer.layer(x, OUTPUT), name="fusion_head")


def late_fusion(branches: Mapping[str, keras.Model], head: keras.Model) -> keras.Model:
    """Put branches and head together, without copying them.

    Args:
        branches: Embedding models by name, each from a dict of inputs to ``(batch, n_features)``.
        head: From :func:`fusion_head`, with the same names.

    Returns:
        Model from the dict of all inputs to answers ``(batch, n_outputs)``.
    """
    inputs = _all_inputs(branches)
    embeddings = {name: _embed(branch, inputs) for name, branch in branches.items()}
    return keras.Model(inputs, head(embeddings), name="late_fusion")


@keras.saving.register_keras_serializable("speechsent")
class Agreement(layers.Layer):
    """Multiply the probabilities of a network, to some power, by those of another classifier.

    Args:
        power: Exponent of the network's probabilities.
    """

    def __init__(self, power: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.power = power

    def call(self, inputs: Any) -> Any:
        """Map probabilities and logits, ``(batch, n_classes)`` each, to probabilities."""
        probabilities, logits = inputs
        return ops.softmax(self.power * ops.log(ops.maximum(probabilities, FLOOR)) + logits)

    def get_config(self) -> dict[str, Any]:
        """Constructor arguments."""
        return {**super().get_config(), "power": self.power}


def beside(network: keras.Model, functionals: keras.Model, *, power: float) -> keras.Model:
    """A network and functionals that agree on an answer, without copying either.

    Args:
        network: Model from a dict of inputs to probabilities ``(batch, n_classes)``.
        functionals: Model from a dict of inputs to logits ``(batch, n_classes)``.
        power: Exponent of the network's probabilities.

    Returns:
        Model from the dict of all inputs to probabilities ``(batch, n_classes)``.
    """
    inputs = {**network.input}
    for name, tensor in functionals.input.items():
        inputs.setdefault(name, keras.Input(tensor.shape[1:], dtype=tensor.dtype, name=name))
    logits = functionals({name: inputs[name] for name in functionals.input})
    answer = Agreement(power, dtype="float32", name=AGREED)([network.output, logits])
    return keras.Model(inputs, answer, name=f"{network.name}_with_functionals")


def alone(functionals: keras.Model) -> keras.Model:
    """Functionals with their softmax: model from their inputs to probabilities."""
    answer = layers.Softmax(dtype="float32", name=AGREED)(functionals.output)
    return keras.Model(functionals.input, answer, name="functionals_alone")


def with_auxiliaries(
    branches: Mapping[str, keras.Model], head: keras.Model, answer: Answer
) -> keras.Model:
    """The same network with an answer of its own behind each branch, for joint training.

    Args:
        branches: Embedding models by name.
        head: From :func:`fusion_head`, with the same names.
        answer: What is answered, by the head as by each branch.

    Returns:
        Model from the dict of all inputs to ``{"emotion": fused, <branch>: its own}``.
    """
    inputs = _all_inputs(branches)
    embeddings = {name: _embed(branch, inputs) for name, branch in branches.items()}
    outputs = {OUTPUT: head(embeddings)}
    for name, embedding in embeddings.items():
        outputs[name] = answer.layer(embedding, f"{name}_auxiliary")
    return keras.Model(inputs, outputs, name="joint_fusion")


def classifier(branch: keras.Model, *, answer: Answer, dropout: float = 0.3) -> keras.Model:
    """One branch with an answer behind it.

    Returns:
        Model from the branch's dict of inputs to answers ``(batch, n_outputs)``.
    """
    inputs = _all_inputs({branch.name: branch})
    x = layers.Dropout(dropout, name="classifier_dropout")(_embed(branch, inputs))
    name = f"{branch.name}_classifier"
    return keras.Model(inputs, answer.layer(x, OUTPUT), name=name)


def classifier_head(
    branch: str, width: int, *, answer: Answer, dropout: float = 0.3
) -> keras.Model:
    """What :func:`classifier` puts behind a branch, alone.

    Args:
        branch: Name of the branch.
        width: Number of features of its embedding.
        answer: What is answered, which decides the last layer.
        dropout: Fraction of the embedding dropped while training.

    Returns:
        Model from a dict of one embedding ``(batch, width)`` to ``(batch, n_outputs)``.
    """
    inputs = {branch: keras.Input((width,), name=branch)}
    x = layers.Dropout(dropout, name="classifier_dropout")(inputs[branch])
    return keras.Model(inputs, answer.layer(x, OUTPUT), name=f"{branch}_head")


def _equally_loud(embedding: keras.KerasTensor) -> keras.KerasTensor:
    width = embedding.shape[-1]
    x = layers.LayerNormalization(
        epsilon=SILENCE, center=False, scale=False, name=f"{embedding.name}_normalised"
    )(embedding)
    return layers.Rescaling((LOUDNESS / width) ** 0.5, name=f"{embedding.name}_loudness")(x)


def _all_inputs(branches: Mapping[str, keras.Model]) -> dict[str, keras.KerasTensor]:
    """Fresh inputs of all branches by name; a name two branches share is one input."""
    shapes = {t.name: t.shape[1:] for branch in branches.values() for t in branch.inputs}
    return {name: keras.Input(shape, name=name) for name, shape in shapes.items()}


def _embed(branch: keras.Model, inputs: Mapping[str, keras.KerasTensor]) -> keras.KerasTensor:
    return branch({tensor.name: inputs[tensor.name] for tensor in branch.inputs})
