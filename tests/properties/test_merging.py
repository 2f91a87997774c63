from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from speechsent.corpus.labels import CANONICAL
from speechsent.corpus.merging import regroup_split
from speechsent.corpus.protocols import hold_out
from speechsent.corpus.utterance import PARTS, Corpus, Utterance

EMOTIONS = CANONICAL[:5]
maps = st.dictionaries(st.sampled_from(EMOTIONS), st.sampled_from(["one", "two"])).filter(
    lambda groups: len(set(groups.values())) == 2
)


def corpus():
    clips = [
        Utterance(path=Path("root") / f"{s}-{e}.wav", emotion=e, speaker=s)
        for s in "abcdef"
        for e in EMOTIONS
    ]
    return Corpus(name="toy", root=Path("root"), utterances=tuple(clips))


@given(maps)
def test_every_clip_with_a_group_keeps_its_part_and_no_other_stays(groups):
    whole = corpus()
    split = hold_out(whole)
    merged, parts = regroup_split(whole, split, groups)
    before = {u.path: (groups.get(u.emotion), split.part_of(i)) for i, u in enumerate(whole)}
    after = {u.path: (u.emotion, parts.part_of(i)) for i, u in enumerate(merged)}
    assert after == {path: told for path, told in before.items() if told[0] is not None}
    assert sum(len(parts.parts[part]) for part in PARTS) == len(merged)
