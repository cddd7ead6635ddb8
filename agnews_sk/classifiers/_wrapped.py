"""What a meta-estimator needs from its classifier: input, weights, labels."""

from itertools import count
from typing import Any

import numpy as np
from sklearn import get_config
from sklearn.frozen import FrozenEstimator
from sklearn.utils.metadata_routing import get_routing_for_object
from sklearn.utils.validation import has_fit_parameter

from agnews_sk._core.splitting import split_rows
from agnews_sk._core.user_warnings import warn_user
from agnews_sk._core.validation import n_rows


def first_step(estimator: Any) -> Any:
    """Return the first step of a pipeline, whose own tags do not show whether it takes texts.

    Parameters
    ----------
    estimator : estimator

    Returns
    -------
    estimator
    """
    steps = [step for _, step in getattr(estimator, "steps", [])]
    return next((step for step in steps if step not in (None, "passthrough")), estimator)


def params_of_fit(
    estimator: Any, X: Any, fit_params: dict[str, Any], sample_weight: Any, groups: Any
) -> dict[str, Any]:
    """Return the parameters for the `fit` of an estimator, weights under its name for them.

    Parameters
    ----------
    estimator : estimator
    X : container of n_samples rows
    fit_params : dict of str to object
        Given under the names that the estimator has for them.
    sample_weight, groups : array-like of shape (n_samples,) or None
        Groups are left out where the estimator takes none or, with metadata routing, does not
        request them.

    Returns
    -------
    dict of str to object

    Raises
    ------
    TypeError
        If weights are given, and the estimator takes none.
    ValueError
        If weights are given twice, or are not one per row.
    """
    params = dict(fit_params)
    for name, value in fit_params.items():
        is_weight = name.rpartition("__")[2] == "sample_weight" and value is not None
        if is_weight and n_rows(value) != n_rows(X):
            raise ValueError(
                f"{name} must have one weight per row of X, {n_rows(X)}, got {n_rows(value)}."
            )
    origin = name_of(estimator, "groups")
    if groups is not None and origin is not None and _asks_for_groups(estimator):
        params[origin] = groups
    if sample_weight is None or isinstance(estimator, FrozenEstimator):
        return params
    weights = name_of(estimator, "sample_weight")
    if weights is None:
        raise TypeError(
            f"sample_weight is given, but fit of {type(estimator).__name__} takes none."
        )
    if weights in fit_params:
        raise ValueError(
            f"sample_weight and {weights} set the same weights; pass only one of them."
        )
    return {**params, weights: sample_weight}


def name_of(estimator: Any, metadata: str) -> str | None:
    """Return the name that `fit` of an estimator has for metadata, None if it takes none."""
    if has_fit_parameter(estimator, metadata):
        return metadata
    if hasattr(estimator, "steps"):
        name, last = estimator.steps[-1]
        inner = name_of(last, metadata)
        # With metadata routing a pipeline takes the plain name.
        plain = inner is None or get_config()["enable_metadata_routing"]
        return inner if plain else f"{name}__{inner}"
    return name_of(estimator.estimator, metadata) if hasattr(estimator, "estimator") else None


def _asks_for_groups(estimator: Any) -> bool:
    """Return whether `fit` takes groups and, with metadata routing, requests them."""
    if has_fit_parameter(estimator, "groups") or not get_config()["enable_metadata_routing"]:
        return True
    return "groups" in get_routing_for_object(estimator).consumes("fit", ["groups"])


def label_of_no_class(classes: np.ndarray) -> Any:
    """Return a label of the kind of the classes that is not one of them.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)

    Returns
    -------
    str, int or float

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk.classifiers._wrapped import label_of_no_class
    >>> label_of_no_class(np.array(["Sports"])), label_of_no_class(np.array([-1, 1]))
    ('abstained', -2)
    """
    known = set(classes.tolist())
    if any(isinstance(label, str) for label in known):
        return next(label for i in count() if (label := "abstained" + "_" * i) not in known)
    if classes.dtype == np.uint64:  # no NumPy type holds those and a negative number
        return next(label for i in count() if (label := classes.dtype.type(i)) not in known)
    below = min(-1, int(min(known)) - 1)
    if classes.dtype.kind == "f":
        return float(below)
    return below if below >= np.iinfo(np.int64).min else next(i for i in count() if i not in known)


def hold_out(
    y: np.ndarray, origins: np.ndarray, fraction: float, random_state: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Return positions to fit on and, stratified by class, to choose a threshold on.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
    origins : ndarray of int of shape (n_samples,)
        Rows of one value stay together. If they leave nothing to hold out, half of the rows are
        held out, or else single rows.
    fraction : float
        Share of the rows to hold out, the parameter `calibration_fraction`.
    random_state : int, RandomState or None

    Returns
    -------
    fitted, held_out : ndarray of int

    Raises
    ------
    ValueError
        If no row can be held out.

    Warns
    -----
    UserWarning
        If no row of a class could be held out, or not this share of the rows.
    """
    classes, codes = np.unique(y, return_inverse=True)
    fitted, held_out = split_rows(codes, origins, fraction, random_state)
    if not len(held_out):
        by_row = split_rows(codes, np.arange(len(codes)), fraction, random_state)
        if not len(by_row[1]):
            raise ValueError(
                f"calibration_fraction={fraction} of {len(codes)} rows, drawn per class, holds out "
                "none; raise it, or pass a FrozenEstimator."
            )
        fitted, held_out = split_rows(codes, origins, max(fraction, 0.5), random_state)
        together = len(held_out) > 0
        fitted, held_out = (fitted, held_out) if together else by_row
        warn_user(
            f"calibration_fraction={fraction} holds out none of {len(codes)} rows if rows of one "
            f"origin and duplicates stay together; {len(held_out)} are held out"
            f"{' instead' if together else ' without their duplicates'}.",
        )
    if len(without := np.setdiff1d(codes, codes[held_out])):
        warn_user(
            f"the threshold is chosen without the classes {classes[without].tolist()}, which "
            "have too few rows to hold one out.",
        )
    return fitted, held_out
