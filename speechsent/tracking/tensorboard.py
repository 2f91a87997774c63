"""Files for TensorBoard in the run folder."""

import keras

from speechsent.run import Run
from speechsent.training.listener import Listener
from speechsent.training.tracker import Tracker


class TensorBoard(Tracker):
    """Writes the figures of each stage into a folder of its own.

    Args:
        run: The run, in whose folder ``tensorboard/`` the files are.
        corpus: Not needed: the run folder is under its corpus.
        listener: Not needed: a full disk ends the training anyway.
    """

    def __init__(self, run: Run, corpus: str, listener: Listener) -> None:
        self.folder = run.path / "tensorboard"

    def callback(self, stage: str) -> keras.callbacks.Callback:
        """What writes the files of a stage."""
        return keras.callbacks.TensorBoard(str(self.folder / stage))
