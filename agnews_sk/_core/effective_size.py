"""How many independent rows of equal weight tell as much as weighted ones, some of one origin."""

import numpy as np


def weights_of_origins(weight: np.ndarray, origins: np.ndarray | None) -> np.ndarray:
    """Return, for each row, the weight of all rows of its origin.

    Parameters
    ----------
    weight : ndarray of float of shape (n_rows,)
    origins : ndarray of shape (n_rows,), or None
        None if all differ.

    Returns
    -------
    ndarray of float of shape (n_rows,)
    """
    if origins is None:
        return weight
    _, codes = np.unique(origins, return_inverse=True)
    return np.bincount(codes, weight)[codes]


def effective_size(weight: np.ndarray, origins: np.ndarray | None = None) -> float:
    """Return the number of independent rows of equal weight with as small an error of the mean.

    Rows of one origin, such as copies, count as one row of their summed weight.

    Parameters
    ----------
    weight : ndarray of float of shape (n_rows,)
    origins : ndarray of shape (n_rows,), optional

    Returns
    -------
    float
        ``sum(weight)**2 / sum(weight**2)`` over the origins (Kish, 1965, "Survey sampling"); 0
        without any weight.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk._core.effective_size import effective_size
    >>> effective_size(np.array([2.0, 2.0, 0.0]))
    2.0
    >>> effective_size(np.ones(4), origins=np.array([0, 0, 0, 1]))
    1.6
    """
    if not weight.any():
        return 0.0
    weight = weight / weight.max()
    return float(weight.sum() ** 2 / (weight @ weights_of_origins(weight, origins)))


def effective_sizes(
    counted: np.ndarray, weight: np.ndarray, of_origin: np.ndarray, *, of_prefix: bool
) -> np.ndarray:
    """Return the effective sizes of the share of counted rows, by the rows up to each one.

    It is that of all rows that the share is of, or less if the counted rows are heavier than
    others: the variance of the share is theirs.

    Parameters
    ----------
    counted : ndarray of bool of shape (n_rows,)
        Such as rows that are predicted wrong.
    weight, of_origin : ndarray of float of shape (n_rows,)
        Weight of each row, and of all rows of its origin.
    of_prefix : bool
        Whether it is a share of the rows up to each one, or of all rows.

    Returns
    -------
    ndarray of float of shape (n_rows,)
    """
    add = np.cumsum if of_prefix else np.sum
    total = add(weight)
    of_all = total**2 / add(weight * of_origin)
    found = np.cumsum(weight * counted)
    heavy = np.cumsum(weight * of_origin * counted)
    mean = np.divide(heavy, found, out=np.full(len(weight), of_origin.max()), where=found > 0)
    sizes: np.ndarray = np.minimum(of_all, total / mean)
    return sizes
