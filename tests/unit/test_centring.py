import numpy as np

from speechsent.centring import centred, speaker_offset, without_offset


def test_a_constant_factor_on_a_speakers_answers_is_taken_out(rng):
    """Balanced answers, multiplied by what one voice always sounds like, come back."""
    logits = rng.standard_normal((4000, 3))
    logits -= logits.mean(axis=0)
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    biased = true * [5.0, 1.0, 0.2]
    biased /= biased.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(centred(biased, ["a"] * 4000), true, atol=5e-3)


def test_speakers_are_centred_each_by_their_own_clips(rng):
    told = rng.dirichlet([1, 1, 1], 40)
    speakers = ["a", "b"] * 20
    together = centred(told, speakers)
    for i, who in enumerate("ab"):
        np.testing.assert_array_equal(together[i::2], centred(told[i::2], [who] * 20))


def test_unknown_speakers_stay_as_they_are(rng):
    told = rng.dirichlet([1, 1, 1], 6)
    np.testing.assert_array_equal(centred(told, [None] * 6), told)


def test_little_is_taken_out_by_few_clips():
    """Of one clip's own deviation a fifth: 1 / (1 + 4)."""
    told = np.array([[0.7, 0.2, 0.1]])
    logs = np.log(told[0])
    np.testing.assert_allclose(speaker_offset(told), (logs - logs.mean()) / 5)
    assert without_offset(told, speaker_offset(told)).argmax() == 0
