"""A small source-filter voice: glottal pulses and noise, shaped by a moving vocal tract.

Klatt, Klatt (1990). Analysis, synthesis, and perception of voice quality variations among
female and male talkers. https://doi.org/10.1121/1.398894
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from speechsent.errors import ParameterError

Signal = npt.NDArray[np.float64]
FRAME_RATE = 100  # frames per second of every track
_TAIL = 6  # frames a filtered frame may ring on; 60 ms outlast the narrowest formant
_TILT_START = 300.0  # Hz; below, tilt leaves the spectrum alone


@dataclass(frozen=True, kw_only=True)
class Glottis:
    """Voice quality: how the vocal folds swing.

    Args:
        open_quotient: Share of each cycle in which the folds are open, in (0, 1]; small is tense.
        tilt: Extra fall of the voiced spectrum above 300 Hz in dB per octave; large is soft.
        breathiness: Aspiration noise relative to the pulses, 0 or more.
        jitter: Standard deviation of the cycle lengths as a share, in [0, 0.2].
        shimmer: Standard deviation of the cycle amplitudes as a share, in [0, 0.5].

    Raises:
        ParameterError: If a field is out of range.
    """

    open_quotient: float = 0.6
    tilt: float = 3.0
    breathiness: float = 0.02
    jitter: float = 0.005
    shimmer: float = 0.03

    def __post_init__(self) -> None:
        if not 0 < self.open_quotient <= 1:
            raise ParameterError(
                f"open_quotient must lie in (0, 1]. Received: open_quotient={self.open_quotient}"
            )
        if self.breathiness < 0:
            raise ParameterError(
                f"breathiness must not be negative. Received: breathiness={self.breathiness}"
            )
        if not (0 <= self.jitter <= 0.2 and 0 <= self.shimmer <= 0.5):
            raise ParameterError(
                "jitter must lie in [0, 0.2] and shimmer in [0, 0.5]. "
                f"Received: jitter={self.jitter}, shimmer={self.shimmer}"
            )


@dataclass(frozen=True, kw_only=True)
class Articulation:
    """What the mouth does, one row every 10 ms.

    Args:
        formants: Resonances of the vocal tract in Hz, shape ``(n_frames, n_formants)``.
        voicing: Amplitude of the glottal source in [0, 1], shape ``(n_frames,)``.
        friction: Amplitude of the noise at a constriction in [0, 1], shape ``(n_frames,)``.
        colour: Centre of that noise in Hz, shape ``(n_frames,)``.
    """

    formants: Signal
    voicing: Signal
    friction: Signal
    colour: Signal


def speak(
    mouth: Articulation,
    f0: Signal,
    glottis: Glottis,
    *,
    sample_rate: int,
    rng: np.random.Generator,
) -> Signal:
    """Voice and friction noise through the vocal tract, of arbitrary level.

    Args:
        mouth: Tracks of ``n_frames`` frames.
        f0: Fundamental frequency in Hz, shape ``(n_frames,)``.
        glottis: Voice quality.
        sample_rate: Hz, a multiple of 100.
        rng: Source of jitter, shimmer and noise.

    Returns:
        Mono signal, shape ``(n_frames * sample_rate // 100,)``.
    """
    source = glottal_source(_to_samples(f0, sample_rate), glottis, sample_rate=sample_rate, rng=rng)
    noise = rng.standard_normal(len(source))
    voiced = short_time_filter(
        source * _to_samples(mouth.voicing, sample_rate),
        vocal_tract(mouth.formants, sample_rate) * _tilt(glottis.tilt, sample_rate),
    )
    hissing = short_time_filter(
        noise * _to_samples(mouth.friction, sample_rate), _noise_band(mouth.colour, sample_rate)
    )
    return voiced + hissing


def glottal_source(
    f0: Signal, glottis: Glottis, *, sample_rate: int, rng: np.random.Generator
) -> Signal:
    """Derivative of the glottal flow, with aspiration noise while the folds are open.

    The flow is the cubic pulse of KLGLOTT88. Differencing it sample by sample averages the
    derivative over each sample, which keeps the sharp closure from aliasing.

    Args:
        f0: Fundamental frequency in Hz, shape ``(n_samples,)``.
        glottis: Voice quality.
        sample_rate: Hz.
        rng: Source of jitter, shimmer and aspiration.

    Returns:
        Source signal, shape ``(n_samples,)``; the pulses have roughly unit RMS.
    """
    f0 = f0 * _per_cycle(glottis.jitter, np.cumsum(f0) / sample_rate, rng)
    cycles = np.cumsum(f0) / sample_rate
    position = np.minimum((cycles % 1.0) / glottis.open_quotient, 1.0)
    flow = 6.75 * position**2 * (1 - position)
    pulses = np.diff(flow, prepend=0.0) * (sample_rate / f0) * glottis.open_quotient / 2.5
    aspiration = glottis.breathiness * rng.standard_normal(len(f0)) * (0.2 + flow)
    return pulses * _per_cycle(glottis.shimmer, cycles, rng) + aspiration


def vocal_tract(formants: Signal, sample_rate: int) -> Signal:
    """Frequency response of a cascade of second-order resonators.

    Args:
        formants: Hz, shape ``(n_frames, n_formants)``.
        sample_rate: Hz.

    Returns:
        Complex response, 1 at 0 Hz, shape ``(n_frames, n_bins)``.

    References:
        Klatt (1980). https://doi.org/10.1121/1.383940
    """
    delay = np.exp(-2j * np.pi * _frequencies(sample_rate) / sample_rate)
    response = np.ones((len(formants), len(delay)), complex)
    for formant in formants.T[:, :, np.newaxis]:
        decay = np.exp(-np.pi * _bandwidth(formant) / sample_rate)
        b = 2 * decay * np.cos(2 * np.pi * formant / sample_rate)
        c = -(decay**2)
        response *= (1 - b - c) / (1 - (b + c * delay) * delay)
    return response


def short_time_filter(signal: Signal, response: Signal) -> Signal:
    """Filter a signal with a response that changes every frame, by overlap-add.

    Args:
        signal: Shape ``(n_frames * hop_length,)``.
        response: One row a frame, shape ``(n_frames, n_bins)``.

    Returns:
        Filtered signal, of the shape of ``signal``; it fades out over the last frame.
    """
    n_frames = len(response)
    hop_length = len(signal) // n_frames
    n_fft = _TAIL * hop_length
    window = np.hanning(2 * hop_length + 1)[:-1]  # periodic: neighbours add up to 1
    padded = np.pad(signal, (hop_length, 0))
    frames = np.lib.stride_tricks.sliding_window_view(padded, 2 * hop_length)[::hop_length]
    pieces = np.fft.irfft(np.fft.rfft(frames * window, n_fft) * response, n_fft)

    added = np.zeros((n_frames + _TAIL, hop_length))
    for k, piece in enumerate(pieces.reshape(n_frames, _TAIL, hop_length).swapaxes(0, 1)):
        added[k : k + n_frames] += piece
    return added.ravel()[hop_length : hop_length + len(signal)]


def _frequencies(sample_rate: int) -> Signal:
    return np.fft.rfftfreq(_TAIL * sample_rate // FRAME_RATE, 1 / sample_rate).astype(float)


def _bandwidth(formant: Signal) -> Signal:
    """Formants widen with frequency: about 60 Hz at the first, 200 Hz at the fifth."""
    return 50 + formant / 30


def _tilt(tilt: float, sample_rate: int) -> Signal:
    octaves = np.log2(np.maximum(_frequencies(sample_rate), _TILT_START) / _TILT_START)
    return 10 ** (-tilt * octaves / 20)


def _noise_band(centre: Signal, sample_rate: int) -> Signal:
    """Bell-shaped band of noise, wider where it is higher, shape ``(n_frames, n_bins)``."""
    distance = (_frequencies(sample_rate) - centre[:, np.newaxis]) / (0.25 * centre[:, np.newaxis])
    return np.exp(-0.5 * distance**2)


def _per_cycle(spread: float, cycles: Signal, rng: np.random.Generator) -> Signal:
    """One factor around 1 for each glottal cycle, repeated over its samples."""
    index = cycles.astype(int)
    factors = 1 + spread * np.clip(rng.standard_normal(index[-1] + 1), -3, 3)
    return factors[index]


def _to_samples(track: Signal, sample_rate: int) -> Signal:
    """Interpolate a track from frames to samples."""
    n_samples = len(track) * sample_rate // FRAME_RATE
    return np.interp(np.arange(n_samples) * (FRAME_RATE / sample_rate), range(len(track)), track)
