import keras
import pytest
from keras import layers

from speechsent.branches import backbones
from speechsent.branches.backbones import ImagenetNet


def two_blocks(*, input_shape, name, **_):
    """Two blocks of a convolution and a BatchNorm, named as in Keras's own networks."""
    image = keras.Input(input_shape)
    x = layers.Conv2D(4, 3, name="block1_conv")(image)
    x = layers.BatchNormalization(momentum=0.5, name="block1_bn")(x)
    x = layers.Conv2D(4, 3, activation="relu", name="block2_conv")(x)
    x = layers.BatchNormalization(momentum=0.5, name="block2_bn")(x)
    return keras.Model(image, x, name=name)


@pytest.fixture
def tiny_inception(monkeypatch):
    """Put a network of two blocks in InceptionV3's place; small enough to train."""
    nets = {"inceptionv3": ImagenetNet(two_blocks, 2.0, -1.0, 8)}
    monkeypatch.setattr(backbones, "imagenet_nets", lambda: nets)
