"""Label sets for the scorers of scikit-learn, which take indicators only."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.metrics._scorer import _Scorer

from agnews_sk._core.label_sets import check_label_sets, is_multilabel, label_format_of


def score_rows(scorer: Any, estimator: Any, X: Any, y: Any, params: dict[str, Any]) -> Any:
    """Return the score of a fitted estimator on rows with one label or several.

    Parameters
    ----------
    scorer : scorer
    estimator : estimator
        Fitted.
    X, y : containers of n_samples rows and labels, or sets of labels
    params : dict
        Metadata for the scorer.

    Returns
    -------
    float
    """
    several = label_format_of(estimator) is not None or is_multilabel(y)
    if type(scorer) is not _Scorer or not several:
        return scorer(estimator, X, y, **params)
    return score_sets(scorer, estimator, lambda method: getattr(estimator, method)(X), y, params)


def score_sets(
    scorer: Any, estimator: Any, respond: Callable[[str], Any], y: Any, params: dict[str, Any]
) -> Any:
    """Return the score of one of scikit-learn's scorers for several labels per row.

    Parameters
    ----------
    scorer : scorer
    estimator : classifier
        Fitted.
    respond : callable
        Takes the name of a method, such as "predict", and returns what it gives for the rows.
    y : container of n_samples sets of labels, or indicator
    params : dict
        Metadata for the scorer.

    Returns
    -------
    float
    """
    classes = np.asarray(estimator.classes_)
    known: dict[str, Any] = {"classes": classes, "label_format": label_format_of(estimator)}
    true = check_label_sets(y, **known).indicator.astype(int)

    def predict(_: Any, method: str, __: Any, **keywords: Any) -> np.ndarray:
        """Return predictions with a column per label, zeros for those it does not know."""
        found = respond(method)
        if method == "predict":
            found = check_label_sets(found, **known).indicator.astype(int)
        return np.pad(found, [(0, 0), (0, true.shape[1] - found.shape[1])])

    return scorer._score(predict, estimator, None, true, **params)
