"""Whoever collects the figures of trainings, beside the run folder."""

from typing import Literal

import keras

Outcome = Literal["FINISHED", "KILLED", "FAILED"]


class Tracker:
    """Follows one training; each method does nothing until overridden."""

    def callback(self, stage: str) -> keras.callbacks.Callback:
        """What Keras tells each epoch of a stage to."""
        return keras.callbacks.Callback()

    def close(self, outcome: Outcome) -> None:
        """The training is over; if it is finished, all it has to tell is in the run folder."""
