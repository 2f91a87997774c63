"""Pretrained networks, known by the names of their layers, and the input they were trained on."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from keras import layers

from speechsent.doctor.case import Case
from speechsent.doctor.findings import Finding
from speechsent.doctor.inputs import at_entries


@dataclass(frozen=True)
class Range:
    """What a pretrained network was trained on.

    Args:
        low: The smallest value lies between these two.
        high: The largest value lies between these two.
        told: The range in words.
        remedy: What brings images into it.
    """

    low: tuple[float, float]
    high: tuple[float, float]
    told: str
    remedy: str

    def fits(self, values: np.ndarray) -> bool:
        """Whether the extremes of a batch lie where they do for images."""
        low, high = float(values.min()), float(values.max())
        return self.low[0] <= low <= self.low[1] and self.high[0] <= high <= self.high[1]


def _preprocess(module: str) -> str:
    return f"keras.applications.{module}.preprocess_input(x) on RGB from 0 to 255"


SIGNED = ((-1.01, -0.05), (0.05, 1.01), "-1 to 1")
CENTRED = ((-130.0, -20.0), (20.0, 160.0), "-124 to 151, colours minus their mean")
# A layer's name gives a network away, also where its layers lie in the model one by one. The first
# that is found counts: ResNetV2 has the names of ResNet and one more.
FAMILIES = {
    "mixed10": Range(*SIGNED, _preprocess("inception_v3")),
    "conv_7b": Range(*SIGNED, _preprocess("inception_resnet_v2")),
    "block14_sepconv2": Range(*SIGNED, _preprocess("xception")),
    "post_relu": Range(*SIGNED, _preprocess("resnet_v2")),
    "conv_pw_13": Range(*SIGNED, _preprocess("mobilenet")),
    "block_16_project": Range(*SIGNED, _preprocess("mobilenet_v2")),
    "block5_conv3": Range(*CENTRED, _preprocess("vgg16")),
    "conv5_block3_3_conv": Range(*CENTRED, _preprocess("resnet50")),
}


def backbone_ranges(case: Case) -> Iterator[Finding]:
    """Inputs of a known pretrained network that are not in the range it was trained on."""
    names = {node.name for node in case.graph.nodes} if case.graph else set[str]()
    family = next((name for name in FAMILIES if name in names), None)
    if family is None:
        return
    expected = FAMILIES[family]
    for node, values in at_entries(case):
        if not isinstance(node.operation, layers.Conv2D) or expected.fits(values):
            continue
        yield Finding(
            name="backbone-input-range",
            severity="warning",
            at=f"what '{node.name}' reads",
            seen=f"{values.min():.3g} to {values.max():.3g}",
            expected=expected.told,
            why="the pretrained filters were made for the other range, and answer with noise",
            remedy=expected.remedy,
        )
