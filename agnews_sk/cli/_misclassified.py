"""The rows that a model predicts wrongly, as a table."""

import json
from typing import Any

import numpy as np
import polars as pl

from agnews_sk._core.validation import text_columns
from agnews_sk.evaluation import ComparisonResult

MISCLASSIFIED = "misclassified.csv"


def misclassified(result: ComparisonResult, name: str, X: Any) -> pl.DataFrame:
    """Return the test rows that a model predicts wrongly.

    Parameters
    ----------
    result : ComparisonResult
        On test rows.
    name : str
        Of the model.
    X : DataFrame or array-like of str of shape (n_rows,)
        The test rows.

    Returns
    -------
    polars.DataFrame of shape (n_wrong, 4 + n_text_columns)
        `row` (from 1 on), the columns of the text, `true`, `predicted`, and the `probability` of
        the prediction, empty without probabilities; the most certain errors first. With several
        labels, `true` and `predicted` are JSON lists, `probability` is a JSON object of these
        labels, and rows keep their order.

    Examples
    --------
    >>> from agnews_sk.cli._misclassified import misclassified
    >>> from agnews_sk.evaluation import ComparisonResult
    >>> result = ComparisonResult.from_predictions(["a", "b"], {"m": ["a", "a"]}, random_state=0)
    >>> misclassified(result, "m", ["late", "paid"]).rows()
    [(2, 'paid', 'b', 'a', None)]
    """
    predicted = result.predictions[name].to_numpy()
    wrong = [i for i, pair in enumerate(zip(result.y_true, predicted)) if not _equal(*pair)]
    shares = result.probabilities.get(name)
    found = None if shares is None else [_share(result, shares[i], i, predicted[i]) for i in wrong]
    texts = {f"{column}": cells.gather(wrong) for column, cells in text_columns(X, None).items()}
    frame = pl.DataFrame(
        {
            "row": pl.Series([i + 1 for i in wrong], dtype=pl.Int64),
            **{f"text {c}" if c in _OWN else c: cells for c, cells in texts.items()},
            "true": pl.Series([_cell(result.y_true[i]) for i in wrong], dtype=pl.String),
            "predicted": pl.Series([_cell(predicted[i]) for i in wrong], dtype=pl.String),
            "probability": pl.Series(
                found or [None] * len(wrong), dtype=pl.String if result.multilabel else pl.Float64
            ),
        }
    )
    if result.multilabel or found is None:
        return frame
    return frame.sort("probability", descending=True, nulls_last=True, maintain_order=True)


_OWN = ("row", "true", "predicted", "probability")


def _equal(true: Any, predicted: Any) -> bool:
    """Return whether a prediction is right; lists have their labels in the same order."""
    return bool(true == predicted) if not isinstance(true, list) else set(true) == set(predicted)


def _cell(label: Any) -> str | None:
    """Return a label as a cell, several as a JSON list; None for an abstention."""
    if isinstance(label, list):
        return json.dumps(label, ensure_ascii=False)
    return None if label is None else str(label)


def _share(result: ComparisonResult, shares: np.ndarray, row: int, predicted: Any) -> Any:
    """Return the probability of a prediction, or of each true or predicted label as JSON."""
    position = {label: i for i, label in enumerate(result.classes.tolist())}
    if not result.multilabel:
        return float(shares[position[predicted]]) if predicted in position else None
    labels = dict.fromkeys([*result.y_true[row], *predicted])
    known = {str(one): round(float(shares[position[one]]), 6) for one in labels if one in position}
    return json.dumps(known, ensure_ascii=False)
