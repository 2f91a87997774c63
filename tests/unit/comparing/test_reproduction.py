"""What is no longer as a run was trained on is named before anything is trained again."""

import csv
import hashlib
import json
import wave

import pytest

from speechsent.comparing import reproduce
from speechsent.errors import CorpusError, RunError
from speechsent.run import FORMAT, MODEL

PARTS = {"a": "train", "b": "validation", "c": "test"}


def write_table(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def listed(*, end="0.5", valence="0.25"):
    """Two stretches of the recording of each of three speakers; the last one can be changed."""
    rows = [
        {"file": f"{s}.wav", "speaker": s, "emotion": "anger", "start": start, "end": stop,
         "split": part, "valence": number}
        for s, part in PARTS.items()
        for start, stop, number in (("0", "0.5", "0.5"), ("0.5", "1.0", "0.75"))
    ]  # fmt: skip
    return [*rows[:-2], {**rows[-2], "end": end}, {**rows[-1], "valence": valence}]


@pytest.fixture
def run(tmp_path):
    """A run folder written by hand, and the CSV and recordings it was trained on."""
    corpus, folder = tmp_path / "corpus", tmp_path / "runs" / "list" / "run"
    corpus.mkdir()
    folder.mkdir(parents=True)
    for speaker in PARTS:
        with wave.open(str(corpus / f"{speaker}.wav"), "wb") as file:
            file.setparams((1, 2, 16_000, 0, "NONE", ""))
            file.writeframes(bytes(range(256)) * 128)
    write_table(corpus / "list.csv", listed())
    (folder / "config.yaml").write_text("corpus: {targets: [valence]}\n")
    (folder / MODEL).write_text("weights")
    facts = {"format": FORMAT, "finished": "2026-01-01", "corpus": "list", "refused": {}}
    (folder / "run.json").write_text(json.dumps(facts | {"root": str(corpus)}))
    digests = {s: hashlib.sha256((corpus / f"{s}.wav").read_bytes()).hexdigest() for s in PARTS}
    rows = [
        {"file": row["file"], "sha256": digests[row["speaker"]], "speaker": row["speaker"],
         "gender": "", "sentence": "", "intensity": "", "emotion": row["emotion"],
         "start": row["start"], "end": row["end"], "part": row["split"], "valence": row["valence"]}
        for row in listed()
    ]  # fmt: skip
    write_table(folder / "split.csv", rows)
    return folder


def test_the_same_list_goes_on_to_the_training(run):
    """Which then misses a record of the versions it was trained with."""
    with pytest.raises(RunError, match=r"environment\.json: missing"):
        reproduce(run, run.parents[2] / "corpus" / "list.csv")


@pytest.mark.parametrize("changed", [{"end": "0.375"}, {"valence": "-1.5"}])
def test_another_end_or_number_of_a_clip_is_named(run, changed):
    path = run.parents[2] / "corpus" / "list.csv"
    write_table(path, listed(**changed))
    with pytest.raises(CorpusError, match=r"another emotion, number, .* end or part .*: c\.wav"):
        reproduce(run, path)


def test_where_the_folder_is_no_corpus_its_csv_is_asked_for(run):
    with pytest.raises(CorpusError, match=r"name the folder or CSV as it was then \(--corpus\)$"):
        reproduce(run)
