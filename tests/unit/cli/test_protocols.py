import json

import pytest

from speechsent.cli import main
from speechsent.corpus.named import protocol_names


@pytest.fixture
def savee(tmp_path):
    """Empty files named as those of SAVEE: one clip of each speaker and emotion."""
    for speaker in ("DC", "JE", "JK", "KL"):
        (tmp_path / speaker).mkdir()
        for emotion in ("a", "d", "f", "h", "n", "sa", "su"):
            (tmp_path / speaker / f"{emotion}01.wav").touch()
    return tmp_path


def test_the_list_names_every_protocol_and_marks_the_speaker_dependent(capsys):
    assert main(["protocols", "list"]) == 0
    told = [line for line in capsys.readouterr().out.splitlines() if not line.startswith(" ")]
    assert [line.split()[0] for line in told] == list(protocol_names())
    marked = {line.split()[0] for line in told if "SPEAKER-DEPENDENT" in line}
    assert marked == {"ravdess-6-random", "text-independent"}


def test_a_protocol_is_shown_with_its_trap(capsys):
    assert main(["protocols", "show", "ravdess-8-luna5"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "4: 1, 4, 9, 22" in told
    assert "trap Report the mean over all 5 folds" in told
    assert "model sees of a test speaker: nothing" in told


def test_the_folds_of_a_corpus_are_counted(savee, capsys):
    assert main(["protocols", "show", "savee-loso", "--corpus", str(savee)]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert [line.split(",")[0] for line in lines if line.startswith("--fold")] == [
        f"--fold {n} savee/{name}" for n, name in enumerate(("DC", "JE", "JK", "KL"))
    ]
    assert "test 7 clips of 1 speakers: KL" in lines


def test_json_holds_the_definition_and_the_folds(savee, capsys):
    assert main(["protocols", "show", "savee-loso", "--json"]) == 0
    alone = json.loads(capsys.readouterr().out)
    assert main(["protocols", "show", "savee-loso", "--json", "--corpus", str(savee)]) == 0
    told = json.loads(capsys.readouterr().out)
    folds = told.pop("folds")
    assert told == alone
    assert told["test"] == {"by": "each-speaker"}
    assert [fold["parts"]["test"]["speakers"] for fold in folds] == [
        ["savee/DC"], ["savee/JE"], ["savee/JK"], ["savee/KL"],
    ]  # fmt: skip
    assert [fold["parts"]["train"]["clips"] for fold in folds] == [14] * 4


def test_another_corpus_is_an_error_and_no_traceback(savee, capsys):
    assert main(["protocols", "show", "emodb-loso", "--corpus", str(savee)]) == 1
    assert "is about the corpus emodb. Received: savee" in capsys.readouterr().err


def test_the_list_as_json(capsys):
    assert main(["protocols", "list", "--json"]) == 0
    told = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(told) == set(protocol_names())
    assert told["savee-loso"]["corpus"] == "savee"
