"""Tables of a comparison's result by class or label."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from agnews_sk._core.label_arrays import codes_of
from agnews_sk._core.label_sets import indicator_of
from agnews_sk.evaluation._quality import PER_CLASS

if TYPE_CHECKING:
    from agnews_sk.evaluation._result import ComparisonResult


def label_scores(result: "ComparisonResult", name: str) -> pd.DataFrame:
    """Return the scores of a classifier for each class, as `ComparisonResult.label_scores`.

    Parameters
    ----------
    result : ComparisonResult
    name : str

    Returns
    -------
    pandas.DataFrame of shape (n_classes, 5)
    """
    true, predicted = indicators_of(result, name)
    row, classes = result.scores.loc[name].to_dict(), result.classes.tolist()
    return pd.DataFrame(
        {
            **{s: [float(row[f"{s}_{label}"]) for label in classes] for s in PER_CLASS},
            "true": true.sum(axis=0),
            "predicted": predicted.sum(axis=0),
        },
        index=pd.Index(result.classes, name="label"),
    )


def confusion_matrix(result: "ComparisonResult", name: str) -> pd.DataFrame:
    """Return a classifier's confusion matrix, as `ComparisonResult.confusion_matrix`.

    Parameters
    ----------
    result : ComparisonResult
        Of one label per row.
    name : str

    Returns
    -------
    pandas.DataFrame of int of shape (n_classes, n_classes)
    """
    codes = result.predicted_codes(name)
    places = codes_of(result.y_true, result.classes)[codes >= 0], codes[codes >= 0]
    counts = np.zeros((len(result.classes), len(result.classes)), dtype=int)
    np.add.at(counts, places, 1)
    return pd.DataFrame(
        counts,
        index=pd.Index(result.classes, name="true"),
        columns=pd.Index(result.classes, name="predicted"),
    )


def indicators_of(result: "ComparisonResult", name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return true and predicted labels as indicators.

    Parameters
    ----------
    result : ComparisonResult
    name : str

    Returns
    -------
    true, predicted : ndarray of bool of shape (n_predictions, n_classes)
        A row that is predicted to have no class is one of an abstention.
    """
    if result.multilabel:
        found = result.predictions[name].to_numpy()
        return indicator_of(result.y_true, result.classes), indicator_of(found, result.classes)
    codes, positions = codes_of(result.y_true, result.classes), np.arange(len(result.classes))
    return codes[:, None] == positions, result.predicted_codes(name)[:, None] == positions


def differing_rows(result: "ComparisonResult", n_rows: int | None) -> np.ndarray:
    """Return the predictions on which some classifiers are right and others wrong.

    Parameters
    ----------
    result : ComparisonResult
    n_rows : int or None
        At most this many, evenly spaced; None for all.

    Returns
    -------
    ndarray of int of shape (n_differing,)
    """
    indicators = [indicators_of(result, name) for name in result.names]
    right = np.sum([(true == found).all(axis=1) for true, found in indicators], axis=0)
    differing = np.flatnonzero((right > 0) & (right < len(result.names)))
    if n_rows is None or len(differing) <= n_rows:
        return differing
    return differing[np.linspace(0, len(differing) - 1, n_rows).round().astype(int)]
