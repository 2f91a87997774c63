"""Ridge regression on a kernel, with strength and scale by rows left out."""

from collections.abc import Sequence

import numpy as np

from speechsent.errors import TrainingError
from speechsent.metrics import Values

SCALES = (0.5, 100.0)  # of logits, between which the best is looked for
NEARNESS = 0.5  # of two rows: their mean squared difference in standard deviations, times this


def best_dual(
    kernel: Values,
    classes: np.ndarray,
    n_classes: int,
    *,
    weights: Values,
    groups: np.ndarray,
    own: np.ndarray,
    strengths: Sequence[float],
) -> Values:
    """Weights of the rows in the answer, under the strength and the scale that told best.

    Args:
        kernel: What rows have in common, shape ``(n_rows, n_rows)``.
        classes: Class index of each row.
        n_classes: Number of classes.
        weights: Weight of each row, mean about 1.
        groups: Rows of one group are left out together.
        own: Whether a row counts when it was left out.
        strengths: Of regularisation, from which one is chosen.

    Returns:
        Shape ``(n_rows, n_classes)``; their sum is the intercept.

    References:
        Cawley, Talbot (2003). Efficient leave-one-out cross-validation of kernel Fisher
        discriminant classifiers. https://doi.org/10.1016/S0031-3203(03)00136-5
    """
    wanted = np.eye(n_classes)[classes] - 1 / n_classes
    solutions = []
    for strength in strengths:
        dual, left_out = ridge(kernel, wanted, strength / weights, groups)
        loss, scale = fitting_scale(left_out[own], classes[own], weights[own])
        solutions.append((loss, scale * dual))
    return min(solutions, key=lambda found: found[0])[1]


def ridge(
    kernel: Values, wanted: Values, penalties: Values, groups: np.ndarray
) -> tuple[Values, Values]:
    """Dual weights, and what each row is told by the solution without its own group.

    One more value of each row, always 1, is the intercept. Of thousands of rows the matrix takes
    hundreds of megabytes: it is there once, and becomes its own inverse.

    Raises:
        TrainingError: If the kernel is none.
    """
    from scipy.linalg import lapack

    matrix = np.add(kernel, 1.0, dtype=np.float64, order="F")
    matrix[np.diag_indices_from(matrix)] += penalties
    factor, failed = lapack.dpotrf(matrix, lower=1, overwrite_a=1)
    if failed:
        raise TrainingError(
            "functionals cannot be solved: what they say of the clips is out of scale; see the "
            "levels with 'speechsent corpus inspect', or set functionals.filters=0"
        )
    dual, _ = lapack.dpotrs(factor, wanted, lower=1)
    lower, _ = lapack.dpotri(factor, lower=1, overwrite_c=1)
    left_out = np.empty_like(wanted)
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        own = np.tril(lower[np.ix_(rows, rows)])
        own += np.tril(own, -1).T
        left_out[rows] = wanted[rows] - np.linalg.solve(own, dual[rows])
    return dual, left_out


def fitting_scale(logits: Values, classes: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """The factor on logits under which they tell the classes best, and the loss then, in nats."""
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    rows = np.arange(len(logits))

    def loss(log_scale: float) -> float:
        told = log_softmax(np.exp(log_scale) * logits, axis=1)[rows, classes]
        return -float(np.average(told, weights=weights))

    low, high = np.log(SCALES)
    best = minimize_scalar(loss, bounds=(low, high), method="bounded")
    return float(best.fun), float(np.exp(best.x))


def main_directions(values: np.ndarray, components: int, seed: int) -> np.ndarray:
    """Directions in which the rows differ most, each as long as makes distances a nearness.

    Returns:
        Float32, shape ``(n_values, components)``; 0 beyond as many as the rows have.
    """
    from sklearn.utils.extmath import randomized_svd

    n_found = min(components, *values.shape)
    state = seed % 2**32  # scikit-learn knows no larger seeds
    _, sizes, found = randomized_svd(values, n_found, random_state=state)
    found = found[sizes > 1e-5 * sizes[0]]  # of the others it is chance where they point
    directions = np.zeros((values.shape[1], components), np.float32)
    directions[:, : len(found)] = np.sqrt(NEARNESS / values.shape[1]) * found.T
    return directions


def nearness(points: np.ndarray) -> Values:
    """What :class:`~speechsent.branches.likeness.Likeness` says of each point and each other."""
    points = points.astype(np.float64)
    lengths = np.square(points).sum(axis=1)
    found = points @ points.T  # changed in place: of thousands of points it takes hundreds of MB
    found *= -2
    found += lengths[:, None]
    found += lengths
    np.maximum(found, 0.0, out=found)
    np.negative(found, out=found)
    return np.exp(found, out=found)
