"""The openSMILE functionals of every clip of a corpus: 6,373 numbers each, one thread."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from speechsent.audio import load
from speechsent.corpus.split import clip_name
from speechsent.corpus.utterance import Corpus
from speechsent.writing import writing

SAMPLE_RATE = 16_000
EVERY = 100  # clips between two lines of progress


def functionals(corpus: Corpus, kept: Path | None = None) -> np.ndarray:
    """The ComParE 2016 functionals of each clip.

    Args:
        corpus: The clips.
        kept: ``.npz`` file where they are, or are to be put; None keeps none.

    Returns:
        Shape ``(n_clips, 6373)``, in the order of the corpus.

    References:
        Schuller et al. (2016). The INTERSPEECH 2016 Computational Paralinguistics Challenge.
        https://doi.org/10.21437/Interspeech.2016-129
    """
    names = [clip_name(corpus, utterance) for utterance in corpus]
    if kept is not None and kept.is_file():
        with np.load(kept, allow_pickle=False) as file:
            place = {name: i for i, name in enumerate(file["names"].tolist())}
            if place.keys() >= set(names):
                found: np.ndarray = file["values"][[place[name] for name in names]]
                return found
    values = np.stack(list(_extracted(corpus)))
    if kept is not None:
        with writing(kept) as unfinished, unfinished.open("wb") as stream:
            np.savez(stream, names=np.array(names), values=values)
    return values


def _extracted(corpus: Corpus) -> Iterable[np.ndarray]:
    import opensmile

    smile = opensmile.Smile(
        feature_set=opensmile.FeatureSet.ComParE_2016,
        feature_level=opensmile.FeatureLevel.Functionals,
        num_workers=1,
    )
    for i, utterance in enumerate(corpus):
        if i % EVERY == 0:
            print(f"functionals: {i}/{len(corpus)}", flush=True)
        signal = load(utterance.path, start=utterance.start, end=utterance.end)
        yield smile.process_signal(signal, SAMPLE_RATE).to_numpy(np.float32)[0]
