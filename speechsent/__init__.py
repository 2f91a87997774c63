"""Train and judge speech-emotion recognisers: spectrogram images and MFCC sequences, fused late.

Every name below is loaded on first use, so that importing the package imports no TensorFlow:

>>> import speechsent
>>> speechsent.ExperimentConfig().fusion.mode
'joint'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "Augment": "features.augment",
    "AudioConfig": "audio",
    "CnnBranch": "branches.cnn",
    "Corpus": "corpus.utterance",
    "DoctorCallback": "doctor",
    "ExperimentConfig": "config",
    "FitConfig": "training.fit",
    "FunctionalsConfig": "branches.functionals",
    "FusionConfig": "fusion",
    "LogMel": "features.log_mel",
    "LstmBranch": "branches.lstm",
    "Mfcc": "features.mfcc",
    "Prosody": "features.prosody",
    "Resources": "resources",
    "Run": "run",
    "SpeechsentError": "errors",
    "SplitConfig": "corpus.protocols",
    "SyntheticCorpus": "corpus.synthetic",
    "Utterance": "corpus.utterance",
    "ablate": "study",
    "also_leaky": "study",
    "audit": "auditing",
    "compare_runs": "comparing",
    "cross_corpus_matrix": "study",
    "estimate": "experiment",
    "evaluate": "experiment",
    "examine": "doctor",
    "export": "exporting.export",
    "hold_out": "corpus.protocols",
    "late_fusion": "fusion",
    "load_config": "config",
    "load_study": "study",
    "one_vs": "study.series",
    "pool": "corpus.pool",
    "predict": "experiment",
    "preset": "presets",
    "read_corpora": "corpus.pool",
    "read_corpus": "corpus.open",
    "reproduce": "comparing",
    "resume": "experiment",
    "synthesize": "corpus.synthetic",
    "train": "experiment",
}
_RENAMED = {"load_config": "load"}

__all__ = [
    "AudioConfig",
    "Augment",
    "CnnBranch",
    "Corpus",
    "DoctorCallback",
    "ExperimentConfig",
    "FitConfig",
    "FunctionalsConfig",
    "FusionConfig",
    "LogMel",
    "LstmBranch",
    "Mfcc",
    "Prosody",
    "Resources",
    "Run",
    "SpeechsentError",
    "SplitConfig",
    "SyntheticCorpus",
    "Utterance",
    "__version__",
    "ablate",
    "also_leaky",
    "audit",
    "compare_runs",
    "cross_corpus_matrix",
    "estimate",
    "evaluate",
    "examine",
    "export",
    "hold_out",
    "late_fusion",
    "load_config",
    "load_study",
    "one_vs",
    "pool",
    "predict",
    "preset",
    "read_corpora",
    "read_corpus",
    "reproduce",
    "resume",
    "synthesize",
    "train",
]

if TYPE_CHECKING:
    from speechsent.audio import AudioConfig
    from speechsent.auditing import audit
    from speechsent.branches.cnn import CnnBranch
    from speechsent.branches.functionals import FunctionalsConfig
    from speechsent.branches.lstm import LstmBranch
    from speechsent.comparing import compare_runs, reproduce
    from speechsent.config import ExperimentConfig
    from speechsent.config import load as load_config
    from speechsent.corpus.open import read_corpus
    from speechsent.corpus.pool import pool, read_corpora
    from speechsent.corpus.protocols import SplitConfig, hold_out
    from speechsent.corpus.synthetic import SyntheticCorpus, synthesize
    from speechsent.corpus.utterance import Corpus, Utterance
    from speechsent.doctor import DoctorCallback, examine
    from speechsent.errors import SpeechsentError
    from speechsent.experiment import estimate, evaluate, predict, resume, train
    from speechsent.exporting.export import export
    from speechsent.features.augment import Augment
    from speechsent.features.log_mel import LogMel
    from speechsent.features.mfcc import Mfcc
    from speechsent.features.prosody import Prosody
    from speechsent.fusion import FusionConfig, late_fusion
    from speechsent.presets import preset
    from speechsent.resources import Resources
    from speechsent.run import Run
    from speechsent.study import ablate, also_leaky, cross_corpus_matrix, load_study
    from speechsent.study.series import one_vs
    from speechsent.training.fit import FitConfig


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_HOME[name]}")
    return getattr(module, _RENAMED.get(name, name))


def __dir__() -> list[str]:
    return sorted(__all__)
