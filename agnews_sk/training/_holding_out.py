"""The rows that `validation_fraction` holds out."""

import numpy as np

from agnews_sk._core.splitting import join_groups, split_rows
from agnews_sk._core.user_warnings import warn_user
from agnews_sk.training._rows import TextRows


def split_off(
    rows: TextRows, fraction: float, groups: np.ndarray | None, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Split rows, stratified by class; rows of one origin or of equal ids stay together.

    Parameters
    ----------
    rows : TextRows of n_samples rows
    fraction : float
        Share to hold out.
    groups : ndarray of shape (n_samples,) or None
        Origin of each row.
    seed : int
        Random seed of the split.

    Returns
    -------
    kept, held_out : ndarray of int
        Positions; the second may be empty.
    """
    assert rows.target is not None
    origins = [rows.equal_rows(), *([] if groups is None else [groups])]
    several = rows.target.ndim == 2
    codes = rows.target > 0 if several else rows.target
    return split_rows(codes, join_groups(*origins), fraction, seed)


def hold_out(
    rows: TextRows, fraction: float, groups: np.ndarray | None, classes: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Split rows as `split_off` does, into a part to train on and one to validate on.

    Parameters
    ----------
    rows : TextRows of n_samples rows
    fraction : float
        Share to hold out.
    groups : ndarray of shape (n_samples,) or None
        Origin of each row.
    classes : ndarray of shape (n_classes,)
        Labels, for messages.
    seed : int
        Random seed of the split.

    Returns
    -------
    train, valid : ndarray of int
        Positions.

    Raises
    ------
    ValueError
        If there are too few rows to hold out any.

    Warns
    -----
    UserWarning
        If a class has too few rows to hold out any of them.
    """
    assert rows.target is not None
    train, valid = split_off(rows, fraction, groups, seed)
    if len(valid) == 0:
        raise ValueError(
            f"validation_fraction={fraction} of {len(rows)} rows leaves no validation rows; "
            "raise it, or pass X_val and y_val to fit."
        )
    rare = np.setdiff1d(_codes_in(rows.target), _codes_in(rows.target[valid]))
    if len(rare):
        warn_user(
            f"validation_fraction={fraction} holds out no rows of the classes "
            f"{classes[rare].tolist()}, which have too few distinct rows; all are trained on.",
            UserWarning,
        )
    return train, valid


def _codes_in(target: np.ndarray) -> np.ndarray:
    """Return the codes of the labels that any row has, of one label per row or several."""
    return target if target.ndim == 1 else np.flatnonzero(target.any(axis=0))
