"""The Bunch that every loader returns, and the names of AG News' classes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from sklearn.utils import Bunch

# In the order of the official class numbers 1 to 4.
TARGET_NAMES = ("World", "Sports", "Business", "Sci/Tech")


def make_bunch(
    rows: pl.DataFrame,
    target: np.ndarray,
    description: str,
    *,
    target_names: Sequence[Any] = TARGET_NAMES,
) -> Bunch:
    """Return rows and labels as scikit-learn's loaders do.

    Parameters
    ----------
    rows : polars.DataFrame of shape (n_samples, n_columns)
        Text columns.
    target : ndarray of shape (n_samples,)
        Labels.
    description : str
        Description of the rows and their source.
    target_names : sequence of labels
        The classes, by default those of AG News.

    Returns
    -------
    Bunch
        With `data`, a pandas DataFrame, `target`, `target_names` and `DESCR`.
    """
    return Bunch(
        data=rows.to_pandas(),
        target=target,
        target_names=list(target_names),
        DESCR=description,
    )


def as_returned(bunch: Bunch, return_X_y: bool) -> Any:
    """Return the Bunch, or only its rows and labels if the caller requested these."""
    return (bunch.data, bunch.target) if return_X_y else bunch


def check_choice(value: str, allowed: tuple[str, ...], *, name: str) -> None:
    """Raise a ValueError that lists the choices unless the value is one of them."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}.")
