"""Emotions over time: speech found, windows heard, answers smoothed and told as segments."""

from speechsent.timeline.following import follow, follow_blocks
from speechsent.timeline.model import Model, TrainedModel
from speechsent.timeline.record import Segment, Timeline
from speechsent.timeline.smoothing import Moment
from speechsent.timeline.speech import SpeechConfig
from speechsent.timeline.writers import write

__all__ = [
    "Model",
    "Moment",
    "Segment",
    "SpeechConfig",
    "Timeline",
    "TrainedModel",
    "follow",
    "follow_blocks",
    "write",
]
