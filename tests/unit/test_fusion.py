import keras
import numpy as np
import pytest

from speechsent.answers import Classes
from speechsent.branches.cnn import CnnBranch
from speechsent.branches.functionals import ANSWER, FunctionalsConfig
from speechsent.branches.lstm import LstmBranch
from speechsent.errors import ParameterError
from speechsent.fusion import (
    FusionConfig,
    alone,
    beside,
    classifier,
    fusion_head,
    late_fusion,
    with_auxiliaries,
)


@pytest.fixture
def branches():
    return {
        "cnn": CnnBranch(stem=(4,), channels=4, embedding=5).build((8, 12)),
        "lstm": LstmBranch(channels=4, units=(4,), embedding=6).build({"mfcc": (12, 3)}),
    }


@pytest.fixture
def head():
    return fusion_head({"cnn": 5, "lstm": 6}, answer=Classes(3), units=4)


@pytest.fixture
def inputs(rng):
    return {
        "image": rng.random((7, 8, 12, 1)).astype("float32"),
        "mfcc": rng.standard_normal((7, 12, 3)).astype("float32"),
    }


def join(widths, embeddings):
    """What the head's dense layer sees of some embeddings, by branch."""
    head = fusion_head(widths, answer=Classes(3))
    joined = keras.Model(head.inputs, head.get_layer("fusion_join").output)
    values = keras.ops.convert_to_numpy(joined([embeddings[t.name] for t in head.inputs]))
    edges = np.cumsum([widths[t.name] for t in head.inputs])[:-1]
    return dict(zip((t.name for t in head.inputs), np.split(values, edges, axis=1), strict=True))


@pytest.mark.parametrize("factor", [0.1, 1e3])
def test_the_scale_of_an_embedding_changes_nothing(rng, head, factor):
    embeddings = {"cnn": rng.random((4, 5)), "lstm": rng.random((4, 6))}
    scaled = embeddings | {"lstm": factor * embeddings["lstm"]}
    np.testing.assert_allclose(head(scaled), head(embeddings), atol=1e-3)


def test_a_wide_embedding_is_no_louder_than_a_narrow_one(rng):
    widths = {"cnn": 1000, "lstm": 20}
    embeddings = {"cnn": 50 * rng.random((4, 1000)), "lstm": 0.1 * rng.random((4, 20))}
    lengths = {
        name: np.linalg.norm(values, axis=1) for name, values in join(widths, embeddings).items()
    }
    np.testing.assert_allclose(lengths["cnn"], lengths["lstm"], rtol=0.01)


def test_a_silent_branch_stays_silent(rng):
    """A branch that outputs the same number everywhere carries nothing, and must add no noise."""
    embeddings = {"cnn": np.full((4, 5), 0.3), "lstm": rng.random((4, 6))}
    joined = join({"cnn": 5, "lstm": 6}, embeddings)
    np.testing.assert_allclose(joined["cnn"], 0, atol=1e-3)


def test_the_fused_model_is_the_head_on_the_embeddings(branches, head, inputs):
    model = late_fusion(branches, head)
    embeddings = {
        "cnn": branches["cnn"]({"image": inputs["image"]}),
        "lstm": branches["lstm"]({"mfcc": inputs["mfcc"]}),
    }
    np.testing.assert_allclose(model(inputs), head(embeddings), atol=1e-6)


def test_what_is_joined_are_embeddings_and_no_probabilities(branches, inputs):
    for name, branch in branches.items():
        embedding = branch({t.name: inputs[t.name] for t in branch.inputs}).numpy()
        assert embedding.shape == (7, branch.get_layer(f"{name}_embedding").units)
        assert np.abs(embedding.sum(axis=1) - 1).min() > 1e-3
        assert branch.get_layer(f"{name}_embedding").activation is keras.activations.relu


def test_the_fused_model_outputs_probabilities(branches, head, inputs):
    probabilities = late_fusion(branches, head)(inputs).numpy()
    assert probabilities.shape == (7, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)


def test_each_branch_reaches_the_output(branches, head, inputs):
    model = late_fusion(branches, head)
    whole = model(inputs)
    for name, branch in branches.items():
        saved = branch.get_weights()
        branch.set_weights([np.zeros_like(values) for values in saved])
        assert np.abs(model(inputs) - whole).max() > 1e-3, name
        branch.set_weights(saved)


def test_the_parts_are_joined_not_copied(branches, head):
    ids = {id(v) for model in (*branches.values(), head) for v in model.weights}
    assert {id(v) for v in late_fusion(branches, head).weights} == ids
    assert ids < {id(v) for v in with_auxiliaries(branches, head, Classes(3)).weights}


def test_auxiliary_classifiers_leave_the_fused_output_as_it_is(branches, head, inputs):
    outputs = with_auxiliaries(branches, head, Classes(3))(inputs)
    assert outputs.keys() == {"emotion", "cnn", "lstm"}
    np.testing.assert_allclose(outputs["emotion"], late_fusion(branches, head)(inputs), atol=1e-6)
    for probabilities in outputs.values():
        np.testing.assert_allclose(probabilities.numpy().sum(axis=1), 1, atol=1e-6)


def test_branches_may_share_an_input(head, inputs):
    shapes = {"mfcc": (12, 3)}
    branches = {
        "cnn": LstmBranch(channels=4, units=(4,), embedding=5).build(shapes),
        "lstm": keras.models.clone_model(
            LstmBranch(channels=4, units=(4,), embedding=6).build(shapes)
        ),
    }
    branches["lstm"].name = "second"
    model = late_fusion(branches, head)
    assert [t.name for t in model.inputs] == ["mfcc"]
    assert model({"mfcc": inputs["mfcc"]}).shape == (7, 3)


def test_one_branch_alone_gets_a_classifier(branches, inputs):
    model = classifier(branches["lstm"], answer=Classes(3))
    assert [t.name for t in model.inputs] == ["mfcc"]
    probabilities = model({"mfcc": inputs["mfcc"]}).numpy()
    np.testing.assert_allclose(probabilities.sum(axis=1), np.ones(7), atol=1e-6)


@pytest.mark.parametrize(
    ("widths", "n_classes", "message"),
    [
        ({"cnn": 4}, 3, "two or more branches. Received: \\['cnn'\\]"),
        ({}, 3, "two or more branches"),
        ({"cnn": 4, "lstm": 4}, 1, "two or more classes. Received: 1"),
    ],
)
def test_too_little_to_fuse_is_refused(widths, n_classes, message):
    with pytest.raises(ParameterError, match=message):
        fusion_head(widths, answer=Classes(n_classes))


def test_a_classifier_of_one_class_is_refused(branches):
    """The softmax of one number is always 1."""
    with pytest.raises(ParameterError, match="two or more classes"):
        classifier(branches["cnn"], answer=Classes(1))


@pytest.mark.parametrize(
    ("mode", "names"),
    [
        ("joint", ("cnn", "lstm")),
        ("frozen", ("cnn", "lstm")),
        ("finetune", ("cnn", "lstm")),
        ("cnn", ("cnn",)),
        ("lstm", ("lstm",)),
    ],
)
def test_a_mode_names_its_branches(mode, names):
    assert FusionConfig(mode=mode).branches == names


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("mode", "late", "mode must be one of joint.*Received: 'late'"),
        ("units", 0, r"must lie in \[1, "),
        ("copies", 0, r"must lie in \[1, "),
        ("dropout", 1.0, "dropout must lie in"),
        ("auxiliary", -0.1, "auxiliary must not be negative"),
    ],
)
def test_parameters_out_of_range_are_refused(field, value, message):
    with pytest.raises(ParameterError, match=message):
        FusionConfig(**{field: value})


def test_a_network_and_functionals_multiply_their_probabilities(branches, inputs, rng):
    network = classifier(branches["cnn"], answer=Classes(3))
    functionals = FunctionalsConfig(filters=20).build((8, 12), 3, hertz=np.linspace(0, 8000, 8))
    answer = functionals.get_layer(ANSWER)
    answer.set_weights([rng.normal(size=w.shape, scale=0.1) for w in answer.get_weights()])
    both = beside(network, functionals, power=0.5)
    images = {"image": inputs["image"]}
    one = network.predict(images, verbose=0)
    other = alone(functionals).predict(images, verbose=0)
    expected = np.sqrt(one) * other
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(both.predict(images, verbose=0), expected, rtol=1e-4)


def test_functionals_bring_their_input_to_a_network_without_an_image(branches):
    network = classifier(branches["lstm"], answer=Classes(3))
    functionals = FunctionalsConfig(filters=20).build((8, 12), 3, hertz=np.linspace(0, 8000, 8))
    both = beside(network, functionals, power=0.5)
    assert sorted(tensor.name for tensor in both.inputs) == ["image", "mfcc"]
