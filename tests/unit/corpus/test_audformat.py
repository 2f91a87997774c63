import pytest
import yaml

from speechsent.corpus.open import read_corpus
from speechsent.corpus.utterance import Utterance
from speechsent.errors import CorpusError

# As audformat 1.3 writes it, shortened by hand.
HEADER = """\
name: emodb
source: http://emodb.bilderbar.info/download/download.zip
usage: unrestricted
languages: [deu]
splits:
  train: {type: train}
  test: {type: test}
schemes:
  emotion:
    dtype: str
    labels: {anger: {}, happiness: {}}
  confidence: {dtype: float, minimum: 0, maximum: 1}
  speaker:
    dtype: int
    labels:
      3: {gender: male, age: 31}
      8: {gender: female, age: 34}
tables:
  emotion:
    type: filewise
    columns:
      emotion: {scheme_id: emotion, rater_id: gold}
      emotion.confidence: {scheme_id: confidence}
  files:
    type: filewise
    columns:
      speaker: {scheme_id: speaker}
"""
EMOTION = (
    "file,emotion,emotion.confidence\nwav/03a01Wa.wav,anger,0.9\nwav/08a01Fd.wav,happiness,1\n"
)
FILES = "file,speaker\nwav/03a01Wa.wav,3\nwav/08a01Fd.wav,8\n"


@pytest.fixture
def database(make_files):
    """Writes a database whose header differs from ``HEADER`` in some keys."""
    root = make_files("wav/03a01Wa.wav", "wav/08a01Fd.wav")

    def write(*, tables=None, **contents):
        header = yaml.safe_load(HEADER)
        header["tables"] |= tables or {}
        (root / "db.yaml").write_text(yaml.safe_dump(header))
        for name, text in {"emotion": EMOTION, "files": FILES, **contents}.items():
            (root / f"db.{name}.csv").write_text(text)
        return root

    return write


def test_emotions_speakers_and_genders_are_gathered_from_the_tables(database):
    root = database()
    assert read_corpus(root).utterances == (
        Utterance(path=root / "wav/03a01Wa.wav", emotion="anger", speaker="3", gender="male"),
        Utterance(path=root / "wav/08a01Fd.wav", emotion="happiness", speaker="8", gender="female"),
    )


def test_files_below_the_folder_may_be_told_with_their_whole_path(database):
    root = database()
    for name in ("emotion", "files"):
        path = root / f"db.{name}.csv"
        path.write_text(path.read_text().replace("wav/", f"{root}/wav/"))
    assert read_corpus(root)[0].speaker == "3"


def split_tables():
    columns = {"emotion": {"scheme_id": "emotion"}}
    return {
        f"emotion.{part}": {"type": "filewise", "split_id": part, "columns": columns}
        for part in ("train", "test")
    }


def test_tables_of_splits_are_the_parts(database):
    header, one, other = EMOTION.splitlines()
    split = {"emotion.train": f"{header}\n{one}\n", "emotion.test": f"{header}\n{other}\n"}
    corpus = read_corpus(database(tables=split_tables(), **split))
    assert [(u.part, u.emotion) for u in corpus] == [("train", "anger"), ("test", "happiness")]


def test_a_segmented_table_has_stretches(database):
    table = {"type": "segmented", "columns": {"mood": {"scheme_id": "emotion"}}}
    text = (
        "file,start,end,mood\n"
        "wav/03a01Wa.wav,0 days 00:00:00,0 days 00:00:01.250000,anger\n"
        "wav/03a01Wa.wav,0 days 00:01:02.500000,NaT,happiness\n"
    )
    root = database(tables={"segments": table}, segments=text)
    corpus = read_corpus(root / "db.segments.csv")
    assert [(u.start, u.end, u.speaker) for u in corpus] == [(0, 1.25, "3"), (62.5, None, "3")]


def test_several_tables_that_tell_emotions_must_be_chosen_from(database):
    table = {"type": "filewise", "columns": {"emotion": {"scheme_id": "emotion"}}}
    root = database(tables={"other": table}, other="file,emotion\nwav/03a01Wa.wav,happiness\n")
    with pytest.raises(CorpusError, match=r"name the one that is meant: db\.emotion\.csv, db\.oth"):
        read_corpus(root)
    assert read_corpus(root / "db.other.csv").emotions == {"happiness": 1}


def test_speakers_may_have_a_table_of_their_own(database):
    root = database(speaker="speaker,gender\n3,female\n8,male\n")
    header = yaml.safe_load((root / "db.yaml").read_text())
    header["schemes"]["speaker"]["labels"] = "speaker"
    (root / "db.yaml").write_text(yaml.safe_dump(header))
    assert [u.gender for u in read_corpus(root)] == ["female", "male"]


def test_numbers_are_read_as_targets(database):
    corpus = read_corpus(database(), targets=["emotion.confidence"])
    assert [u.values for u in corpus] == [(0.9,), (1.0,)]


def test_a_table_that_is_not_kept_as_csv_is_told_with_the_remedy(database):
    root = database()
    (root / "db.emotion.csv").rename(root / "db.emotion.parquet")
    with pytest.raises(CorpusError, match=r"storage_format='csv'"):
        read_corpus(root)


def test_a_database_without_emotions_is_told(database):
    with pytest.raises(CorpusError, match="no table has a column arousal"):
        read_corpus(database(), targets=["arousal"])


@pytest.mark.parametrize("header", ["[", "just text", ""])
def test_a_header_that_is_none_is_told(database, header):
    root = database()
    (root / "db.yaml").write_text(header)
    with pytest.raises(CorpusError, match=r"db\.yaml: .*header"):
        read_corpus(root)


def rated(**columns):
    """A table ``rated`` with columns of the scheme emotion."""
    told = {name: {"scheme_id": "emotion"} for name in columns}
    text = "file," + ",".join(columns) + "\n"
    for n, file in enumerate(("wav/03a01Wa.wav", "wav/08a01Fd.wav")):
        text += f"{file}," + ",".join(cells[n] for cells in columns.values()) + "\n"
    return {"tables": {"rated": {"columns": told}}, "rated": text}


@pytest.mark.parametrize("other", ["acted", "perceived"])
def test_a_column_called_emotion_wins_over_others_of_that_scheme(database, other):
    """Whether they come before it or behind."""
    columns = {"emotion": ["anger", "happiness"], other: ["happiness", "anger"]}
    root = database(**rated(**columns))
    corpus = read_corpus(root / "db.rated.csv")
    assert [u.emotion for u in corpus] == ["anger", "happiness"]


def test_two_columns_known_by_their_scheme_alone_are_refused(database):
    root = database(**rated(felt=["anger", "anger"], perceived=["anger", "anger"]))
    message = (
        r"db\.yaml: tables\.rated has .*: felt, perceived\. Rename the one that is meant to emot"
    )
    with pytest.raises(CorpusError, match=message):
        read_corpus(root / "db.rated.csv")
    assert len(read_corpus(root / "db.emotion.csv")) == 2


def test_a_comma_in_a_text_does_not_move_the_emotion(database):
    table = {"columns": {"text": {}, "emotion": {}}}
    text = "file,text,emotion\nwav/03a01Wa.wav,oh,fear,anger\nwav/08a01Fd.wav,ok,happiness\n"
    root = database(tables={"texts": table}, texts=text) / "db.texts.csv"
    with pytest.raises(CorpusError, match=r"db\.texts\.csv row 2: more cells than columns"):
        read_corpus(root)
    assert read_corpus(root, skip_bad=True).emotions == {"happiness": 1}


def test_a_comma_too_many_in_a_table_of_speakers_is_told(database):
    root = database(files="file,speaker\nwav/03a01Wa.wav,3,8\n")
    with pytest.raises(CorpusError, match=r"db\.files\.csv: row 2: more cells than columns"):
        read_corpus(root, skip_bad=True)


def test_a_cell_that_is_too_long_is_told(database):
    root = database(emotion=f"file,emotion\nwav/03a01Wa.wav,{'x' * 140_000}\n")
    with pytest.raises(CorpusError, match=r"db\.emotion\.csv: row 2: not CSV"):
        read_corpus(root)


def test_speakers_with_accents_taken_apart_are_the_same_speakers(database):
    root = database(files="file,speaker\nwav/03a01Wa.wav,Jos\u00e9\nwav/08a01Fd.wav,Jose\u0301\n")
    header = yaml.safe_load((root / "db.yaml").read_text())
    header["schemes"]["speaker"]["labels"] = {"Jose\u0301": {"gender": "male"}}
    (root / "db.yaml").write_text(yaml.safe_dump(header))
    corpus = read_corpus(root)
    assert corpus.speakers == {"Jos\u00e9": 2}
    assert [u.gender for u in corpus] == ["male", "male"]
