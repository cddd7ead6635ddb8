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
    >>> from agnews_sk._core.splitting import join_groups
    >>> join_groups(np.array([0, 0, 1, 2]), np.array(["a", "b", "b", "c"])).tolist()
    [0, 0, 0, 1]
    """
    if len(groupings) == 1:
        return np.unique(groupings[0], return_inverse=True)[1]
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

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk._core.splitting import split_rows
    >>> codes, groups = np.array([0, 0, 0, 0, 1]), np.array([7, 7, 8, 8, 9])
    >>> fitted, held_out = split_rows(codes, groups, 0.5, random_state=0)
    >>> sorted([len(fitted), len(held_out)]), 4 in fitted
    ([2, 3], True)
    """
    places = _places(codes, groups, random_state)
    rows = places < held_out
    for code in np.setdiff1d(codes, codes[~rows]):  # whose groups are those of rarer classes
        last = np.flatnonzero(codes == code)[places[codes == code].argmax()]
        rows &= groups != groups[last]
    return np.flatnonzero(~rows), np.flatnonzero(rows)


def fold_rows(
    codes: np.ndarray, groups: np.ndarray, n_folds: int, random_state: Any = None
) -> np.ndarray:
    """Return the fold of each row, class by class and group by group.

    Rows of one group are in one fold, and the rows outside any fold have every class.

    Parameters
    ----------
    codes, groups, random_state
        As `split_rows` takes them.
    n_folds : int
        At least 2.

    Returns
    -------
    ndarray of int of shape (n_samples,)
        From 0 on; -1 for rows of a class of one group, which are in no fold.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk._core.splitting import fold_rows
    >>> folds = fold_rows(np.array([0, 0, 0, 0, 1]), np.array([7, 7, 8, 8, 9]), 2, random_state=0)
    >>> sorted(folds.tolist())
    [-1, 0, 0, 1, 1]
    """
    places = _places(codes, groups, random_state)
    folds = np.where(places < 1, np.floor(places * n_folds), -1).astype(np.int64)
    for code in np.unique(codes):
        of_class = np.flatnonzero(codes == code)
        if len(np.unique(folds[of_class])) == 1:  # whose groups are those of rarer classes
            folds[groups == groups[of_class[0]]] = -1
    return folds


def _places(codes: np.ndarray, groups: np.ndarray, random_state: Any) -> np.ndarray:
    """Return where each row's group lies in a random order of those of its class, from 0 to 1.

    It is the middle of the group's rows among all rows of such groups, and the end for the last
    group. A group of several classes counts with all its rows for the rarest of them. A class of
    one group lies at infinity.
    """
    rarest_first = np.argsort(np.bincount(codes)[codes], kind="stable")
    _, first, group_of, sizes = np.unique(
        groups[rarest_first], return_index=True, return_inverse=True, return_counts=True
    )
    class_of = codes[rarest_first][first]
    order = check_random_state(random_state).permutation(len(sizes))
    order = order[np.argsort(class_of[order], kind="stable")]
    n_rows = np.bincount(class_of, weights=sizes)
    before_class = np.cumsum(n_rows) - n_rows
    middles = np.empty(len(sizes))
    middles[order] = np.cumsum(sizes[order]) - sizes[order] / 2
    places = (middles - before_class[class_of]) / n_rows[class_of]
    n_groups = np.bincount(class_of)
    places[order[np.cumsum(n_groups)[n_groups > 0] - 1]] = np.nextafter(1, 0)
    places[n_groups[class_of] == 1] = np.inf
    of_row = np.empty(len(codes))
    of_row[rarest_first] = places[group_of]
    return of_row
