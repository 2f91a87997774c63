"""Where ImageNet weights come from: a file of the user's, Keras's cache, or the network."""

import os
from dataclasses import dataclass
from pathlib import Path

from speechsent.download import download, md5_of
from speechsent.errors import ParameterError, WeightsError

SERVER = "https://storage.googleapis.com/tensorflow/keras-applications/"
MAX_BYTES = 200 << 20  # the largest of the files below has 88 MB


@dataclass(frozen=True)
class Published:
    """A weight file as Keras publishes it: its place on the server and its MD5."""

    folder: str
    file: str
    md5: str


# The hashes are those of keras/src/applications (Keras 3.15), for networks without their top.
PUBLISHED = {
    "inceptionv3": Published(
        "inception_v3",
        "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "bcbd6486424b2319ff4ef7d526e38f63",
    ),
    "vgg16": Published(
        "vgg16",
        "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "6d6bbae143d832006294945121d1f1fc",
    ),
    "vgg19": Published(
        "vgg19",
        "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "253f8cb515780f3b799900260a226db6",
    ),
}


def weight_file(backbone: str, weights: str) -> Path | None:
    """Find the weights of a backbone on this machine, downloading them if need be.

    Args:
        backbone: A key of ``PUBLISHED``.
        weights: ``"none"``, ``"imagenet"``, or the path of a weight file.

    Returns:
        The file, or None if the network is to start from random weights.

    Raises:
        WeightsError: If the file is missing or the download fails; says what to do instead.
    """
    if weights == "none":
        return None
    if weights != "imagenet":
        path = Path(weights).expanduser()
        if not path.is_file():
            raise WeightsError(
                f"{path}: no such weight file; weights is 'imagenet', 'none' or a file's path"
            )
        return path
    if backbone not in PUBLISHED:
        raise ParameterError(f"no ImageNet weights are published for {backbone!r}")
    published = PUBLISHED[backbone]
    path = _cache() / published.file
    if path.is_file() and md5_of(path) == published.md5:
        return path
    server = os.environ.get("SPEECHSENT_WEIGHTS_SERVER", SERVER).rstrip("/")
    try:
        return download(
            f"{server}/{published.folder}/{published.file}",
            path,
            md5=published.md5,
            max_bytes=MAX_BYTES,
        )
    except OSError as error:
        raise WeightsError(
            f"ImageNet weights for {backbone} are not at hand: {error}. Put {published.file} at "
            f"{path}, or give a file with --weights FILE, or train from scratch with --weights none"
        ) from error


def _cache() -> Path:
    """The folder Keras uses for the same files, so that they are kept once."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "models"
