"""Models whose predictions are those of an estimator within them."""

from typing import Any

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted


class PredictsByEstimator:
    """Base of the fitted models that predict by their `estimator_` alone."""

    estimator_: Any

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable label of each row.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, ...)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        return self.estimator_.predict(X)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, ...)

        Returns
        -------
        ndarray of float of shape (n_samples, n_classes)
        """
        check_is_fitted(self)
        return self.estimator_.predict_proba(X)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "estimator_")


def predicting_estimator(model: Any) -> Any:
    """Return the estimator that makes the predictions of a fitted model.

    Parameters
    ----------
    model : fitted estimator
        A search, whose `best_estimator_` predicts; a `PredictsByEstimator` or `FrozenEstimator`,
        whose estimator does; or another, which predicts itself.

    Returns
    -------
    estimator

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from sklearn.model_selection import GridSearchCV
    >>> from agnews_sk._core.delegation import predicting_estimator
    >>> search = GridSearchCV(DummyClassifier(), {}, cv=2).fit([[0]] * 4, [0, 1, 0, 1])
    >>> predicting_estimator(search)
    DummyClassifier()
    """
    if isinstance(model, FrozenEstimator):
        return predicting_estimator(model.estimator)
    if isinstance(model, PredictsByEstimator) and hasattr(model, "estimator_"):
        return predicting_estimator(model.estimator_)
    if hasattr(model, "best_estimator_"):
        return predicting_estimator(model.best_estimator_)
    return model
