"""Layers whose calls are listened to, or done without, for as long as a pass takes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras


@contextmanager
def calling(operations: Iterable[Any], substitute: Callable[[Any], Any]) -> Iterator[None]:
    """Let operations be computed by something else for a while.

    Args:
        operations: Layers, or operations that are none.
        substitute: Gives what is called instead of an operation's own ``call``.
    """
    changed = []
    try:
        for operation in operations:
            own = vars(operation)  # most have the call of their class, but some one of their own
            changed.append((own, own.get("call")))
            own["call"] = substitute(operation)
        yield
    finally:
        for own, before in reversed(changed):
            if before is None:
                own.pop("call", None)
            else:
                own["call"] = before


def unchanged(inputs: Any, *_: Any, **__: Any) -> Any:
    """Stand in for a layer that is to do nothing."""
    return inputs


@contextmanager
def leaving_no_trace(
    values: Sequence[tuple[Any, Any]] = (),
) -> Iterator[keras.StatelessScope]:
    """Run a model without assigning to anything in it.

    A ``tf.function`` in it is run as plain Python: what it traced now, it would go on using, with
    the stand-ins for layers and the values of this pass.

    Args:
        values: Variables, each with the value to use instead of its own.

    Yields:
        What collects the losses that layers add.
    """
    import tensorflow as tf

    before = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    try:
        with keras.StatelessScope(values, collect_losses=True) as scope:
            yield scope
    finally:
        tf.config.run_functions_eagerly(before)


def within_reach() -> Callable[[Any], bool]:
    """Tell tensors that can be read here from those of a loop, which exist in there alone."""
    import tensorflow as tf

    here = None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()

    def reached(values: Any) -> bool:
        if not keras.ops.is_tensor(values):
            return False
        return not tf.is_symbolic_tensor(values) or values.graph is here

    return reached
