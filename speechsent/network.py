"""From a configuration to an untrained network, and from a run folder to a trained one."""

import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np
from keras.src.backend.common import global_state

from speechsent.answers import Answer, Classes, Numbers
from speechsent.branches.imagenet import weight_file
from speechsent.config import ExperimentConfig
from speechsent.errors import ParameterError, RunError, WeightsError
from speechsent.fusion import alone, beside, classifier, fusion_head, late_fusion
from speechsent.hdf5 import check_weights
from speechsent.run import MODEL, Run
from speechsent.training.seed import layers_seeded
from speechsent.training.workshop import Workshop

OVERHEAD = 4096  # bytes of an HDF5 file beside each array
WAITING = "uninitialized_variables"  # Keras's name for its list of weights to be filled


def build_branches(config: ExperimentConfig, *, pretrained: bool = True) -> dict[str, keras.Model]:
    """Build the branches which the configuration's mode uses.

    Args:
        config: The configuration.
        pretrained: Load the backbone's weights; a trained model brings its own.
    """
    branches = {}
    for name in config.fusion.branches:
        with layers_seeded(config.seed, name):
            branches[name] = _build_branch(name, config, pretrained)
    return branches


def _build_branch(name: str, config: ExperimentConfig, pretrained: bool) -> keras.Model:
    if name == "cnn":
        needs_file = pretrained and config.cnn.pretrained
        file = weight_file(config.cnn.backbone, config.cnn.weights) if needs_file else None
        return config.cnn.build((config.log_mel.n_mels, config.n_window), weight_file=file)
    widths = {"mfcc": config.mfcc.n_coefficients, "prosody": config.prosody.n_coefficients}
    shapes = {stream: (config.n_window, widths[stream]) for stream in config.lstm.streams}
    return config.lstm.build(shapes)


def assemble(
    branches: Mapping[str, keras.Model], config: ExperimentConfig, answer: Answer
) -> keras.Model:
    """Put a fresh head on branches, and functionals beside it: what is evaluated."""
    if config.fusion.mode == "functionals":
        return alone(build_functionals(config, answer))
    network = _network(branches, config, answer)
    if not config.uses_functionals or not isinstance(answer, Classes):
        return network
    return beside(network, build_functionals(config, answer), power=config.fusion.network)


def build_functionals(config: ExperimentConfig, answer: Answer) -> keras.Model:
    """Build the functionals, which are still to be solved.

    Raises:
        ParameterError: If numbers are to be told.
    """
    if not isinstance(answer, Classes):
        raise ParameterError("functionals tell emotions; for numbers use functionals.filters=0")
    shape = (config.log_mel.n_mels, config.n_window)
    return config.functionals.build(shape, answer.n, hertz=config.log_mel.centres, seed=config.seed)


def _network(
    branches: Mapping[str, keras.Model], config: ExperimentConfig, answer: Answer
) -> keras.Model:
    if config.fusion.mode in branches:
        return classifier(branches[config.fusion.mode], answer=answer)
    widths = {name: branch.output_shape[-1] for name, branch in branches.items()}
    head = fusion_head(
        widths, answer=answer, units=config.fusion.units, dropout=config.fusion.dropout
    )
    return late_fusion(branches, head)


def load_model(run: Run, workshop: Workshop | None = None) -> keras.Model:
    """Rebuild a run's network from our code and its configuration, and load its weights.

    Nothing in the folder is executed: the weight file holds arrays and nothing else.

    Args:
        run: The run.
        workshop: Where models of the run's recipe are kept; None builds one for this call alone.

    Raises:
        RunError: If the weights do not fit or are not finite.
    """
    _, model = _rebuild(run)
    if workshop is not None:
        model = workshop.fresh("loaded", model)
    _fill(model, run.path / MODEL)
    return model


def save_model(model: keras.Model, path: Path) -> None:
    """Write the weights of a network, without what its optimiser remembers of the training.

    Raises:
        OSError: If the disk has no room for them.
    """
    plain = keras.Model(model.input, model.output)
    _require_room(path, sum(int(w.nbytes) + OVERHEAD for w in plain.get_weights()))
    plain.save_weights(str(path))


def _require_room(path: Path, n_bytes: int) -> None:
    """Fail before HDF5 does, which, once a disk is full, tells it late or ends the process."""
    if hasattr(os, "posix_fallocate"):  # not on macOS
        with path.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, n_bytes))


def load_branches(run: Run) -> dict[str, keras.Model]:
    """Rebuild the branches of a run with the weights they were trained to, without its head.

    Args:
        run: The run.

    Raises:
        RunError: If the weights do not fit or are not finite.
    """
    return load_parts(run)[0]


def load_parts(run: Run) -> tuple[dict[str, keras.Model], keras.Model]:
    """Rebuild a run's network as :func:`load_model` does, and give its branches beside it.

    Args:
        run: The run.

    Returns:
        The branches by name, and the network that was assembled on these very branches.

    Raises:
        RunError: If the weights do not fit or are not finite.
    """
    branches, model = _rebuild(run)
    _fill(model, run.path / MODEL)
    return branches, model


def _rebuild(run: Run) -> tuple[dict[str, keras.Model], keras.Model]:
    """The run's network, once its file of weights was found to be one, and large enough."""
    try:
        n_numbers = check_weights(run.sound(MODEL))
    except WeightsError as error:
        raise RunError(f"{error}; restore it, or train again") from error
    with precision(run.config.fit.precision):
        with _without_memory():
            _, sketch = _build(run)
        wanted = sum(int(np.prod(weight.shape)) for weight in sketch.weights)
        if n_numbers < wanted:
            raise RunError(
                f"{run.path / MODEL}: the weights do not fit the run's configuration "
                f"({n_numbers} numbers, where the network has {wanted})"
            )
        return _build(run)


@contextmanager
def _without_memory() -> Iterator[None]:
    """Weights that are made inside have shapes and no memory, and nothing of them stays behind.

    Keras lists weights that are still to be filled, and fills them all when a stateless scope is
    next left, wherever that is.
    """
    waiting = global_state.get_global_attribute(WAITING, [])
    global_state.set_global_attribute(WAITING, [])
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield
    finally:
        global_state.set_global_attribute(WAITING, waiting)


def _build(run: Run) -> tuple[dict[str, keras.Model], keras.Model]:
    """The run's branches, and the network assembled on them."""
    try:
        branches = build_branches(run.config, pretrained=False)
        answer = Classes(len(run.labels)) if run.scale is None else Numbers(len(run.labels))
        return branches, assemble(branches, run.config, answer)
    except ParameterError as error:
        raise RunError(f"{run.path / 'config.yaml'}: describes no network ({error})") from error


def _fill(model: keras.Model, path: Path) -> None:
    """Load weights into a model, every one of them."""
    try:
        with warnings.catch_warnings():  # Keras merely warns of some layers left at random
            warnings.simplefilter("error", UserWarning)
            model.load_weights(str(path))
    except (ValueError, OSError, KeyError, UserWarning) as error:
        reason = " ".join(str(error).split())[:200]
        raise RunError(
            f"{path}: the weights do not fit the run's configuration ({reason})"
        ) from error
    if not all(np.isfinite(values).all() for values in model.get_weights()):
        raise RunError(f"{path}: holds weights that are not numbers (NaN or infinity)")


def require_numbers(outputs: np.ndarray, run: Run) -> None:
    """Refuse answers that are none: finite weights may still lead beyond all numbers.

    Raises:
        RunError: If an output is not finite.
    """
    if not np.isfinite(outputs).all():
        raise RunError(f"{run.path / MODEL}: answers with what is no number (NaN or infinity)")


@contextmanager
def precision(policy: str) -> Iterator[None]:
    """Build layers with this dtype policy, and restore the former one."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
