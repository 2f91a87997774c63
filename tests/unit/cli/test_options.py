import argparse
import json
from pathlib import Path

import pytest

from speechsent import config
from speechsent.cli import main
from speechsent.cli.options import FLAGS, add_config, add_output, overrides


def parse(*words):
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_config(parser)
    add_output(parser)
    return parser.parse_args(words)


def loaded(*words):
    return config.load(None, overrides(parse(*words)))


def test_no_flag_overrides_nothing():
    args = parse()
    assert overrides(args) == []
    assert args.config is None
    assert not args.quiet


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--fusion", "frozen"], ['fusion.mode="frozen"']),
        (["--seed", "7", "--epochs", "3"], ["fit.epochs=3", "seed=7"]),
        (["--unfreeze", "all"], ['cnn.unfreeze="all"']),
        (["--weights", "none"], ['cnn.weights="none"']),
        (["--classes", "anger, fear,"], ['corpus.classes=["anger", "fear"]']),
        (["--seed", "010", "--fold", "00"], ["split.fold=0", "seed=10"]),
        (["--seed", "-1", "--fold", "-02"], ["split.fold=-2", "seed=-1"]),
        (["--classes", "\N{GRINNING FACE}"], ['corpus.classes=["\N{GRINNING FACE}"]']),
        (["--skip-bad-audio"], ["corpus.skip_bad_audio=true"]),
        (["--allow-speaker-overlap"], ["split.allow_speaker_overlap=true"]),
        (
            ["--protocol", "savee-loso", "--fold", "3"],
            ['split.protocol="savee-loso"', "split.fold=3"],
        ),
        (["--set", "a.b=1", "--set", "c=2"], ["a.b=1", "c=2"]),
    ],
)
def test_a_flag_is_short_for_an_override(words, expected):
    assert overrides(parse(*words)) == expected


def test_a_named_flag_outranks_set():
    words = ["--seed", "7", "--set", "seed=1"]
    assert overrides(parse(*words)) == ["seed=1", "seed=7"]
    assert loaded(*words).seed == 7


@pytest.mark.parametrize(
    ("flag", "key", "choice"),
    [(flag, key, choice) for flag, key, choices, _ in FLAGS for choice in choices or ()],
)
def test_every_choice_of_a_flag_is_one_the_configuration_knows(flag, key, choice):
    section, name = key.split(".")
    assert getattr(getattr(loaded(flag, choice), section), name) == choice


def test_text_that_yaml_would_change_stays_text():
    """``none`` is a word and ``~/w.h5`` a path, though YAML reads a lone tilde as nothing."""
    assert loaded("--cnn", "vgg16", "--weights", "none").cnn.weights == "none"
    assert loaded("--cnn", "vgg16", "--weights", "~/é: w.h5").cnn.weights == "~/é: w.h5"
    assert loaded("--classes", "no,yes").corpus.classes == ("no", "yes")


def test_a_choice_that_does_not_exist_is_refused():
    with pytest.raises(argparse.ArgumentError, match="invalid choice: 'early'"):
        parse("--fusion", "early")


def test_a_configuration_file_is_a_path():
    assert parse("--config", "study.yaml").config == Path("study.yaml")


def test_quiet_is_a_switch():
    assert parse("--quiet").quiet


def test_a_named_map_takes_the_place_of_another():
    words = ["--set", "corpus.merge={happy: a, sad: b}", "--merge", "valence"]
    assert set(loaded(*words).corpus.merge.values()) == {"positive", "negative"}


@pytest.mark.parametrize("number", ["-1", "x", "1.5", ""])
def test_a_number_of_clips_is_none_or_more(number, capsys):
    with pytest.raises(SystemExit):
        main(["report", "--report-clips", number])
    assert f"a number of clips is 0 or more. Received: {number!r}" in capsys.readouterr().err


def test_seeds_of_a_matrix_are_whole_numbers(capsys):
    with pytest.raises(SystemExit):
        main(["matrix", "a", "b", "--seeds", "0,-1"])
    assert "seeds are whole numbers from 0, between commas" in capsys.readouterr().err


def test_options_that_a_run_has_already_are_refused_beside_resume(capsys):
    assert main(["train", "--resume", "run", "--report-clips", "3"]) == 1
    assert "Received: --report-clips beside it" in capsys.readouterr().err


def test_a_doctor_whose_findings_could_not_be_written_is_not_asked(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    log = tmp_path / "log.csv"
    log.write_text("epoch,loss,val_loss\n1,1.0,1.0\n2,0.9,0.9\n")
    place = tmp_path / "file" / "found.json"
    assert main(["doctor", "--log", str(log), "--json", str(place)]) == 1
    assert "cannot be a folder, because" in capsys.readouterr().err


def test_what_the_doctor_finds_goes_into_a_folder_that_is_made(tmp_path):
    log = tmp_path / "log.csv"
    log.write_text("epoch,loss,val_loss\n1,1.0,1.0\n2,0.9,0.9\n")
    place = tmp_path / "new" / "found.json"
    assert main(["doctor", "--log", str(log), "--json", str(place)]) in (0, 3)
    assert json.loads(place.read_text())
