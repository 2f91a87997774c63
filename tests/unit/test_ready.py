import numpy as np
import pytest
import tensorflow as tf

from speechsent.clips import Clips, to_inputs
from speechsent.datasets import TrainingBatches, TrainingOptions
from speechsent.features.augment import Augment
from speechsent.features.mfcc import Mfcc
from speechsent.features.standardize import Statistics
from speechsent.ready import ReadyClips

N_WINDOW = 6
WIDTHS = {"log_mel": 4, "mfcc": 3}
LENGTHS = [9, 6, 2, 1, 30]


@pytest.fixture
def clips():
    """Clips longer than a window, as long and shorter, with statistics of their own."""
    rng = np.random.default_rng(0)

    def statistics(width):
        return Statistics(
            rng.normal(size=width).astype("f4"), rng.uniform(0.5, 2, width).astype("f4")
        )

    return Clips(
        views={
            v: [rng.normal(size=(n, w)).astype("f4") for n in LENGTHS] for v, w in WIDTHS.items()
        },
        statistics={v: [statistics(w) for _ in LENGTHS] for v, w in WIDTHS.items()},
        classes=np.arange(len(LENGTHS)) % 2,
        n_classes=2,
        n_window=N_WINDOW,
        ids=tuple(f"{i}.wav@0" for i in range(len(LENGTHS))),
    )


def size_of(clips):
    return sum(values.nbytes for sequences in clips.views.values() for values in sequences)


@pytest.mark.parametrize("first", [0, 2])
def test_a_copied_window_is_the_one_made_of_the_stored_features(clips, first):
    picked = [4, 0, 3, 2]
    starts = [min(first, LENGTHS[clip] - 1) for clip in picked]
    made = [clips.window(c, s, clips.raw(c)) for c, s in zip(picked, starts, strict=True)]
    wanted = to_inputs(made)
    out = {name: np.full(values.shape, np.nan, np.float32) for name, values in wanted.items()}
    ReadyClips.of(clips, tuple(WIDTHS)).copy_windows(picked, starts, out)
    for name, values in wanted.items():
        np.testing.assert_array_equal(out[name], values)


def test_only_what_is_read_is_made_ready(clips):
    assert ReadyClips.of(clips, ("log_mel",)).shapes == {"image": (4, N_WINDOW, 1)}


def test_clips_that_take_more_room_than_there_is_stay_where_they_are(clips):
    assert ReadyClips.of(clips, tuple(WIDTHS), room=size_of(clips)) is not None
    assert ReadyClips.of(clips, tuple(WIDTHS), room=size_of(clips) - 1) is None


def test_a_corpus_without_room_is_not_read_to_its_end(clips):
    class Watched(list):
        def __getitem__(self, clip):
            read.append(clip)
            return super().__getitem__(clip)

    read = []
    clips = Clips(**{**vars(clips), "views": {"mfcc": Watched(clips.views["mfcc"])}})
    ReadyClips.of(clips, ("mfcc",), room=clips.raw(0)["mfcc"].nbytes)
    assert set(read) == {0, 1}


@pytest.mark.parametrize("inputs", [(), ("image",), ("mfcc",)], ids=["all", "image", "mfcc"])
def test_fed_batches_are_those_made_one_by_one(clips, inputs):
    options = TrainingOptions(batch_size=2, inputs=inputs)
    one_by_one, fed = TrainingBatches(clips, options), TrainingBatches(clips, options)
    feed = fed.feed()
    for epoch in range(3):
        one_by_one.start(epoch)
        fed.start(epoch)
        for step, (shown, targets, weights) in enumerate(feed):
            wanted, wanted_targets, wanted_weights = one_by_one[step]
            assert set(shown) == set(wanted)
            for name, values in wanted.items():
                np.testing.assert_array_equal(shown[name], values)
            np.testing.assert_array_equal(targets, wanted_targets)
            np.testing.assert_array_equal(weights, wanted_weights)


def test_augmented_clips_are_never_ready(clips):
    mfcc = Mfcc(n_mfcc=3, n_deltas=0)
    options = TrainingOptions(batch_size=2, augment=Augment(), mfcc=mfcc, n_mels=4)
    batches = TrainingBatches(clips, options)
    batches.feed()
    looks = []
    for epoch in range(2):
        batches.start(epoch)
        looks.append(batches[0][0]["mfcc"].tobytes())
    assert looks[0] != looks[1]


@pytest.mark.parametrize(("gpus", "ahead"), [([], 0), (["a GPU"], 1)])
def test_copies_are_made_ahead_where_another_device_trains(clips, monkeypatch, gpus, ahead):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
    batches = TrainingBatches(clips, TrainingOptions(batch_size=2))
    assert batches.ahead == 1
    fed = batches.feed()
    assert batches.ahead == ahead
    assert len(list(fed)) == len(batches)
