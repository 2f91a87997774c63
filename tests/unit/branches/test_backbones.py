import keras
import numpy as np
import pytest

from speechsent.branches.backbones import block_map, imagenet_backbone, three_channels
from speechsent.errors import ParameterError, WeightsError

PREPROCESS = {
    "inceptionv3": keras.applications.inception_v3.preprocess_input,
    "vgg16": keras.applications.vgg16.preprocess_input,
    "vgg19": keras.applications.vgg19.preprocess_input,
}


def backbone_input(images, name, image_size):
    image = keras.Input(images.shape[1:])
    model = keras.Model(image, three_channels(image, name, image_size))
    return keras.ops.convert_to_numpy(model(images))


@pytest.mark.parametrize("name", PREPROCESS)
@pytest.mark.parametrize(("height", "width", "size"), [(16, 16, 16), (8, 20, 32), (64, 30, 75)])
def test_the_backbone_sees_what_keras_would_prepare(rng, name, height, width, size):
    """Keras's preprocessing takes RGB images of 0..255; ours starts from grey in [0, 1]."""
    images = rng.random((2, height, width, 1)).astype("float32")
    grey = keras.ops.convert_to_numpy(keras.ops.image.resize(images, (size, size)))
    rgb = 255 * np.repeat(grey, 3, axis=-1)
    expected = PREPROCESS[name](rgb.copy())
    np.testing.assert_allclose(backbone_input(images, name, size), expected, atol=1e-3)


def test_inception_sees_black_as_minus_one_and_white_as_one():
    images = np.zeros((1, 8, 8, 1), "float32")
    images[:, :, 4:] = 1
    seen = backbone_input(images, "inceptionv3", 16)
    assert seen.shape == (1, 16, 16, 3)
    assert (seen.min(), seen.max()) == (-1, 1)


@pytest.mark.parametrize(
    ("name", "size", "least"), [("inceptionv3", 74, 75), ("vgg16", 31, 32), ("vgg19", 31, 32)]
)
def test_too_small_images_are_refused(name, size, least):
    with pytest.raises(ParameterError, match=f"{name} needs image_size of {least} or more"):
        imagenet_backbone(name, image_size=size, weight_file=None)


@pytest.mark.parametrize("ending", ["h5", "weights.h5"])
def test_weights_are_read_from_a_file(tmp_path, ending):
    """The published files are of the older format, which ``save`` to ``.h5`` still writes."""
    source = keras.applications.VGG16(include_top=False, weights=None, input_shape=(32, 32, 3))
    path = tmp_path / f"vgg.{ending}"
    if ending == "h5":
        source.save(path)
    else:
        source.save_weights(path)
    loaded = imagenet_backbone("vgg16", image_size=32, weight_file=path)
    for ours, theirs in zip(loaded.get_weights(), source.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def small_network(path):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.save_weights(path)


@pytest.mark.parametrize(
    ("name", "write", "why"),
    [
        ("other.weights.h5", small_network, "does not fit vgg16"),
        ("text.h5", lambda path: path.write_text("not HDF5"), "not a readable HDF5 file"),
        ("weights.npz", lambda path: path.write_bytes(b""), "not a readable HDF5 file"),
    ],
)
def test_a_file_that_does_not_fit_is_named(tmp_path, name, write, why):
    path = tmp_path / name
    write(path)
    with pytest.raises(WeightsError, match=f"{name}: {why}") as caught:
        imagenet_backbone("vgg16", image_size=32, weight_file=path)
    assert "\n" not in str(caught.value)


def test_weights_of_another_network_are_refused(tmp_path):
    path = tmp_path / "vgg19.weights.h5"
    imagenet_backbone("vgg19", image_size=32, weight_file=None).save_weights(path)
    with pytest.raises(WeightsError, match=r"vgg19\.weights\.h5: does not fit vgg16"):
        imagenet_backbone("vgg16", image_size=32, weight_file=path)


def test_the_block_map_halves_frequency_in_every_block_and_time_in_all_but_the_last():
    feature_map = block_map(keras.Input((16, 20, 1)), filters=(4, 5, 6), dropout=0.1)
    assert feature_map.shape == (None, 2, 5, 6)
