from collections import Counter
from pathlib import Path

from speechsent.corpus.sampling import draw_clips, draw_speakers
from speechsent.corpus.utterance import Utterance


def clip(speaker, emotion, gender=None, number=0):
    name = f"{speaker}-{emotion}-{number}.wav"
    return Utterance(path=Path(name), emotion=emotion, speaker=speaker, gender=gender)


def test_genders_are_balanced_where_classes_are():
    """12 women and 12 men: of 4 speakers 2 are women, of 6 three."""
    speakers = {f"s{n:02d}": "female" if n % 2 else "male" for n in range(24)}
    clips = [clip(s, e, g) for s, g in speakers.items() for e in ("anger", "fear")]
    parts = draw_speakers(clips, {}, {"test": 6, "validation": 4}, seed=0)
    women = Counter(parts[s] for s, gender in speakers.items() if gender == "female")
    assert women == {"train": 7, "test": 3, "validation": 2}


def test_classes_are_spread_before_genders():
    """Only two of the five speakers are afraid, so one of them is in the test part."""
    clips = [clip(f"s{n}", "anger", number=k) for n in range(5) for k in range(4)]
    clips += [clip(s, "fear", number=k) for s in ("s1", "s3") for k in range(4)]
    for seed in range(5):
        parts = draw_speakers(clips, {}, {"test": 2, "validation": 1}, seed)
        assert sum(parts[s] == "train" for s in ("s1", "s3")) == 1


def test_a_class_only_one_speaker_has_is_kept_for_training():
    clips = [clip(f"s{n}", "anger") for n in range(6)] + [clip("s4", "fear")]
    for seed in range(5):
        assert draw_speakers(clips, {}, {"test": 2, "validation": 2}, seed)["s4"] == "train"


def test_settled_speakers_keep_their_part():
    clips = [clip(f"s{n}", "anger") for n in range(4)]
    parts = draw_speakers(clips, {"s2": "test"}, {"validation": 1}, seed=3)
    assert parts["s2"] == "test"
    assert Counter(parts.values()) == {"test": 1, "validation": 1, "train": 2}


def test_another_seed_draws_other_speakers():
    clips = [clip(f"s{n}", "anger") for n in range(10)]
    wanted = {"test": 2, "validation": 2}
    assert len({str(draw_speakers(clips, {}, wanted, seed)) for seed in range(5)}) > 1


def test_clips_are_drawn_class_by_class():
    clips = [clip("s", "anger", number=n) for n in range(10)]
    clips += [clip("s", "fear", number=n) for n in range(20)]
    parts = draw_clips(clips, {"test": 0.2, "validation": 0.1}, seed=0)
    counted = Counter((u.emotion, p) for u, p in zip(clips, parts, strict=True))
    assert counted == {
        ("anger", "train"): 7,
        ("anger", "test"): 2,
        ("anger", "validation"): 1,
        ("fear", "train"): 14,
        ("fear", "test"): 4,
        ("fear", "validation"): 2,
    }


def test_rare_classes_are_trained_on_first_and_tested_on_next():
    clips = [clip("s", "anger"), clip("s", "fear", number=1), clip("s", "fear", number=2)]
    parts = draw_clips(clips, {"test": 0.2, "validation": 0.1}, seed=0)
    assert parts[0] == "train"
    assert sorted(parts[1:]) == ["test", "train"]


def test_stretches_of_one_file_stay_together():
    clips = [
        Utterance(path=Path(f"{n // 4}.wav"), emotion="anger", start=float(n % 4))
        for n in range(40)
    ]
    parts = draw_clips(clips, {"test": 0.3, "validation": 0.3}, seed=1)
    assert all(len(set(parts[n : n + 4])) == 1 for n in range(0, 40, 4))
    assert len(set(parts)) == 3
