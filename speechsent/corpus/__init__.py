"""From files to utterances: readers, labels, manifests and speaker-disjoint splits."""

from speechsent.corpus.labels import LabelSet, canonical
from speechsent.corpus.manifest import read_manifest, write_manifest
from speechsent.corpus.open import read_corpus
from speechsent.corpus.protocols import Split, SplitConfig, hold_out
from speechsent.corpus.utterance import PARTS, Corpus, Part, Refusal, Utterance

__all__ = [
    "PARTS",
    "Corpus",
    "LabelSet",
    "Part",
    "Refusal",
    "Split",
    "SplitConfig",
    "Utterance",
    "canonical",
    "hold_out",
    "read_corpus",
    "read_manifest",
    "write_manifest",
]
