"""Two corpora in different folders: pooled, crossed, in a matrix, and beside leaky protocols."""

import csv
import json
from pathlib import Path

import pytest
import yaml

import speechsent
from speechsent.cli import main
from speechsent.corpus.synthetic import SyntheticCorpus, synthesize
from speechsent.run import Run


def listed(folder, seed, without):
    """Five voices of their own as a CSV, without one emotion; names tell no published corpus."""
    size = SyntheticCorpus(n_speakers=5, n_test_speakers=1, n_sentences=1, n_takes=2, seed=seed)
    synthesize(folder / "clips", size)
    with (folder / f"{folder.name}.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "speaker", "emotion"])
        for clip in sorted(folder.rglob("*.wav")):
            _, speaker, emotion, _, take = clip.stem.split("-")
            if emotion == without:
                continue
            clip = clip.rename(clip.with_name(f"{speaker}_{take}.wav"))
            rows.writerow([clip.relative_to(folder).as_posix(), speaker, emotion])
    return folder / f"{folder.name}.csv"


@pytest.fixture(scope="module")
def north(tmp_path_factory):
    folder = tmp_path_factory.mktemp("places") / "north"
    folder.mkdir()
    return listed(folder, 1, "disgust")


@pytest.fixture(scope="module")
def south(tmp_path_factory):
    folder = tmp_path_factory.mktemp("elsewhere") / "deep" / "south"
    folder.mkdir(parents=True)
    return listed(folder, 2, "fear")


@pytest.fixture(scope="module")
def quick(tiny):
    return ["--config", str(tiny), "--fusion", "lstm", "--quiet"]


@pytest.fixture(scope="module")
def crossed(north, south, quick, tmp_path_factory):
    """Trained on north, tested on south."""
    folder = tmp_path_factory.mktemp("crossed")
    words = ["--protocol", "cross-corpus", "--fold", "1", *quick]
    assert main(["train", str(south), str(north), "--out", str(folder), *words]) == 0
    return Run.newest(folder)


def test_a_pooled_run_scores_its_own_test_part_wherever_the_corpora_lie(
    north, south, quick, tmp_path, capsys
):
    words = ["train", str(north), str(south), "--out", str(tmp_path / "runs"), *quick]
    assert main([*words, "--no-baseline"]) == 0
    run = Run.newest(tmp_path / "runs")
    assert run.facts["corpus"] == "north+south"
    assert run.facts["protocol"] == "north+south-6-holdout"
    assert run.facts["note"] == "not in every corpus: disgust (south 10), fear (north 10)"
    assert all(u.path.is_file() for u in run.split.utterances)
    assert {str(s).partition("/")[0] for s in run.split.speakers("train")} == {"north", "south"}
    first = run.read_json("scores.json")
    capsys.readouterr()
    assert main(["evaluate", "--run", str(run.path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["uar"] == first["uar"]


def test_a_cross_corpus_run_tests_on_one_corpus_and_never_trained_on_it(crossed):
    scores = crossed.read_json("scores.json")
    assert scores["protocol"] == "north+south-4-cross-corpus"
    assert (scores["fold"], scores["n_folds"]) == ("south", 2)
    assert len(scores["protocol_hash"]) == 12
    assert scores["speaker_disjoint"] is True
    assert (
        "dropped, because not every corpus has it: disgust (south 10), fear (north 10)"
        in (scores["note"])
    )
    assert "disgust" not in crossed.labels
    speakers = {part: crossed.split.speakers(part) for part in ("train", "validation", "test")}
    assert all(str(s).startswith("south/") for s in speakers["test"])
    assert all(str(s).startswith("north/") for s in speakers["train"] | speakers["validation"])
    assert (len(speakers["validation"]), len(speakers["test"])) == (1, 5)


def test_a_cross_corpus_run_is_reproduced_when_its_corpora_are_named(crossed, north, south, capsys):
    assert main(["runs", "reproduce", str(crossed.path), "--quiet"]) == 1
    assert "name all of them (--corpus)" in capsys.readouterr().err
    words = ["--corpus", str(north), str(south), "--quiet"]
    assert main(["runs", "reproduce", str(crossed.path), *words]) == 0
    assert capsys.readouterr().out.startswith("match")


def test_the_folds_of_a_pool_are_shown(north, south, capsys):
    assert main(["protocols", "show", "cross-corpus", "--corpus", str(north), str(south)]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "classes those which all corpora have" in told
    assert "--fold 0 north, split" in told
    assert "note dropped, because not every corpus has it: disgust" in told


@pytest.fixture(scope="module")
def matrix(north, south, tiny, tmp_path_factory):
    folder = tmp_path_factory.mktemp("matrix")
    config = speechsent.load_config(tiny, ["fusion.mode=lstm"])
    return speechsent.cross_corpus_matrix(config, [north, south], out=folder)


def test_a_matrix_has_a_cell_for_each_pair_on_the_classes_both_have(matrix):
    assert set(matrix.cells) == {(a, b) for a in ("north", "south") for b in ("north", "south")}
    within, across = matrix.cells["north", "north"], matrix.cells["north", "south"]
    assert within.within
    assert within.n_speakers == 1
    assert not across.within
    assert across.n_speakers == 5
    assert across.n_clips == 40
    assert set(across.left_out) == {"disgust", "fear"}
    assert set(within.classes) - set(across.classes) == {"fear"}
    for file in ("matrix.md", "matrix.csv", "matrix.png"):
        assert (matrix.folder / file).stat().st_size > 100


def test_a_matrix_that_is_there_is_not_trained_or_tested_again(matrix, north, south, tiny, capsys):
    runs = sorted((matrix.folder / "runs").iterdir())
    seen = [Run.open(run).tests_seen for run in runs]
    words = [str(north), str(south), "--config", str(tiny), "--set", "fusion.mode=lstm"]
    out = ["--out", str(matrix.folder.parent), "--quiet"]
    assert main(["matrix", *words, *out]) == 0
    printed = capsys.readouterr().out
    assert "0 runs trained, 2 were there" in printed
    assert printed.startswith((matrix.folder / "matrix.md").read_text())
    assert [Run.open(run).tests_seen for run in runs] == seen
    assert [len(looks) for looks in seen] == [2, 2]
    assert main(["matrix", *words, *out, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {(cell["trained_on"], cell["tested_on"]) for cell in told["cells"]} == set(matrix.cells)


def test_a_matrix_is_not_mixed_with_one_of_other_clips(matrix, north, south, tiny):
    facts = matrix.folder / "matrix.json"
    before = facts.read_text()
    facts.write_text(before.replace("50", "49"))
    with pytest.raises(speechsent.SpeechsentError, match="matrix of other clips"):
        speechsent.cross_corpus_matrix(None, [north, south], out=matrix.folder.parent)
    facts.write_text(before)


@pytest.fixture(scope="module")
def spoiled(north, quick, tmp_path_factory):
    """A run with its leaky counterparts, and what was printed."""
    folder = tmp_path_factory.mktemp("spoiled")
    assert main(["train", str(north), "--out", str(folder / "runs"), "--also-leaky", *quick]) == 0
    return Run.newest(folder / "runs")


NAMES = ("random-clips", "chosen-on-test", "random-clips-chosen-on-test")


def test_the_newest_run_is_the_honest_one_and_its_table_marks_the_others(spoiled):
    assert not spoiled.leaky
    assert spoiled.facts["protocol"] == "north-5-holdout"
    rows = (spoiled.path / "leaky.md").read_text().splitlines()[2:6]
    assert [row.split("|")[2].strip() for row in rows] == [
        "north-5-holdout",
        *(f"north-5-holdout-{name}" for name in NAMES),
    ]
    assert ["LEAKY" in row for row in rows] == [False, True, True, True]
    assert (spoiled.path / "leaky.csv").is_file()


def test_leaky_runs_carry_their_mark_in_files_scores_and_parts(spoiled):
    for name in NAMES:
        run = Run.open(spoiled.path / "leaky" / name)
        assert run.leaky.startswith("LEAKY: ")
        assert run.read_json("scores.json")["note"].startswith("LEAKY: ")
        sizes = run.facts["n_clips"]
        assert {p: sizes[p] for p in ("train", "test")} == {
            p: spoiled.facts["n_clips"][p] for p in ("train", "test")
        }
        if "chosen" in name:
            assert sizes["validation"] == sizes["test"]
        shared = run.split.speakers("train") & run.split.speakers("test")
        assert bool(shared) == name.startswith("random")
    assert sorted(p.name for p in (spoiled.path / "leaky").iterdir()) == sorted(NAMES)


def test_choosing_on_the_test_clips_never_looks_worse_than_the_epochs_it_saw(spoiled):
    run = Run.open(spoiled.path / "leaky" / "chosen-on-test")
    assert run.facts["validation_uar"] == pytest.approx(run.read_json("scores.json")["uar"])


def test_every_command_shows_that_a_run_is_leaky(spoiled, south, capsys):
    leaky = spoiled.path / "leaky" / "chosen-on-test"
    clip = next(south.parent.rglob("*.wav"))
    assert main(["predict", str(clip), "--run", str(leaky), "--json"]) == 0
    captured = capsys.readouterr()
    assert "LEAKY" in captured.err
    json.loads(captured.out)
    assert main(["evaluate", "--run", str(leaky), "--quiet"]) == 0
    assert capsys.readouterr().out.count("LEAKY") == 2
    assert main(["runs", "list", str(spoiled.path.parents[1])]) == 0
    listing = [line for line in capsys.readouterr().out.splitlines() if "test UAR" in line]
    assert [("LEAKY" in line, "/leaky/" in line) for line in listing] == [
        (found, found) for found in ("/leaky/" in line for line in listing)
    ]
    assert sum("LEAKY" in line for line in listing) == 3
    assert main(["runs", "reproduce", str(leaky), "--quiet"]) == 1
    assert "spoiled on purpose" in capsys.readouterr().err
    assert main(["train", str(south), "--from", str(leaky), "--quiet"]) == 1
    assert "start from another run" in capsys.readouterr().err


def test_scores_of_a_leaky_run_on_other_clips_say_so(spoiled, north, tmp_path):
    run = spoiled.path / "leaky" / "random-clips"
    found = speechsent.evaluate(run, north, out=tmp_path)
    assert found.scores.note.startswith("LEAKY: ")


def test_leaky_runs_that_are_there_are_not_trained_again(spoiled, north):
    before = {name: (spoiled.path / "leaky" / name / "run.json").read_text() for name in NAMES}
    claims = speechsent.also_leaky(spoiled.config, north, honest=spoiled)
    assert [claim.run.name for claim in claims.leaky] == list(NAMES)
    assert before == {
        name: (spoiled.path / "leaky" / name / "run.json").read_text() for name in NAMES
    }


def test_inflation_is_measured_against_an_honest_run_of_the_same_configuration(spoiled, north):
    with pytest.raises(speechsent.SpeechsentError, match="same configuration"):
        speechsent.also_leaky(speechsent.ExperimentConfig(), north, honest=spoiled)
    leaky = Run.open(spoiled.path / "leaky" / "random-clips")
    with pytest.raises(speechsent.SpeechsentError, match="not leaky"):
        speechsent.also_leaky(leaky.config, north, honest=leaky)


@pytest.mark.parametrize("option", [["--no-test"], ["--from", "runs/x"], ["--one-vs", "anger"]])
def test_also_leaky_is_refused_before_training_where_it_makes_no_sense(option, north, capsys):
    assert main(["train", str(north), "--also-leaky", *option]) == 1
    assert option[0] in capsys.readouterr().err


def test_a_study_takes_a_pool(north, south, tiny, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    study = {
        "name": "pooled",
        "protocol": "cross-corpus",
        "base": yaml.safe_load(Path(tiny).read_text()),
        "systems": {"lstm": {"fusion.mode": "lstm"}},
    }
    Path("study.yaml").write_text(yaml.safe_dump(study))
    words = ["study.yaml", str(north), str(south), "--dry-run", "--quiet"]
    assert main(["ablate", *words]) == 0
    assert [line.split()[2].rsplit("-", 2)[0] for line in capsys.readouterr().out.splitlines()] == [
        "lstm-fold0",
        "lstm-fold1",
    ]
