"""Small seeded data for the doctor's benchmark: gratings, tones, clusters, distances."""

import numpy as np

Data = tuple[np.ndarray, np.ndarray]
N_CLASSES = 6


def labels(rng: np.random.Generator, n: int, n_classes: int) -> np.ndarray:
    """Class numbers, as many of each as can be, shuffled."""
    return rng.permutation(np.arange(n) % n_classes)


def gratings(
    rng: np.random.Generator, n: int, size: int, n_classes: int = N_CLASSES, channels: int = 1
) -> Data:
    """Images from 0 to 255 whose stripes turn with the class, in noise."""
    classes = labels(rng, n, n_classes)
    return striped(rng, classes, size, n_classes, channels), classes


def striped(
    rng: np.random.Generator,
    classes: np.ndarray,
    size: int,
    n_classes: int = N_CLASSES,
    channels: int = 1,
) -> np.ndarray:
    """Such images for classes that are given, made a few at a time: large ones fill memories."""
    n = len(classes)
    angle = np.pi * (classes + rng.normal(0, 0.12, n)) / n_classes
    down, across = np.mgrid[:size, :size] / size * 8 * np.pi
    phase = rng.uniform(0, 2 * np.pi, n)
    images = np.empty((n, size, size, channels), "float32")
    for i in range(n):
        stripes = np.cos(angle[i]) * down + np.sin(angle[i]) * across + phase[i]
        drawn = 127 + 60 * np.sin(stripes) + rng.normal(0, 40, (size, size))
        images[i] = drawn.clip(0, 255)[..., None]
    return images


def tones(rng: np.random.Generator, n: int, n_classes: int = 5, n_steps: int = 60) -> Data:
    """Two channels of a tone each, whose pitches together tell the class, in noise.

    Shape ``(n, 60, 2)``.
    """
    classes = labels(rng, n, n_classes)
    time = np.arange(n_steps) / n_steps
    pitch = np.stack([2 + 3 * (classes // 2), 2 + 3 * (classes % 3)], axis=1)
    pitch = pitch * rng.normal(1, 0.05, (n, 2))
    wave = np.sin(2 * np.pi * pitch[:, None, :] * time[:, None] + rng.uniform(0, 6, (n, 1, 2)))
    return (wave + rng.normal(0, 0.3, wave.shape)).astype("float32"), classes


def clusters(
    rng: np.random.Generator, n: int, width: int = 12, spread: float = 1.5, seed: int = 0
) -> Data:
    """Six clouds of points; the same seed puts their centres at the same places."""
    centres = np.random.default_rng(seed).normal(size=(N_CLASSES, width))
    classes = labels(rng, n, N_CLASSES)
    points = centres[classes] + rng.normal(0, spread, (n, width))
    return points.astype("float32"), classes


def distances(rng: np.random.Generator, n: int) -> Data:
    """Two places in degrees within a town, over 100, and how far they are apart, from 0 to 1."""
    places = np.tile([0.48, 0.11], 2) + rng.normal(0, 1, (n, 4)) * np.tile([5e-4, 2e-4], 2)
    apart = np.hypot(places[:, 0] - places[:, 2], places[:, 1] - places[:, 3])
    return places.astype("float32"), (apart / 0.003).clip(0, 1).astype("float32")


def standard(x: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Standardised by the statistics of other samples, feature by feature."""
    axes = tuple(range(by.ndim - 1))
    return ((x - by.mean(axis=axes)) / by.std(axis=axes)).astype("float32")
