"""Predictions of a pipeline for rows without metadata, at the cost of its steps."""

from collections.abc import Callable
from typing import Any

from sklearn import get_config
from sklearn.utils.metaestimators import available_if

from agnews_sk._core.fitted import is_fitted


def last_has(method: str) -> Callable[[Any], bool]:
    """Return a function that tells whether the last step of a pipeline has a method.

    Parameters
    ----------
    method : str

    Returns
    -------
    callable
        From a pipeline to bool.
    """
    return lambda pipeline: hasattr(pipeline._final_estimator, method)


class PredictsPlainRows:
    """Let a pipeline predict rows without metadata by its steps alone.

    imbalanced-learn makes the tags of all steps to see whether a pipeline is fitted, which takes
    longer than to predict a text. Everything else is left to it.
    """

    steps: list[tuple[str, Any]]

    @available_if(last_has("predict"))
    def predict(self, X: Any, **params: Any) -> Any:
        """Return the predictions of the last step.

        Parameters
        ----------
        X : DataFrame or array-like of str of shape (n_samples,)
        **params
            As in `imblearn.pipeline.Pipeline`.

        Returns
        -------
        ndarray of shape (n_samples,), or what else the last step returns
        """
        if self._is_plain(params):
            return self.steps[-1][1].predict(self._before_last(X))
        return super().predict(X, **params)  # type: ignore[misc]

    @available_if(last_has("predict_proba"))
    def predict_proba(self, X: Any, **params: Any) -> Any:
        """Return the probabilities of the last step.

        Parameters
        ----------
        X : DataFrame or array-like of str of shape (n_samples,)
        **params
            As in `imblearn.pipeline.Pipeline`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        if self._is_plain(params):
            return self.steps[-1][1].predict_proba(self._before_last(X))
        return super().predict_proba(X, **params)  # type: ignore[misc]

    def _is_plain(self, params: Any) -> bool:
        """Return whether the pipeline is fitted, and there is no metadata to pass on."""
        routed = params or get_config()["enable_metadata_routing"]
        return not routed and is_fitted(self.steps[-1][1])

    def _before_last(self, X: Any) -> Any:
        """Return what the steps before the last one make of rows."""
        for _, _, step in self._iter(with_final=False):  # type: ignore[attr-defined]
            X = step.transform(X)
        return X
