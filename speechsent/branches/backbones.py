"""Networks that turn a grey image into a feature map, each with its own input scaling inside."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
from keras import layers

from speechsent.branches.frames import MOMENTUM
from speechsent.errors import ParameterError, WeightsError
from speechsent.features.image import CONTRAST
from speechsent.hdf5 import check_weights


@dataclass(frozen=True)
class ImagenetNet:
    """How a Keras Applications network wants its input.

    Args:
        build: Constructor in ``keras.applications``.
        scale: Factor from [0, 1] to the range it was trained on.
        offset: Added after the factor, one value or one a channel.
        min_size: Smallest image it accepts, in pixels.
    """

    build: Callable[..., keras.Model]
    scale: float
    offset: float | list[float]
    min_size: int


# VGG was trained on BGR images minus these means; three equal channels need no reordering.
VGG_MEAN = [-103.939, -116.779, -123.68]


def imagenet_nets() -> dict[str, ImagenetNet]:
    """The networks by name."""
    apps = keras.applications
    return {
        "inceptionv3": ImagenetNet(apps.InceptionV3, 2.0, -1.0, 75),
        "vgg16": ImagenetNet(apps.VGG16, 255.0, VGG_MEAN, 32),
        "vgg19": ImagenetNet(apps.VGG19, 255.0, VGG_MEAN, 32),
    }


def imagenet_backbone(name: str, *, image_size: int, weight_file: Path | None) -> keras.Model:
    """Build InceptionV3, VGG16 or VGG19 without its classifier.

    Args:
        name: ``"inceptionv3"``, ``"vgg16"`` or ``"vgg19"``.
        image_size: Side of the square input in pixels.
        weight_file: HDF5 weights of the network without its top; None starts at random.

    Returns:
        Model from scaled images ``(batch, image_size, image_size, 3)`` to a feature map.

    Raises:
        ParameterError: If the image is too small for the network.
        WeightsError: If the file does not fit the network.
    """
    net = imagenet_nets()[name]
    if image_size < net.min_size:
        raise ParameterError(
            f"{name} needs image_size of {net.min_size} or more. Received: {image_size}"
        )
    model = net.build(
        include_top=False, weights=None, input_shape=(image_size, image_size, 3), name=name
    )
    if weight_file is not None:
        check_weights(weight_file)
        try:
            with warnings.catch_warnings():  # Keras merely warns of some layers left at random
                warnings.simplefilter("error", UserWarning)
                model.load_weights(str(weight_file))
        except (ValueError, OSError, KeyError, UserWarning) as error:
            reason = " ".join(str(error).split())[:200]
            raise WeightsError(f"{weight_file}: does not fit {name} ({reason})") from error
    return model


def three_channels(image: keras.KerasTensor, name: str, image_size: int) -> keras.KerasTensor:
    """Resize a grey image, scale it as the network ``name`` wants it, and repeat it thrice."""
    net = imagenet_nets()[name]
    x = layers.Resizing(image_size, image_size, name=f"{name}_resize")(image)
    x = layers.Concatenate(name=f"{name}_channels")([x, x, x])
    return layers.Rescaling(net.scale, net.offset, name=f"{name}_scaling")(x)


def block_map(
    image: keras.KerasTensor,
    *,
    filters: tuple[int, ...],
    dropout: float = 0.0,
    normalise: bool = True,
) -> keras.KerasTensor:
    """Blocks for training from scratch, our network of before.

    Each block is a 3 x 3 convolution, BatchNorm, ReLU and pooling by two in frequency and, but
    for the last, in time.

    Args:
        image: Grey image, ``(batch, n_mels, n_frames, 1)``.
        filters: Channels of each block.
        dropout: Fraction of whole channels dropped after each block but the first.
        normalise: Whether blocks have BatchNorm; without it their convolutions have a bias.

    Returns:
        Feature map, ``(batch, n_mels / 2**n, n_frames / 2**(n-1), filters[-1])``.
    """
    x = layers.Rescaling(2 * CONTRAST, -CONTRAST, name="compact_scaling")(image)
    for i, channels in enumerate(filters, start=1):
        x = layers.Conv2D(
            channels,
            3,
            padding="same",
            use_bias=not normalise,
            kernel_initializer="he_normal",
            name=f"compact_conv{i}",
        )(x)
        if normalise:
            x = layers.BatchNormalization(momentum=MOMENTUM, name=f"compact_bn{i}")(x)
        x = layers.ReLU(name=f"compact_relu{i}")(x)
        pool = (2, 1) if i == len(filters) else (2, 2)
        x = layers.MaxPooling2D(pool, name=f"compact_pool{i}")(x)
        if dropout and i > 1:
            x = layers.SpatialDropout2D(dropout, name=f"compact_dropout{i}")(x)
    return x
