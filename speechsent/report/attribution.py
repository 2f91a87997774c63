"""Where an answer comes from: which place of the spectrogram, which frame of the sequence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from speechsent.clips import Clips, Inputs, evaluation_windows, to_inputs, window_starts
from speechsent.fusion import OUTPUT

BATCH = 32  # windows explained at once
STEPS = 8  # points on the way from the average frame to the clip's own


@dataclass(frozen=True, eq=False)
class Attribution:
    """Where the answer for one clip comes from.

    Args:
        image: Grad-CAM in ``[0, 1]``, shape ``(n_bands, n_frames)``, high frequencies in the top
            row; None without an image branch.
        time: What each frame of the sequences adds to the answer, negative where it speaks
            against it, at most 1 in size, shape ``(n_frames,)``; None without a sequence branch.
    """

    image: np.ndarray | None
    time: np.ndarray | None


class Explainer:
    """Explain a network of branches.

    For the image branch Grad-CAM on its last feature map, each place weighted by its own gradient
    (HiResCAM): behind global average pooling that is Grad-CAM itself, and behind our attentive
    pooling, where gradients differ from place to place, their mean over all places points at little
    (``benchmarks/attribution.py``). For the sequence branch integrated
    gradients from the average frame, summed over coefficients. What is explained is the chosen
    output before the softmax, less the mean of all outputs.

    Args:
        branches: The branches by name.
        head: Model from a dict of their embeddings to answers, or one that ends in it.

    References:
        Selvaraju et al. (2017). Grad-CAM. https://doi.org/10.1109/ICCV.2017.74
        Draelos, Carin (2020). HiResCAM. https://arxiv.org/abs/2011.08891
        Sundararajan, Taly, Yan (2017). Axiomatic attribution for deep networks.
        https://arxiv.org/abs/1703.01365
    """

    def __init__(self, branches: Mapping[str, keras.Model], model: keras.Model) -> None:
        import tensorflow as tf

        self.branches = dict(branches)
        self._head = Unsquashed(model, branches)
        self._parts = {name: _opened(branch) for name, branch in branches.items()}
        self._inputs = {t.name: t for branch in branches.values() for t in branch.inputs}
        specs = {name: tf.TensorSpec((None, *t.shape[1:])) for name, t in self._inputs.items()}
        chosen = tf.TensorSpec((None,), tf.int32)
        self._graph: Any = tf.function(self._explain, input_signature=[specs, chosen])

    def windows(
        self, inputs: Inputs, chosen: np.ndarray
    ) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Explain windows.

        Args:
            inputs: What the network reads, by name.
            chosen: Index of the output to explain, one a window.

        Returns:
            Maps ``(n_windows, height, width)``, not negative, and times ``(n_windows, n_frames)``.
        """
        given = {name: np.asarray(inputs[name], np.float32) for name in self._inputs}
        maps, times = self._graph(given, np.asarray(chosen, np.int32))
        return (
            maps.numpy() if "cnn" in self.branches else None,
            times.numpy() if "lstm" in self.branches else None,
        )

    def clips(self, clips: Clips, chosen: np.ndarray) -> list[Attribution]:
        """Explain whole clips; where windows overlap, their mean counts.

        Args:
            clips: The clips.
            chosen: Index of the output to explain, one a clip.
        """
        cut = [evaluation_windows(clips, clip) for clip in range(len(clips))]
        windows = [window for of_clip in cut for window in of_clip]
        owners = np.repeat(np.arange(len(clips)), [len(of_clip) for of_clip in cut])
        found = []
        for first in range(0, len(windows), BATCH):
            some = slice(first, first + BATCH)
            maps, times = self.windows(to_inputs(windows[some]), chosen[owners[some]])
            n = len(owners[some])
            nothing: Any = [None] * n
            found += list(zip(nothing if maps is None else maps,
                              nothing if times is None else times, strict=True))  # fmt: skip
        pieces = iter(found)
        return [
            _whole([next(pieces) for _ in of_clip], len(next(iter(clips.raw(i).values()))), clips)
            for i, of_clip in enumerate(cut)
        ]

    def _explain(self, inputs: Mapping[str, Any], chosen: Any) -> tuple[Any, Any]:
        import tensorflow as tf

        maps = times = tf.zeros((0,))
        embeddings: dict[str, Any] = {}
        with tf.GradientTape() as tape:
            tape.watch(list(inputs.values()))
            if "cnn" in self.branches:
                feature_map, embeddings["cnn"] = self._parts["cnn"](
                    {"image": inputs["image"]}, training=False
                )
            if "lstm" in self.branches:
                embeddings["lstm"] = self.branches["lstm"](self._sequences(inputs), training=False)
            told = self._told(embeddings, chosen)
        if "cnn" in self.branches:
            gradient = tf.cast(tape.gradient(told, feature_map), tf.float32)
            maps = tf.nn.relu(tf.reduce_sum(gradient * tf.cast(feature_map, tf.float32), axis=3))
        if "lstm" in self.branches:
            times = self._integrated(self._sequences(inputs), embeddings, chosen)
        return maps, times

    def _integrated(self, sequences: Mapping[str, Any], embeddings: Any, chosen: Any) -> Any:
        """Integrated gradients of each frame, all other branches held."""
        import tensorflow as tf

        way = (tf.range(STEPS, dtype=tf.float32) + 0.5) / STEPS
        scaled = {
            name: tf.repeat(x, STEPS, axis=0) * tf.tile(way, tf.shape(x)[:1])[:, None, None]
            for name, x in sequences.items()
        }
        held = {name: tf.repeat(values, STEPS, axis=0) for name, values in embeddings.items()}
        with tf.GradientTape() as tape:
            tape.watch(list(scaled.values()))
            held["lstm"] = self.branches["lstm"](scaled, training=False)
            told = self._told(held, tf.repeat(chosen, STEPS))
        gradients = tape.gradient(told, scaled)
        means = {
            name: tf.reduce_mean(tf.reshape(g, (-1, STEPS, *g.shape[1:])), axis=1)
            for name, g in gradients.items()
        }
        return sum(tf.reduce_sum(means[name] * x, axis=2) for name, x in sequences.items())

    def _sequences(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        return {t.name: inputs[t.name] for t in self.branches["lstm"].inputs}

    def _told(self, embeddings: Mapping[str, Any], chosen: Any) -> Any:
        """The chosen output of each window before the softmax, less the mean of all outputs."""
        import tensorflow as tf

        outputs = self._head(embeddings)
        if outputs.shape[-1] > 1:
            outputs -= tf.reduce_mean(outputs, axis=1, keepdims=True)
        return tf.gather(outputs, chosen, batch_dims=1)


class Unsquashed:
    """What stands behind the branches, up to the softmax.

    Args:
        model: The network.
        branches: Its branches.
    """

    def __init__(self, model: keras.Model, branches: Mapping[str, keras.Model]) -> None:
        self._names = list(branches)
        if len(branches) == 1:
            self._before, self._last = None, model.get_layer(OUTPUT)
            return
        head = model.get_layer("fusion_head")
        self._last = head.get_layer(OUTPUT)
        self._before = keras.Model(head.inputs, self._last.input)

    def __call__(self, embeddings: Mapping[str, Any]) -> Any:
        """Outputs ``(batch, n_outputs)`` before the softmax, float32."""
        import tensorflow as tf

        x = embeddings[self._names[0]]
        if self._before is not None:
            x = self._before([embeddings[t.name] for t in self._before.inputs], training=False)
        return tf.matmul(tf.cast(x, tf.float32), self._last.kernel) + self._last.bias


def _opened(branch: keras.Model) -> keras.Model:
    """A branch that gives its last feature map beside its embedding, if it has one."""
    for layer in reversed(branch.layers):
        if isinstance(layer, keras.layers.GlobalAveragePooling2D):
            return keras.Model(branch.input, [layer.input, branch.output])
        if isinstance(layer, keras.layers.ReLU) and len(layer.output.shape) == 4:
            return keras.Model(branch.input, [layer.output, branch.output])
    return branch


def _whole(
    windows: Sequence[tuple[np.ndarray | None, np.ndarray | None]], n_frames: int, clips: Clips
) -> Attribution:
    """The windows of a clip put together on its own frames."""
    starts = window_starts(n_frames, clips.n_window)
    maps = [m for m, _ in windows if m is not None]
    times = [t[None] for _, t in windows if t is not None]
    image = _laid(starts, [_stretched(m, clips.n_window) for m in maps], n_frames)
    time = _laid(starts, times, n_frames)
    return Attribution(_scaled(image), None if time is None else _scaled(time[0]))


def _laid(starts: Sequence[int], pieces: list[np.ndarray], n_frames: int) -> np.ndarray | None:
    """Pieces ``(n_rows, n_window)`` laid on ``n_frames``, their mean where they overlap."""
    if not pieces:
        return None
    total = np.zeros((len(pieces[0]), n_frames))
    count = np.zeros(n_frames)
    for start, piece in zip(starts, pieces, strict=True):
        stop = min(start + piece.shape[1], n_frames)
        total[:, start:stop] += piece[:, : stop - start]
        count[start:stop] += 1
    return total / count


def _stretched(feature_map: np.ndarray, n_frames: int) -> np.ndarray:
    """A map ``(height, width)`` at ``n_frames`` in time, linear between the centres."""
    width = feature_map.shape[1]
    centres = (np.arange(width) + 0.5) * n_frames / width
    frames = np.arange(n_frames) + 0.5
    return np.stack([np.interp(frames, centres, row) for row in feature_map])


def _scaled(values: np.ndarray | None) -> np.ndarray | None:
    """The largest value, whatever its sign, becomes 1; all zeros stay."""
    if values is None:
        return None
    largest = np.abs(values).max()
    return values / largest if largest else values
