"""Features computed by the workers of a Dask cluster."""

import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import islice
from typing import Any

from speechsent.errors import AudioWarning, SpeechsentError
from speechsent.features.extraction import audio_warnings
from speechsent.features.threads import Item, Result, Threads

CHUNK = 16  # clips handed out at once
IN_FLIGHT = 200  # chunks handed out and not taken back: some 250 MB over all workers
PATIENCE = 10  # seconds for the scheduler to answer, and for a worker to come or come back

# Warning filters and the limit on BLAS belong to a process, not to a thread of it.
_one_chunk = threading.Lock()


class ClusterError(SpeechsentError, RuntimeError):
    """A cluster cannot be reached, or gave up."""


@dataclass(frozen=True)
class Cluster:
    """Compute on a running Dask cluster; what a lost worker had is computed by the others.

    Workers need this package in the same version, and the audio files under the same paths.

    Args:
        address: The scheduler's, such as ``tcp://10.0.0.5:8786``.
    """

    address: str

    def __call__(
        self, function: Callable[[Item], Result], items: Sequence[Item]
    ) -> Generator[Result, None, None]:
        """Yield the results in the order of the items.

        Raises:
            ClusterError: If Dask is missing, the scheduler does not answer or is lost on the way,
                or no worker is left.
        """
        with connected(self.address) as client:

            def hand_out(n_chunks: int) -> list[Any]:
                return [
                    client.submit(_in_worker, function, chunk, pure=False)
                    for chunk in islice(chunks, n_chunks)
                ]

            chunks = (items[first : first + CHUNK] for first in range(0, len(items), CHUNK))
            waiting = deque(hand_out(IN_FLIGHT))
            while waiting:
                results, notes = _result(waiting.popleft(), self.address)
                waiting.extend(hand_out(1))
                for note in notes:
                    warnings.warn(note, AudioWarning, stacklevel=2)
                yield from results


def _in_worker(
    function: Callable[[Item], Result], items: Sequence[Item]
) -> tuple[list[Result], tuple[str, ...]]:
    """Results of a chunk and what was odd, by as many threads as the worker may use."""
    from distributed import get_worker

    compute = Threads(get_worker().state.nthreads)
    with _one_chunk, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", AudioWarning)
        results = list(compute(function, items))
    return results, audio_warnings(caught)


def _result(future: Any, address: str) -> Any:
    """The result of a chunk, unless no worker is left that could compute it."""
    while True:
        try:
            return future.result(timeout=PATIENCE)
        except TimeoutError:
            if future.status == "error":  # the chunk's own
                raise
            _await_worker(future.client, address)


def next_done(futures: Sequence[Any], address: str) -> Any:
    """One of some results of the cluster that is there, or has failed, waiting for the first.

    Raises:
        ClusterError: If no worker is left that could compute any.
    """
    asked = time.monotonic()
    while True:
        for future in futures:
            if future.done():
                return future
        time.sleep(0.1)
        if time.monotonic() - asked > PATIENCE:
            _await_worker(futures[0].client, address)
            asked = time.monotonic()


def _await_worker(client: Any, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError as error:
        raise ClusterError(
            f"{address}: the scheduler has no worker. Start one: dask worker {address}"
        ) from error


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """A client of the scheduler, for as long as the cluster lasts."""
    client = _client(address)
    from distributed import CancelledError, KilledWorker

    try:
        with client:
            _await_worker(client, address)
            yield client
    except (OSError, CancelledError, KilledWorker) as error:
        reason = " ".join(str(error).split())
        raise ClusterError(f"{address}: the Dask cluster gave up ({reason})") from error


def _client(address: str) -> Any:
    if find_spec("distributed") is None:
        raise ClusterError("Dask is not installed; pip install speechsent[cluster]")
    from distributed import Client

    try:
        return Client(address, timeout=PATIENCE, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ClusterError(f"{address}: no Dask scheduler answers there ({reason})") from error
