"""What one visitor may ask of the server."""

from dataclasses import dataclass

from speechsent.errors import ParameterError

MIB = 1 << 20
LONGEST = 3600.0  # seconds; the answer of a longer clip is too large for a page


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds of one request, and of all that wait.

    Args:
        max_mb: Largest clip in MiB.
        max_seconds: Longest clip, at most an hour.
        patience: Seconds after which a request is given up, from its first byte to its answer.
        n_waiting: How many requests may wait while one is answered.

    Raises:
        ParameterError: If a field is out of range.
    """

    max_mb: float = 32.0
    max_seconds: float = 600.0
    patience: float = 120.0
    n_waiting: int = 8

    def __post_init__(self) -> None:
        if not 0 < self.max_mb <= 1024:
            raise ParameterError(f"max_mb must lie in (0, 1024]. Received: max_mb={self.max_mb}")
        if not 0 < self.max_seconds <= LONGEST:
            raise ParameterError(
                f"max_seconds must lie in (0, {LONGEST:g}]; use 'speechsent predict --timeline' "
                f"for longer recordings. Received: max_seconds={self.max_seconds}"
            )
        if not 0 < self.patience <= 3600:
            raise ParameterError(
                f"patience must lie in (0, 3600] seconds. Received: patience={self.patience}"
            )
        if not 0 <= self.n_waiting <= 1000:
            raise ParameterError(
                f"n_waiting must lie in [0, 1000]. Received: n_waiting={self.n_waiting}"
            )

    @property
    def max_bytes(self) -> int:
        """Largest clip in bytes."""
        return round(self.max_mb * MIB)
