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
    **more: Any,
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
    **more
        Further entries.

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
        **more,
    )


def as_returned(bunch: Bunch, return_X_y: bool) -> Any:
    """Return the Bunch, or only its rows and labels if the caller requested these."""
    return (bunch.data, bunch.target) if return_X_y else bunch


def check_choice(value: str, allowed: tuple[str, ...], *, name: str) -> None:
    """Raise a ValueError that lists the choices unless the value is one of them."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}.")


def labels_of(target: np.ndarray) -> set[Any]:
    """Return the labels that occur, also in lists of labels."""
    lists = (label if isinstance(label, list) else [label] for label in target.tolist())
    return {one for labels in lists for one in labels}


def summarize(bunches: Sequence[Bunch]) -> str:
    """Return in one line which columns were read from files, and how many classes and rows.

    Parameters
    ----------
    bunches : sequence of Bunch
        Parts of one dataset, with the column of the labels as `label_name`.

    Returns
    -------
    str
    """
    first = bunches[0]
    n_classes = len({name for bunch in bunches for name in bunch.target_names})
    n_rows = sum(len(bunch.target) for bunch in bunches)
    texts = first.get("text_names", list(first.data.columns))
    others = [name for name in first.data.columns if name not in texts]
    beside = f"; beside: {', '.join(others)}" if others else ""
    several = ", several per row" if isinstance(first.target[0], list) else ""
    if several and first.get("label_form"):
        several += f" ({first.label_form})"
    labels = [first.label_name] if isinstance(first.label_name, str) else first.label_name
    return (
        f"text: {', '.join(texts)}; label: {', '.join(labels)}, "
        f"{_counted(n_classes, 'class', 'classes')}{several}{beside}; "
        f"{_counted(n_rows, 'row', 'rows')}"
    )


def _counted(number: int, one: str, many: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {one if number == 1 else many}"
