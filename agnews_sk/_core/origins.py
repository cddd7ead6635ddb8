"""Origins: the row of X that each row returned by the samplers of a pipeline comes from."""

from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Integral
from typing import Any

import numpy as np

from agnews_sk._core.label_sets import stratification
from agnews_sk._core.splitting import fold_rows, join_groups
from agnews_sk._core.user_warnings import warn_user
from agnews_sk._core.validation import check_groups, n_rows

# Metadata with one value per row, which samplers drop and repeat as they do the rows.
PER_ROW = ("sample_weight", "groups", "soft_labels")


def check_per_row(X: Any, params: dict[str, Any]) -> None:
    """Reject metadata of rows, such as weights, that are not one value per row.

    Parameters
    ----------
    X : container of n_samples rows
    params : dict of str to object
        Metadata by name, such as `classify__sample_weight`; others are ignored.

    Raises
    ------
    ValueError
        If there are more values than rows, or fewer.
    """
    for name, value in params.items():
        of_rows = name.rpartition("__")[2] in PER_ROW and value is not None
        if of_rows and n_rows(value) != n_rows(X):
            raise ValueError(
                f"{name} must have one value per row of X, {n_rows(X)}, got {n_rows(value)}."
            )


def follow_rows(name: str, values: Any, samplers: list[Any]) -> np.ndarray:
    """Return values of rows, such as weights, for the rows that samplers return.

    Parameters
    ----------
    name : str
        Name in messages.
    values : array-like of shape (n_samples,)
    samplers : list of fitted samplers

    Returns
    -------
    ndarray of shape (n_rows_out,)

    Raises
    ------
    ValueError
        If a sampler does not record where its rows come from.
    """
    values = np.asarray(values)
    for sampler in samplers:
        if not hasattr(sampler, "sample_indices_"):
            raise ValueError(
                f"{name} cannot follow the rows of {type(sampler).__name__}, which does not record "
                f"where they come from (it has no sample_indices_); leave {name} out, or use a "
                "sampler that repeats rows, such as RandomOverSampler."
            )
        values = values[sampler.sample_indices_]
    return values


def find_origins(samplers: list[Any]) -> np.ndarray | None:
    """Return the position of the row that each row comes from.

    Parameters
    ----------
    samplers : list of fitted samplers

    Returns
    -------
    ndarray of int of shape (n_rows_out,), or None
        None if no two rows have the same origin, or there are no samplers.

    Warns
    -----
    UserWarning
        If a sampler does not record where its rows come from.
    """
    silent = [sampler for sampler in samplers if not hasattr(sampler, "sample_indices_")]
    if silent:
        warn_user(
            f"{type(silent[0]).__name__} does not record where its rows come from (it has no "
            "sample_indices_), so copies of a row may be on both sides of the last step's splits.",
        )
        return None
    origins = None
    for sampler in samplers:
        indices = sampler.sample_indices_
        origins = indices if origins is None else origins[indices]
    return None if origins is None or len(np.unique(origins)) == len(origins) else origins


def with_origins(groups: Any, origins: np.ndarray | None) -> np.ndarray | None:
    """Return groups in which rows of the same origin are together too.

    Parameters
    ----------
    groups : array-like of shape (n_samples,), or None
    origins : ndarray of int of shape (n_samples,), or None

    Returns
    -------
    ndarray of shape (n_samples,), or None
    """
    if groups is None or origins is None:
        return origins if groups is None else groups
    return join_groups(origins, check_groups(groups, groups))


class OriginFolds:
    """Stratified cross-validation splitter that keeps rows of the same origin in one fold.

    Parameters
    ----------
    pipeline : Pipeline
        Its samplers must be fitted when `split` is called.
    n_folds : int
    """

    def __init__(self, pipeline: Any, n_folds: int) -> None:
        self.pipeline = pipeline
        self.n_folds = n_folds

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of folds."""
        return self.n_folds

    def split(self, X: Any, y: Any, groups: Any = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the positions to train on and to test on for each fold.

        Parameters
        ----------
        X, y : containers of n_samples rows and labels
        groups : array-like of shape (n_samples,), optional

        Yields
        ------
        train, test : ndarray of int
        """
        codes = stratification(y)
        together = with_origins(groups, find_origins(samplers_of(self.pipeline)))
        together = np.arange(len(codes)) if together is None else together
        # Each row is tested on once, also those of a class with a single origin.
        folds = np.maximum(fold_rows(codes, together, self.n_folds, random_state=0), 0)
        for fold in range(self.n_folds):
            yield np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)


def samplers_of(pipeline: Any) -> list[Any]:
    """Return the samplers among the steps of a pipeline."""
    return [step for _, step in pipeline.steps[:-1] if hasattr(step, "fit_resample")]


@contextmanager
def folds_by_origin(pipeline: Any) -> Iterator[None]:
    """Let a last step with a number of folds as `cv` keep copies of a row in one fold.

    Parameters
    ----------
    pipeline : Pipeline
        If it has samplers, the `cv` of its last step is an `OriginFolds` until the block ends.
    """
    last_step = pipeline.steps[-1][1]
    params = last_step.get_params(deep=False) if hasattr(last_step, "get_params") else {}
    cv = params.get("cv", "")
    if not samplers_of(pipeline) or not (cv is None or isinstance(cv, Integral)) or cv is False:
        yield
        return
    last_step.set_params(cv=OriginFolds(pipeline, 5 if cv is None else int(cv)))
    try:
        yield
    finally:
        last_step.set_params(cv=cv)
