"""What would go wrong in a training, found before it starts; for any Keras 3 model.

>>> from speechsent import doctor
>>> print(doctor.Diagnosis((), ("the layers",)))
looked at the layers
nothing found
"""

from speechsent.doctor.examination import examine
from speechsent.doctor.findings import Diagnosis, Finding

__all__ = ["Diagnosis", "Finding", "examine"]
