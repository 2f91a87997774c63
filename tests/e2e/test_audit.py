"""The command ``audit``: what it prints, and its exit status."""

import json
import shutil

import pytest

from speechsent.cli import main


def test_help_shows_examples_and_the_exit_status(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["audit", "--help"])
    assert exit_.value.code == 0
    out = capsys.readouterr().out
    assert "speechsent audit train/ test/" in out.split("examples:")[1]
    assert "3 something does" in out


def test_the_built_in_voices_are_clean(voices, capsys):
    assert main(["audit", str(voices), "--quiet"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("(train+validation): 48 clips")
    assert lines[-1] == "no leak found"


def test_a_shared_speaker_exits_with_3(voices, tmp_path, capsys):
    mixed = shutil.copytree(voices, tmp_path / "mixed")
    source = next((mixed / "test" / "fear").iterdir())
    shutil.copy(source, mixed / "train" / "fear" / source.name)
    assert main(["audit", str(mixed), "--names-only", "--json", "--quiet"]) == 3
    report = json.loads(capsys.readouterr().out)
    leaks = [f["name"] for f in report["findings"] if f["severity"] == "leak"]
    assert leaks == ["speakers-shared", "second-takes"]
    assert report["clean"] is False


def test_a_run_is_audited_by_its_own_files(workplace, capsys):
    (run,) = (path.parent for path in workplace.glob("runs/*/*/run.json"))
    assert main(["audit", str(run), "--json", "--quiet"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert {"fitted-on-test", "test-seen", "near-duplicates"} <= set(report["checked"])
    assert "fitted-on-test" not in [f["name"] for f in report["findings"]]
    assert (report["n_train"], report["n_test"]) == (48, 24)


@pytest.mark.parametrize(
    ("command", "told"),
    [(["corpus", "inspect"], "raging = anger"), (["audit", "--names-only"], "no leak found")],
)
def test_folders_of_ones_own_are_read_where_their_meaning_is_told(
    voices, tmp_path, capsys, command, told
):
    own = shutil.copytree(voices, tmp_path / "own")
    for part in ("train", "test"):
        (own / part / "anger").rename(own / part / "raging")
    assert main([*command, str(own)]) == 1
    assert "--set corpus.labels.NAME=EMOTION" in capsys.readouterr().err
    assert main([*command, str(own), "--set", "corpus.labels.raging=anger"]) == 0
    assert told in capsys.readouterr().out


def test_a_path_that_is_not_there_is_one_line(tmp_path, capsys):
    assert main(["audit", str(tmp_path / "gone"), str(tmp_path / "gone")]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_numbered_speakers_of_lists_without_files_exit_with_3(tmp_path, capsys):
    for name, clip in (("train", "a"), ("test", "b")):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps({"wav": f"{clip}.wav", "spk": 1}))
    lists = [str(tmp_path / f"{name}.jsonl") for name in ("train", "test")]
    assert main(["audit", *lists, "--names-only", "--quiet"]) == 3
    assert "1 of 1 test speakers" in capsys.readouterr().out


def test_a_table_with_semicolons_is_one_line(tmp_path, capsys):
    (tmp_path / "a.csv").write_text("file;speaker;emotion\na.wav;eve;anger\n")
    assert main(["audit", str(tmp_path / "a.csv"), str(tmp_path / "a.csv")]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "a.csv: row 1: cells are separated by commas" in told


def test_a_file_that_cannot_be_read_is_one_line(voices, capsys, monkeypatch):
    def closed(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("speechsent.corpus.hashes.sha256", closed)
    assert main(["audit", str(voices), "--quiet"]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert ".wav: cannot be read (Permission denied)" in told
