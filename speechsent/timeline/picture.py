"""A picture of a timeline: the level of the sound, and what is told of it beneath."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from speechsent.audio import AudioConfig
from speechsent.evaluation.figures import TRAIN_COLOUR, VALIDATION_COLOUR, save
from speechsent.timeline.following import blocks
from speechsent.timeline.record import Timeline
from speechsent.timeline.speech import FRAME, QUIETEST, frame_levels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 2000  # levels drawn at most
WIDTH = 10.0  # inches
RECORDING = AudioConfig(min_seconds=1 / 16_000)  # how short it may be, a run has said
SPEECH_COLOUR, QUIET_COLOUR = "#F5DCA6", "0.9"


def timeline_figure(timeline: Timeline, path: Path) -> None:
    """Draw level and speech, and beneath each emotion's probability, or each number, over time.

    Args:
        timeline: The timeline; its recording is read again for the level.
        path: The PNG file; it appears whole or not at all.

    Raises:
        AudioError: If the recording is gone.
    """
    from matplotlib.figure import Figure

    below = len(timeline.labels) * (1.2 if timeline.tells_numbers else 0.32)
    figure = Figure(figsize=(WIDTH, 2.6 + below), layout="constrained")
    n_panels = len(timeline.labels) if timeline.tells_numbers else 1
    heights = [1.4] + [below / n_panels] * n_panels
    sound, *panels = figure.subplots(1 + n_panels, 1, sharex=True, height_ratios=heights)
    _draw_level(sound, timeline)
    if timeline.tells_numbers:
        for axes, label in zip(panels, timeline.labels, strict=True):
            _draw_number(axes, timeline, label)
    else:
        _draw_probabilities(figure, panels[0], timeline)
    panels[-1].set(xlabel=_unit(timeline.duration), xlim=(0, timeline.duration))
    panels[-1].xaxis.set_major_formatter(lambda seconds, _: clock(seconds, timeline.duration))
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    figure.suptitle(_printable(Path(timeline.file).name), fontsize=11, parse_math=False)
    with warnings.catch_warnings():
        # A letter which the font lacks is drawn as a box, and the file's name is not the message.
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
        save(figure, path)


def _printable(name: str) -> str:
    """The end of a name, in one line that can be drawn."""
    return "".join(letter if letter.isprintable() else "?" for letter in name[-90:])


def _draw_level(axes: "Axes", timeline: Timeline) -> None:
    """Level in dB, with the speech behind it shaded."""
    level = levels(Path(timeline.file))
    times = np.linspace(0, timeline.duration, len(level))
    axes.fill_between(times, QUIETEST, level, color="0.25", linewidth=0)
    for number, segment in enumerate(s for s in timeline.segments if s.speech):
        label = None if number else "speech"
        axes.axvspan(segment.start, segment.end, color=SPEECH_COLOUR, lw=0, zorder=0, label=label)
    axes.set(ylabel="level (dBFS)", ylim=(QUIETEST, 0))


def levels(path: Path) -> np.ndarray:
    """Highest level in dBFS of each of at most 2000 equal parts of a recording."""
    size = round(FRAME * RECORDING.sample_rate)
    found = np.concatenate([frame_levels(block, size) for block in blocks(path, RECORDING)])
    width = -(-len(found) // COLUMNS)
    padded = np.pad(found, (0, -len(found) % width), constant_values=QUIETEST)
    return padded.reshape(-1, width).max(axis=1)


def _draw_probabilities(figure: "Figure", axes: "Axes", timeline: Timeline) -> None:
    """A row for each emotion, the darker the more probable, with the winner marked."""
    names = timeline.labels
    rows = np.ma.masked_invalid(timeline.values.T)
    extent = (0.0, len(timeline.times) * timeline.hop, len(names) - 0.5, -0.5)
    image = axes.imshow(
        rows, aspect="auto", cmap="Blues", vmin=0, vmax=1, extent=extent, interpolation="nearest"
    )
    axes.set_facecolor(QUIET_COLOUR)
    axes.set_yticks(range(len(names)), names, parse_math=False)
    told = [s for s in timeline.segments if s.emotion]
    axes.hlines(
        [names.index(str(s.emotion)) for s in told],
        [s.start for s in told],
        [s.end for s in told],
        color=VALIDATION_COLOUR,
        linewidth=3,
        label="most probable",
    )
    figure.colorbar(image, ax=axes, label="probability", pad=0.01)


def _draw_number(axes: "Axes", timeline: Timeline, label: str) -> None:
    """One number over time; a gap where nobody speaks."""
    values = timeline.values[:, timeline.labels.index(label)]
    edges = np.append(timeline.times, timeline.duration)
    axes.stairs(values, edges, baseline=None, color=TRAIN_COLOUR, linewidth=2)
    axes.set_ylabel(label, parse_math=False)
    axes.grid(alpha=0.3)


def _unit(duration: float) -> str:
    if duration < 120:
        return "seconds"
    return "minutes:seconds" if duration < 3600 else "hours:minutes:seconds"


def clock(seconds: float, duration: float) -> str:
    """A time as it is written beneath a recording of some length.

    Example:
        >>> clock(75, 100), clock(75, 600), clock(3675, 7200)
        ('75', '1:15', '1:01:15')
    """
    if duration < 120:
        return f"{seconds:g}"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if duration >= 3600 else f"{minutes}:{rest:02d}"
