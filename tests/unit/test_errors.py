import warnings
from pathlib import Path

import pytest

from speechsent import errors
from speechsent.errors import AudioError, AudioWarning, ConfigError, SpeechsentError, some


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (errors.ParameterError("x"), ValueError),
        (errors.ConfigError(["x"]), ValueError),
        (errors.AudioError("a.wav", "x"), OSError),
        (errors.CorpusError("x"), ValueError),
        (errors.WeightsError("x"), OSError),
        (errors.RunError("x"), RuntimeError),
        (errors.TrainingError("x"), RuntimeError),
    ],
)
def test_an_error_is_ours_and_also_what_a_caller_would_expect(error, builtin):
    assert isinstance(error, SpeechsentError)
    assert isinstance(error, builtin)


def test_every_error_has_the_one_root():
    ours = [thing for thing in vars(errors).values() if isinstance(thing, type)]
    found = [error for error in ours if issubclass(error, Exception)]
    assert all(issubclass(error, (SpeechsentError, Warning)) for error in found)


def test_an_audio_error_names_the_file_and_the_rule():
    error = AudioError("clips/a.wav", "empty: no samples")
    assert str(error) == "clips/a.wav: empty: no samples"
    assert (error.path, error.reason) == (Path("clips/a.wav"), "empty: no samples")


def test_a_config_error_lists_every_problem_on_one_line():
    error = ConfigError(["fit.epochs: too few", "seed: negative"], "study.yaml")
    assert str(error) == "study.yaml: fit.epochs: too few; seed: negative"
    assert error.problems == ("fit.epochs: too few", "seed: negative")


def test_our_warnings_can_be_silenced_together():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", errors.SpeechsentWarning)
        warnings.warn("odd", AudioWarning, stacklevel=1)


@pytest.mark.parametrize(
    ("items", "text"),
    [
        ([], ""),
        ([1], "1"),
        (list("abcde"), "a, b, c, d, e"),
        (list("abcdef"), "a, b, c, d, e and 1 more (6 in all)"),
        ((n for n in range(100)), "0, 1, 2, 3, 4 and 95 more (100 in all)"),
    ],
)
def test_at_most_five_items_are_named_and_the_total(items, text):
    assert some(items) == text
