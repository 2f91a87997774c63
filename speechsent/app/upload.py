"""A clip on its way in: bounded while it arrives, without a name, gone when it is answered."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from starlette.requests import Request

from speechsent.app.limits import MIB, Limits
from speechsent.app.refusal import RefusedError

NAME = "clip"  # what a visitor calls it is never sent, so it can be no path


@asynccontextmanager
async def received(request: Request, limits: Limits) -> AsyncIterator[Path]:
    """Keep the body of a request in a temporary file for the time of the block.

    Raises:
        RefusedError: If it is empty or larger than allowed; it is not read further then.
    """
    _check_promise(request.headers.get("content-length", ""), limits)
    with TemporaryDirectory(prefix="speechsent-") as folder:
        path = Path(folder) / NAME
        size = 0
        with path.open("wb") as file:
            async for chunk in request.stream():
                size += len(chunk)
                if size > limits.max_bytes:
                    raise _too_large(limits)
                file.write(chunk)
        if not size:
            raise RefusedError(400, "empty", "The clip is empty: not one byte arrived.")
        yield path


def _check_promise(length: str, limits: Limits) -> None:
    """Refuse what says itself that it is too large; what says nothing is counted."""
    if length.isdecimal() and int(length) > limits.max_bytes:
        raise _too_large(limits)


def _too_large(limits: Limits) -> RefusedError:
    size = f"{limits.max_bytes / MIB:g} MiB"
    return RefusedError(
        413, "too-large", f"The clip is larger than {size}. Please send a shorter one."
    )
