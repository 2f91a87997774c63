"""``speechsent app``: a page on this machine that hears clips."""

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path

from speechsent.cli.console import console
from speechsent.cli.options import add_output
from speechsent.cli.startup import load_tensorflow
from speechsent.errors import ParameterError

NAME = "app"
HELP = "open a page that records or takes a clip and shows its emotions over time"
PORT = 8765
EXAMPLES = """\
examples:
  speechsent app                          the newest run, in the browser of this machine
  speechsent app --run RUN_A RUN_B        two runs on the same clip, side by side
  speechsent app --port 0 --no-browser    any free port; only print the address

Nothing leaves this machine: the page fetches nothing, and clips are deleted once answered.
It needs the extra [app]: pip install 'speechsent[app]'"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--run",
        dest="run_folders",
        nargs="+",
        action="extend",
        default=[],
        type=Path,
        metavar="RUN",
        help="runs that can be asked; default: the newest run",
    )
    parser.add_argument(
        "--port", type=int, default=PORT, help="0 takes any free one (default: %(default)s)"
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on; any but the default lets others in (default: %(default)s)",
    )
    parser.add_argument(
        "--max-mb", type=float, default=32.0, metavar="MB", help="largest clip (default: 32)"
    )
    parser.add_argument(
        "--max-seconds", type=float, default=600.0, metavar="S", help="longest clip (default: 600)"
    )
    parser.add_argument("--no-browser", action="store_true", help="open no browser")
    add_output(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve the page until Ctrl-C."""
    _require_extra()
    from speechsent.app.limits import Limits
    from speechsent.app.serving import listen

    limits = Limits(max_mb=args.max_mb, max_seconds=args.max_seconds)
    with listen(args.host, args.port) as listening:
        load_tensorflow()
        from speechsent.app.guard import Names, is_loopback
        from speechsent.app.models import load_models
        from speechsent.app.server import application
        from speechsent.app.serving import address, serve

        with console(quiet=args.quiet) as listener:
            models = load_models(args.run_folders, listener)
            for model in models:
                listener.note(f"run {model.name}")
        if not is_loopback(args.host):
            _warn_of_others(args.host)
        url = address(listening)
        app = application(models, limits, Names.of(args.host))
        serve(app, listening, lambda: _tell(url, browser=not args.no_browser))
    return 0


def _require_extra() -> None:
    """One line instead of a traceback where the extra is missing."""
    missing = [name for name in ("starlette", "uvicorn") if find_spec(name) is None]
    if missing:
        raise ParameterError(
            f"{' and '.join(missing)}: not installed; pip install 'speechsent[app]'"
        )


def _warn_of_others(host: str) -> None:
    print(
        f"warning: whoever reaches {host} can use this page: there is no password and no "
        "encryption, and browsers lend no microphone to it except on this machine",
        file=sys.stderr,
    )


def _tell(url: str, *, browser: bool) -> None:
    """Say where the page is, and open it.

    A browser of the terminal ends only when its user leaves it, and the page comes from here.
    """
    import webbrowser
    from threading import Thread

    print(f"{url}  (Ctrl-C ends it)", flush=True)
    if browser:
        Thread(target=webbrowser.open, args=(url,), daemon=True).start()
