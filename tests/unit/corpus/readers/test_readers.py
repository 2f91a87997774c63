"""Names as published; expected values from the corpora's own documents."""

from pathlib import Path

import pytest

from speechsent.corpus.labels import CANONICAL
from speechsent.corpus.readers import READERS, crema_d, reader_of, recognise, savee
from speechsent.errors import CorpusError

PUBLISHED = [
    # file, speaker, gender, emotion, sentence, intensity
    ("Actor_12/03-01-06-01-02-01-12.wav", "ravdess/12", "female", "fear", "dogs", "normal"),
    ("03-01-02-02-01-02-23.flac", "ravdess/23", "male", "calm", "kids", "strong"),
    ("03-02-04-01-01-01-01.wav", "ravdess/01", "male", "sadness", "kids", "normal"),
    ("1001_DFA_ANG_XX.wav", "crema-d/1001", "male", "anger", "DFA", None),
    ("1002_IEO_HAP_HI.wav", "crema-d/1002", "female", "happiness", "IEO", "high"),
    ("1040_ITH_SAD_X.wav", "crema-d/1040", "male", "sadness", "ITH", None),
    ("DC/a01.wav", "savee/DC", "male", "anger", "01", None),
    ("DC_sa14.wav", "savee/DC", "male", "sadness", "sa14", None),
    ("JE/DC_a01.wav", "savee/DC", "male", "anger", "01", None),
    ("KL/su03.wav", "savee/KL", "male", "surprise", "03", None),
    ("OAF_angry/OAF_back_angry.wav", "tess/OAF", "female", "anger", "back", None),
    ("OA_bite_neutral.wav", "tess/OAF", "female", "neutral", "bite", None),
    ("YAF_dog_ps.wav", "tess/YAF", "female", "surprise", "dog", None),
    ("YAF_dog_pleasant_surprised.wav", "tess/YAF", "female", "surprise", "dog", None),
    ("03a01Fa.wav", "emodb/03", "male", "happiness", "a01", None),
    ("16b10Wb.wav", "emodb/16", "female", "anger", "b10", None),
    ("08a02Ac.wav", "emodb/08", "female", "fear", "a02", None),
    ("WR0_surprised_64.wav", "nemo/WR0", "male", "surprise", "64", None),
    ("EB0_anger_1.wav", "nemo/EB0", "female", "anger", "1", None),
    ("syn-f03-anger-s2-1.wav", "builtin/f03", "female", "anger", "s2", None),
    ("syn-m12-neutral-s1-4.wav", "builtin/m12", "male", "neutral", "s1", None),
    ("syn-f101-fear-s1-1.wav", "builtin/f101", "female", "fear", "s1", None),
]


@pytest.mark.parametrize(
    ("name", "speaker", "gender", "emotion", "sentence", "intensity"), PUBLISHED
)
def test_a_published_name_tells_everything(name, speaker, gender, emotion, sentence, intensity):
    path = Path(name)
    reader = reader_of(path)
    assert reader is not None
    told = reader.parse(path)
    assert told.path == path
    assert (told.speaker, told.gender, told.emotion) == (speaker, gender, emotion)
    assert (told.sentence, told.intensity) == (sentence, intensity)


@pytest.mark.parametrize("name", [row[0] for row in PUBLISHED])
def test_a_published_name_fits_one_corpus_only(name):
    assert sum(reader.matches(Path(name)) for reader in READERS) == 1


@pytest.mark.parametrize(
    "name",
    [
        "ravdess2_03-01-06-01-02-01-12.wav",
        "03-01-06-01-02-01-12-seg0.wav",
        "03-01-09-01-02-01-12.wav",
        "03-01-06-01-02-01-25.wav",
        "02-01-06-01-02-01-12.wav",
        "1092_DFA_ANG_XX.wav",
        "1001_DFA_BOR_XX.wav",
        "a01.wav",
        "DC_x01.wav",
        "OAF_back_calm.wav",
        "04a01Fa.wav",
        "03a01Xa.wav",
        "XX0_anger_1.wav",
        "syn-x03-anger-s2-1.wav",
        "clip.wav",
    ],
)
def test_no_corpus_takes_a_name_that_breaks_its_rule(name):
    assert reader_of(Path(name)) is None


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_a_broken_name_is_answered_with_the_rule(reader):
    with pytest.raises(CorpusError) as error:
        reader.parse(Path("odd/clip.wav"))
    assert str(error.value).startswith(f"{reader.rule}. Received: 'clip.wav'")


def test_a_folder_which_is_part_of_the_rule_is_part_of_the_answer():
    with pytest.raises(CorpusError, match=r"Received: 'a01\.wav' in folder 'odd'$"):
        savee.READER.parse(Path("odd/a01.wav"))


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_every_code_is_a_canonical_emotion(reader):
    assert set(reader.emotions.values()) <= set(CANONICAL)


def test_crema_d_has_43_actresses_and_48_actors():
    """Cao et al. (2014), abstract."""
    actors = [f"{number}_DFA_ANG_XX.wav" for number in range(1001, 1092)]
    genders = [crema_d.READER.parse(Path(name)).gender for name in actors]
    assert (genders.count("female"), genders.count("male")) == (43, 48)


def test_a_corpus_is_recognised_by_most_of_its_files():
    files = [Path(name) for name in ("03a01Fa.wav", "03a02Wa.wav", "notes.wav")]
    reader = recognise(files)
    assert reader is not None
    assert reader.name == "emodb"


def test_half_of_the_files_is_not_enough():
    assert recognise([Path("03a01Fa.wav"), Path("notes.wav")]) is None


def test_no_file_is_no_corpus():
    assert recognise([]) is None
