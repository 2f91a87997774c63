"""What goes wrong in a training, found before it starts, while it runs, or from what is left.

Names are loaded on first use: reading an old log needs no Keras.

>>> from speechsent import doctor
>>> print(doctor.Diagnosis((), ("the layers",)))
looked at the layers
nothing found
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOME = {
    "Diagnosis": "findings",
    "DoctorCallback": "inflight.callback",
    "Finding": "findings",
    "examine": "examination",
    "overfit": "overfitting",
    "read_log": "afterwards.logs",
    "read_run": "afterwards.runs",
}

__all__ = ["Diagnosis", "DoctorCallback", "Finding", "examine", "overfit", "read_log", "read_run"]

if TYPE_CHECKING:
    from speechsent.doctor.afterwards.logs import read_log
    from speechsent.doctor.afterwards.runs import read_run
    from speechsent.doctor.examination import examine
    from speechsent.doctor.findings import Diagnosis, Finding
    from speechsent.doctor.inflight.callback import DoctorCallback
    from speechsent.doctor.overfitting import overfit


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
