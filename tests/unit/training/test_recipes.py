import hashlib
from dataclasses import replace

import numpy as np
import pytest

from speechsent.branches.batchnorm import batchnorm_layers, leaves
from speechsent.branches.cnn import CnnBranch, frozen_base, thaw
from speechsent.branches.functionals import FunctionalsConfig
from speechsent.datasets import TrainingOptions
from speechsent.errors import TrainingError
from speechsent.features.augment import Augment
from speechsent.features.cache import FeatureCache
from speechsent.features.mfcc import Mfcc
from speechsent.fusion import FusionConfig
from speechsent.training import embeddings, functional_rows, stage_trainer
from speechsent.training.fit import FitConfig, History
from speechsent.training.functionals import Functionals
from speechsent.training.inference import clip_outputs
from speechsent.training.listener import Listener
from speechsent.training.recipes import Trainer
from speechsent.training.stages import freeze, refuse_leak
from speechsent.training.store import EmbeddingStore


@pytest.fixture(scope="module")
def make_trainer(make_clips, make_branches):
    def make(mode, *, branches=None, validation=None, **fusion):
        names = FusionConfig(mode=mode).branches
        branches = branches or make_branches()
        return Trainer(
            branches={name: branches[name] for name in names},
            train=make_clips(18, prefix="train"),
            validation=validation or make_clips(9, prefix="validation", seed=9),
            options=TrainingOptions(
                batch_size=6,
                augment=Augment(time_mask_frames=3, mel_mask_bands=2),
                mfcc=Mfcc(n_mfcc=2, n_deltas=0),
            ),
            fusion=FusionConfig(**{"mode": mode, "units": 4, "copies": 2} | fusion),
            config=FitConfig(epochs=2, head_epochs=3, batch_size=6, learning_rate=0.05),
            listener=Listener(),
        )

    return make


def hashes(model):
    """SHA-256 of each weight, computed without the package."""
    return [hashlib.sha256(values.tobytes()).hexdigest() for values in model.get_weights()]


def trainable_hashes(model):
    return [hashlib.sha256(v.numpy().tobytes()).hexdigest() for v in model.trainable_weights]


def head_of(trained):
    return trained.model.get_layer("fusion_head")


def assert_scored_as_returned(trainer, trained):
    """The history's best validation loss is that of the fused model's own output."""
    probabilities = clip_outputs(trained.model, trainer.validation)
    true = probabilities[np.arange(len(probabilities)), trainer.validation.classes]
    best = trained.stages[-1].history.best
    assert best["val_loss"] == pytest.approx(-np.log(true).mean(), rel=1e-4)


def stage_names(trained):
    return [stage.history.stage for stage in trained.stages]


@pytest.mark.parametrize("auxiliary", [0.5, 0.0])
def test_joint_training_changes_both_branches_and_the_head(make_trainer, auxiliary, monkeypatch):
    trainer, before = make_trainer("joint", auxiliary=auxiliary), {}
    parts = dict(trainer.branches)
    fit = stage_trainer.fit

    def watch(model, *args, **kwargs):
        parts["head"] = model.get_layer("fusion_head")
        before.update({name: trainable_hashes(part) for name, part in parts.items()})
        return fit(model, *args, **kwargs)

    monkeypatch.setattr(stage_trainer, "fit", watch)
    trained = trainer.run()
    assert stage_names(trained) == ["joint"]
    assert head_of(trained) is parts["head"]
    for name, part in parts.items():
        assert not set(before[name]) & set(trainable_hashes(part)), name
    assert_scored_as_returned(trainer, trained)


@pytest.mark.parametrize("name", ["cnn", "lstm"])
def test_one_branch_can_be_trained_alone(make_trainer, name):
    trainer = make_trainer(name)
    before = trainable_hashes(trainer.branches[name])
    trained = trainer.run()
    assert stage_names(trained) == [name]
    assert not set(before) & set(trainable_hashes(trainer.branches[name]))
    assert clip_outputs(trained.model, trainer.validation).shape == (9, 3)


def pretend_fit(*_, stage, val_uar=0.0, **__):
    """Leave the model as it is; for tests of what happens around a fit."""
    row = {"epoch": 1, "loss": 1.0, "uar": 0.5, "val_loss": 1.0, "val_uar": val_uar}
    return History(stage, (row,), 1)


@pytest.fixture(scope="module")
def watched_frozen(make_trainer):
    """A frozen fusion, with the branches' hashes taken when the head's training starts."""
    trainer, taken = make_trainer("frozen"), {}
    fit = stage_trainer.fit

    def watch(model, *args, stage, **kwargs):
        if stage == "head":
            taken.update({name: hashes(branch) for name, branch in trainer.branches.items()})
            taken["head"] = hashes(model)
        return fit(model, *args, stage=stage, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage_trainer, "fit", watch)
        return trainer, trainer.run(), taken


def test_frozen_branches_stay_to_the_last_bit_and_the_head_learns(watched_frozen):
    trainer, trained, taken = watched_frozen
    assert stage_names(trained) == ["cnn", "lstm", "head"]
    for name, branch in trainer.branches.items():
        assert hashes(branch) == taken[name]
        assert branch.trainable_variables == []
    assert not set(taken["head"]) & set(hashes(head_of(trained)))
    assert len(trained.model.trainable_weights) == len(head_of(trained).weights)


def test_the_record_of_what_was_frozen_is_complete_and_true(watched_frozen):
    trainer, trained, _ = watched_frozen
    frozen = trained.stages[-1].frozen
    assert len(frozen) == sum(len(branch.variables) for branch in trainer.branches.values())
    for before, after in frozen.values():
        assert before == after
    recorded = {digest for digest, _ in frozen.values()}
    assert all(set(hashes(branch)) <= recorded for branch in trainer.branches.values())


def test_the_frozen_model_scores_end_to_end_as_on_cached_embeddings(watched_frozen):
    trainer, trained, _ = watched_frozen
    assert_scored_as_returned(trainer, trained)


def test_a_change_of_a_frozen_branch_is_an_error(make_trainer, monkeypatch):
    trainer = make_trainer("frozen")

    def tamper(*_, stage, **__):
        if stage == "head":
            bias = trainer.branches["cnn"].get_layer("cnn_embedding").bias
            bias.assign_add(np.full(bias.shape, 1e-3))
        return pretend_fit(stage=stage)

    monkeypatch.setattr(stage_trainer, "fit", tamper)
    with pytest.raises(TrainingError, match=r"frozen variables changed: cnn/cnn_embedding/bias$"):
        trainer.run()


def test_fine_tuning_changes_branches_but_no_batchnorm_statistics(make_trainer, monkeypatch):
    trainer, taken = make_trainer("finetune"), {}
    cnn, lstm = trainer.branches["cnn"], trainer.branches["lstm"]
    fit, rates = stage_trainer.fit, {}

    def watch(model, *args, stage, **kwargs):
        rates[stage] = kwargs.get("rate", 1.0)
        if stage != "finetune":
            return pretend_fit(stage=stage)
        taken["statistics"] = [v.numpy() for v in statistics(cnn)]
        taken["lstm"], taken["cnn"] = hashes(lstm), cnn.get_layer("cnn_embedding").get_weights()
        return fit(model, *args, stage=stage, **kwargs)

    def statistics(branch):
        return [v for la in batchnorm_layers(branch) for v in (la.moving_mean, la.moving_variance)]

    monkeypatch.setattr(stage_trainer, "fit", watch)
    trained = trainer.run()
    assert stage_names(trained) == ["cnn", "lstm", "head", "finetune"]
    assert rates["finetune"] == trainer.config.finetune_rate == 0.1
    for variable, before in zip(statistics(cnn), taken["statistics"], strict=True):
        np.testing.assert_array_equal(variable.numpy(), before)
    assert not set(taken["lstm"]) & set(hashes(lstm))
    kernel = cnn.get_layer("cnn_embedding").get_weights()[0]
    assert np.abs(kernel - taken["cnn"][0]).max() > 1e-6


def test_a_frozen_fusion_is_kept_where_fine_tuning_only_loses(make_trainer, monkeypatch):
    trainer, taken = make_trainer("finetune"), {}

    def worsen(model, *args, stage, **kwargs):
        if stage != "finetune":
            return pretend_fit(stage=stage, val_uar=0.6)
        taken["before"] = model.get_weights()
        model.set_weights([np.zeros_like(values) for values in model.get_weights()])
        return pretend_fit(stage=stage, val_uar=0.5)

    monkeypatch.setattr(stage_trainer, "fit", worsen)
    trained = trainer.run()
    model = trained.model
    assert trained.validation_score == 0.6
    for values, before in zip(model.get_weights(), taken["before"], strict=True):
        np.testing.assert_array_equal(values, before)


def test_every_stage_knows_its_clips(watched_frozen):
    trainer, trained, _ = watched_frozen
    for stage in trained.stages:
        assert stage.fitted_on == set(trainer.train.ids)
        assert stage.validated_on == set(trainer.validation.ids)


def test_validating_on_clips_a_branch_is_fitted_on_is_refused(make_trainer, make_clips):
    """A head chosen on its branches' training clips looks perfect and is not."""
    leaky = make_clips(20, prefix="train", seed=9)  # train0 to train17, and two others
    with pytest.raises(TrainingError, match=r"in training and validation: .* \(18 in all\)"):
        make_trainer("frozen", validation=leaky)


def test_clips_of_one_split_are_no_leak(watched_frozen, make_clips):
    _, trained, _ = watched_frozen
    assert refuse_leak(trained.stages, make_clips(3, prefix="other")) is None
    with pytest.raises(TrainingError, match="on 3 of the 3 validation clips"):
        refuse_leak(trained.stages, make_clips(3, prefix="train"))


def test_freezing_leaves_nothing_to_train(make_branches):
    for branch in make_branches().values():
        freeze(branch)
        assert branch.trainable_variables == []
        assert not any(layer.trainable for layer in leaves(branch))


def test_freezing_works_on_layers_whose_flag_was_already_off(make_branches):
    """TensorFlow drops an assignment of the value a flag already has."""
    branch = make_branches()["cnn"]
    branch.trainable = False
    for layer in branch.layers:
        layer.trainable = True
    freeze(branch)
    assert branch.trainable_variables == []
    assert not any(layer.trainable for layer in leaves(branch))


def test_images_to_reestimate_on_are_training_images(make_trainer):
    trainer = make_trainer("joint")
    images = list(trainer.image_batches(2))
    assert [batch["image"].shape for batch in images] == [(6, 8, 12, 1)] * 2
    assert len(list(trainer.image_batches(50))) == 3


@pytest.fixture(scope="module")
def pretrained(make_branches):
    """Branches whose image network counts as pretrained: VGG16 at random, frozen."""
    branches = make_branches()
    config = CnnBranch(backbone="vgg16", weights="none", image_size=32, embedding=5, dropout=0.0)
    branches["cnn"] = config.build((8, 12))
    thaw(branches["cnn"].get_layer("vgg16"), "", train_batchnorm=False)
    return branches


@pytest.mark.parametrize("mode", ["cnn", "frozen"])
def test_a_frozen_pretrained_network_is_shown_each_window_once(
    make_trainer, pretrained, mode, tmp_path, monkeypatch
):
    trainer = make_trainer(mode, branches=pretrained)
    trainer = replace(trainer, store=EmbeddingStore(FeatureCache(tmp_path)))
    base, _ = frozen_base(pretrained["cnn"])
    before = hashes(base)
    n_shown = []
    original = embeddings.batch_outputs

    def count(model, inputs, **how):
        if model.name == base.name:
            n_shown.append(len(inputs["image"]))
        return original(model, inputs, **how)

    monkeypatch.setattr(embeddings, "batch_outputs", count)
    trained = trainer.run()
    n_copies = trainer.fusion.copies * len(trainer.train)
    n_evaluated = len(trainer.validation) * 2  # as many training clips are watched
    assert sum(n_shown) == n_copies + n_evaluated
    assert hashes(base) == before
    assert_scored_as_returned(trainer, trained)
    assert stage_names(trained) == {"cnn": ["cnn"], "frozen": ["cnn", "lstm", "head"]}[mode]


@pytest.fixture
def with_store(make_trainer, tmp_path):
    store = EmbeddingStore(FeatureCache(tmp_path / "features"))
    return lambda mode, **fusion: replace(make_trainer(mode, **fusion), store=store)


def fitted(monkeypatch):
    """Names of the stages that are really fitted from now on."""
    stages, original = [], stage_trainer.fit
    monkeypatch.setattr(
        stage_trainer,
        "fit",
        lambda *args, stage, **how: stages.append(stage) or original(*args, stage=stage, **how),
    )
    return stages


def test_a_fusion_takes_the_branches_of_an_earlier_training(make_trainer, with_store, monkeypatch):
    alone = make_trainer("frozen").run()
    with_store("cnn").run()
    with_store("lstm").run()
    stages = fitted(monkeypatch)
    trained = with_store("frozen").run()
    assert stages == ["head"]
    assert [stage.history for stage in trained.stages] == [stage.history for stage in alone.stages]
    assert hashes(trained.model) == hashes(alone.model)


def test_whoever_trains_a_branch_trains_it(with_store, monkeypatch):
    with_store("cnn").run()
    stages = fitted(monkeypatch)
    with_store("cnn").run()
    assert stages == ["cnn"]


@pytest.mark.parametrize("change", ["seed", "rate", "clips", "damage"])
def test_a_branch_trained_otherwise_is_not_taken(with_store, change, make_clips, monkeypatch):
    first = with_store("cnn")
    first.run()
    trainer = with_store("frozen")
    if change == "seed":
        trainer = replace(trainer, options=replace(trainer.options, seed=1))
    elif change == "rate":
        trainer = replace(trainer, config=replace(trainer.config, learning_rate=0.04))
    elif change == "clips":
        trainer = replace(trainer, train=make_clips(18, prefix="other"))
    else:
        for path in first.store.cache.folder.glob("branch-*/*.pack"):
            path.write_bytes(path.read_bytes()[:-1] + b"x")
    stages = fitted(monkeypatch)
    trainer.run()
    assert stages == ["cnn", "lstm", "head"]


def test_a_branch_of_which_other_layers_trained_is_not_taken(
    make_trainer, make_branches, tmp_path, monkeypatch
):
    """As with another cnn.unfreeze, or another cnn.bn: weights and settings begin alike."""

    def trainer(mode, *, thawed):
        branches = make_branches()
        for layer in branches["cnn"].layers:
            if layer.name in ("compact_conv1", "compact_bn1"):
                layer.trainable = layer.name in thawed
        store = EmbeddingStore(FeatureCache(tmp_path))
        return replace(make_trainer(mode, branches=branches), store=store)

    trainer("cnn", thawed=("compact_conv1",)).run()
    stages = fitted(monkeypatch)
    trainer("frozen", thawed=()).run()
    trainer("frozen", thawed=("compact_conv1", "compact_bn1")).run()
    trainer("frozen", thawed=("compact_conv1",)).run()
    assert stages == ["cnn", "lstm", "head", "cnn", "head", "head"]


def test_functionals_that_cannot_be_solved_are_refused_before_anything_trains(
    make_trainer, monkeypatch
):
    monkeypatch.setattr(functional_rows, "MAX_CENTRES", 10)
    config = FunctionalsConfig(filters=40, likeness=4)
    model = config.build((8, 12), 3, hertz=np.linspace(0, 8000, 8))
    trainer = replace(make_trainer("joint"), functionals=Functionals(model, config, 0.5))
    before = [branch.get_weights() for branch in trainer.branches.values()]
    with pytest.raises(TrainingError, match=r"10 windows at most.*has 18"):
        trainer.run()
    for branch, weights in zip(trainer.branches.values(), before, strict=True):
        for one, other in zip(branch.get_weights(), weights, strict=True):
            np.testing.assert_array_equal(one, other)
