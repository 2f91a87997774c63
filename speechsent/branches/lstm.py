"""The LSTM branch: one or more feature sequences to one embedding."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import keras
from keras import layers

from speechsent.branches.frames import FramesInUse, check_context, context, halved
from speechsent.branches.pooling import AttentiveStatistics
from speechsent.errors import ParameterError
from speechsent.typed import shown

MAX_LAYERS, MAX_UNITS, MAX_EMBEDDING = 8, 4096, 8192

Pooling = Literal["last", "attention", "statistics"]


@dataclass(frozen=True, kw_only=True)
class LstmBranch:
    """Convolutions and stacked LSTMs over each stream, pooled over time and joined.

    The convolutions give each frame its surroundings and halve the sequence, so that an LSTM has
    half as many steps to go. All-zero frames are padding: they are masked and change nothing.

    Args:
        streams: Which sequences it reads, each through LSTMs of its own: ``"mfcc"``,
            ``"prosody"``.
        channels: Channels of the convolutions before the LSTMs; 0 for LSTMs alone, on every frame.
        dilations: Distance of the neighbours of a frame in each convolution after the first.
        units: Width of each stacked LSTM layer (of each direction).
        bidirectional: Read the sequence in both directions.
        pooling: ``"last"`` state, ``"attention"`` (weighted mean over time), or ``"statistics"``
            (weighted mean and deviation).
        dropout: Fraction of each LSTM layer's output dropped while training, and half as much of
            what the convolutions give.
        embedding: Width of the dense layer behind the pooling; 0 for none.

    Raises:
        ParameterError: If a field is out of range.
    """

    streams: tuple[str, ...] = ("mfcc",)
    channels: int = 128
    dilations: tuple[int, ...] = (1, 2)
    units: tuple[int, ...] = (64,)
    bidirectional: bool = True
    pooling: Pooling = "statistics"
    dropout: float = 0.4
    embedding: int = 64

    def __post_init__(self) -> None:
        if not self.streams or len(set(self.streams)) < len(self.streams):
            raise ParameterError(
                "streams must name at least one sequence, and each once. "
                f"Received: {shown(self.streams)}"
            )
        few = 0 < len(self.units) <= MAX_LAYERS
        if not few or min(self.units) < 1 or max(self.units) > MAX_UNITS:
            raise ParameterError(
                f"units are 1 to {MAX_LAYERS} numbers from 1 to {MAX_UNITS}. "
                f"Received: units={shown(self.units)}"
            )
        check_context(self.channels, self.dilations, fewest=0)
        if self.pooling not in ("last", "attention", "statistics"):
            raise ParameterError(
                "pooling must be 'last', 'attention' or 'statistics'. "
                f"Received: pooling={self.pooling!r}"
            )
        embeds = self.embedding == 0 or 2 <= self.embedding <= MAX_EMBEDDING
        if not 0 <= self.dropout < 1 or not embeds:
            raise ParameterError(
                f"dropout must lie in [0, 1), and embedding be 0 or 2 to {MAX_EMBEDDING}. "
                f"Received: dropout={self.dropout}, embedding={self.embedding}"
            )

    def build(self, shapes: Mapping[str, tuple[int | None, int]]) -> keras.Model:
        """Build the network.

        Args:
            shapes: ``(n_frames, n_coefficients)`` by stream; ``n_frames`` may be None.

        Returns:
            Model from a dict of sequences, ``(batch, n_frames, n_coefficients)`` each, to
            embeddings ``(batch, n_features)``.
        """
        inputs = {name: keras.Input(shapes[name], name=name) for name in self.streams}
        pooled = [self._stream(inputs[name], name) for name in self.streams]
        x = pooled[0] if len(pooled) == 1 else layers.Concatenate(name="lstm_streams")(pooled)
        if self.embedding:
            x = layers.Dense(self.embedding, activation="relu", name="lstm_embedding")(x)
        return keras.Model(inputs, x, name=f"{'_'.join(self.streams)}_lstm_branch")

    def _stream(self, x: keras.KerasTensor, stream: str) -> keras.KerasTensor:
        """Convolutions, LSTMs and pooling of one stream."""
        if self.channels:
            x = self._front(x, stream)
        x = layers.Masking(0.0, name=f"{stream}_mask")(x)
        for depth, units in enumerate(self.units, start=1):
            keeps_time = depth < len(self.units) or self.pooling != "last"
            name = f"{stream}_lstm{depth}"
            lstm = layers.LSTM(units, return_sequences=keeps_time, name=name)
            x = (
                layers.Bidirectional(lstm, name=f"{name}_both")(x)
                if self.bidirectional
                else lstm(x)
            )
            x = layers.Dropout(self.dropout, name=f"{name}_dropout")(x)
        if self.pooling == "last":
            return x
        return AttentiveStatistics(deviation=self.pooling == "statistics", name=f"{stream}_pool")(x)

    def _front(self, x: keras.KerasTensor, stream: str) -> keras.KerasTensor:
        """Frames of half the rate, each with what surrounds it; zero where there is padding."""
        used = FramesInUse(stride=2, name=f"{stream}_in_use")(x)
        x = halved(x, used, channels=self.channels, name=f"{stream}_front")
        for i, dilation in enumerate(self.dilations, start=1):
            x = context(x, used, dilation=dilation, name=f"{stream}_context{i}")
        return layers.Dropout(self.dropout / 2, name=f"{stream}_front_dropout")(x)
