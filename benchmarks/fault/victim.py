"""The ``speechsent`` command, telling its steps and saves, and struck by a fault if one is named.

FAULT names it: ``TERM 6`` and ``INT 6`` send a signal behind the sixth step, ``INTINT 6`` two of
them; ``FULL scores.json 2`` lets no file grow from the second time that file is written.
"""

import os
import resource
import signal
import sys
import tempfile
from collections.abc import Callable
from typing import Any

from speechsent.cli import main
from speechsent.cli.startup import load_tensorflow

SIGNALS = {
    "TERM": [signal.SIGTERM],
    "INT": [signal.SIGINT],
    "INTINT": [signal.SIGINT, signal.SIGINT],
}


def tell(what: str) -> None:
    """Tell whoever has started this process."""
    print(what, file=sys.__stdout__, flush=True)


def told(function: Callable[..., Any], what: str) -> Callable[..., Any]:
    """A function that tells when it begins and ends."""

    def telling(*args: Any, **kwargs: Any) -> Any:
        tell(what)
        result = function(*args, **kwargs)
        tell(f"{what} done")
        return result

    return telling


def signalling(function: Callable[..., Any], signals: list[int], at: int) -> Callable[..., Any]:
    """A function that sends this process signals before its n-th call."""
    calls = 0

    def sending(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        for number in signals if calls == at else []:
            os.kill(os.getpid(), number)
        return function(*args, **kwargs)

    return sending


def filling(function: Callable[..., Any], name: str, at: int) -> Callable[..., Any]:
    """``mkstemp`` that leaves no room from the n-th file of a name on."""
    calls = 0

    def limiting(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += str(kwargs.get("suffix", "")).endswith(name)
        if calls >= at:
            hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
            resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
        return function(*args, **kwargs)

    return limiting


def prepare(fault: list[str]) -> None:
    """Have the package tell what it does, and the fault strike."""
    from speechsent.training import snapshot
    from speechsent.training.checkpoints import Checkpoints

    step = Checkpoints.on_train_batch_end
    if fault and fault[0] in SIGNALS:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it
        step = signalling(step, SIGNALS[fault[0]], int(fault[1]))
    if fault and fault[0] == "FULL":
        tempfile.mkstemp = filling(tempfile.mkstemp, fault[1], int(fault[2]))
    Checkpoints.on_train_batch_end = told(step, "step")
    snapshot.write_bytes = told(snapshot.write_bytes, "save")


if __name__ == "__main__":
    load_tensorflow()
    prepare(os.environ.get("FAULT", "").split())
    sys.exit(main())
