"""The split that a fit makes within its rows, to calibrate or validate on some of them."""

from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.utils import check_random_state


def join_groups(*groupings: np.ndarray) -> np.ndarray:
    """Return groups in which rows are together that any of the groupings has together.

    Parameters
    ----------
    *groupings : ndarray of shape (n_samples,)
        One value per row and grouping.

    Returns
    -------
    ndarray of int of shape (n_samples,)

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk._splitting import join_groups
    >>> join_groups(np.array([0, 0, 1, 2]), np.array(["a", "b", "b", "c"])).tolist()
    [0, 0, 0, 1]
    """
    n = len(groupings[0])
    codes = [np.unique(grouping, return_inverse=True)[1] for grouping in groupings]
    offsets = n + np.cumsum([0, *(code.max(initial=0) + 1 for code in codes[:-1])])
    to = np.concatenate([code + offset for code, offset in zip(codes, offsets, strict=True)])
    size = int(to.max(initial=n)) + 1
    edges = coo_array(
        (np.ones(len(to), bool), (np.tile(np.arange(n), len(codes)), to)), (size,) * 2
    )
    return connected_components(edges, directed=False)[1][:n]


def split_rows(
    codes: np.ndarray, groups: np.ndarray, held_out: float, random_state: Any = None
) -> tuple[np.ndarray, np.ndarray]:
    """Split rows into a part to fit on and a part held out, class by class and group by group.

    Rows of one group stay on one side. Each class has about its share of the rows held out; a
    class of one group, or of so few rows that its share is none, stays whole on the side to fit
    on, so that a classifier knows every class.

    Parameters
    ----------
    codes : ndarray of int of shape (n_samples,)
        Class of each row, from 0 on.
    groups : ndarray of shape (n_samples,)
        Origin of each row.
    held_out : float
        Share of the rows to hold out, between 0 and 1.
    random_state : int, RandomState or None, default=None
        Draws the groups.

    Returns
    -------
    fitted, held_out : ndarray of int
        Positions, in ascending order. The second may be empty.

    Notes
    -----
    The groups of each class are shuffled, and as many held out as come closest to the share. A
    group of several classes counts with all its rows for the class of its first row.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk._splitting import split_rows
    >>> codes, groups = np.array([0, 0, 0, 0, 1]), np.array([7, 7, 8, 8, 9])
    >>> fitted, held_out = split_rows(codes, groups, 0.5, random_state=0)
    >>> sorted([len(fitted), len(held_out)]), 4 in fitted
    ([2, 3], True)
    """
    _, first, group_of, sizes = np.unique(
        groups, return_index=True, return_inverse=True, return_counts=True
    )
    rng = check_random_state(random_state)
    is_held_out = np.zeros(len(sizes), dtype=bool)
    class_of = codes[first]
    for code in np.unique(class_of):
        members = rng.permutation(np.flatnonzero(class_of == code))[1:]  # one is always fitted on
        n_rows = sizes[class_of == code].sum()
        n_after = np.cumsum([0, *sizes[members]])
        is_held_out[members[: np.abs(n_after - held_out * n_rows).argmin()]] = True
    rows = is_held_out[group_of]
    return np.flatnonzero(~rows), np.flatnonzero(rows)
