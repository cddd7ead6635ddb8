"""Whether an estimator is fitted, found without its tags."""

from typing import Any

from sklearn.utils.validation import check_is_fitted


def is_fitted(estimator: Any) -> bool:
    """Return whether an estimator is fitted, by scikit-learn's rules.

    Parameters
    ----------
    estimator : estimator

    Returns
    -------
    bool
    """
    asked = getattr(estimator, "__sklearn_is_fitted__", None)
    if asked is not None:
        return asked()
    return any(name[-1] == "_" and name[:2] != "__" for name in vars(estimator))


def check_fitted(estimator: Any) -> None:
    """Raise an error if an estimator is not fitted, as `check_is_fitted` does.

    That makes the tags of the estimator each time, which takes longer than to predict a text.

    Parameters
    ----------
    estimator : estimator

    Raises
    ------
    NotFittedError
    """
    if not is_fitted(estimator):
        check_is_fitted(estimator)
