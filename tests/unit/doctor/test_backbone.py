import keras
import numpy as np
import pytest
from keras import layers

from speechsent.doctor import examine
from speechsent.doctor.backbone import FAMILIES


def on_top_of(base, *scaling):
    inputs = keras.Input((32, 32, 3))
    x = inputs
    for layer in scaling:
        x = layer(x)
    x = layers.GlobalAveragePooling2D()(base(x))
    return keras.Model(inputs, layers.Dense(3, "softmax")(x))


@pytest.fixture(scope="module")
def vgg16():
    base = keras.applications.VGG16(include_top=False, weights=None, input_shape=(32, 32, 3))
    base.set_weights([1.01 * weights for weights in base.get_weights()])  # as if it were pretrained
    base.get_layer("block1_conv1").bias.assign(np.full(64, 0.1))
    base.trainable = False
    return base


@pytest.mark.parametrize(
    ("low", "high", "clean"),
    [(0, 1, False), (-1, 1, False), (0, 255, False), (-123, 151, True)],
)
def test_vgg16_wants_colours_minus_their_mean(vgg16, names, rng, low, high, clean):
    images = rng.uniform(low, high, (8, 32, 32, 3))
    found = names(examine(on_top_of(vgg16), images))
    assert found == ([] if clean else ["backbone-input-range"])


def test_scaling_inside_the_model_counts(vgg16, names, rng):
    means = layers.Rescaling(255.0, [-103.939, -116.779, -123.68])
    assert names(examine(on_top_of(vgg16, means), rng.random((8, 32, 32, 3)))) == []


@pytest.mark.parametrize("module", ["inception_v3", "resnet_v2", "mobilenet_v2", "xception"])
def test_ranges_are_those_of_keras_own_preprocessing(module, rng):
    """Whatever ``preprocess_input`` makes of photographs must fit, and the photographs not."""
    families = [f for f in FAMILIES.values() if f"applications.{module}." in f.remedy]
    photographs = rng.integers(0, 256, (4, 8, 8, 3)).astype("float32")
    ready = getattr(keras.applications, module).preprocess_input(photographs.copy())
    assert len(families) == 1
    assert families[0].fits(np.asarray(ready))
    assert not families[0].fits(photographs)
    assert not families[0].fits(photographs / 255)


@pytest.mark.parametrize("module", ["vgg16", "resnet50"])
def test_ranges_of_networks_trained_on_centred_colours(module, rng):
    (family,) = (f for f in FAMILIES.values() if f"applications.{module}." in f.remedy)
    photographs = rng.integers(0, 256, (4, 8, 8, 3)).astype("float32")
    ready = getattr(keras.applications, module).preprocess_input(photographs.copy())
    assert family.fits(np.asarray(ready))
    assert not family.fits(photographs)


def test_a_network_that_is_not_pretrained_wants_no_range(names, rng):
    images = rng.random((8, 32, 32, 3))
    model = keras.applications.MobileNet(input_shape=(32, 32, 3), weights=None, classes=3)
    assert names(examine(model, images)) == []
    model.get_layer("conv1_bn").moving_mean.assign(np.full(32, 0.1))
    assert "backbone-input-range" in names(examine(model, images))


def test_a_vgg_trained_from_scratch_wants_no_range(names, rng):
    """It has no BatchNorm to tell; but its biases are all 0, as no trained ones are."""
    base = keras.applications.VGG16(include_top=False, weights=None, input_shape=(32, 32, 3))
    model = on_top_of(base)
    images = rng.random((8, 32, 32, 3))
    assert names(examine(model, images)) == []
    base.get_layer("block1_conv1").bias.assign(np.full(64, 0.1))
    assert names(examine(model, images)) == ["backbone-input-range"]
