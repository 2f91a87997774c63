"""What a command needs before its work: open streams, and a TensorFlow that keeps quiet."""

import codecs
import io
import os
import sys
from pathlib import Path

ESCAPED = "speechsent.escaped"  # how characters are written that an encoding lacks


def ready_streams() -> None:
    """Let standard output take any text, and have each of the three streams, even if closed.

    A file or a speaker may be called what the terminal's encoding cannot say; it is written as
    JSON writes it. A stream that is closed (``>&-``) leaves its number to the next file that is
    opened, so the null device stands in.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nothing = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115
            setattr(sys, name, nothing)
    codecs.register_error(ESCAPED, _escape)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors=ESCAPED)


def _escape(error: UnicodeError) -> tuple[str, int]:
    r"""What cannot be encoded, as ``\uXXXX``, which also JSON reads."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4)), error.end


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
