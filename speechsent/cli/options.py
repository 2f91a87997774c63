"""Options which commands share, and how flags become overrides of the configuration."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from speechsent.config import ExperimentConfig
    from speechsent.resources import Resources

# Named flags are short for `--set`: flag, key, choices, help.
FLAGS = (
    ("--fusion", "fusion.mode", ("joint", "frozen", "finetune", "cnn", "lstm", "functionals"),
     "how branches are trained and joined (default joint)"),
    ("--cnn", "cnn.backbone", ("compact", "inceptionv3", "vgg16", "vgg19"),
     "network over the spectrogram image (default compact)"),
    ("--weights", "cnn.weights", None, "imagenet, none, or a weight file, for an ImageNet network"),
    ("--bn", "cnn.bn", ("frozen", "reestimate", "train"), "BatchNorm of a pretrained network"),
    ("--unfreeze", "cnn.unfreeze", None, "first trained block of a pretrained network, or all"),
    ("--standardize", "view.standardize", ("corpus", "speaker"),
     "statistics of the training set, or of each speaker's unlabelled clips"),
    ("--protocol", "split.protocol", None,
     "split by this protocol ('speechsent protocols list'), or by one's own in a .yaml file"),
    ("--fold", "split.fold", None, "which fold of the protocol, from 0 (default 0)"),
    ("--epochs", "fit.epochs", None, "most epochs"),
    ("--precision", "fit.precision", ("float32", "mixed_bfloat16", "mixed_float16"),
     "arithmetic of the layers"),
    ("--seed", "seed", None, "seed of everything but the split (split.seed)"),
)  # fmt: skip


def add_config(parser: argparse.ArgumentParser) -> None:
    """Add ``--config``, ``--set`` and the named flags."""
    group = parser.add_argument_group("configuration")
    add_preset(group)
    group.add_argument("--config", type=Path, metavar="FILE", help="YAML of what differs")
    add_set(group)
    for flag, key, choices, text in FLAGS:
        metavar = None if choices else flag[2:].upper()
        group.add_argument(flag, dest=_dest(key), choices=choices, metavar=metavar, help=text)
    group.add_argument("--classes", metavar="A,B,…", help="keep only these emotions")
    group.add_argument(
        "--target",
        metavar="A,B,…",
        help="tell the numbers in these columns of a CSV instead of emotions",
    )
    group.add_argument(
        "--merge",
        metavar="MAP",
        help="train groups of emotions: arousal, valence, quadrants, or a YAML of emotion: group",
    )
    add_skip_bad(group)
    group.add_argument(
        "--allow-speaker-overlap",
        action="store_true",
        help="split by clips; every score will say so",
    )


def add_skip_bad(parser: argparse._ActionsContainer) -> None:
    """Add ``--skip-bad-audio``."""
    parser.add_argument(
        "--skip-bad-audio", action="store_true", help="leave out clips that cannot be used"
    )


def add_set(group: argparse._ActionsContainer) -> None:
    """Add ``--set``."""
    group.add_argument(
        "--set",
        dest="overrides",
        action="append",
        default=[],
        metavar="SECTION.KEY=VALUE",
        help="override one key; may be repeated",
    )


def add_preset(group: argparse._ActionsContainer) -> None:
    """Add ``--preset``."""
    from speechsent.presets import PRESETS  # these options are made only for a command that is run

    group.add_argument(
        "--preset",
        choices=PRESETS,
        help="settings to start from ('speechsent config presets'; default compact)",
    )


def configuration(args: argparse.Namespace) -> "ExperimentConfig":
    """The preset, over it the file, over that ``--set`` and the named flags."""
    from speechsent.config import load
    from speechsent.presets import preset

    base = preset(args.preset) if args.preset else None
    return load(args.config, overrides(args), base=base)


def overrides(args: argparse.Namespace) -> list[str]:
    """All overrides in order of rank: ``--set`` first, named flags above it."""
    named = [
        f"{key}={_quoted(getattr(args, _dest(key)))}"
        for _, key, _, _ in FLAGS
        if getattr(args, _dest(key)) is not None
    ]
    if args.classes:
        names = [name.strip() for name in args.classes.split(",") if name.strip()]
        named.append(f"corpus.classes={_as_yaml(names)}")
    if args.target:
        columns = [name.strip() for name in args.target.split(",") if name.strip()]
        named.append(f"corpus.targets={_as_yaml(columns)}")
    if args.merge:
        from speechsent.corpus.merging import merge_map  # brings NumPy, which --help can do without

        groups = _as_yaml(merge_map(args.merge))
        named += ["corpus.merge=null", f"corpus.merge={groups}"]  # in place of another map
    if args.skip_bad_audio:
        named.append("corpus.skip_bad_audio=true")
    if args.allow_speaker_overlap:
        named.append("split.allow_speaker_overlap=true")
    return [*args.overrides, *named]


def add_resources(parser: argparse.ArgumentParser) -> None:
    """Add ``--workers``, ``--cluster`` and ``--no-cache``."""
    from speechsent.resources import Resources

    parser.add_argument(
        "--workers",
        type=int,
        default=Resources.n_workers,
        metavar="N",
        help="threads that extract features (default: one a CPU, here %(default)s)",
    )
    parser.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="extract features on a Dask cluster, such as tcp://10.0.0.5:8786; its workers need "
        "speechsent and the files under the same paths",
    )
    parser.add_argument(
        "--no-cache", action="store_true", help="neither use nor keep features between runs"
    )


def resources(args: argparse.Namespace, **beside: Any) -> "Resources":
    """What these options allow to be used, and what is told beside them."""
    from speechsent.resources import Resources

    return Resources(
        n_workers=args.workers, cluster=args.cluster, cache=not args.no_cache, **beside
    )


def add_report(parser: argparse.ArgumentParser) -> None:
    """Add ``--no-report`` and ``--report-clips``."""
    parser.add_argument("--no-report", action="store_true", help="write no report.html")
    add_report_clips(parser)


def add_report_clips(parser: argparse.ArgumentParser) -> None:
    """Add ``--report-clips``."""
    from speechsent.resources import REPORT_CLIPS

    parser.add_argument(
        "--report-clips",
        type=_count,
        default=REPORT_CLIPS,
        metavar="N",
        help="clips shown in detail in report.html, most confidently wrong first "
        "(default %(default)s)",
    )


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"a number of clips is 0 or more. Received: {text!r}")
    return int(text)


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add ``--quiet``."""
    parser.add_argument("--quiet", action="store_true", help="no progress, only the result")


def _dest(key: str) -> str:
    return "flag_" + key.replace(".", "_")


def _quoted(value: str) -> str:
    """Numbers stay numbers; everything else is text, whatever YAML would make of it."""
    sign, digits = ("-", value[1:]) if value.startswith("-") else ("", value)
    if digits.isascii() and digits.isdigit():
        return sign + (digits.lstrip("0") or "0")
    return _as_yaml(value)


def _as_yaml(value: object) -> str:
    """A value as it stands behind ``=``: JSON is YAML."""
    import json

    return json.dumps(value, ensure_ascii=False)
