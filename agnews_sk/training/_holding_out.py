"""The rows that `validation_fraction` holds out."""

import warnings

import numpy as np

from agnews_sk._core.splitting import join_groups, split_rows
from agnews_sk.training._rows import TextRows


def hold_out(
    rows: TextRows, fraction: float, groups: np.ndarray | None, classes: np.ndarray, seed: int
) -> tuple[TextRows, TextRows]:
    """Split rows, stratified by class; rows of one origin or of equal ids stay together.

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
    train, valid : TextRows

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
    origins = [rows.equal_rows(), *([] if groups is None else [groups])]
    train, valid = split_rows(rows.target, join_groups(*origins), fraction, seed)
    if len(valid) == 0:
        raise ValueError(
            f"validation_fraction={fraction} of {len(rows)} rows leaves no validation rows; "
            "raise it, or pass X_val and y_val to fit."
        )
    rare = np.setdiff1d(rows.target, rows.target[valid])
    if len(rare):
        warnings.warn(
            f"validation_fraction={fraction} holds out no rows of the classes "
            f"{classes[rare].tolist()}, which have too few distinct rows; all are trained on.",
            UserWarning,
            stacklevel=5,
        )
    return rows.take(train), rows.take(valid)
