"""A training that is cut anywhere and gone on with ends as one that never was, bit for bit."""

from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from speechsent.branches.cnn import CnnBranch
from speechsent.branches.lstm import LstmBranch
from speechsent.datasets import TrainingOptions
from speechsent.errors import RunError
from speechsent.features.augment import Augment
from speechsent.features.mfcc import Mfcc
from speechsent.fusion import FusionConfig
from speechsent.training import checkpoints
from speechsent.training import progress as progress_module
from speechsent.training.fit import FitConfig
from speechsent.training.listener import Listener
from speechsent.training.progress import SHARE, Pace, Progress, values, variables
from speechsent.training.recipes import Trainer
from speechsent.training.seed import choose_deterministic_kernels
from speechsent.training.transfer import Transfer
from speechsent.training.workshop import Workshop

N_STEPS = 3  # in an epoch of 18 clips by 6
EPOCHS = 3


class PowerFailureError(Exception):
    """Stands for a power failure: nothing after it is done."""


class Cutting(Listener):
    """Ends the process, so to speak, behind a step of a stage."""

    def __init__(self, stage, step):
        self.at, self.stage = (stage, step), ""

    def begin(self, stage, total, unit):
        self.stage = stage

    def step(self, done):
        if (self.stage, done) == self.at:
            raise PowerFailureError


@pytest.fixture(scope="module")
def workshop():
    """Traces each network once for all tests, which the package promises to change no bit."""
    workshops = {}
    return lambda *key: workshops.setdefault(key, Workshop())


@pytest.fixture(scope="module")
def train(make_clips, workshop):
    """Train with dropout, BatchNorm, augmentation, an early stop and a schedule."""
    choose_deterministic_kernels()

    def train(
        mode, folder, *, listener=None, transfer=False, numbers=False, seconds=0.0, anew=False
    ):
        built = {
            "cnn": CnnBranch(stem=(4,), channels=4, embedding=5, dropout=0.3).build((8, 12)),
            "lstm": LstmBranch(channels=4, units=(4,), embedding=4, dropout=0.3).build(
                {"mfcc": (12, 2)}
            ),
        }
        for seed, branch in enumerate(built.values()):
            settle(branch, seed)
        own = Workshop() if anew else workshop(mode, transfer, numbers)
        names = FusionConfig(mode=mode).branches
        branches = {name: own.fresh(f"{name} branch", built[name]) for name in names}
        clips = [make_clips(18, prefix="train"), make_clips(9, prefix="validation", seed=9)]
        if numbers:
            clips = [replace(c, targets=np.c_[c.classes - 1.0, 1.0 - c.classes]) for c in clips]
            clips = [replace(c, classes=c.classes * 0, n_classes=1) for c in clips]
        trained = (Transfer if transfer else Trainer)(
            branches=branches,
            train=clips[0],
            validation=clips[1],
            options=TrainingOptions(
                batch_size=6,
                augment=Augment(time_mask_frames=3, mel_mask_bands=2),
                mfcc=Mfcc(n_mfcc=2, n_deltas=0),
            ),
            fusion=FusionConfig(mode=mode, units=4, copies=1, dropout=0.3),
            config=FitConfig(
                epochs=EPOCHS, head_epochs=EPOCHS, batch_size=6, learning_rate=0.05, patience=2
            ),
            listener=listener or Listener(),
            workshop=own,
            progress=Progress(folder=folder, identity="it", pace=Pace(seconds)),
        ).run()
        last = trained.stages[-1].history.stage
        return SimpleNamespace(
            weights=bits(values(variables(trained.model))),
            optimizer=bits(values(own._compiled[last][0].variables)),
            histories=[stage.history for stage in trained.stages],
        )

    return train


def settle(branch, seed):
    """Give a branch first weights and seeds of its own, as building it anew would."""
    rng = np.random.default_rng(seed)
    for variable in variables(branch):
        if variable.path.endswith("seed_generator_state"):
            variable.assign(np.array([seed, 0], "uint32"))
        elif variable.trainable:
            variable.assign(rng.normal(0, 0.3, variable.shape))


def bits(arrays):
    return [np.asarray(array).tobytes() for array in arrays]


CUTS = [
    *(("joint", "joint", step, {}) for step in (1, 3, 4, 9)),
    *(("finetune", stage, 5, {}) for stage in ("cnn", "lstm", "head", "finetune")),
    ("cnn", "cnn", 5, {"numbers": True}),
    ("cnn", "head", 4, {"transfer": True}),
]


@pytest.fixture(scope="module")
def whole(train, tmp_path_factory):
    """The same training without an interruption, once for each kind."""
    known = {}

    def find(mode, **kind):
        key = (mode, *kind)
        if key not in known:
            known[key] = train(mode, tmp_path_factory.mktemp("whole"), **kind)
        return known[key]

    return find


@pytest.mark.parametrize(("mode", "stage", "step", "kind"), CUTS)
def test_a_training_that_was_cut_ends_as_one_that_was_not(
    mode, stage, step, kind, train, whole, tmp_path, monkeypatch
):
    with pytest.raises(PowerFailureError):
        train(mode, tmp_path, listener=Cutting(stage, step), **kind)
    fills = []
    fill = progress_module.fill
    monkeypatch.setattr(
        checkpoints, "fill", lambda *args: (fills.append(len(args[0])), fill(*args))
    )
    again, expected = train(mode, tmp_path, **kind), whole(mode, **kind)
    assert again.histories == expected.histories
    assert again.weights == expected.weights
    assert again.optimizer == expected.optimizer
    assert fills or step == 1  # behind the first step nothing is kept yet


def test_a_state_that_is_kept_seldom_is_gone_on_with_as_exactly(train, whole, tmp_path):
    with pytest.raises(PowerFailureError):
        train("joint", tmp_path, listener=Cutting("joint", 8), seconds=1e9)
    assert train("joint", tmp_path, seconds=1e9).weights == whole("joint").weights


def test_a_process_that_has_never_trained_goes_on_as_exactly(train, whole, tmp_path):
    """Keras makes the running figures of each output in the first step, so they are not there."""
    with pytest.raises(PowerFailureError):
        train("joint", tmp_path, listener=Cutting("joint", 5))
    again = train("joint", tmp_path, anew=True)
    assert (again.weights, again.histories) == (whole("joint").weights, whole("joint").histories)


def test_cut_again_and_again_it_still_ends_the_same(train, whole, tmp_path):
    for step in (2, 4, 5, 9):
        with pytest.raises(PowerFailureError):
            train("joint", tmp_path, listener=Cutting("joint", step))
    assert train("joint", tmp_path).weights == whole("joint").weights


def test_a_damaged_checkpoint_costs_the_steps_since_the_one_before_it(train, whole, tmp_path):
    with pytest.raises(PowerFailureError):
        train("joint", tmp_path, listener=Cutting("joint", 6))
    newest = max(tmp_path.glob("*.checkpoint"), key=lambda path: path.stat().st_mtime_ns)
    newest.write_bytes(newest.read_bytes()[:-1])
    assert train("joint", tmp_path).weights == whole("joint").weights


def test_checkpoints_of_another_training_are_refused_by_name(train, tmp_path, make_branches):
    model = make_branches()["lstm"]
    Progress(folder=tmp_path, identity="another").finish("joint", model, [], 1)
    with pytest.raises(RunError, match="holds checkpoints of another training"):
        train("joint", tmp_path)


def test_checkpoints_that_do_not_fit_the_network_are_refused(train, tmp_path, make_branches):
    model = make_branches()["lstm"]
    Progress(folder=tmp_path, identity="it").finish("joint", model, [], 1)
    with pytest.raises(RunError, match="do not fit this network"):
        train("joint", tmp_path)


def test_all_that_layers_remember_is_kept_seeds_of_dropout_included():
    layers = [keras.Input((3,)), keras.layers.Dropout(0.5), keras.layers.BatchNormalization()]
    paths = [variable.path.rpartition("/")[2] for variable in variables(keras.Sequential(layers))]
    assert paths == ["seed_generator_state", "gamma", "beta", "moving_mean", "moving_variance"]


@pytest.fixture
def clock(monkeypatch):
    """A clock that is set by hand, of that module alone: servers in other threads read time too."""
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(progress_module, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


def test_seconds_that_are_asked_for_are_kept_to(clock):
    pace = Pace(30)
    clock.now = 29.9
    assert pace.due(epoch_ended=True)
    assert not pace.due(epoch_ended=False)
    clock.now = 30
    assert pace.due(epoch_ended=False)


def test_by_default_checkpoints_take_no_more_than_their_share(clock):
    pace = Pace()
    clock.now = 10.0
    assert pace.due(epoch_ended=True)
    pace.kept(began=8.0)  # it took 2 seconds
    clock.now = 10 + 2 / SHARE - 1
    assert not pace.due(epoch_ended=True)
    clock.now = 10 + 2 / SHARE
    assert pace.due(epoch_ended=True)
    assert pace.due(epoch_ended=False)
