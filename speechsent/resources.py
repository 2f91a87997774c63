"""What a command may use of the machines around it; only ``n_devices`` can change a result."""

from dataclasses import dataclass

from speechsent.errors import ParameterError
from speechsent.features.threads import Compute, Threads

REPORT_CLIPS = 60  # shown in detail in a report unless told otherwise; each costs time and bytes


@dataclass(frozen=True, kw_only=True)
class Resources:
    """Threads or a cluster for features, devices for training, and what is kept.

    Args:
        n_workers: Threads that extract features here.
        cluster: Address of a Dask scheduler whose workers extract them instead
            (``speechsent.features.cluster.Cluster``).
        n_devices: GPUs of this machine that share each training batch
            (``speechsent.training.devices.sharing``).
        cache: Keep features between runs.
        checkpoint_seconds: Between two checkpoints of a training within an epoch; if None, a
            minute, or more where they would take over 2 % of the time.

    Raises:
        ParameterError: If a number is not positive, or the seconds are negative.
    """

    n_workers: int = Threads.n_workers
    cluster: str | None = None
    n_devices: int = 1
    cache: bool = True
    checkpoint_seconds: float | None = None

    def __post_init__(self) -> None:
        for name in ("n_workers", "n_devices"):
            if getattr(self, name) < 1:
                raise ParameterError(
                    f"{name} must be positive. Received: {name}={getattr(self, name)}"
                )
        if self.checkpoint_seconds is not None and not self.checkpoint_seconds >= 0:
            raise ParameterError(
                "checkpoint_seconds must not be negative. "
                f"Received: checkpoint_seconds={self.checkpoint_seconds}"
            )

    def compute(self) -> Compute:
        """How features are computed."""
        if self.cluster is None:
            return Threads(self.n_workers)
        from speechsent.features.cluster import Cluster

        return Cluster(self.cluster)
