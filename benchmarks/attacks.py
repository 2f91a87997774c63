"""Run folders as somebody who means harm would make them, from a good one.

Each attack changes a folder and seals it again, as its maker would. All that tries to execute
something would leave a file, the mark, behind.
"""

import io
import json
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from fuzzing import mutated, mutated_text

from speechsent.run import MODEL, SEALED, STATISTICS, Run
from speechsent.seal import DIGEST, FILES, sealed

CONFIG, LABELS, FACTS, CALIBRATION = "config.yaml", "labels.json", "run.json", "calibration.json"
DEEP = "[" * 100_000 + "]" * 100_000
BOMB = 256 << 20  # bytes of zeros


class Payload:
    """What leaves the mark when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return exec, (f"open({str(self.mark)!r}, 'w')",)


def reseal(folder: Path) -> None:
    """Make the seal fit what the folder holds now."""
    path = folder / FACTS
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        plain = {key: value for key, value in facts.items() if key not in (FILES, DIGEST)}
    except (ValueError, AttributeError, RecursionError):
        return  # the attack is run.json itself
    path.write_text(json.dumps(sealed(folder, SEALED, plain)), encoding="utf-8")


def attacked(good: Path, folder: Path, attack: str, mark: Path) -> Path:
    """A copy of a good run with one attack in it.

    Args:
        good: The run.
        folder: Where the copy goes; it may not exist.
        attack: A key of ``ATTACKS``.
        mark: File that would be there if anything were executed.
    """
    shutil.copytree(good, folder)
    ATTACKS[attack](folder, mark)
    reseal(folder)
    return folder


def answer(folder: Path, signal: np.ndarray) -> np.ndarray:
    """What a run answers to mono samples at 16 kHz, with everything read that it has."""
    from speechsent.recogniser import Recogniser

    run = Run.open(folder)
    run.split  # noqa: B018 - read on first use
    run.read_json("stages.json")
    return Recogniser(run).signal(signal)


def _keras_file(config: dict[str, Any]) -> Callable[[Path, Path], None]:
    """The model is an archive as Keras writes it, with a configuration of the attacker's."""

    def attack(folder: Path, mark: Path) -> None:
        text = json.dumps(config).replace("MARK", str(mark))
        weights = (folder / MODEL).read_bytes()
        with zipfile.ZipFile(folder / MODEL, "w") as archive:
            archive.writestr("config.json", text)
            archive.writestr("metadata.json", '{"keras_version": "3.15.1"}')
            archive.writestr("model.weights.h5", weights)

    return attack


def _layer(module: str, kind: str, **config: Any) -> dict[str, Any]:
    """A model of one layer, as Keras describes models."""
    layer = {"module": module, "class_name": kind, "config": config, "registered_name": None}
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "s", "layers": [layer]},
    }


def _lambda(ending: str) -> Callable[[Path, Path], None]:
    """A whole model as Keras saves it, with a layer that is code."""

    def attack(folder: Path, mark: Path) -> None:
        import keras

        def touch(x: Any, name: str = str(mark)) -> Any:
            open(name, "w").close()  # noqa: PTH123 - it may not need an import
            return x

        saved = folder.with_name(f"{folder.name}.{ending}")
        keras.Sequential([keras.Input((2,)), keras.layers.Lambda(touch)]).save(saved)
        saved.replace(folder / MODEL)
        mark.unlink()  # left when the layer was built, which is not the attack

    return attack


def _weights(change: Callable[[h5py.File, str], None]) -> Callable[[Path, Path], None]:
    """Change one array of the weights; the callable gets the file and the array's name."""

    def attack(folder: Path, mark: Path) -> None:
        with h5py.File(folder / MODEL, "r+") as file:
            change(file, first_array(file))

    return attack


def first_array(file: h5py.File) -> str:
    """Name of the first array with more than one number."""
    found: list[str] = []
    file.visititems(
        lambda name, item: (
            found.append(name) if isinstance(item, h5py.Dataset) and item.size > 1 else None
        )
    )
    return found[0]


def _replaced(make: Callable[[h5py.File, str, Any], object]) -> Callable[[Path, Path], None]:
    """An array gives way to something else of its name; the callable also gets its values."""

    def change(file: h5py.File, name: str) -> None:
        values = file[name][()]
        del file[name]
        make(file, name, values)

    return _weights(change)


def _external(file: h5py.File, name: str, values: np.ndarray) -> None:
    outside = [("/etc/hostname", 0, h5py.h5f.UNLIMITED)]
    file.create_dataset(name, values.shape, values.dtype, external=outside)


def _virtual(file: h5py.File, name: str, values: np.ndarray) -> None:
    layout = h5py.VirtualLayout(values.shape, values.dtype)
    layout[...] = h5py.VirtualSource("/etc/hostname", "x", values.shape)
    file.create_virtual_dataset(name, layout)


def _link(link: object) -> Callable[[Path, Path], None]:
    def make(file: h5py.File, name: str, values: np.ndarray) -> None:
        file[name] = link

    return _replaced(make)


def _loop(file: h5py.File, name: str) -> None:
    file[f"{name.split('/')[0]}/again"] = file["/"]


def _filled(value: float) -> Callable[[h5py.File, str], None]:
    def change(file: h5py.File, name: str) -> None:
        file[name][...] = value

    return change


def _every_weight(value: float) -> Callable[[Path, Path], None]:
    def attack(folder: Path, mark: Path) -> None:
        def fill(_: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset):
                item[...] = value

        with h5py.File(folder / MODEL, "r+") as file:
            file.visititems(fill)

    return attack


def _statistics(change: Callable[[dict[str, np.ndarray]], None]) -> Callable[[Path, Path], None]:
    def attack(folder: Path, mark: Path) -> None:
        with np.load(folder / STATISTICS) as file:
            arrays = dict(file)
        change(arrays)
        with (folder / STATISTICS).open("wb") as stream:
            np.savez(stream, **arrays)

    return attack


def _first_statistics(value: object) -> Callable[[dict[str, np.ndarray]], None]:
    def change(arrays: dict[str, np.ndarray]) -> None:
        view = next(name for name in arrays if name.endswith("/mean")).removesuffix("/mean")
        arrays[f"{view}/mean"] = np.asarray(value, np.float32)
        arrays[f"{view}/scale"] = np.ones_like(arrays[f"{view}/mean"])

    return change


def _pickled_statistics(folder: Path, mark: Path) -> None:
    with np.load(folder / STATISTICS) as file:
        arrays = dict(file)
    with (folder / STATISTICS).open("wb") as stream:
        np.savez(stream, **arrays, evil=np.array([Payload(mark)], object), allow_pickle=True)


def _bomb(folder: Path, mark: Path) -> None:
    """A small archive with an array of zeros that is large when unpacked."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "<f4", "fortran_order": False, "shape": (BOMB // 4,)}
    )
    with (
        zipfile.ZipFile(folder / STATISTICS, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("more/mean.npy", "w", force_zip64=True) as member,
    ):
        member.write(head.getvalue())
        for _ in range(BOMB >> 20):
            member.write(bytes(1 << 20))


def _escaping_member(folder: Path, mark: Path) -> None:
    with zipfile.ZipFile(folder / STATISTICS, "a") as archive:
        archive.writestr(f"../../../../../../..{mark}", "outside")


def _pickle_as(name: str) -> Callable[[Path, Path], None]:
    def attack(folder: Path, mark: Path) -> None:
        (folder / name).write_bytes(pickle.dumps(Payload(mark)))

    return attack


def _text(name: str, text: str) -> Callable[[Path, Path], None]:
    def attack(folder: Path, mark: Path) -> None:
        (folder / name).write_text(text.replace("MARK", str(mark)), encoding="utf-8")

    return attack


def _appended(text: str) -> Callable[[Path, Path], None]:
    def attack(folder: Path, mark: Path) -> None:
        with (folder / CONFIG).open("a", encoding="utf-8") as file:
            file.write(text.replace("MARK", str(mark)))

    return attack


def _settings(old: str, new: str) -> Callable[[Path, Path], None]:
    """Replace a line of the configuration."""

    def attack(folder: Path, mark: Path) -> None:
        import re

        text, n = re.subn(old, new, (folder / CONFIG).read_text(encoding="utf-8"), count=1)
        if not n:
            raise LookupError(old)
        (folder / CONFIG).write_text(text, encoding="utf-8")

    return attack


def _labels(change: Callable[[list[str]], list[Any]]) -> Callable[[Path, Path], None]:
    def attack(folder: Path, mark: Path) -> None:
        labels = json.loads((folder / LABELS).read_text(encoding="utf-8"))
        (folder / LABELS).write_text(json.dumps(change(labels)), encoding="utf-8")

    return attack


def _cut_weights(share: float) -> Callable[[Path, Path], None]:
    def attack(folder: Path, mark: Path) -> None:
        content = (folder / MODEL).read_bytes()
        (folder / MODEL).write_bytes(content[: round(share * len(content))])

    return attack


LAUGHS = "laugh0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"laugh{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)
)
OS = "!!python/object/apply:os.system ['touch MARK']"
CALL = {"module": "os", "class_name": "system", "config": "touch MARK"}
FUNCTION = {"class_name": "function", "module": "keras.utils", "config": "get_file"}

ATTACKS: dict[str, Callable[[Path, Path], None]] = {
    "Lambda with code, .keras": _lambda("keras"),
    "Lambda with code, .h5": _lambda("h5"),
    "configuration that names os.system": _keras_file({**_layer("os", "system"), **CALL}),
    "Lambda that calls get_file": _keras_file(_layer("keras.layers", "Lambda", function=FUNCTION)),
    "enable_unsafe_deserialization": _keras_file(
        _layer("keras.config", "enable_unsafe_deserialization")
    ),
    "TFSMLayer": _keras_file(_layer("keras.layers", "TFSMLayer", filepath="/tmp")),
    "vocabulary from a file": _keras_file(
        _layer("keras.layers", "StringLookup", vocabulary="/etc/hostname")
    ),
    "layer name that leaves the folder": _keras_file(
        _layer("keras.layers", "Dense", units=1, name="../../x")
    ),
    "unknown class": _keras_file(_layer("nobody", "Nothing")),
    "HDF5 external storage": _replaced(_external),
    "HDF5 external link": _link(h5py.ExternalLink("/etc/hostname", "/x")),
    "HDF5 soft link": _link(h5py.SoftLink("/")),
    "HDF5 virtual dataset": _replaced(_virtual),
    "HDF5 group that contains itself": _weights(_loop),
    "HDF5 that declares 64 GiB": _replaced(
        lambda file, name, _: file.create_dataset(name, (1 << 34,), "f4", chunks=(1 << 20,))
    ),
    "HDF5 with compressed zeros": _replaced(
        lambda file, name, _: file.create_dataset(
            name, data=np.zeros(1 << 24, "f4"), compression="gzip"
        )
    ),
    "HDF5 with texts": _replaced(
        lambda file, name, _: file.create_dataset(name, data=["a", "b"], dtype=h5py.string_dtype())
    ),
    "weights that are NaN": _weights(_filled(np.nan)),
    "weights that are infinite": _weights(_filled(np.inf)),
    "weights that lead beyond numbers": _every_weight(1e38),
    "weights in another shape": _replaced(
        lambda file, name, values: file.create_dataset(name, data=values[..., :1])
    ),
    "weights cut in half": _cut_weights(0.5),
    "weights of no bytes": _cut_weights(0.0),
    "weights that are a pickle": _pickle_as(MODEL),
    "statistics that are a pickle": _pickle_as(STATISTICS),
    "statistics with a pickled object": _pickled_statistics,
    "statistics that unpack to 256 MB": _bomb,
    "statistics with a member that leaves the folder": _escaping_member,
    "statistics that are NaN": _statistics(_first_statistics([np.nan] * 32)),
    "statistics of another width": _statistics(_first_statistics([0.0])),
    "statistics of no view": _statistics(lambda arrays: arrays.clear()),
    "configuration with a Python tag": _appended(f"evil: {OS}\n"),
    "configuration that grows": _appended(LAUGHS),
    "configuration nested without end": _appended(f"deep: {DEEP[:150_000]}\n"),
    "configuration with a key twice": _appended("seed: 1\n"),
    "configuration of a huge network": _settings(
        r"(lstm:\n(?:  .*\n)*?)  units:\n(  - \d+\n)+", r"\1  units: [4096, 4096, 4096, 4096]\n"
    ),
    "configuration of endless windows": _settings(r"  seconds: .*", "  seconds: 1.0e+9"),
    "configuration with weights of its own": _settings(
        r"  backbone: compact\n  weights: .*", "  backbone: vgg16\n  weights: /etc/hostname"
    ),
    "labels nested without end": _text(LABELS, DEEP),
    "labels with escape sequences": _labels(lambda names: ["\x1b[2J", *names[1:]]),
    "labels that are one": _labels(lambda names: [names[0], *names[:-1]]),
    "labels too many": _labels(lambda names: [*names, "more"]),
    "labels that are numbers": _labels(lambda names: [*range(len(names))]),
    "facts nested without end": _text(FACTS, DEEP),
    "facts that are a list": _text(FACTS, "[]"),
    "facts that are a pickle": _pickle_as(FACTS),
    "temperature of nothing": _text(
        CALIBRATION,
        '{"temperature": 1e-300, "n_validation": 1, "ece_before": 0, "ece_after": 0}',
    ),
    "temperature beyond numbers": _text(
        CALIBRATION,
        f'{{"temperature": 1{"0" * 400}, "n_validation": 1, "ece_before": 0, "ece_after": 0}}',
    ),
    "temperature that is a list": _text(CALIBRATION, "[1, 2]"),
    "targets beside emotions": _text("targets.json", '{"names": ["a"], "mean": [0], "sd": [1]}'),
    "split nested in quotes": _text("split.csv", 'file,part\n"' + "x" * 200_000),
}


def mutated_run(good: Path, folder: Path, rng: np.random.Generator, *, seal: bool) -> str:
    """A copy of a good run, in which one file is damaged.

    Args:
        good: The run.
        folder: Where the copy goes; it may not exist.
        rng: Decides which file, and how.
        seal: Seal it again, so that only the content can tell; else as damage on a disk would.

    Returns:
        The name of the file.
    """
    shutil.copytree(good, folder)
    names = [FACTS, *(name for name in SEALED if (folder / name).is_file())]
    path = folder / str(rng.choice(names))
    change = mutated if path.suffix in (".h5", ".npz") else mutated_text
    content = path.read_bytes()
    while path.read_bytes() == content:
        path.write_bytes(change(content, rng))
    if seal:
        reseal(folder)
    return path.name


def listing(folder: Path) -> dict[Path, int]:
    """Every file below a folder, and when it was changed."""
    return {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()}
