from dataclasses import replace

import numpy as np
import pytest

from speechsent.datasets import TrainingOptions
from speechsent.features.augment import Augment
from speechsent.features.mfcc import Mfcc
from speechsent.fusion import FusionConfig
from speechsent.training.fit import FitConfig
from speechsent.training.listener import Listener
from speechsent.training.recipes import Trainer
from speechsent.training.workshop import Workshop


@pytest.fixture(scope="module")
def make_trainer(make_clips, make_branches):
    """A trainer on all clips, and what puts its branches back to where they began."""
    clips = make_clips(24, prefix="all")

    def make(mode):
        workshop = Workshop()

        def fresh():
            built = make_branches()
            names = FusionConfig(mode=mode).branches
            return {name: workshop.fresh(f"{name} branch", built[name]) for name in names}

        trainer = Trainer(
            branches=fresh(),
            train=clips,
            validation=make_clips(9, prefix="validation", seed=9),
            options=TrainingOptions(
                batch_size=6,
                augment=Augment(time_mask_frames=3, mel_mask_bands=2),
                mfcc=Mfcc(n_mfcc=2, n_deltas=0),
            ),
            fusion=FusionConfig(mode=mode, units=4, copies=2),
            config=FitConfig(epochs=3, head_epochs=3, batch_size=6, learning_rate=0.05),
            listener=Listener(),
            workshop=workshop,
        )
        return trainer, fresh

    return make


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["joint", "frozen"])
def test_training_again_on_the_same_clips_comes_to_the_weights_that_were_chosen(make_trainer, mode):
    """So nothing but the clips differs: neither first weights nor schedule nor order."""
    trainer, fresh = make_trainer(mode)
    trained = trainer.run()
    expected = trained.model.get_weights()
    again = trainer.again(trained, fresh(), trainer.train)
    assert len(expected) == len(again.model.get_weights())
    for one, other in zip(expected, again.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert again.validation_score == trained.validation_score


@pytest.mark.slow
def test_training_again_hears_all_clips_and_chooses_nothing(make_trainer, make_clips):
    trainer, fresh = make_trainer("finetune")
    first = replace(trainer, train=make_clips(12, prefix="train"))
    trained = first.run()
    again = first.again(trained, fresh(), trainer.train)
    names = [stage.history.stage for stage in again.stages]
    assert names[:4] == ["cnn", "lstm", "head", "finetune"]
    n_kept = 1 + again.stages.index(again.kept)  # fine-tuning counts only if it gained
    assert names[4:] == [f"{name}-again" for name in names[:n_kept]]
    for before, after in zip(again.stages[:n_kept], again.stages[4:], strict=True):
        assert after.fitted_on == set(trainer.train.ids)
        assert not after.validated_on
        assert len(after.history.rows) == before.history.best_epoch == after.history.best_epoch
        assert not any(name.startswith("val_") for name in after.history.best)
    assert again.validation_score == trained.validation_score
