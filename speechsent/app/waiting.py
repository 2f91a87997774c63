"""One clip is computed at a time; some wait for their turn; more are sent away kindly."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from threading import Event
from typing import TypeVar

from starlette.types import Receive

from speechsent.app.refusal import RefusedError

RETRY_AFTER = 5  # seconds
T = TypeVar("T")


class GivenUpError(Exception):
    """Nobody waits for this work any more."""


class Turn:
    """One visitor's place; work asks it, from time to time, whether to go on."""

    def __init__(self) -> None:
        self._over = Event()

    def check(self) -> None:
        """End the work if nobody waits for it any more.

        Raises:
            GivenUpError: If so.
        """
        if self._over.is_set():
            raise GivenUpError

    def end(self) -> None:
        """Say that nobody waits any more."""
        self._over.set()


class WaitingRoom:
    """A bounded queue before one worker thread, which alone touches the networks.

    Args:
        n_waiting: How many may wait while one is served.
    """

    def __init__(self, n_waiting: int) -> None:
        self._n_places = n_waiting + 1
        self._n_inside = 0
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="speechsent")

    @contextmanager
    def place(self) -> Iterator[None]:
        """Take a place, from the first byte of a clip to its answer.

        Raises:
            RefusedError: If none is free.
        """
        if self._n_inside >= self._n_places:
            raise RefusedError(
                503,
                "busy",
                "Too many clips are waiting just now. Please try again in a moment.",
                {"Retry-After": str(RETRY_AFTER)},
            )
        self._n_inside += 1
        try:
            yield
        finally:
            self._n_inside -= 1

    async def serve(self, work: Callable[[Turn], T]) -> T:
        """Do some work when its turn comes.

        Whoever gives up waiting, by a timeout or by leaving, ends the work at its next check; this
        returns only then, so that what the work reads may be removed.
        """
        turn = Turn()
        future = self._worker.submit(work, turn)
        answer = asyncio.wrap_future(future)
        try:
            return await asyncio.shield(answer)
        finally:
            turn.end()
            if not future.cancel():
                await asyncio.wait([answer])
                answer.exception()  # heard of here, if nobody else does

    def close(self) -> None:
        """Take no more work; what has not begun is dropped."""
        self._worker.shutdown(wait=False, cancel_futures=True)


@asynccontextmanager
async def heard(receive: Receive) -> AsyncIterator[None]:
    """Cancel the work of the block as soon as the visitor has left, whose clip has been read.

    Args:
        receive: Of the visitor's request.

    Raises:
        RefusedError: If the visitor has left; nobody will read it.
    """
    here, left = asyncio.current_task(), False

    async def watch() -> None:
        nonlocal left
        while (await receive())["type"] != "http.disconnect":
            pass
        if here is not None:
            left = here.cancel()

    watching = asyncio.create_task(watch())
    try:
        yield
    except asyncio.CancelledError as error:
        if not left or here is None:
            raise
        here.uncancel()  # it was ours: the task goes on to say so
        raise RefusedError(400, "left", "Nobody hears this.") from error
    finally:
        watching.cancel()
