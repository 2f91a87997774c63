"""Functionals of a spectrogram: statistics over time of what many fixed filters make of it."""

from dataclasses import dataclass

import keras
import numpy as np
from keras import layers

from speechsent.branches.filter_bank import KINDS, FilterFunctionals
from speechsent.branches.frames import MAX_CHANNELS, MAX_DILATION, FramesInUse
from speechsent.branches.likeness import Likeness
from speechsent.errors import ParameterError
from speechsent.features.image import CONTRAST
from speechsent.typed import shown

NAME, ANSWER = "functionals", "functionals_answer"
JOINED, LIKENESS = "functionals_join", "functionals_likeness"


@dataclass(frozen=True, kw_only=True)
class FunctionalsConfig:
    """A linear answer from statistics of fixed filters, beside the networks.

    Args:
        filters: Number of filters; 0 leaves the functionals away.
        kinds: What the filters are for; each kind has an equal part of them. ``"levels"`` and how
            they change, in neighbouring bands; ``"normalised"``: the same changes where each band
            of a clip is brought to mean 0 and deviation 1; ``"shapes"``: how a frame's level is
            spread over neighbouring bands; ``"ripples"``: pitch and formants.
        dilations: Distances, in frames, of the neighbours a filter looks at; each has an equal
            part of the filters of a kind.
        copies: Copies of each training clip in other voices, beside the clip itself.
        tempo: Largest change of tempo in a copy, as the logarithm of its factor.
        warp: Largest change of formants and pitch in a copy, as the logarithm of its factor.
        gain_db: Largest change of level in a copy, up or down, in dB; never more than
            ``augment.gain_db``.
        refit: When the rest is chosen, solve once more from training and validation clips together;
            with ``fit.refit`` they are in any case.
        likeness: Principal components along which a clip is compared with every training clip. 0
            tells it by a line, which new speakers are told better by; speakers who were heard in
            training are told better by likeness, with 512.

    Raises:
        ParameterError: If a field is out of range.
    """

    filters: int = 2000
    kinds: tuple[str, ...] = KINDS
    dilations: tuple[int, ...] = (1, 2, 4, 8, 12)
    copies: int = 2
    tempo: float = 0.15
    warp: float = 0.15
    gain_db: float = 3.0
    refit: bool = True
    likeness: int = 0

    def __post_init__(self) -> None:
        near = all(1 <= dilation <= MAX_DILATION for dilation in self.dilations)
        if not self.dilations or not near:
            raise ParameterError(
                f"functionals.dilations are one or more numbers from 1 to {MAX_DILATION}. "
                f"Received: {shown(self.dilations)}"
            )
        if not self.kinds or len(set(self.kinds) & set(KINDS)) < len(self.kinds):
            raise ParameterError(
                f"functionals.kinds are one or more of {', '.join(KINDS)}, each once. "
                f"Received: {shown(self.kinds)}"
            )
        parts = len(self.kinds) * len(self.dilations)
        if not 0 <= self.filters <= 4 * MAX_CHANNELS or self.filters % parts:
            raise ParameterError(
                f"functionals.filters must be a multiple of {parts}, the number of kinds times "
                f"that of dilations, of at most {4 * MAX_CHANNELS}. Received: {self.filters}"
            )
        if not 0 <= self.copies <= 100 or not (0 <= self.tempo < 1 and 0 <= self.warp < 1):
            raise ParameterError(
                "functionals.copies must lie in [0, 100], tempo and warp in [0, 1). "
                f"Received: {self.copies}, {self.tempo}, {self.warp}"
            )
        if not 0 <= self.gain_db <= 100:
            raise ParameterError(
                f"functionals.gain_db must lie in [0, 100]. Received: {self.gain_db}"
            )
        if not 0 <= self.likeness <= MAX_CHANNELS:
            raise ParameterError(
                f"functionals.likeness must lie in [0, {MAX_CHANNELS}]. Received: {self.likeness}"
            )

    def build(
        self, shape: tuple[int, int], n_classes: int, *, hertz: np.ndarray, seed: int = 0
    ) -> keras.Model:
        """Build a model from the image to a number for each class.

        Args:
            shape: ``(n_mels, n_frames)`` of the image.
            n_classes: Number of emotions.
            hertz: Centres of the mel bands in Hz, low ones first, shape ``(n_mels,)``.
            seed: Seed of the filters.

        Returns:
            Model from ``{"image": (batch, n_mels, n_frames, 1)}`` to ``(batch, n_classes)``, all
            0 until it is fitted; the probabilities are their softmax.
        """
        image = keras.Input((*shape, 1), name="image")
        used = FramesInUse(axes=(1, 3), name="functionals_in_use")
        scaled = layers.Rescaling(
            2 * CONTRAST, -CONTRAST, dtype="float32", name="functionals_scaling"
        )(image)
        frames = layers.Permute((2, 1, 3), name="functionals_time_first")(scaled)
        sequence = layers.Reshape((shape[1], shape[0]), name="functionals_frames")(frames)
        known = used(scaled)
        downwards = hertz[::-1].tolist()  # an image has its low bands at the bottom
        values = [
            FilterFunctionals(
                self.filters // len(self.kinds),
                self.dilations,
                kind=kind,
                hertz=downwards,
                seed=seed,
                dtype="float32",
                name=f"functionals_{kind}",
            )([sequence, known])
            for kind in self.kinds
        ]
        told = layers.Concatenate(dtype="float32", name=JOINED)(values)
        if self.likeness:
            told = Likeness(self.likeness, dtype="float32", name=LIKENESS)(told)
        answer = layers.Dense(n_classes, kernel_initializer="zeros", dtype="float32", name=ANSWER)(
            told
        )
        model = keras.Model({"image": image}, answer, name=NAME)
        model.trainable = False  # its answer is solved for, and nothing else in it ever changes
        return model


def describing(functionals: keras.Model) -> keras.Model:
    """The same up to the statistics: a model from the image to ``(batch, n_values)``."""
    return keras.Model(functionals.input, functionals.get_layer(JOINED).output)


def banks(functionals: keras.Model) -> list["FilterFunctionals"]:
    """The layers with filters in it."""
    return [layer for layer in functionals.layers if isinstance(layer, FilterFunctionals)]
