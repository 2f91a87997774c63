"""The pictures of the explanations, made by the package itself.

python docs/pictures.py writes docs/images/{views,batchnorm}.png and fusion.svg in two minutes.
"""

import tempfile
from io import BytesIO
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

import speechsent
from speechsent.branches import batchnorm
from speechsent.clips import Clips, evaluation_windows, to_inputs
from speechsent.corpus.delivery import utter
from speechsent.datasets import TrainingBatches, TrainingOptions
from speechsent.features.extraction import Extractor
from speechsent.features.image import to_image
from speechsent.features.standardize import Statistics
from speechsent.fusion import classifier
from speechsent.network import build_branches
from speechsent.preparation import prepare
from speechsent.resources import Resources
from speechsent.training.listener import Listener

IMAGES = Path(__file__).parent / "images"
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#666666"  # Okabe and Ito
POLICIES = ("train", "frozen", "reestimate")
EPOCHS = 4

Images = tuple[np.ndarray, np.ndarray]  # (n_windows, height, width, 1) and one-hot classes


def main() -> None:
    """Write all of them."""
    plt.rcParams.update({"font.size": 9, "savefig.dpi": 110, "axes.titlesize": 10})
    IMAGES.mkdir(exist_ok=True)
    (IMAGES / "fusion.svg").write_text(fusion(), encoding="utf-8")
    _save(views(), IMAGES / "views.png")
    _save(batchnorm_gap(), IMAGES / "batchnorm.png")


def _save(figure: plt.Figure, path: Path) -> None:
    """As an image of 256 colours, which takes a third of the bytes."""
    whole = BytesIO()
    figure.savefig(whole)
    Image.open(whole).convert("RGB").quantize(256).save(path, optimize=True)


def views() -> plt.Figure:
    """One clip of the built-in voices as sound, as image, and as sequence."""
    signal = utter(3, "anger", 1, 1, seed=0, sample_rate=16_000).astype(np.float32)
    extractor = Extractor(trim_db=0.0)
    seen = extractor(signal)
    own = {name: Statistics(v.mean(0), v.std(0)) for name, v in seen.items()}
    grey = to_image((seen["log_mel"] - own["log_mel"].mean) / own["log_mel"].scale)
    cepstrum = (seen["mfcc"] - own["mfcc"].mean) / own["mfcc"].scale
    figure, (top, middle, bottom) = plt.subplots(
        3, 1, figsize=(7, 6.4), sharex=True, layout="constrained", height_ratios=[1, 2, 2]
    )
    seconds = len(signal) / extractor.audio.sample_rate
    top.plot(np.linspace(0, seconds, len(signal)), signal, color=BLUE, linewidth=0.4)
    top.set(title="the clip: a made-up voice, anger", ylabel="amplitude", ylim=(-1, 1))
    n_mels, n_values = extractor.log_mel.n_mels, extractor.mfcc.n_coefficients
    middle.imshow(
        grey[..., 0], cmap="gray", vmin=0, vmax=1, aspect="auto", extent=(0, seconds, 0, n_mels)
    )
    middle.set(title="what the CNN sees: the log-mel spectrogram, an image", ylabel="mel band")
    n_mfcc = extractor.mfcc.n_mfcc
    bottom.imshow(
        cepstrum.T,
        cmap="PuOr",
        vmin=-3,
        vmax=3,
        aspect="auto",
        origin="lower",
        interpolation="nearest",
        extent=(0, seconds, 0, n_values),
    )
    bottom.set(
        title=f"what the LSTM reads, frame by frame: {n_mfcc} of each",
        xlabel="seconds",
        xlim=(0, seconds),
    )
    groups = ("MFCC", "slopes", "curvature")
    middles = [n_mfcc * (i + 0.5) for i in range(len(groups))]
    bottom.set_yticks(middles, groups, rotation=90, va="center")
    bottom.tick_params(axis="y", length=0)
    for edge in range(n_mfcc, n_values, n_mfcc):
        bottom.axhline(edge, color="black", linewidth=0.8)
    return figure


def batchnorm_gap() -> plt.Figure:
    """Loss in training and in inference mode, going on elsewhere under three policies."""
    model, there = _a_network_that_moved()
    learned = model.get_weights()
    figure, places = plt.subplots(
        1, len(POLICIES), figsize=(7, 2.9), sharey=True, layout="constrained"
    )
    for axes, policy in zip(places, POLICIES, strict=True):
        model.set_weights(learned)
        seen = np.array(_go_on(model, there, policy))
        epochs = np.arange(len(seen))
        axes.plot(epochs, seen[:, 0], "o-", color=BLUE, label="training mode")
        axes.plot(epochs, seen[:, 1], "s--", color=ORANGE, label="inference mode")
        axes.set(title=f"--bn {policy}", xlabel="epochs on other sound", xticks=epochs)
    places[0].set_ylabel("loss of the same clips")
    places[0].set_ylim(bottom=0)  # of all three, now that all lines are known
    places[-1].legend(frameon=False)
    return figure


def _a_network_that_moved() -> tuple[keras.Model, Images]:
    """A CNN that has learned in one room, and its training clips as another one plays them."""
    config = speechsent.load_config(
        overrides=["fusion.mode=cnn", "cnn.dropout=0.0", "view.seconds=2.0"]
    )
    with tempfile.TemporaryDirectory() as folder:
        voices = speechsent.SyntheticCorpus(n_speakers=8, n_test_speakers=3, n_takes=2)
        corpus = speechsent.read_corpus(speechsent.synthesize(Path(folder) / "voices", voices))
        clips = prepare(config, corpus, Listener(), Resources()).part("train")
        keras.utils.set_random_seed(0)
        model = classifier(build_branches(config)["cnn"], answer=clips.answer, dropout=0.0)
        model.compile(keras.optimizers.AdamW(2e-3), "categorical_crossentropy")
        options = TrainingOptions(inputs=("image",), class_weights=False)
        model.fit(TrainingBatches(clips, options), epochs=8, verbose=0)
        return model, _elsewhere(clips)


def _elsewhere(clips: Clips) -> Images:
    """Every spectrogram 1.5 deviations louder, with half the contrast."""
    windows = [evaluation_windows(clips, i, views=("log_mel",))[0] for i in range(len(clips))]
    moved = [{"log_mel": 0.5 * window["log_mel"] + 1.5} for window in windows]
    return to_inputs(moved)["image"], np.eye(clips.n_classes)[clips.classes]


def _go_on(model: keras.Model, there: Images, policy: str) -> list[tuple[float, float]]:
    """Losses in both modes before and after each epoch of training elsewhere."""
    x, y = there
    for layer in batchnorm.batchnorm_layers(model):
        layer.trainable = True
    if policy == "reestimate":
        batchnorm.reestimate(model, ({"image": x[i : i + 32]} for i in range(0, len(x), 32)))
    if policy != "train":
        batchnorm.pin(model)
    keras.utils.set_random_seed(1)
    model.compile(keras.optimizers.AdamW(5e-4), "categorical_crossentropy")
    seen = [_losses(model, x, y)]
    for _ in range(EPOCHS):
        model.fit({"image": x}, y, batch_size=32, verbose=0)
        seen.append(_losses(model, x, y))
    return seen


def _losses(model: keras.Model, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Mean loss in training mode and in inference mode; the model stays as it is."""
    before = model.get_weights()
    found = []
    for training in (True, False):
        p = np.asarray(model({"image": x}, training=training))
        found.append(float(-np.log(np.maximum((p * y).sum(axis=1), 1e-7)).mean()))
    model.set_weights(before)
    return found[0], found[1]


def fusion() -> str:
    """What trains in each mode, as a drawing."""
    modes = {
        "joint": ("one training", ("on", "on", "on")),
        "frozen": ("the branches first, then the head", ("kept", "kept", "on")),
        "finetune": ("on from frozen, at a low rate", ("on", "on", "on")),
    }
    drawn = [_mode(i, name, *what) for i, (name, what) in enumerate(modes.items())]
    style = (
        "text{font:13px sans-serif;text-anchor:middle;fill:#222}"
        ".name{font-weight:bold}.small{font-size:11px}"
        f".on{{fill:#cfe3f2;stroke:{BLUE}}}.kept{{fill:#eee;stroke:{GREY};stroke-dasharray:5 3}}"
        f"path{{stroke:{GREY};fill:none}}"
    )
    key = (
        '<rect class="on" x="196" y="276" width="22" height="14"/>'
        '<text class="small" x="252" y="288">trains</text>'
        '<rect class="kept" x="326" y="276" width="22" height="14"/>'
        '<text class="small" x="438" y="288">frozen, bit for bit the same</text>'
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 300" role="img">'
        f'<style>{style}</style><rect width="720" height="300" fill="#fff"/>'
        f"{''.join(drawn)}{key}</svg>\n"
    )


def _mode(place: int, name: str, how: str, parts: tuple[str, str, str]) -> str:
    """One mode: two branches below, the head above them."""
    left = 240 * place
    cnn, lstm, head = parts
    return (
        f'<g transform="translate({left} 0)">'
        f'<text class="name" x="120" y="24">{name}</text>'
        f'<text class="small" x="120" y="42">{how}</text>'
        '<path d="M67 150V116H173V150M120 116V102M67 226V206M173 226V206"/>'
        f"{_box(45, 58, 150, 44, head, 'head', 'joined, dense, softmax')}"
        f"{_box(18, 150, 98, 56, cnn, 'CNN', '64 numbers')}"
        f"{_box(124, 150, 98, 56, lstm, 'LSTM', '64 numbers')}"
        '<text class="small" x="67" y="242">image</text>'
        '<text class="small" x="173" y="242">MFCC</text></g>'
    )


def _box(x: int, y: int, width: int, height: int, kind: str, title: str, what: str) -> str:
    centre, middle = x + width / 2, y + height / 2
    return (
        f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="5"/>'
        f'<text x="{centre:g}" y="{middle - 3:g}">{title}</text>'
        f'<text class="small" x="{centre:g}" y="{middle + 14:g}">{what}</text>'
    )


if __name__ == "__main__":
    main()
