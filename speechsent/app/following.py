"""One run's answers over the time of a clip, as the page draws them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from speechsent import audio
from speechsent.app.models import Model
from speechsent.app.upload import NAME
from speechsent.app.waiting import Turn
from speechsent.timeline import TrainedModel, follow, forms

N_WINDOWS = 240  # of a clip, about; more would not be seen, and cost
SMALLEST_HOP = 0.25  # seconds


@dataclass(frozen=True)
class Attentive(TrainedModel):
    """A run that stops between two groups of windows if nobody waits for it any more.

    Args:
        turn: The visitor's place.
    """

    turn: Turn

    def answers(self, signals: Sequence[np.ndarray]) -> np.ndarray:
        """Probabilities, not calibrated, or numbers."""
        self.turn.check()
        return super().answers(signals)


def over_time(model: Model, path: Path, turn: Turn) -> dict[str, Any]:
    """Follow a clip.

    Returns:
        What ``predict --timeline`` gives as JSON, with what it gives as CSV under ``"csv"``.

    Raises:
        AudioError: If the clip cannot be used.
    """
    attentive = Attentive(model.recogniser, turn)
    hop = hop_of(audio.probe(path).seconds, attentive.window_seconds)
    timeline = replace(follow(attentive, path, hop=hop), file=NAME)
    return {**forms.facts(timeline), "csv": forms.as_csv(timeline)}


def hop_of(seconds: float, window_seconds: float) -> float:
    """Seconds from one window to the next: fine, and coarser the longer the clip.

    Example:
        >>> hop_of(2.0, 3.0), hop_of(120.0, 3.0), hop_of(600.0, 3.0)
        (0.25, 0.5, 1.5)
    """
    most = window_seconds / 2
    return min(max(SMALLEST_HOP, seconds / N_WINDOWS), most)
