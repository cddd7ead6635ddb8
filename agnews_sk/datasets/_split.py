"""Stratified split into three parts, with duplicates kept in one part."""

import math
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state

from agnews_sk._core.joining import join_columns
from agnews_sk._core.label_sets import LabelSets, check_label_sets, check_target, is_multilabel
from agnews_sk._core.same_text import normalized
from agnews_sk._core.splitting import assign_sets, rarest_labels
from agnews_sk._core.user_warnings import warn_user
from agnews_sk._core.validation import as_frame, n_rows, take_rows, text_columns

_MOST_CLASSES_SHOWN = 10


def train_val_test_split(
    X: Any,
    y: Any,
    *,
    val_size: float | int = 0.1,
    test_size: float | int = 0.2,
    group_duplicates: bool = True,
    random_state: Any = None,
) -> tuple[Any, Any, Any, Any, Any, Any]:
    """Split rows and labels into a training, a validation and a test part.

    Every class has the same share of each part, up to rounding. Texts that are duplicates of each
    other are in the same part, so that no test text was seen in training. With several labels per
    row, every label has about the same share of each part.

    Parameters
    ----------
    X : DataFrame or array-like of str of shape (n_samples,)
        Rows; the parts are containers of the same kind.
    y : array-like of shape (n_samples,), or sets of labels, or an indicator
        Labels; the parts are containers of the same kind.
    val_size, test_size : float or int, default=0.1 and 0.2
        Share of the rows if a float in [0, 1), number of rows if an int. 0 leaves the part empty.
    group_duplicates : bool, default=True
        Keep rows together if their texts, with all text columns joined, are equal up to case,
        punctuation and whitespace, as `DuplicateFilter` and `audit` compare them. Empty texts
        count as equal.
    random_state : int, RandomState instance or None, default=None
        Random seed for the choice and the order of the rows.

    Returns
    -------
    X_train, X_val, X_test, y_train, y_val, y_test : containers
        Shuffled rows of `X` and `y`.

    Raises
    ------
    ValueError
        If lengths differ, a size is out of range or leaves nothing to train on, a label is
        missing, or every class has fewer rows than there are parts.

    Warns
    -----
    UserWarning
        If a part with a size above 0 is empty, since groups of duplicates are too large. If a class
        has fewer rows than there are parts: all of them become training rows. With several labels
        per row, if a label has fewer rows than there are parts.

    Notes
    -----
    The parts have exactly the requested sizes unless groups of duplicates are too large to fit, or
    too many rows belong to classes with fewer rows than there are parts. A group is assigned to a
    random part that has room for it, with probability proportional to the room; then rows without
    duplicates fill each part class by class. Label sets are split by iterative stratification
    (Sechidis et al. 2011), from the rarest label on.

    Examples
    --------
    >>> from agnews_sk.datasets import train_val_test_split
    >>> texts = ["Oil up", "oil  up!", "Oil down", "Cup won", "Cup lost", "Cup drawn"]
    >>> y = ["Business"] * 3 + ["Sports"] * 3
    >>> X_train, X_val, X_test, *_ = train_val_test_split(
    ...     texts, y, val_size=1, test_size=1, random_state=0
    ... )
    >>> len(X_train), len(X_val), len(X_test)
    (4, 1, 1)
    >>> ("Oil up" in X_train) == ("oil  up!" in X_train)
    True
    """
    X = as_frame(X)
    n = n_rows(X)
    labels = check_target(y, X)
    n_val, n_test = _n_of(val_size, n, "val_size"), _n_of(test_size, n, "test_size")
    if n_val + n_test >= n:
        raise ValueError(
            f"val_size={val_size} and test_size={test_size} take {n_val + n_test} of {n} rows and "
            "leave no training rows; lower them."
        )
    n_parts = 1 + (n_val > 0) + (n_test > 0)
    groups = pd.factorize(_normalized(X))[0] if group_duplicates else np.arange(n)
    rng = check_random_state(random_state)
    if is_multilabel(y):
        parts = _assign_sets(check_label_sets(y), groups, n_parts, n_val, n_test, rng)
    else:
        codes, is_rare = _class_codes(labels, n_parts)
        parts = _assign(codes, is_rare, groups, n_val, n_test, rng)
    order = rng.permutation(n)
    chosen = [order[parts[order] == part] for part in range(3)]
    if (n_val and not len(chosen[1])) or (n_test and not len(chosen[2])):
        warn_user(
            "Too many rows are duplicates of each other to fill every part: got "
            f"{len(chosen[0])}, {len(chosen[1])} and {len(chosen[2])} rows; drop duplicates first, "
            "or pass group_duplicates=False.",
            UserWarning,
        )
    X_train, X_val, X_test = (take_rows(X, rows) for rows in chosen)
    y_train, y_val, y_test = (take_rows(y, rows) for rows in chosen)
    return X_train, X_val, X_test, y_train, y_val, y_test


def _n_of(size: float | int, n: int, name: str) -> int:
    """Return the number of rows of a part, a share being rounded up."""
    if isinstance(size, (int, np.integer)) and not isinstance(size, bool) and 0 <= size < n:
        return int(size)
    if isinstance(size, (float, np.floating)) and 0 <= size < 1:
        return math.ceil(size * n)
    raise ValueError(
        f"{name} must be a fraction in [0, 1) or a number of rows below {n}, got {size!r}."
    )


def _class_codes(labels: np.ndarray, n_parts: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the class of each row as an integer, and which classes have too few rows to divide.

    Parameters
    ----------
    labels : ndarray of shape (n_samples,)
    n_parts : int

    Returns
    -------
    codes : ndarray of int of shape (n_samples,)
    is_rare : ndarray of bool of shape (n_classes,)

    Raises
    ------
    ValueError
        If all classes have.

    Warns
    -----
    UserWarning
        If some have.
    """
    codes, classes = pd.factorize(labels)
    counts = np.bincount(codes)
    is_rare = counts < n_parts
    if is_rare.all():
        raise ValueError(
            f"Every class of y has fewer rows than the {n_parts} parts, such as "
            f"{classes.tolist()[0]!r:.60} with {counts[0]}; add rows, or take fewer parts."
        )
    if is_rare.any():
        rare = [label for label, few in zip(classes.tolist(), is_rare) if few]
        shown = ", ".join(map(repr, rare[:_MOST_CLASSES_SHOWN]))
        more = f" and {len(rare) - _MOST_CLASSES_SHOWN:,} more" * (len(rare) > _MOST_CLASSES_SHOWN)
        warn_user(
            f"Classes of y with fewer rows than the {n_parts} parts are only in the training part: "
            f"{shown}{more}.",
            UserWarning,
        )
    return codes, is_rare


def _normalized(X: Any) -> np.ndarray:
    """Return the text of each row in the form in which duplicates are equal."""
    columns = list(text_columns(X, None, name="X").values())
    return normalized(join_columns(columns)).fill_null("").to_numpy()


def _assign(
    classes: np.ndarray,
    is_rare: np.ndarray,
    groups: np.ndarray,
    n_val: int,
    n_test: int,
    rng: np.random.RandomState,
) -> np.ndarray:
    """Return the part of each row: 0 for training, 1 for validation, 2 for test.

    Parameters
    ----------
    classes, groups : ndarray of int of shape (n_samples,)
        Class, and group of duplicates, of each row.
    is_rare : ndarray of bool of shape (n_classes,)
        Classes whose rows, and duplicates of them, all become training rows.
    n_val, n_test : int
        Number of rows to validate and to test on.
    rng : numpy.random.RandomState

    Returns
    -------
    ndarray of int8 of shape (n_samples,)
    """
    room = _rows_per_class(np.bincount(classes), is_rare, n_val, n_test)  # (3, n_classes)
    parts = np.empty(len(classes), dtype=np.int8)
    together = np.bincount(groups)[groups] > 1
    for rows in _shuffled_groups(np.flatnonzero(together), groups, rng):
        counts = np.bincount(classes[rows], minlength=room.shape[1])
        part = 0 if is_rare[classes[rows]].any() else _draw_part(room, counts, rng)
        parts[rows] = part
        room[part] -= counts
    alone = np.flatnonzero(~together)
    for c in range(room.shape[1]):
        rows = rng.permutation(alone[classes[alone] == c])
        shares = _shared_out(len(rows), room[:, c].clip(min=0))
        parts[rows] = np.repeat(np.arange(3), shares)
    return parts


def _assign_sets(
    sets: LabelSets,
    groups: np.ndarray,
    n_parts: int,
    n_val: int,
    n_test: int,
    rng: np.random.RandomState,
) -> np.ndarray:
    """Return the part of each row with several labels, as `_assign` does.

    Rows without duplicates move from parts that are too large to those that are too small: rows
    without labels first, and those with the rarest labels last.

    Parameters
    ----------
    sets : LabelSets of n_samples rows
    groups : ndarray of int of shape (n_samples,)
        Group of duplicates of each row.
    n_parts : int
        Parts that are not empty.
    n_val, n_test : int
        Number of rows to validate and to test on.
    rng : numpy.random.RandomState

    Returns
    -------
    ndarray of int of shape (n_samples,)

    Warns
    -----
    UserWarning
        If a label has fewer rows than there are parts.
    """
    counts = sets.indicator.sum(axis=0)
    rare = sets.classes[(counts > 0) & (counts < n_parts)].tolist()
    if rare:
        warn_user(
            f"The labels {rare} of y have fewer rows than the {n_parts} parts, so that some part "
            "lacks them.",
            UserWarning,
        )
    n = len(groups)
    sizes = np.array([n - n_val - n_test, n_val, n_test])
    parts = assign_sets(sets.indicator, groups, sizes / n, rng)
    rarity = np.append(counts, n + 1)[rarest_labels(sets.indicator)]  # (n_samples,)
    alone = np.flatnonzero(np.bincount(groups)[groups] == 1)
    movable = alone[np.argsort(-rarity[alone], kind="stable")]
    surplus = np.bincount(parts, minlength=3) - sizes
    moved = [movable[parts[movable] == one][: max(0, surplus[one])] for one in range(3)]
    rows = np.concatenate(moved)
    to = np.repeat(np.arange(3), (-surplus).clip(min=0))
    n_moved = min(len(rows), len(to))
    parts[rows[:n_moved]] = to[:n_moved]
    return parts


def _rows_per_class(counts: np.ndarray, is_rare: np.ndarray, n_val: int, n_test: int) -> np.ndarray:
    """Return how many rows of each class each part should have, of shape (3, n_classes)."""
    common = np.where(is_rare, 0, counts)
    n_test = min(n_test, common.sum())
    test = _shared_out(n_test, common)
    val = _shared_out(min(n_val, common.sum() - n_test), common - test)
    return np.stack([counts - test - val, val, test])


def _shared_out(total: int, weights: np.ndarray) -> np.ndarray:
    """Divide `total` into integers proportional to the weights, by largest remainders."""
    if total == 0:
        return np.zeros(len(weights), dtype=int)
    exact = total * weights / weights.sum()
    shares = np.floor(exact).astype(int)
    largest = np.argsort(shares - exact, kind="stable")
    shares[largest[: total - shares.sum()]] += 1
    return shares


def _shuffled_groups(
    rows: np.ndarray, groups: np.ndarray, rng: np.random.RandomState
) -> list[np.ndarray]:
    """Return the rows of each group, the largest groups first, in random order within a size."""
    if len(rows) == 0:
        return []
    rows = rows[np.argsort(groups[rows], kind="stable")]
    found = np.split(rows, np.flatnonzero(np.diff(groups[rows])) + 1)
    drawn = [found[i] for i in rng.permutation(len(found))]
    return sorted(drawn, key=len, reverse=True)


def _draw_part(room: np.ndarray, counts: np.ndarray, rng: np.random.RandomState) -> int:
    """Return a random part with room for a group, or the one with the most room if none has enough.

    Parameters
    ----------
    room : ndarray of int of shape (3, n_classes)
        Rows of each class that each part still needs.
    counts : ndarray of int of shape (n_classes,)
        Rows of each class in the group.
    rng : numpy.random.RandomState

    Returns
    -------
    int
    """
    fits = ((room >= counts) | (counts == 0)).all(axis=1)
    if not fits.any():
        return int(room.sum(axis=1).argmax())
    weights = np.where(fits, room @ counts, 0)
    return int(np.searchsorted(weights.cumsum(), rng.randint(weights.sum()), side="right"))
