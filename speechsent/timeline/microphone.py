"""Sound from a microphone, block by block."""

import math
from collections.abc import Callable, Iterator
from importlib import import_module
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
import soxr

from speechsent.errors import MicrophoneError, ParameterError

BLOCK = 0.1  # seconds
PATIENCE = 5.0  # seconds without a block, after which nobody can be listening any more


def microphone(
    sample_rate: int,
    *,
    device: int | None = None,
    seconds: float | None = None,
    lost: Callable[[], None] = lambda: None,
) -> Iterator[np.ndarray]:
    """Listen to a microphone.

    Args:
        sample_rate: Hz of the samples wanted; the microphone may have another.
        device: Its number; the system's own choice if not given.
        seconds: How long to listen; without end if not given.
        lost: Called when sound was lost because nobody took it in time.

    Yields:
        Mono samples, a tenth of a second each.

    Raises:
        MicrophoneError: If sounddevice is missing, there is no such microphone, or nothing comes
            from it any more.
        ParameterError: If ``seconds`` is not positive, or not finite.
    """
    if seconds is not None and not 0 < seconds < math.inf:
        raise ParameterError(
            "seconds must be positive and finite; leave it out to listen without end. "
            f"Received: seconds={seconds}"
        )
    return _listen(_sounddevice(), sample_rate, device, seconds, lost)


def _listen(
    sound: Any,
    sample_rate: int,
    device: int | None,
    seconds: float | None,
    lost: Callable[[], None],
) -> Iterator[np.ndarray]:
    taken: SimpleQueue[np.ndarray] = SimpleQueue()

    def take(block: np.ndarray, _n_frames: int, _time: Any, status: Any) -> None:
        if status.input_overflow:
            lost()
        taken.put(block[:, 0].copy())

    try:
        rate = round(sound.query_devices(device, "input")["default_samplerate"])
        stream = sound.InputStream(
            samplerate=rate,
            blocksize=round(BLOCK * rate),
            device=device,
            channels=1,
            dtype="float32",
            callback=take,
        )
    except (sound.PortAudioError, ValueError) as error:
        which = "no microphone" if device is None else _called(device)
        raise MicrophoneError(
            f"{which}: cannot be opened ({error}); 'python -m sounddevice' lists those there are"
        ) from error
    resample = soxr.ResampleStream(rate, sample_rate, 1)
    n_left = None if seconds is None else round(seconds * rate)
    with stream:
        while n_left is None or n_left > 0:
            try:
                block = taken.get(timeout=PATIENCE)[:n_left]
            except Empty as error:
                raise MicrophoneError(
                    f"{_called(device)}: gave nothing for {PATIENCE:g} s; see whether it is still "
                    "plugged in, and that nothing else holds it"
                ) from error
            n_left = None if n_left is None else n_left - len(block)
            yield resample.resample_chunk(block, last=n_left == 0) if rate != sample_rate else block


def _called(device: int | None) -> str:
    return "the microphone" if device is None else f"microphone {device}"


def _sounddevice() -> Any:
    """The module, if it and the library it stands on are here."""
    try:
        return import_module("sounddevice")
    except ModuleNotFoundError as error:
        raise MicrophoneError(
            "sounddevice: not installed; pip install 'speechsent[live]'"
        ) from error
    except OSError as error:
        raise MicrophoneError(
            f"sounddevice: cannot load PortAudio ({error}); install it, such as libportaudio2"
        ) from error
