"""What one training was asked for."""

from collections.abc import Mapping
from dataclasses import dataclass

import keras

from speechsent.auditing import AuditReport
from speechsent.config import ExperimentConfig
from speechsent.experiment.transfer import Origin
from speechsent.preparation import Prepared
from speechsent.run_split import RunSplit


@dataclass(frozen=True)
class Options:
    """Arguments of ``train`` by which a training that was cut goes on."""

    test: bool
    baseline: bool
    force: bool
    n_devices: int
    report: bool
    report_clips: int
    track: tuple[str, ...]


@dataclass(frozen=True)
class Job:
    """What a training was asked for, and all that was prepared for it."""

    config: ExperimentConfig
    prepared: Prepared
    record: RunSplit
    audit: AuditReport
    branches: Mapping[str, keras.Model]
    origin: Origin | None
    options: Options

    @property
    def refit(self) -> bool:
        """Whether it trains once more, on training and validation clips."""
        return self.config.fit.refit and not self._chosen_on_test

    @property
    def functionals_refit(self) -> bool:
        """Whether the functionals alone are solved once more, from validation clips as well."""
        config = self.config
        wanted = config.fits_validation and not config.fit.refit
        return wanted and not self._chosen_on_test

    @property
    def _chosen_on_test(self) -> bool:
        """Whether its validation clips are its test clips, which is wrong on purpose."""
        parts = self.prepared.parts
        return not {*parts["validation"]}.isdisjoint(parts["test"])
