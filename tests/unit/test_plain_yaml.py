"""YAML gives data, as it is written, or one error."""

import pytest
import yaml

from speechsent.plain_yaml import MAX_CHARACTERS, parse

GROWING = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10)
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("a: {b: [1, 2.5, x, true, null]}", {"a": {"b": [1, 2.5, "x", True, None]}}),
        ("- &x {b: 1}\n- *x", [{"b": 1}, {"b": 1}]),
        (
            "base: &x {b: 1, c: 2}\nown: {<<: *x, c: 3}",
            {"base": {"b": 1, "c": 2}, "own": {"b": 1, "c": 3}},
        ),
        ("[0, 7, -10, +3, 1_000, 0x1f, 0b11]", [0, 7, -10, 3, 1000, 31, 3]),
        ("010: [010, 08, -07, 0_1, 1:30]", {"010": ["010", "08", "-07", "0_1", "1:30"]}),
    ],
)
def test_plain_values_are_read(text, value):
    assert parse(text) == value


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("a: 1\nb: 2\na: 3", "key 'a' is there twice"),
        ("top:\n  a: 1\n  a: 2", "key 'a' is there twice"),
        ("1: a\ntrue: b", "key 'True' is there twice"),
        (GROWING, "more than 20000 values"),
        ("x: &x " + "y" * 200_000 + "\nall: [" + "*x, " * 100 + "]", "more than 20000 values"),
        ("[" * 30 + "]" * 30, "nested deeper than 20 levels"),
        ("[" * 5_000, "nested deeper than 20 levels"),
        ("&a [*a]", "nested deeper than 20 levels"),
        ("x" * (MAX_CHARACTERS + 1), "longer than"),
        ("a: 2024-99-99", "cannot be"),
        ("9" * 5_000, "cannot be"),
        ("!!bool x", "cannot be"),
        ("!!timestamp x", "cannot be"),
        ("!!python/object/apply:os.system ['true']", "python/object"),
        ("!!python/name:os.system", "python/name"),
        ("!own x", "!own"),
        ("? [a]\n: 1", "unhashable"),
        ("a: 1\n---\nb: 1", "single document"),
        ("a: [1", "expected"),
        ("\0", "unacceptable character"),
    ],
    ids=lambda text: text[:20],
)
def test_anything_else_is_refused(text, rule):
    with pytest.raises(yaml.YAMLError, match=rule):
        parse(text)
