"""What determines the results of an unfitted estimator: parameters, class, and other state."""

import os
from pathlib import Path
from typing import Any

from agnews_sk._core.code import library_of
from agnews_sk._core.pretrained import model_digest

# Parameters that change where and how fast an estimator runs, but none of its predictions.
RUNTIME_ONLY = {"cache", "cache_dir", "checkpoint_dir", "device", "devices", "memory"}
RUNTIME_ONLY |= {"n_jobs", "verbose"}


def besides_parameters(estimator: Any) -> dict[str, Any]:
    """Return what determines an estimator's results besides its parameters.

    Parameters
    ----------
    estimator : estimator

    Returns
    -------
    dict of str to Any
        Its class, its metadata requests, and those of its callbacks that the user wrote.
    """
    callbacks = getattr(estimator, "_skl_callbacks", ())
    requests = getattr(estimator, "_metadata_request", None)
    return {
        "class": type(estimator),
        "requests": None if requests is None else str(requests),
        "callbacks": [one for one in callbacks if library_of(type(one)) is None],
    }


def survives_clone(estimator: Any) -> bool:
    """Return whether `clone` keeps the fitted state, as it does of a `FrozenEstimator`."""
    from sklearn.base import BaseEstimator

    make = getattr(type(estimator), "__sklearn_clone__", None)
    return make is not None and make is not BaseEstimator.__sklearn_clone__


def of_parameter(value: Any) -> Any:
    """Return a parameter, or a digest of the model's files if it is the path of a folder."""
    if isinstance(value, (str, Path)) and str(value) and os.path.isdir(value):
        return model_digest(str(value))
    return value
