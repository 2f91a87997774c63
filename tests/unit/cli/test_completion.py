"""Completion is tried in the shells themselves, where this machine has them."""

import shlex
import shutil
import subprocess

import pytest

from speechsent.cli import COMMANDS, main
from speechsent.corpus.fetch import sources
from speechsent.corpus.named import protocol_names

CASES = {
    "a command": (["tr"], {"train"}),
    "every command": ([""], {command.NAME for command in COMMANDS}),
    "a sub-command": (["corpus", "f"], {"fetch"}),
    "a corpus": (["corpus", "fetch", ""], set(sources())),
    "a corpus after an option": (["corpus", "fetch", "--quiet", "em"], {"emodb"}),
    "an option": (["train", "--fus"], {"--fusion"}),
    "an option of a sub-command": (["runs", "reproduce", "--k"], {"--keep"}),
    "a value": (["train", "--fusion", "j"], {"joint"}),
    "a protocol": (["train", "x", "--protocol", "crema"], {"crema-d-tfds"}),
    "an option behind a value": (["train", "--fusion", "joint", "--see"], {"--seed", "--seeds"}),
    "a value named as a command": (["train", "--fusion", "corpus", "--cnn", "vgg16", "--bn", "f"],
                                   {"frozen"}),
    "a shell": (["completion", "z"], {"zsh"}),
    "nothing for a number": (["train", "--seed", ""], set()),
    "a file": (["train", "--config", "my"], {"my file.yaml"}),
    "a corpus of one's own": (["train", "clip"], {"clips"}),
}  # fmt: skip


@pytest.fixture
def script(capsys, tmp_path, monkeypatch):
    """Writes the script of a shell into a folder with a file and a folder."""
    (tmp_path / "my file.yaml").touch()
    (tmp_path / "clips").mkdir()
    monkeypatch.chdir(tmp_path)

    def write(shell):
        if shutil.which(shell) is None:
            pytest.skip(f"{shell} is not installed")
        assert main(["completion", shell]) == 0
        path = tmp_path / f"script.{shell}"
        path.write_text(capsys.readouterr().out)
        return path

    return write


def out_of(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    return set(done.stdout.splitlines())


def in_bash(script, words):
    line = " ".join(shlex.quote(word) for word in ["speechsent", *words])
    return out_of(
        "bash", "--norc", "-c",
        f"source {script}; COMP_WORDS=({line}) COMP_CWORD={len(words)}; _speechsent; "
        "printf '%s\\n' \"${COMPREPLY[@]}\"",
    ) - {""}  # fmt: skip


@pytest.mark.parametrize(("words", "expected"), CASES.values(), ids=CASES)
def test_bash_completes(script, words, expected):
    assert in_bash(script("bash"), words) == expected


def test_bash_knows_a_value_behind_an_equals_sign(script):
    """Bash makes three words of ``--fusion=jo``."""
    path = script("bash")
    assert in_bash(path, ["train", "--fusion", "=", "jo"]) == {"joint"}
    assert in_bash(path, ["train", "--fusion", "="]) >= {"joint", "lstm"}


def test_bash_has_it_registered(script):
    path = script("bash")
    told = out_of("bash", "--norc", "-c", f"source {path}; complete -p speechsent")
    assert told == {"complete -F _speechsent speechsent"}


@pytest.mark.parametrize(("words", "expected"), CASES.values(), ids=CASES)
def test_zsh_completes(script, words, expected):
    """Zsh matches the candidates with what is typed; files it finds itself."""
    path = script("zsh")
    *before, current = words
    line = " ".join(map(shlex.quote, [current, "speechsent", *before]))
    found = out_of(
        "zsh", "-f", "-c", f"compdef() {{ }}; source {path}; _speechsent_candidates {line}"
    )
    if found == {":files"}:
        assert expected in ({"my file.yaml"}, {"clips"})
    else:
        assert {word for word in found if word.startswith(current)} == expected


@pytest.mark.parametrize(("words", "expected"), CASES.values(), ids=CASES)
def test_fish_completes(script, words, expected):
    path = script("fish")
    line = " ".join(["speechsent", *words])
    told = out_of("fish", "--no-config", "-c", f"source {path}; complete -C {shlex.quote(line)}")
    found = {word.partition("\t")[0].rstrip("/").replace("\\ ", " ") for word in told}
    assert found == expected


def test_every_protocol_and_corpus_can_be_completed(script):
    text = script("bash").read_text()
    for name in (*protocol_names(), *sources()):
        assert name in text


def test_another_shell_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["completion", "cmd"])
    assert "choose from bash, zsh, fish" in capsys.readouterr().err
