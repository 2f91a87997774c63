"""Many trainings: one after another, in processes, or on a Dask cluster."""

import multiprocessing
from collections.abc import Generator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.process import BaseProcess
from typing import Any

from speechsent.errors import ParameterError
from speechsent.features.cluster import connected, next_done
from speechsent.interruption import Interrupted
from speechsent.study.tasks import Outcome, Task, perform
from speechsent.training.listener import Listener

ATTEMPTS = 3  # a process that dies takes the others of its pool along, which is not their fault

Done = tuple[Task, Outcome]


def one_by_one(tasks: Sequence[Task], listener: Listener) -> Generator[Done, None, None]:
    """Train in this process; what one training has compiled, the next does not compile again."""
    for task in tasks:
        yield task, perform(task, listener)


def in_processes(tasks: Sequence[Task], n_workers: int) -> Generator[Done, None, None]:
    """Train in several processes of this machine.

    Raises:
        ParameterError: If there is no worker.
    """
    if n_workers < 1:
        raise ParameterError(f"n_workers must be positive. Received: n_workers={n_workers}")
    # A forked TensorFlow hangs, so processes start anew.
    context = multiprocessing.get_context("spawn")
    waiting = list(tasks)
    others = multiprocessing.active_children()
    for _ in range(ATTEMPTS):
        killed = []
        with ProcessPoolExecutor(min(n_workers, len(waiting)), mp_context=context) as pool:
            futures = {pool.submit(perform, task): task for task in waiting}
            try:
                for future in as_completed(futures):
                    try:
                        yield futures[future], future.result()
                    except (BrokenProcessPool, Interrupted):  # killed, perhaps with the others
                        killed.append(futures[future])
            except BaseException:
                _end(pool, others)
                raise
        waiting = killed
        if not waiting:
            return
    for task in waiting:
        yield task, Outcome(failure="its process was killed, perhaps for want of memory")


def _end(pool: ProcessPoolExecutor, others: Sequence[BaseProcess]) -> None:
    """Let running trainings keep their state and end, and begin no more."""
    pool.shutdown(wait=False, cancel_futures=True)
    for child in multiprocessing.active_children():
        if child not in others:
            child.terminate()


def on_cluster(tasks: Sequence[Task], address: str) -> Generator[Done, None, None]:
    """Train on a running Dask cluster; what a lost worker had is trained by another.

    Workers need this package in the same version, and corpus and study under the same paths.

    Raises:
        ClusterError: If the cluster cannot be reached, or no worker is left.
    """
    with connected(address) as client:
        futures: dict[Any, Task] = {
            client.submit(perform, task, pure=False, retries=2): task for task in tasks
        }
        while futures:
            future = next_done(list(futures), address)
            error = future.exception()
            yield (
                futures.pop(future),
                future.result() if error is None else Outcome(failure=f"the cluster: {error}"),
            )
