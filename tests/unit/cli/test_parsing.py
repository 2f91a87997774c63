import pytest

from speechsent.cli import main, parser
from speechsent.cli.parsing import options, positionals, sub_parsers

MISTAKES = {
    "command": (["trian"], "speechsent: ", "did you mean train?"),
    "sub-command": (["corpus", "fetsh"], "speechsent corpus: ", "did you mean fetch?"),
    "option": (["train", "--fusoin", "joint"], "speechsent train: ", "did you mean --fusion?"),
    "option with value": (["train", "--epoch5=3"], "speechsent train: ", "did you mean --epochs?"),
    "option of a sub-command": (
        ["corpus", "fetch", "ravdess", "--acept-licence"], "speechsent corpus fetch: ",
        "did you mean --accept-licence?",
    ),
    "choice": (["train", "--cnn", "vgg18"], "speechsent train: ", "did you mean vgg"),
}  # fmt: skip


@pytest.mark.parametrize(("words", "start", "guess"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistyped_word_gets_the_nearest_right_one(words, start, guess, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith(start)
    assert guess in told
    assert told.count("\n") == 2


def test_a_word_like_no_other_gets_no_guess(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--zzzzz"])
    assert "did you mean" not in capsys.readouterr().err


def test_the_choices_are_told(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--fusion", "early"])
    assert "choose from joint, frozen, finetune, cnn, lstm" in capsys.readouterr().err


def test_parsers_can_be_looked_into():
    corpus, help_ = sub_parsers(parser())["corpus"]
    assert help_.startswith("list and fetch")
    fetch, _ = sub_parsers(corpus)["fetch"]
    assert [action.dest for action in positionals(fetch)] == ["name", "folder"]
    assert "--archive" in [name for a in options(fetch) for name in a.option_strings]
    assert positionals(corpus) == []
    assert sub_parsers(fetch) == {}
