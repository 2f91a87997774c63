import pytest

from speechsent.corpus.speakers import find_speaker
from speechsent.errors import CorpusError

SPEAKERS = ["ravdess/01", "ravdess/02", "tess/OAF"]


@pytest.mark.parametrize(
    ("name", "speaker"),
    [("ravdess/02", "ravdess/02"), ("02", "ravdess/02"), ("2", "ravdess/02"), ("OAF", "tess/OAF")],
)
def test_a_speaker_is_found_in_full_short_or_by_number(name, speaker):
    assert find_speaker(name, SPEAKERS) == speaker


def test_an_unknown_speaker_is_answered_with_the_nearest():
    with pytest.raises(CorpusError, match=r"called 'OAFF'; there is tess/OAF$"):
        find_speaker("OAFF", SPEAKERS)


def test_a_name_two_speakers_share_is_refused():
    with pytest.raises(CorpusError, match="there is a/02, b/02"):
        find_speaker("2", ["a/02", "b/02"])
