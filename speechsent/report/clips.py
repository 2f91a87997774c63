"""Clips in detail: sound, spectrogram, where the networks looked, on one time axis."""

import numpy as np

from speechsent.evaluation.predictions import Predictions
from speechsent.report.bars import Bar, bar_table
from speechsent.report.html import Html, joined, section, table, tag, void
from speechsent.report.material import Detail, Material
from speechsent.report.png import data_uri, grey_png, veil_png
from speechsent.report.sound import MIME, Heard

VEIL = (230, 120, 0)  # orange over grey, which colour-blind eyes tell apart
OPAQUE = 0.75  # of the veil, where Grad-CAM is strongest
DEPTH = 65.0  # dB below the loudest that are still shown


def clip_section(material: Material) -> Html:
    """The clips, worst first, each folded until it is opened."""
    if not material.details:
        return Html()
    n = len(material.predictions.files)
    shown = len(material.details)
    rest = "" if shown == n else f" The other {n - shown} are in predictions.csv."
    emotions = isinstance(material.predictions, Predictions)
    order = "most confidently wrong first" if emotions else "largest error first"
    told = tag(
        "p",
        f"{shown} of {n} clips, {order}. Open one to hear it and to see where the network looked."
        f"{rest}",
    )
    return section(
        "Clips", told, *_reading(material), *(_clip(material, d) for d in material.details)
    )


def _reading(material: Material) -> list[Html]:
    """How to read the pictures."""
    lines = {
        "cnn": "Orange over the spectrogram: Grad-CAM of the CNN, where the feature map spoke for "
        "the answer.",
        "lstm": "Bars below it: what each frame of the sequence added to the answer in the LSTM "
        "(integrated gradients); bars below the line spoke against it.",
    }
    used = [lines[b] for b in material.run.config.fusion.branches]
    caution = "Both tell what moved this network, not what an emotion is."
    return [tag("ul", *(tag("li", line) for line in (*used, caution)), class_="reading")]


def _clip(material: Material, detail: Detail) -> Html:
    utterance = material.utterances[detail.index]
    title, right, figures = _answer(material, detail.index)
    known = ", ".join(filter(None, (utterance.speaker, utterance.gender, utterance.intensity)))
    file = material.predictions.files[detail.index]
    summary = tag(
        "summary",
        tag("span", "✓" if right else "✗", class_="verdict", aria_hidden="true"),
        tag("span", title, class_="answer"),
        tag("span", f"{file} {f'({known})' if known else ''}", class_="file"),
    )
    content = [_heard(detail, file)] if detail.heard else [tag("p", "Its file is gone.")]
    return tag(
        "details", summary, *content, figures, class_="clip right" if right else "clip wrong"
    )


def _answer(material: Material, i: int) -> tuple[str, bool, Html]:
    """What was told of a clip in a line, whether it is right, and all figures."""
    told = material.predictions
    if not isinstance(told, Predictions):
        rows = [
            (name, f"{a:.4g}", f"{b:.4g}", f"{b - a:+.3g}")
            for name, a, b in zip(told.names, told.truth[i], told.predicted[i], strict=True)
        ]
        line = ", ".join(f"{name} {b} for {a}" for name, a, b, _ in rows)
        return (
            line,
            True,
            table(f"Told of {told.files[i]}", ("target", "true", "told", "error"), rows),
        )
    p, truth, answer = told.probabilities[i], told.truth[i], told.predicted[i]
    right = bool(truth == answer)
    line = f"{told.labels[answer]} ({p[answer]:.0%})"
    if not right:
        line += f", true: {told.labels[truth]} ({p[truth]:.0%})"
    bars = [Bar(name=told.labels[k], value=float(p[k]), told=f"{p[k]:.3f}") for k in np.argsort(-p)]
    return (
        line,
        right,
        bar_table(f"Probabilities of {told.files[i]}", ("class", "probability"), bars),
    )


def _heard(detail: Detail, file: str) -> Html:
    heard = detail.heard
    if heard is None:
        return Html()
    player = tag(
        "audio",
        controls=True,
        preload="none",
        src=data_uri(heard.mp3, MIME),
        aria_label=f"Sound of {file}",
    )
    return joined(player, _picture(detail, heard, file))


def _picture(detail: Detail, heard: Heard, file: str) -> Html:
    """Spectrogram and attributions on one time axis."""
    levels = heard.levels[::-1]
    shades = 1 + (levels - levels.max()) / DEPTH
    spectrogram = void(
        "img",
        src=data_uri(grey_png(shades), "image/png"),
        alt=f"Spectrogram of {file}, {heard.seconds:.1f} s",
        loading="lazy",
    )
    found = detail.attribution
    n_frames = levels.shape[1]
    image = None if found is None or found.image is None else found.image[:, :n_frames]
    time = None if found is None or found.time is None else found.time[:n_frames]
    toggle = Html()
    if image is not None:
        box = void("input", type="checkbox", checked=True, class_="toggle", id=f"c{detail.index}")
        toggle = joined(box, tag("label", "show Grad-CAM", for_=f"c{detail.index}"))
    return tag(
        "figure",
        toggle,
        tag("div", spectrogram, *([] if image is None else [_veil(image, heard)]), class_="stack"),
        *([] if time is None else [_bars(time, heard)]),
        tag("div", *(tag("span", f"{s:.1f} s") for s in _times(heard)), class_="axis"),
        tag("figcaption", f"What spoke for “{detail.explained}”"),
    )


def _times(heard: Heard) -> list[float]:
    return [heard.seconds * k / 4 for k in range(5)]


def _veil(image: np.ndarray, heard: Heard) -> Html:
    """Grad-CAM as an orange veil, no wider than the eye needs."""
    step = max(1, image.shape[1] // 64)
    band, frame = np.unravel_index(image.argmax(), image.shape)
    height = "high" if band < len(image) / 3 else "low" if band >= 2 * len(image) / 3 else "middle"
    when = heard.seconds * (frame + 0.5) / image.shape[1]
    return void(
        "img",
        src=data_uri(veil_png(image[:, ::step] * OPAQUE, VEIL), "image/png"),
        alt=f"Grad-CAM is strongest at {when:.1f} s, in {height} frequencies",
        class_="veil",
        loading="lazy",
    )


def _bars(time: np.ndarray, heard: Heard) -> Html:
    """What each frame adds: above the line for the answer, below it against."""
    n = len(time)
    rounded = np.round(time * 100).astype(int)
    when = heard.seconds * (int(time.argmax()) + 0.5) / n
    return tag(
        "svg",
        tag("title", f"The LSTM heard most for the answer at {when:.1f} s"),
        tag("path", d=_steps(np.maximum(rounded, 0)), class_="for"),
        tag("path", d=_steps(np.minimum(rounded, 0)), class_="against"),
        tag("line", x1=0, x2=n, y1=0, y2=0, class_="zero"),
        viewBox=f"0 -100 {n} 200",
        preserveAspectRatio="none",
        role="img",
        class_="frames",
    )


def _steps(values: np.ndarray) -> str:
    """Outline of bars one frame wide."""
    runs = "".join(f"V{-value}h1" for value in values)
    return f"M0 0{runs}V0z"
