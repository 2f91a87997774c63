"""Load TensorFlow without the dozen lines it writes to standard error before anyone asked."""

import os
import sys


def load_tensorflow() -> None:
    """Import TensorFlow; what it says is shown only if that fails.

    The lines come from C++ before its log level can be set, so the file descriptor itself is
    turned aside for the moment.
    """
    import tempfile  # --help can do without

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), 2)
        try:
            import keras  # noqa: F401
            import tensorflow as tf
        except BaseException:
            aside.seek(0)
            os.write(kept, aside.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
    tf.get_logger().setLevel("ERROR")  # it takes the models of several folds for a mistake
