"""Damaged input, made from good input and a seed, and what may become of it.

Whatever is fed to the package, the outcome is an answer or one error of its own. Everything else
is a :class:`FaultError`: another exception, a feature that is no number, a value that was accepted
and is not the one that was written.
"""

import csv
import io
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import yaml

from speechsent import audio, config
from speechsent.corpus.manifest import read_manifest
from speechsent.errors import SpeechsentError
from speechsent.features.extraction import Extractor

PATIENCE = 5.0  # seconds of CPU within which every input has its outcome
TRIES = 3
RATE = 16_000
Key = tuple[str, ...]
EXTRACTOR = Extractor(views=("log_mel", "mfcc", "prosody"))

# How each container is written; the name decides where the options do not.
CONTAINERS: dict[str, dict[str, Any]] = {
    "pcm.wav": {},
    "float.wav": {"subtype": "FLOAT"},
    "adpcm.wav": {"subtype": "IMA_ADPCM"},
    "extensible.wav": {"format": "WAVEX"},
    "big.rf64": {"format": "RF64"},
    "sony.w64": {},
    "plain.flac": {},
    "vorbis.ogg": {},
    "opus.ogg": {"subtype": "OPUS"},
    "layer3.mp3": {},
    "apple.aiff": {},
    "sun.au": {},
    "core.caf": {},
    "sphere.nist": {"format": "NIST"},
}
NUMBERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
WORDS = (
    b"1e309",
    b"-1",
    b".nan",
    b"99999999999999999999",
    b"null",
    b"true",
    b"''",
    b"[]",
    b"{}",
    b"!!python/object/apply:os.system ['true']",
    b"&a [*a]",
    b"2024-99-99",
    b"../x.wav",
    b"/etc/passwd",
    b'"',
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\r",
)


class FaultError(Exception):
    """What may not happen."""


def clip(seconds: float = 0.6, seed: int = 0) -> np.ndarray:
    """A buzz in noise, stereo, ``(n_samples, 2)``."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(RATE * seconds)) / RATE
    buzz = 0.2 * np.sign(np.sin(2 * np.pi * 140 * t)) * np.sin(np.pi * t / seconds)
    return np.stack([buzz, buzz], axis=1) + 0.01 * rng.standard_normal((len(t), 2))


def good_clips(folder: Path) -> dict[str, bytes]:
    """The bytes of a good file in each container, mono and stereo in turn."""
    found = {}
    for place, (name, options) in enumerate(CONTAINERS.items()):
        signal = clip(seed=place)
        soundfile.write(folder / name, signal if place % 2 else signal[:, 0], RATE, **options)
        found[name] = (folder / name).read_bytes()
    return found


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """The content with one to four things wrong."""
    for _ in range(int(rng.integers(1, 5))):
        change = MUTATIONS[int(rng.integers(len(MUTATIONS)))]
        content = change(bytearray(content or b"\0"), rng)
    return content


def mutated_text(content: bytes, rng: np.random.Generator) -> bytes:
    """The text with one to four things wrong, mostly whole words or lines."""
    for _ in range(int(rng.integers(1, 5))):
        changes = TEXT_MUTATIONS if rng.random() < 0.8 else MUTATIONS
        change = changes[int(rng.integers(len(changes)))]
        content = change(bytearray(content or b"\0"), rng)
    return content


def _place(content: bytearray, rng: np.random.Generator) -> int:
    """Anywhere, and as often near the beginning, where headers are."""
    end = len(content) if rng.random() < 0.5 else min(len(content), 128)
    return int(rng.integers(end))


def _flip(content: bytearray, rng: np.random.Generator) -> bytes:
    for _ in range(int(rng.integers(1, 12))):
        content[_place(content, rng)] ^= 1 << int(rng.integers(8))
    return bytes(content)


def _number(content: bytearray, rng: np.random.Generator) -> bytes:
    """A field of a header holds an extreme number."""
    width = int(rng.choice([1, 2, 4, 8]))
    value = NUMBERS[int(rng.integers(len(NUMBERS)))] & (256**width - 1)
    at = _place(content, rng)
    content[at : at + width] = value.to_bytes(width, str(rng.choice(["little", "big"])))
    return bytes(content)


def _cut(content: bytearray, rng: np.random.Generator) -> bytes:
    return bytes(content[: int(rng.integers(len(content)))])


def _remove(content: bytearray, rng: np.random.Generator) -> bytes:
    at = _place(content, rng)
    del content[at : at + int(rng.integers(1, 64))]
    return bytes(content)


def _insert(content: bytearray, rng: np.random.Generator) -> bytes:
    at = _place(content, rng)
    content[at:at] = rng.bytes(int(rng.integers(1, 64)))
    return bytes(content)


def _repeat(content: bytearray, rng: np.random.Generator) -> bytes:
    at, to = _place(content, rng), _place(content, rng)
    content[to:to] = content[at : at + int(rng.integers(1, 512))]
    return bytes(content)


def _word(content: bytearray, rng: np.random.Generator) -> bytes:
    """A word is another one."""
    parts = bytes(content).split(b" ")
    parts[int(rng.integers(len(parts)))] = WORDS[int(rng.integers(len(WORDS)))]
    return b" ".join(parts)


def _cell(content: bytearray, rng: np.random.Generator) -> bytes:
    parts = bytes(content).split(b",")
    parts[int(rng.integers(len(parts)))] = WORDS[int(rng.integers(len(WORDS)))]
    return b",".join(parts)


def _letter(content: bytearray, rng: np.random.Generator) -> bytes:
    """A typing error."""
    at = int(rng.integers(len(content)))
    letter = int(rng.integers(97, 123))
    content[at : at + int(rng.integers(2))] = bytes([letter])
    return bytes(content)


def _line(content: bytearray, rng: np.random.Generator) -> bytes:
    """A line is gone, or is there again somewhere else."""
    lines = bytes(content).split(b"\n")
    line = lines[int(rng.integers(len(lines)))]
    if rng.random() < 0.5:
        lines.remove(line)
    else:
        lines.insert(int(rng.integers(len(lines) + 1)), line)
    return b"\n".join(lines)


Change = Callable[[bytearray, np.random.Generator], bytes]
MUTATIONS: tuple[Change, ...] = (_flip, _number, _cut, _remove, _insert, _repeat)
TEXT_MUTATIONS: tuple[Change, ...] = (_word, _cell, _letter, _line)


def outcome(what: Callable[[], object], patience: float = PATIENCE) -> str:
    """``"accepted"`` or ``"refused"``.

    Args:
        what: What reads the input. It is called again where it took too long: what an input costs
            it costs each time, while a pass of the garbage collector over what a long process holds
            is chance.
        patience: Seconds of CPU within which it must have its outcome.

    Raises:
        FaultError: If it took too long ``TRIES`` times, or failed in any other way.
    """
    took = []
    for _ in range(TRIES):
        start = time.process_time()
        told = _once(what)
        took.append(time.process_time() - start)
        if took[-1] <= patience:
            return told
    raise FaultError(f"took {min(took):.1f} s")


def _once(what: Callable[[], object]) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            what()
    except SpeechsentError as error:
        if "\n" in str(error):
            raise FaultError(f"more than one line: {error}") from error
        return "refused"
    except FaultError:
        raise
    except Exception as error:
        raise FaultError(f"{type(error).__name__}: {error}") from error
    return "accepted"


def features_of(path: Path) -> None:
    """Read a file whole and block by block; all features must be numbers."""
    views = EXTRACTOR(audio.load(path, EXTRACTOR.audio))
    pieces = list(audio.blocks(path, EXTRACTOR.audio, seconds=0.5))
    if not all(np.isfinite(values).all() for values in (*views.values(), *pieces)):
        raise FaultError("a feature is no number")


def configuration_of(path: Path) -> None:
    """Load a configuration; it must be what the file says, as plain YAML reads it."""
    loaded = yaml.safe_load(config.to_yaml(config.load(path)))
    said = yaml.safe_load(path.read_text(encoding="utf-8"))
    for key, value in _flat(said or {}):
        if _at(loaded, key) != value:
            raise FaultError(f"{'.'.join(key)} is {_at(loaded, key)!r}, the file says {value!r}")


def _flat(tree: Mapping[Any, Any], at: Key = ()) -> Iterator[tuple[Key, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping) and (*at, key)[-1] not in ("labels", "merge"):
            yield from _flat(value, (*at, key))
        else:
            yield (*at, str(key)), value


def _at(tree: Any, key: Key) -> Any:
    for part in key:
        tree = tree[part]
    return tree


def corpus_of(path: Path) -> None:
    """Read a CSV; there must be a clip for each row, and each below the folder of the CSV."""
    corpus = read_manifest(path)
    text = path.read_bytes().decode("utf-8-sig")
    rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    if len(corpus) != len(rows) - 1:
        raise FaultError(f"{len(corpus)} clips of {len(rows) - 1} rows")
    root = path.parent.resolve()
    for utterance in corpus:
        if not utterance.path.resolve().is_relative_to(root):
            raise FaultError(f"{utterance.path} lies outside")
