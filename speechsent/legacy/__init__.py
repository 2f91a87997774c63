"""Models of Keras 2, with the formulas they were trained with.

>>> from speechsent import legacy
>>> round(float(legacy.hard_sigmoid(1.0)), 3)  # Keras 3 gives 0.667
0.7
"""

from speechsent.legacy.gates import hard_sigmoid
from speechsent.legacy.loading import OldModel, examine_files, load_model

__all__ = ["OldModel", "examine_files", "hard_sigmoid", "load_model"]
