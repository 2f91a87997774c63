import numpy as np
import pytest

from speechsent.datasets import TrainingOptions
from speechsent.features.mfcc import Mfcc
from speechsent.fusion import FusionConfig
from speechsent.training import stage_trainer
from speechsent.training.fit import FitConfig
from speechsent.training.inference import clip_outputs
from speechsent.training.listener import Listener
from speechsent.training.transfer import Transfer


@pytest.fixture
def make_transfer(make_clips, make_branches):
    def make(mode, *, head_epochs=3, rate=0.1):
        branches = make_branches()
        names = FusionConfig(mode=mode).branches
        return Transfer(
            branches={name: branches[name] for name in names},
            train=make_clips(18, prefix="train"),
            validation=make_clips(9, prefix="validation", seed=9),
            options=TrainingOptions(batch_size=6, mfcc=Mfcc(n_mfcc=2, n_deltas=0)),
            fusion=FusionConfig(mode=mode, units=8, copies=2),
            config=FitConfig(
                epochs=1,
                head_epochs=head_epochs,
                batch_size=6,
                learning_rate=0.05,
                finetune_rate=rate,
            ),
            listener=Listener(),
        )

    return make


def weights_of(trainer):
    return [values for branch in trainer.branches.values() for values in branch.get_weights()]


@pytest.mark.parametrize("mode", ["frozen", "cnn", "lstm"])
def test_branches_stay_as_they_came_and_only_a_head_is_trained(make_transfer, mode):
    trainer = make_transfer(mode)
    before = weights_of(trainer)
    trained = trainer.run()
    for old, new in zip(before, weights_of(trainer), strict=True):
        np.testing.assert_array_equal(old, new)
    (stage,) = trained.stages
    assert stage.history.stage == "head"
    assert stage.frozen
    assert all(old == new for old, new in stage.frozen.values())


@pytest.mark.parametrize("mode", ["frozen", "lstm"])
def test_the_head_learns_and_the_whole_answers_as_the_head_did(make_transfer, mode):
    """Classes differ in level, which even untrained branches pass on."""
    trainer = make_transfer(mode, head_epochs=40)
    trained = trainer.run()
    answers = clip_outputs(trained.model, trainer.validation)
    recalled = [
        (answers[trainer.validation.classes == c].argmax(axis=1) == c).mean() for c in range(3)
    ]
    assert np.mean(recalled) == pytest.approx(trained.validation_score)
    assert trained.validation_score > 0.6
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("mode", ["joint", "finetune"])
def test_what_trains_on_does_so_at_the_low_rate(make_transfer, monkeypatch, mode):
    rates = {}
    fit = stage_trainer.fit

    def seen(*args, stage, rate=1.0, **options):
        rates[stage] = rate
        return fit(*args, stage=stage, rate=rate, **options)

    monkeypatch.setattr(stage_trainer, "fit", seen)
    trainer = make_transfer(mode, rate=0.25)
    trainer.run()
    assert rates.pop(mode) == 0.25
    assert set(rates) <= {"head"}
