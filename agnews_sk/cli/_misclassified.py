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
    frame = pl.DataFrame(
        {
            "row": pl.Series([i + 1 for i in wrong], dtype=pl.Int64),
            **_texts(X, wrong),
            "true": pl.Series([_cell(result.y_true[i]) for i in wrong], dtype=pl.String),
            "predicted": pl.Series([_cell(predicted[i]) for i in wrong], dtype=pl.String),
            "probability": _shares(result, name, wrong),
        }
    )
    if result.multilabel:
        return frame
    return frame.sort("probability", descending=True, nulls_last=True, maintain_order=True)


_OWN = ("row", "true", "predicted", "probability")


def _texts(X: Any, rows: list[int]) -> dict[str, pl.Series]:
    """Return the text columns of some rows, under names that the table has not itself."""
    columns = {str(name): cells.gather(rows) for name, cells in text_columns(X, None).items()}
    return {f"text {name}" if name in _OWN else name: cells for name, cells in columns.items()}


def _shares(result: ComparisonResult, name: str, rows: list[int]) -> pl.Series:
    """Return the probability of each prediction, missing if the model has none."""
    shares, predicted = result.probabilities.get(name), result.predictions[name].to_numpy()
    found = [None if shares is None else _share(result, shares[i], i, predicted[i]) for i in rows]
    return pl.Series(found, dtype=pl.String if result.multilabel else pl.Float64)


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
