import keras
import numpy as np
import pytest

from speechsent.branches.frames import FramesInUse, context, halved


def test_frames_whose_values_are_all_zero_are_padding():
    sequence = np.zeros((1, 5, 2), "float32")
    sequence[0, 0, 1] = -3
    sequence[0, 2] = 1e-6  # hidden by a mask, and still a frame of the clip
    np.testing.assert_array_equal(FramesInUse()(sequence)[0, :, 0], [1, 0, 1, 0, 0])


@pytest.mark.parametrize(("n_frames", "kept"), [(4, [1, 1]), (5, [1, 1, 0])])
def test_every_second_frame_is_asked_for(n_frames, kept):
    image = np.zeros((1, 3, n_frames, 1), "float32")
    image[0, 2, :3] = 0.5
    layer = FramesInUse(axes=(1, 3), stride=2)
    assert layer.compute_output_shape((None, 3, n_frames, 1)) == (None, len(kept), 1)
    np.testing.assert_array_equal(layer(image)[0, :, 0], kept)


def model(n_values=3):
    sequence = keras.Input((None, n_values))
    used = FramesInUse(stride=2)(sequence)
    x = halved(sequence, used, channels=4, name="front")
    return keras.Model(sequence, context(x, used, dilation=2, name="around"))


@pytest.mark.parametrize("n_padding", [1, 2, 7])
def test_padding_stays_zero_and_reaches_no_frame(rng, n_padding):
    net = model()
    sequence = rng.standard_normal((2, 9, 3)).astype("float32")
    for variable in net.weights:  # BatchNorm that makes something of nothing
        variable.assign(rng.uniform(0.5, 1.5, variable.shape))
    short = net(sequence)
    long = net(np.pad(sequence, ((0, 0), (0, n_padding), (0, 0))))
    np.testing.assert_allclose(long[:, :5], short, rtol=0, atol=1e-6)
    assert not np.any(long[:, 5:])
    assert np.abs(short).max() > 1e-3


def test_a_frame_sees_five_frames_around_it(rng):
    """Frame 2 of the halved sequence stands on frame 4, and sees 2 to 6."""
    sequence = keras.Input((None, 1))
    net = keras.Model(
        sequence, halved(sequence, FramesInUse(stride=2)(sequence), channels=4, name="f")
    )
    ramp = rng.standard_normal((1, 11, 1)).astype("float32")
    seen = []
    for frame in range(11):
        other = ramp.copy()
        other[0, frame] += 5
        if np.abs(net(other)[0, 2] - net(ramp)[0, 2]).max() > 1e-6:
            seen.append(frame)
    assert set(seen) <= {2, 3, 4, 5, 6}
    assert len(seen) >= 3
