"""What goes wrong in a training, found before it starts or while it runs; for any Keras 3 model.

>>> from speechsent import doctor
>>> print(doctor.Diagnosis((), ("the layers",)))
looked at the layers
nothing found
"""

from speechsent.doctor.examination import examine
from speechsent.doctor.findings import Diagnosis, Finding
from speechsent.doctor.inflight.callback import DoctorCallback

__all__ = ["Diagnosis", "DoctorCallback", "Finding", "examine"]
