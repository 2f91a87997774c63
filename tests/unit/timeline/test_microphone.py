"""A microphone that is not there: a module in the place of sounddevice hands out known sound."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from speechsent.errors import MicrophoneError, ParameterError
from speechsent.timeline import microphone as listening
from speechsent.timeline.microphone import microphone


class PortAudioError(Exception):
    """As in sounddevice."""


def device_with(sound, rate, *, overflow=False):
    """A stand-in for sounddevice, whose microphone has a rate and hears a sound, then no more."""

    class InputStream:
        opened = closed = 0

        def __init__(self, *, samplerate, blocksize, device, channels, dtype, callback):
            assert (samplerate, channels, dtype) == (rate, 1, "float32")
            self.size, self.callback = blocksize, callback

        def __enter__(self):
            InputStream.opened += 1
            status = SimpleNamespace(input_overflow=overflow)
            for first in range(0, len(sound) - self.size + 1, self.size):
                block = sound[first : first + self.size].astype(np.float32)[:, np.newaxis]
                self.callback(block, self.size, None, status)
                block[:] = np.nan  # PortAudio uses its memory again

        def __exit__(self, *_):
            InputStream.closed += 1

    def query_devices(device, kind):
        if device == 7:
            raise PortAudioError("Error querying device 7")
        if device == 8:
            raise ValueError("Not an input device: 'speaker'")
        return {"default_samplerate": float(rate)}

    module = ModuleType("sounddevice")
    module.PortAudioError, module.InputStream = PortAudioError, InputStream
    module.query_devices = query_devices
    return module


@pytest.fixture
def plug_in(monkeypatch):
    """Put a microphone in."""

    def plug(*args, **options):
        module = device_with(*args, **options)
        monkeypatch.setitem(sys.modules, "sounddevice", module)
        return module

    return plug


def test_samples_come_as_they_were_heard_for_as_long_as_asked(plug_in, rng):
    sound = rng.standard_normal(16_000).astype(np.float32)
    module = plug_in(sound, 16_000)
    heard = np.concatenate(list(microphone(16_000, seconds=0.55)))
    np.testing.assert_array_equal(heard, sound[:8_800])
    assert (module.InputStream.opened, module.InputStream.closed) == (1, 1)


def test_another_rate_is_converted(plug_in):
    """A tone of 440 Hz stays one, and a second stays one."""
    plug_in(np.sin(2 * np.pi * 440 * np.arange(96_000) / 48_000), 48_000)
    heard = np.concatenate(list(microphone(16_000, seconds=1.0)))
    assert len(heard) == 16_000
    expected = np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    np.testing.assert_allclose(heard[500:-500], expected[500:-500], atol=5e-3)


def test_lost_sound_is_told(plug_in):
    plug_in(np.zeros(16_000), 16_000, overflow=True)
    told = []
    list(microphone(16_000, seconds=0.5, lost=lambda: told.append("lost")))
    assert told


def test_whoever_stops_listening_closes_the_microphone(plug_in):
    module = plug_in(np.zeros(16_000), 16_000)
    sound = microphone(16_000)
    next(sound)
    sound.close()
    assert module.InputStream.closed == 1


@pytest.mark.parametrize("device", [7, 8])
def test_a_microphone_that_is_not_there_is_one_line(plug_in, device):
    plug_in(np.zeros(16_000), 16_000)
    with pytest.raises(MicrophoneError, match=rf"^microphone {device}: cannot be opened \(.+\);"):
        next(microphone(16_000, device=device))


def test_without_the_extra_the_remedy_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(MicrophoneError, match=r"pip install 'speechsent\[live\]'"):
        microphone(16_000)


def test_without_portaudio_the_remedy_is_told(monkeypatch, tmp_path):
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    with pytest.raises(MicrophoneError, match=r"PortAudio library not found.*libportaudio2"):
        microphone(16_000)


@pytest.mark.parametrize(("device", "called"), [(None, "the microphone"), (3, "microphone 3")])
def test_a_microphone_that_falls_silent_for_good_is_one_line(plug_in, monkeypatch, device, called):
    """Unplugged, it hands out no more blocks, and no error either."""
    monkeypatch.setattr(listening, "PATIENCE", 0.05)
    module = plug_in(np.zeros(3_200), 16_000)
    heard = []
    with pytest.raises(MicrophoneError, match=rf"^{called}: gave nothing for 0.05 s"):
        heard.extend(microphone(16_000, device=device))
    assert len(heard) == 2
    assert module.InputStream.closed == 1


@pytest.mark.parametrize("seconds", [0, -1.0, float("inf"), float("nan")])
def test_listening_for_no_time_or_for_ever_is_refused(plug_in, seconds):
    plug_in(np.zeros(1_600), 16_000)
    with pytest.raises(ParameterError, match=f"Received: seconds={seconds}"):
        list(microphone(16_000, seconds=seconds))
