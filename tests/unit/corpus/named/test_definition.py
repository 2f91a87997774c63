import re
from pathlib import Path

import pytest

from speechsent.corpus.named import load_protocol
from speechsent.errors import ConfigError, ParameterError

DOCS = Path(__file__).parents[4] / "docs" / "protocols.md"
VALID = "test: {by: each-speaker}\nvalidation: {by: drawn-speakers, n: 1}\n"


@pytest.fixture
def write(tmp_path):
    def write(text, name="mine.yaml"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_the_example_of_the_guide_is_a_protocol(write, ravdess_names):
    example = re.search(r"```yaml\n(.*?)```", DOCS.read_text(), re.DOTALL)[1]
    protocol = load_protocol(write(example))
    kept = protocol.restrict(ravdess_names)
    split = protocol.split(kept, 1)
    assert protocol.name == split.protocol == "ravdess-4-women"
    tested = {kept[i].speaker for i in split.parts["test"]}
    assert tested == {"ravdess/08", "ravdess/10", "ravdess/12"}
    assert {kept[i].gender for i in split.parts["test"]} == {"female"}


def test_a_protocol_without_a_name_is_called_as_its_file(write):
    assert load_protocol(str(write(VALID))).name == "mine"
    assert load_protocol(write(VALID, "yours.yml")).name == "yours"


@pytest.mark.parametrize(
    ("name", "guess"),
    [
        ("ravdess-8-luna", "did you mean ravdess-8-luna5"),
        ("text-independant", "did you mean text-independent"),
        ("", "there are crema-d-tfds, cross-corpus"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(name, guess):
    with pytest.raises(ParameterError, match=f"Received: '{name}'; {guess}"):
        load_protocol(name)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- a list", "a protocol is a mapping of keys"),
        ("a: [", "not YAML"),
        ("name: savee-loso\n" + VALID, "savee-loso is taken; choose another name"),
        ("naem: x\n" + VALID, "naem: unknown key; did you mean name"),
        ("classes: anger\n" + VALID, "classes: expected a list of text. Received: 'anger'"),
        ("validation: {by: drawn-clips}", "test.by: expected one of listed-speakers, each-spe"),
        ("test: {by: each-speaker}", "validation.by: expected one of listed-speakers, drawn-sp"),
        ("test: {by: [x]}\nvalidation: 3", "Received: ['x']"),
        (VALID.replace("n: 1", "n: 0"), "validation: n is one speaker or more"),
        (VALID.replace("n: 1", "m: 1"), "validation.m: unknown key"),
        (VALID.replace("each-speaker", "listed-speakers"), "lists the speakers of each fold"),
    ],
)
def test_a_file_that_is_no_protocol_is_refused_by_name(write, text, problem):
    path = write(text)
    with pytest.raises(ConfigError) as refused:
        load_protocol(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert problem in str(refused.value)


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no such file"):
        load_protocol(tmp_path / "none.yaml")
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(ConfigError, match="cannot be read as text"):
        load_protocol(tmp_path / "folder.yaml")
