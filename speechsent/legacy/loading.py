"""Load a model file of Keras 2: an HDF5 file, or a JSON with an HDF5 of its weights."""

import json
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import tensorflow as tf

from speechsent.doctor.examination import examine
from speechsent.doctor.findings import Diagnosis, Finding, in_order
from speechsent.errors import WeightsError, some
from speechsent.legacy.gates import hard_sigmoid
from speechsent.legacy.structure import NEW_GATE, Structure, modern

WEIGHTS = "model_weights"
OLD = 3  # first version with the new formula
# What a description that is none of a network makes Keras raise, too large ones included.
DAMAGE = (
    ValueError, TypeError, LookupError, AttributeError, ArithmeticError, OSError, RuntimeError,
    MemoryError, tf.errors.OpError,
)  # fmt: skip


@dataclass(frozen=True)
class OldModel:
    """A model of Keras 2 as it was meant.

    Args:
        model: The model, not compiled.
        version: Version of Keras that wrote it; empty if it does not say.
        findings: What had to be changed.
    """

    model: keras.Model
    version: str
    findings: tuple[Finding, ...]


def load_model(file: Path | str, weights: Path | str | None = None) -> OldModel:
    """Load a model of Keras 2 with the gates it was trained with.

    Nothing in the files is executed: layers are Keras's own, by name, and Lambda is refused.

    Args:
        file: An HDF5 file with a whole model, or the JSON of ``model.to_json()``.
        weights: The HDF5 file of ``model.save_weights()`` that goes with a JSON.

    Raises:
        WeightsError: If a file is none of these, or its layers cannot be rebuilt.
    """
    file, weights = Path(file), Path(weights) if weights else None
    if weights is not None and file.suffix != ".json" and weights.suffix == ".json":
        file, weights = weights, file
    if weights is None and file.suffix == ".json":
        raise WeightsError(
            f"{file}: tells the layers alone; name the HDF5 file of model.save_weights() behind it"
        )
    if weights is None:
        holder, described = file, _described_in_hdf5(file)
    else:
        holder, described = weights, _described_in_json(file)
    version = str(described.get("keras_version") or _stated_version(holder))
    try:
        old = not version or int(version.split(".")[0]) < OLD
        structure = modern(described) if old else Structure(described, ())
        model = _rebuilt(structure, holder)
    except DAMAGE as error:
        reason = " ".join(str(error).split())[:300]
        raise WeightsError(f"{file}: cannot be rebuilt ({reason})") from error
    broken = [v.path for v in model.variables if not np.isfinite(v.numpy()).all()]
    if broken:
        raise WeightsError(f"{holder}: holds weights that are not numbers: {some(broken)}")
    return OldModel(model, version, _told(structure, version))


def examine_files(file: Path | str, weights: Path | str | None = None) -> Diagnosis:
    """Load a model of Keras 2, and tell what was changed and what is wrong with its layers.

    Raises:
        WeightsError: If it cannot be loaded.
    """
    old = load_model(file, weights)
    told = [f for f in examine(old.model).findings if f.name != "legacy-hard-sigmoid"]
    version = f"Keras {old.version}" if old.version else "a file without a version"
    return Diagnosis(in_order((*old.findings, *told)), (version, "the layers"))


def _described_in_json(file: Path) -> Mapping[str, Any]:
    try:
        described = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(described, str):  # json.dump(model.to_json()) writes a text of a text
            described = json.loads(described)
    except (OSError, ValueError, RecursionError) as error:
        raise WeightsError(f"{file}: not a JSON file ({error})") from error
    if not isinstance(described, Mapping):
        raise WeightsError(f"{file}: a JSON file, but not of a model")
    return described


def _described_in_hdf5(file: Path) -> Mapping[str, Any]:
    """The description in a file that holds a whole model."""
    with _opened(file) as hdf5:
        text = hdf5.attrs.get("model_config")
        if text is None:
            held = WEIGHTS in hdf5 or "layer_names" in hdf5.attrs
            raise WeightsError(
                f"{file}: holds weights alone; name the JSON of model.to_json() before it"
                if held
                else f"{file}: an HDF5 file, but not of Keras 2"
            )
        try:
            described = json.loads(text)
        except (ValueError, TypeError, RecursionError) as error:
            raise WeightsError(f"{file}: its model_config is damaged ({error})") from error
    if not isinstance(described, Mapping):
        raise WeightsError(f"{file}: its model_config is damaged (describes no network)")
    return {**described, "keras_version": _stated_version(file)}


def _stated_version(file: Path) -> str:
    with _opened(file) as hdf5:
        inner = hdf5.get(WEIGHTS, hdf5)
        version = hdf5.attrs.get("keras_version", inner.attrs.get("keras_version", ""))
    return version.decode() if isinstance(version, bytes) else str(version)


def _opened(file: Path) -> Any:
    try:
        return h5py.File(file, "r")
    except OSError as error:
        reason = " ".join(str(error).split())[:200]
        raise WeightsError(f"{file}: not an HDF5 file ({reason})") from error


def _rebuilt(structure: Structure, holder: Path) -> keras.Model:
    """Have Keras read the file, with the description in place of its own."""
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "model.h5"
        with _opened(holder) as old, h5py.File(whole, "w") as new:
            new.attrs["keras_version"] = "2"
            new.attrs["backend"] = "tensorflow"
            new.attrs["model_config"] = json.dumps(structure.description)
            if WEIGHTS in old:
                old.copy(WEIGHTS, new)
            else:
                _copy_weights(old, new.create_group(WEIGHTS))
        with warnings.catch_warnings(action="ignore", category=UserWarning):  # on style
            return keras.models.load_model(
                whole, custom_objects={NEW_GATE: hard_sigmoid}, compile=False, safe_mode=True
            )


def _copy_weights(old: Any, new: Any) -> None:
    """The groups of a file with weights alone."""
    for name, value in old.attrs.items():
        new.attrs[name] = value
    for name in old:
        old.copy(name, new)


def _told(structure: Structure, version: str) -> tuple[Finding, ...]:
    if not structure.gates:
        return ()
    finding = Finding(
        name="old-gate-restored",
        severity="warning",
        at=some(structure.gates),
        seen=f"hard_sigmoid, in a file of Keras {version or '2'}",
        expected="clip(0.2 x + 0.5, 0, 1), as it was trained with",
        why="Keras 3 computes relu6(x + 3) / 6 under that name; loaded so, a model of 2018 fell "
        "from 80.3 % to 41.2 % without a word",
        remedy="nothing here: the old formula is in place; save it as .keras, and import "
        "speechsent.legacy before you load that",
    )
    return (finding,)
