"""Splits of training rows, to calibrate or validate on a part of them: stratified, by group."""

from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.utils import check_random_state


def join_groups(*groupings: np.ndarray) -> np.ndarray:
    """Return the finest groups that keep rows together if any of the groupings does.

    They are the connected components of the graph with an edge from each row to its value in each
    grouping.

    Parameters
    ----------
    *groupings : ndarray of shape (n_samples,)
        One array per grouping, with a value per row.

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
    """Split rows into a part to fit on and a held-out part, stratified and by group.

    Rows of one group are in the same part. About the same share of each class, or of the rows of
    each label, is held out; one with a single group, or with too few rows, is kept entirely to fit
    on, so that a classifier sees every class.

    Parameters
    ----------
    codes : ndarray of int of shape (n_samples,), or of bool of shape (n_samples, n_labels)
        Class of each row, from 0 on; or which row has which label.
    groups : ndarray of shape (n_samples,)
        Group of each row, such as its origin.
    held_out : float
        Share of the rows to hold out, between 0 and 1.
    random_state : int, RandomState or None, default=None
        Random seed for the choice of groups.

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
    if codes.ndim == 2:
        return _split_sets(codes, groups, held_out, random_state)
    places = _places(codes, groups, random_state)
    rows = places < held_out
    for code in np.setdiff1d(codes, codes[~rows]):  # whose groups are those of rarer classes
        last = np.flatnonzero(codes == code)[places[codes == code].argmax()]
        rows &= groups != groups[last]
    return np.flatnonzero(~rows), np.flatnonzero(rows)


def fold_rows(
    codes: np.ndarray, groups: np.ndarray, n_folds: int, random_state: Any = None
) -> np.ndarray:
    """Return the fold of each row, stratified and by group.

    Rows of one group are in one fold, and the rows outside any one fold contain every class.

    Parameters
    ----------
    codes, groups, random_state
        As `split_rows` takes them.
    n_folds : int
        At least 2.

    Returns
    -------
    ndarray of int of shape (n_samples,)
        From 0 on; -1 for rows of a class with a single group, which are in no fold.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk._core.splitting import fold_rows
    >>> folds = fold_rows(np.array([0, 0, 0, 0, 1]), np.array([7, 7, 8, 8, 9]), 2, random_state=0)
    >>> sorted(folds.tolist())
    [-1, 0, 0, 1, 1]
    """
    if codes.ndim == 2:
        return _fold_sets(codes, groups, n_folds, random_state)
    places = _places(codes, groups, random_state)
    folds = np.where(places < 1, np.floor(places * n_folds), -1).astype(np.int64)
    for code in np.unique(codes):
        of_class = np.flatnonzero(codes == code)
        if len(np.unique(folds[of_class])) == 1:  # whose groups are those of rarer classes
            folds[groups == groups[of_class[0]]] = -1
    return folds


def _places(codes: np.ndarray, groups: np.ndarray, random_state: Any) -> np.ndarray:
    """Return the place of each row's group in a random order of the groups of its class.

    Places are fractions of the rows of the class: a group is at the middle of its own rows, the
    last group of a class just below 1, so that a class whose few groups are large still has one
    beyond the threshold. A group with several classes counts, with all its
    rows, for the rarest of them. The group of a class with a single group is at infinity.

    Parameters
    ----------
    codes : ndarray of int of shape (n_samples,)
    groups : ndarray of shape (n_samples,)
    random_state : int, RandomState or None

    Returns
    -------
    ndarray of float of shape (n_samples,)
        In [0, 1), or infinity.
    """
    rarest_first = np.argsort(np.bincount(codes)[codes], kind="stable")
    _, first, group_of, sizes = np.unique(
        groups[rarest_first], return_index=True, return_inverse=True, return_counts=True
    )
    class_of = codes[rarest_first][first]  # rarest class of each group, (n_groups,)
    order = check_random_state(random_state).permutation(len(sizes))
    order = order[np.argsort(class_of[order], kind="stable")]  # by class, random within each
    n_rows = np.bincount(class_of, weights=sizes)  # (n_classes,)
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


def assign_sets(
    indicator: np.ndarray, groups: np.ndarray, shares: Any, random_state: Any = None
) -> np.ndarray:
    """Assign rows with several labels to parts that each have their share of every label.

    Iterative stratification (Sechidis, Tsoumakas and Vlahavas 2011, "On the stratification of
    multi-label data"), with all rows of a label at once instead of row by row: from the label with
    the fewest rows on, these are drawn for the parts in proportion to what each still lacks of the
    label. Rows without labels count as those of one more label.

    Parameters
    ----------
    indicator : ndarray of bool of shape (n_samples, n_labels)
    groups : ndarray of shape (n_samples,)
        Rows of one group are in one part.
    shares : array-like of float of shape (n_parts,)
        Adding up to 1.
    random_state : int, RandomState or None, default=None

    Returns
    -------
    ndarray of int of shape (n_samples,)
        Part of each row.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk._core.splitting import assign_sets
    >>> indicator = np.array([[1, 1], [1, 1], [1, 0], [1, 0]], dtype=bool)
    >>> parts = assign_sets(indicator, np.arange(4), [0.5, 0.5], random_state=0)
    >>> [indicator[parts == part].sum(axis=0).tolist() for part in range(2)]
    [[2, 1], [2, 1]]
    """
    rng = check_random_state(random_state)
    group_of = np.unique(groups, return_inverse=True)[1]
    counts = _labels_of_groups(indicator, group_of)
    part = np.full(len(counts), -1)
    left = counts.sum(axis=0)  # rows of each label that are not assigned, (n_labels + 1,)
    lacking = np.outer(shares, left)  # (n_parts, n_labels + 1)
    while left.any():
        label = np.where(left > 0, left, np.inf).argmin()
        of_label = rng.permutation(np.flatnonzero((part < 0) & (counts[:, label] > 0)))
        n_rows = counts[of_label, label]
        middles = np.cumsum(n_rows) - n_rows / 2
        order = rng.permutation(len(lacking))  # else few rows would always go to the same parts
        ends = np.cumsum(lacking[order, label].clip(min=0))  # (n_parts,)
        places = np.searchsorted(ends / ends[-1], middles / n_rows.sum(), side="right")
        part[of_label] = order[places]
        for one, lacks in enumerate(lacking):
            given = counts[of_label[part[of_label] == one]].sum(axis=0)
            lacks -= given
            left -= given
    return part[group_of]


def rarest_labels(indicator: np.ndarray) -> np.ndarray:
    """Return the label of each row that the fewest rows have, as its position.

    Parameters
    ----------
    indicator : ndarray of bool of shape (n_samples, n_labels)

    Returns
    -------
    ndarray of int of shape (n_samples,)
        `n_labels` for rows without labels.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk._core.splitting import rarest_labels
    >>> rarest_labels(np.array([[True, False], [True, True], [False, False]])).tolist()
    [0, 1, 2]
    """
    by_rarity = np.argsort(indicator.sum(axis=0), kind="stable")
    first = by_rarity[indicator[:, by_rarity].argmax(axis=1)]
    return np.where(indicator.any(axis=1), first, indicator.shape[1])


def _labels_of_groups(indicator: np.ndarray, group_of: np.ndarray) -> np.ndarray:
    """Return how many rows of each group have each label, and in the last column none.

    Parameters
    ----------
    indicator : ndarray of bool of shape (n_samples, n_labels)
    group_of : ndarray of int of shape (n_samples,)

    Returns
    -------
    ndarray of int of shape (n_groups, n_labels + 1)
    """
    columns = np.column_stack([indicator, ~indicator.any(axis=1)]).astype(np.int64)
    rows = np.arange(len(columns))
    return coo_array((np.ones(len(rows), np.int64), (group_of, rows))).tocsr() @ columns


def _split_sets(
    indicator: np.ndarray, groups: np.ndarray, held_out: float, random_state: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Split rows with several labels as `split_rows` does."""
    rows = assign_sets(indicator, groups, [1 - held_out, held_out], random_state) == 1
    for label in np.flatnonzero(indicator.any(axis=0) & ~indicator[~rows].any(axis=0)):
        rows &= groups != groups[np.flatnonzero(indicator[:, label])[-1]]
    return np.flatnonzero(~rows), np.flatnonzero(rows)


def _fold_sets(
    indicator: np.ndarray, groups: np.ndarray, n_folds: int, random_state: Any
) -> np.ndarray:
    """Return the fold of rows with several labels as `fold_rows` does."""
    folds = assign_sets(indicator, groups, np.full(n_folds, 1 / n_folds), random_state)
    for label in range(indicator.shape[1]):
        of_label = indicator[:, label]
        if len(np.unique(folds[of_label])) == 1:
            folds[np.isin(groups, groups[of_label])] = -1
    return folds
