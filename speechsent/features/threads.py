"""A function over many items, in the order of the items: the way features are computed."""

import os
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Compute(Protocol):
    """Yields what a function returns for each item, in the order of the items."""

    def __call__(
        self, function: Callable[[Item], Result], items: Sequence[Item]
    ) -> Generator[Result, None, None]:
        """Start; closing the generator gives up the items that are left."""


@dataclass(frozen=True)
class Threads:
    """Compute in threads; NumPy, the FFT and the reading of files release the interpreter's lock.

    Args:
        n_workers: Number of threads.
    """

    n_workers: int = os.cpu_count() or 1

    def __call__(
        self, function: Callable[[Item], Result], items: Sequence[Item]
    ) -> Generator[Result, None, None]:
        """Yield the results in the order of the items."""
        # Imported where they are needed: the options of a command need the number of workers alone.
        from concurrent.futures import ThreadPoolExecutor

        from threadpoolctl import threadpool_limits

        # Small matrix products spin for 30 times their cost when BLAS shares them among threads.
        with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(self.n_workers) as pool:
            yield from pool.map(function, items)
