"""The whole configuration: it composes the parts' own dataclasses and adds nothing to them.

Defaults are overridden by a YAML file, that by ``section.key=value``, that by named flags. All
problems are reported at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from speechsent.audio import AudioConfig
from speechsent.branches.cnn import CnnBranch
from speechsent.branches.functionals import FunctionalsConfig
from speechsent.branches.lstm import LstmBranch
from speechsent.corpus.manifest import check_targets
from speechsent.corpus.protocols import SplitConfig
from speechsent.errors import ConfigError, ParameterError
from speechsent.features.augment import Augment
from speechsent.features.extraction import Extractor
from speechsent.features.log_mel import LogMel
from speechsent.features.mfcc import Mfcc
from speechsent.features.prosody import Prosody
from speechsent.features.spectrum import n_frames
from speechsent.features.standardize import Scope
from speechsent.fusion import FusionConfig
from speechsent.overrides import merge, nest
from speechsent.plain_yaml import read_yaml
from speechsent.training.fit import FitConfig
from speechsent.typed import build


@dataclass(frozen=True, kw_only=True)
class CorpusConfig:
    """Which clips take part.

    Args:
        classes: Emotions to keep, in any spelling; empty keeps all.
        labels: Emotion of each folder or label name of one's own, by name.
        skip_bad_audio: Leave out clips that cannot be used instead of stopping.
        merge: Group of each emotion, by name; emotions without one are left out after the split.
            Empty leaves emotions as they are.
        targets: Columns of a CSV with numbers to tell instead of emotions; empty tells emotions.

    Raises:
        ParameterError: If ``merge`` has fewer than two groups, or one without a name; or targets
            are no names of columns of one's own, or are given beside ``merge``.
    """

    classes: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    skip_bad_audio: bool = False
    merge: Mapping[str, str] = field(default_factory=dict)
    targets: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        groups = set(self.merge.values())
        if self.merge and (len(groups) < 2 or not all(group.strip() for group in groups)):
            raise ParameterError(
                "merge makes two or more groups, each with a name. "
                f"Received: merge={dict(self.merge)}"
            )
        check_targets(self.targets)
        if self.targets and self.merge:
            raise ParameterError(
                "targets are numbers, so no emotions can be merged beside them. "
                f"Received: targets={', '.join(self.targets)}"
            )


@dataclass(frozen=True, kw_only=True)
class ViewConfig:
    """What both branches see of a clip.

    Args:
        seconds: Length of a window. Shorter clips are padded, of longer ones training takes
            random windows and evaluation averages over all.
        trim_db: Quiet before and after speech is cut this many dB below the maximum; 0 cuts none,
            and hardly anything is cut from 20 dB below ``log_mel.top_db`` on, where levels end.
        standardize: ``"corpus"`` uses the statistics of the training set; ``"speaker"`` those of
            each speaker's own unlabelled clips, which must then be at hand for test speakers too.
        centre_answers: With ``standardize="speaker"``, take out of the answers what all clips of
            a speaker are told alike.
        image_levels: ``"fitted"`` standardises the image like the other views; ``"fixed"`` shows
            -100 to 20 dB whatever the corpus, so that the outputs of a frozen ImageNet network
            are the same in every fold and computed once for all of them.

    Raises:
        ParameterError: If a field is out of range.
    """

    seconds: float = 3.0
    trim_db: float = 35.0
    standardize: Scope = "corpus"
    centre_answers: bool = True
    image_levels: Literal["fitted", "fixed"] = "fitted"

    def __post_init__(self) -> None:
        if not 0.2 <= self.seconds <= 60:
            raise ParameterError(f"seconds must lie in [0.2, 60]. Received: {self.seconds}")
        if self.trim_db < 0:
            raise ParameterError(f"trim_db must not be negative. Received: {self.trim_db}")
        if self.standardize not in ("corpus", "speaker"):
            raise ParameterError(
                f"standardize must be 'corpus' or 'speaker'. Received: {self.standardize!r}"
            )
        if self.image_levels not in ("fitted", "fixed"):
            raise ParameterError(
                f"image_levels must be 'fitted' or 'fixed'. Received: {self.image_levels!r}"
            )


@dataclass(frozen=True, kw_only=True)
class ExperimentConfig:
    """Everything that decides what a run computes.

    Raises:
        ParameterError: If parts contradict each other.
    """

    seed: int = 0
    corpus: CorpusConfig = field(default_factory=CorpusConfig)
    split: SplitConfig = field(default_factory=SplitConfig)
    audio: AudioConfig = field(default_factory=AudioConfig)
    log_mel: LogMel = field(default_factory=LogMel)
    mfcc: Mfcc = field(default_factory=Mfcc)
    prosody: Prosody = field(default_factory=Prosody)
    view: ViewConfig = field(default_factory=ViewConfig)
    augment: Augment = field(default_factory=Augment)
    cnn: CnnBranch = field(default_factory=CnnBranch)
    lstm: LstmBranch = field(default_factory=LstmBranch)
    functionals: FunctionalsConfig = field(default_factory=FunctionalsConfig)
    fusion: FusionConfig = field(default_factory=FusionConfig)
    fit: FitConfig = field(default_factory=FitConfig)

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ParameterError(f"seed must not be negative. Received: seed={self.seed}")
        rates = {self.audio.sample_rate, self.log_mel.sample_rate, self.prosody.sample_rate}
        if len(rates) > 1:
            raise ParameterError(
                "audio, log_mel and prosody must have one sample_rate. "
                f"Received: {', '.join(map(str, sorted(rates)))}"
            )
        if self.log_mel.hop_length != self.prosody.hop_length:
            raise ParameterError(
                "log_mel and prosody must have one hop_length, so that frames align. Received: "
                f"{self.log_mel.hop_length} and {self.prosody.hop_length}"
            )
        if self.log_mel.hop_length * 1000 < self.log_mel.sample_rate:
            raise ParameterError(
                "log_mel.hop_length must be a millisecond or more. Received: "
                f"{self.log_mel.hop_length} samples at {self.log_mel.sample_rate} Hz"
            )
        if self.mfcc.n_mfcc > self.log_mel.n_mels:
            raise ParameterError(
                "mfcc.n_mfcc must not exceed log_mel.n_mels. "
                f"Received: {self.mfcc.n_mfcc} and {self.log_mel.n_mels}"
            )
        unknown = set(self.lstm.streams) - {"mfcc", "prosody"}
        if unknown:
            raise ParameterError(
                f"lstm.streams are among mfcc and prosody. Received: {', '.join(sorted(unknown))}"
            )
        if self.fusion.mode == "functionals" and not self.uses_functionals:
            raise ParameterError(
                "fusion.mode=functionals needs functionals.filters, and emotions to tell. "
                f"Received: {self.functionals.filters}, targets={', '.join(self.corpus.targets)}"
            )
        if self.functionals.likeness and self.centres_answers:
            raise ParameterError(
                "functionals.likeness is for speakers that were heard in training, and "
                "view.standardize=speaker with view.centre_answers for new ones; choose one. "
                f"Received: likeness={self.functionals.likeness}"
            )

    @property
    def centres_answers(self) -> bool:
        """Whether what all clips of a speaker are told alike is taken out of their answers."""
        by_speaker = self.view.standardize == "speaker" and self.view.centre_answers
        return by_speaker and not self.corpus.targets

    @property
    def n_window(self) -> int:
        """Frames in a window: those of a clip of ``view.seconds``."""
        n_samples = round(self.view.seconds * self.log_mel.sample_rate)
        return n_frames(n_samples, self.log_mel.hop_length)

    @property
    def uses_functionals(self) -> bool:
        """Whether functionals have a say: in every fusion, where emotions are told."""
        told = self.functionals.filters > 0 and not self.corpus.targets
        return told and self.fusion.mode not in self.fusion.branches

    @property
    def fits_validation(self) -> bool:
        """Whether something is fitted to validation clips as well, when all is chosen by them."""
        return self.fit.refit or (self.uses_functionals and self.functionals.refit)

    @property
    def views(self) -> tuple[str, ...]:
        """Views the branches of this mode read."""
        branches = self.fusion.branches
        shown = "cnn" in branches or self.uses_functionals
        image = ("log_mel",) if shown or self.augment.needs_spectrum else ()
        return (*image, *(self.lstm.streams if "lstm" in branches else ()))

    @property
    def extractor(self) -> Extractor:
        """What computes the views."""
        return Extractor(
            audio=self.audio,
            log_mel=self.log_mel,
            mfcc=self.mfcc,
            prosody=self.prosody,
            views=self.views,
            trim_db=self.view.trim_db,
        )


def load(
    path: Path | None = None,
    overrides: Sequence[str] = (),
    base: ExperimentConfig | None = None,
) -> ExperimentConfig:
    """Defaults or another configuration, then the YAML file, then ``section.key=value`` overrides.

    Raises:
        ConfigError: If anything is unknown, mistyped or out of range; lists every problem.
    """
    raw: Any = _plain(asdict(base)) if base else {}
    told = read_yaml(path) if path else None
    raw = raw if told is None else merge(raw, told)  # an empty file changes nothing
    for override in overrides:
        raw = merge(raw, nest(override))
    source = str(path) if path else "configuration"
    return from_dict(raw, source=f"{path} with the options given" if path and overrides else source)


def from_dict(raw: Any, *, source: str = "configuration") -> ExperimentConfig:
    """Build a configuration from nested mappings, starting from the defaults.

    Raises:
        ConfigError: If anything is unknown, mistyped or out of range; lists every problem.
    """
    problems: list[str] = []
    config = build(ExperimentConfig(), {} if raw is None else raw, "", problems)
    if problems:
        raise ConfigError(problems, source)
    if not isinstance(config, ExperimentConfig):
        raise ConfigError(["expected sections of keys"], source)
    return config


def to_yaml(config: ExperimentConfig) -> str:
    """Write a configuration, fully resolved, so that :func:`load` gives it back."""
    return yaml.safe_dump(_plain(asdict(config)), sort_keys=False, allow_unicode=True)


def _plain(value: Any) -> Any:
    """Tuples as lists: YAML's safe subset has no tuples."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
