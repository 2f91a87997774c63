"""The CNN branch: a spectrogram image to one embedding."""

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

import keras
from keras import layers

from speechsent.branches import batchnorm
from speechsent.branches.backbones import block_map, imagenet_backbone, three_channels
from speechsent.branches.compact import compact_sequence
from speechsent.branches.frames import check_context
from speechsent.branches.pooling import AttentiveStatistics
from speechsent.errors import ParameterError
from speechsent.typed import shown

Backbone = Literal["compact", "blocks", "inceptionv3", "vgg16", "vgg19"]
BatchNormPolicy = Literal["frozen", "reestimate", "train"]
OURS = ("compact", "blocks")  # trained from scratch
BACKBONES = (*OURS, "inceptionv3", "vgg16", "vgg19")
POOL = "_pool"
MAX_BLOCKS, MAX_FILTERS, MAX_EMBEDDING, MAX_IMAGE = 8, 4096, 8192, 1024
PRETRAINED_POOLS = tuple(f"{name}{POOL}" for name in BACKBONES if name not in OURS)


@dataclass(frozen=True, kw_only=True)
class CnnBranch:
    """A convolutional network over the spectrogram image.

    Args:
        backbone: ``"compact"`` (ours, from scratch), ``"inceptionv3"``, ``"vgg16"``, ``"vgg19"``,
            or ``"blocks"``, which was ``"compact"`` before and learns more slowly.
        weights: ``"imagenet"``, ``"none"`` or a weight file; ignored by our own.
        image_size: Side in pixels to which the image is resized for an ImageNet network.
        unfreeze: First trained layer or block of a pretrained network, such as ``"mixed8"`` or
            ``"block5"``; ``"all"`` trains everything, empty freezes everything.
        bn: What pretrained BatchNorm does: ``"frozen"`` keeps its statistics, ``"reestimate"``
            measures them once on training clips and keeps those, ``"train"`` trains them where
            layers are unfrozen. From random weights it always trains.
        stem: Channels of the convolutions over frequency and time of ``"compact"``.
        channels: Channels of its convolutions over time.
        dilations: Distance of the neighbours of a frame in each of these.
        filters: Channels of each block of ``"blocks"``.
        batchnorm: Whether these blocks have BatchNorm.
        dropout: Fraction of the pooled features dropped while training.
        block_dropout: Fraction of whole channels dropped behind each block of ``"blocks"`` but
            the first. Before BatchNorm dropout costs more than it gains: without it the network
            learns as much in half the epochs.
        embedding: Width of the embedding.

    Raises:
        ParameterError: If a field is out of range.
    """

    backbone: Backbone = "compact"
    weights: str = "imagenet"
    image_size: int = 150
    unfreeze: str = ""
    bn: BatchNormPolicy = "frozen"
    stem: tuple[int, ...] = (24, 48)
    channels: int = 128
    dilations: tuple[int, ...] = (1, 2, 3)
    filters: tuple[int, ...] = (32, 48, 64, 96)
    batchnorm: bool = True
    dropout: float = 0.3
    block_dropout: float = 0.0
    embedding: int = 64

    def __post_init__(self) -> None:
        if self.backbone not in BACKBONES:
            raise ParameterError(
                f"backbone must be one of {', '.join(BACKBONES)}. Received: {self.backbone!r}"
            )
        if self.bn not in ("frozen", "reestimate", "train"):
            raise ParameterError(
                f"bn must be 'frozen', 'reestimate' or 'train'. Received: bn={self.bn!r}"
            )
        self._check_sizes()
        for name in ("dropout", "block_dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise ParameterError(
                    f"{name} must lie in [0, 1). Received: {name}={getattr(self, name)}"
                )

    def _check_sizes(self) -> None:
        """No network that cannot be meant, whoever wrote the configuration."""
        for name in ("stem", "filters"):
            widths = getattr(self, name)
            few = 0 < len(widths) <= MAX_BLOCKS
            if not few or min(widths) < 1 or max(widths) > MAX_FILTERS:
                raise ParameterError(
                    f"{name} are 1 to {MAX_BLOCKS} numbers from 1 to {MAX_FILTERS}. "
                    f"Received: {name}={shown(widths)}"
                )
        check_context(self.channels, self.dilations)
        if not 2 <= self.embedding <= MAX_EMBEDDING or not 1 <= self.image_size <= MAX_IMAGE:
            raise ParameterError(
                f"embedding must lie in [2, {MAX_EMBEDDING}] and image_size in [1, {MAX_IMAGE}]. "
                f"Received: embedding={self.embedding}, image_size={self.image_size}"
            )

    @property
    def pretrained(self) -> bool:
        """Whether the backbone starts from weights of others."""
        return self.backbone not in OURS and self.weights != "none"

    def build(self, shape: tuple[int, int], *, weight_file: Path | None = None) -> keras.Model:
        """Build the network; what may train is already set.

        Args:
            shape: ``(n_mels, n_frames)`` of the image.
            weight_file: Weights of the backbone; None leaves it at random.

        Returns:
            Model from ``{"image": (batch, n_mels, n_frames, 1)}`` in [0, 1] to embeddings
            ``(batch, embedding)``.

        Raises:
            ParameterError: If the image is too small, or ``unfreeze`` is no layer's name.
            WeightsError: If the weight file does not fit.
        """
        image = keras.Input((*shape, 1), name="image")
        if self.backbone == "compact":
            x = compact_sequence(
                image, stem=self.stem, channels=self.channels, dilations=self.dilations
            )
        elif self.backbone == "blocks":
            x = self._blocks(image)
        else:
            x = self._imagenet(image, weight_file)
        x = layers.Dropout(self.dropout, name="cnn_dropout")(x)
        x = layers.Dense(self.embedding, activation="relu", name="cnn_embedding")(x)
        return keras.Model({"image": image}, x, name="cnn_branch")

    def _blocks(self, image: keras.KerasTensor) -> keras.KerasTensor:
        """Blocks; time is pooled with attention, frequency is kept up to there."""
        n_mels, n_frames = image.shape[1:3]
        depth = len(self.filters)
        if n_mels < 2**depth or n_frames < 2 ** (depth - 1):
            raise ParameterError(
                f"an image of {n_mels} x {n_frames} is too small for {depth} blocks; use "
                "fewer filters or more mel bands"
            )
        x = block_map(
            image, filters=self.filters, dropout=self.block_dropout, normalise=self.batchnorm
        )
        bands, frames, channels = x.shape[1:]
        x = layers.Permute((2, 1, 3), name="compact_time_first")(x)
        x = layers.Reshape((frames, bands * channels), name="compact_frames")(x)
        x = layers.Dense(2 * self.embedding, activation="relu", name="compact_mix")(x)
        return AttentiveStatistics(name="compact_pool")(x)

    def _imagenet(self, image: keras.KerasTensor, weight_file: Path | None) -> keras.KerasTensor:
        base = imagenet_backbone(self.backbone, image_size=self.image_size, weight_file=weight_file)
        if self.pretrained:
            thaw(base, self.unfreeze, train_batchnorm=self.bn == "train")
        x = three_channels(image, self.backbone, self.image_size)
        return layers.GlobalAveragePooling2D(name=f"{self.backbone}{POOL}")(base(x))


def frozen_base(branch: keras.Model) -> tuple[keras.Model, keras.Model] | None:
    """Split a branch behind its pretrained network, if nothing in there trains.

    Returns:
        The network with its pooling, whose output never changes, and the layers behind it, from
        ``{"pooled": (batch, n_channels)}`` to embeddings; None if there is no such network. Both
        share their layers with the branch.
    """
    pools = [layer.name for layer in branch.layers if layer.name in PRETRAINED_POOLS]
    if not pools:
        return None
    pooled = branch.get_layer(pools[0]).output
    base = keras.Model(branch.input, pooled, name=f"{branch.name}_base")
    if base.trainable_variables:
        return None
    behind = [layer.name for layer in branch.layers]
    x = inputs = keras.Input(pooled.shape[1:], name="pooled")
    for name in behind[behind.index(pools[0]) + 1 :]:
        x = branch.get_layer(name)(x)
    return base, keras.Model({"pooled": inputs}, x, name=f"{branch.name}_neck")


def thaw(base: keras.Model, first: str, *, train_batchnorm: bool) -> None:
    """Freeze a pretrained network, but for the layers from ``first`` on.

    Each layer is set by itself: assigning to the model would skip layers whose flag Keras
    believes unchanged. BatchNorm is set last, since unfreezing would set it training again.

    Args:
        base: The network.
        first: First trained layer or block, ``"all"``, or empty for none.
        train_batchnorm: Whether BatchNorm in the trained part trains.

    Raises:
        ParameterError: If no layer or block has that name.
    """
    names = _own_names(base)
    start = len(names)
    if first == "all":
        start = 0
    elif first:
        block = [i for i, name in enumerate(names) if name == first or name.startswith(f"{first}_")]
        if not block:
            near = get_close_matches(first, names, n=3) or names[-3:]
            raise ParameterError(
                f"unfreeze must name a layer or block of {base.name}, such as {', '.join(near)}. "
                f"Received: {first!r}"
            )
        start = block[0]
    for i, layer in enumerate(base.layers):
        layer.trainable = i >= start
    if not train_batchnorm:
        batchnorm.pin(base)


def _own_names(base: keras.Model) -> list[str]:
    """Names of a network's layers as they are in the first network of a process.

    Keras numbers layers without a name through, so in a second InceptionV3 the layer of before has
    another number, and whoever opens a run would not find it.
    """
    numbered = [_numbered(layer) for layer in base.layers]
    first: dict[str, int] = {}
    for stem, number in filter(None, numbered):
        first[stem] = min(number, first.get(stem, number))
    names = [layer.name for layer in base.layers]
    for i, found in enumerate(numbered):
        if found is not None:
            stem, number = found
            names[i] = f"{stem}_{number - first[stem]}".removesuffix("_0")
    return names


def _numbered(layer: keras.layers.Layer) -> tuple[str, int] | None:
    """What Keras calls layers of this kind, and this one's number; None if it has its own name."""
    stem, _, digits = layer.name.rpartition("_")
    if not digits.isdigit():
        stem, digits = layer.name, "0"
    keras_made_it = stem.replace("_", "") == type(layer).__name__.lower()
    return (stem, int(digits)) if keras_made_it else None
