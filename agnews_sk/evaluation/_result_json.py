"""A comparison's result in lists, dicts and plain values, and back."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from agnews_sk._core.label_arrays import codes_of, plain_labels
from agnews_sk._core.label_sets import as_lists, indicator_of, is_multilabel
from agnews_sk.evaluation._pairs import pair_columns
from agnews_sk.evaluation._scoring import methods_frame, scores_frame

if TYPE_CHECKING:
    from agnews_sk.evaluation._result import ComparisonResult


def result_as_dict(result: "ComparisonResult") -> dict[str, Any]:
    """Return a result without its estimators, as `ComparisonResult.to_dict` describes it.

    Parameters
    ----------
    result : ComparisonResult

    Returns
    -------
    dict of str to object
    """
    with_matrix = [] if result.multilabel else result.names
    if result.multilabel:
        lists = [result.y_true, *(result.predictions[name] for name in result.names)]
        true, *predicted = (_positions(labels, result.classes) for labels in lists)
    else:
        true = codes_of(result.y_true, result.classes).tolist()
        predicted = [result.predicted_codes(name).tolist() for name in result.names]
    return {
        "format_version": FORMAT_VERSION,
        "summary": result.summary(),
        "n_test_rows": len(np.unique(result.rows)),
        "confidence_level": result.confidence_level,
        "n_resamples": result.n_resamples,
        "seed": result.seed,
        "environment": result.environment,
        "scores": {name: _plain(row) for name, row in result.scores.to_dict("index").items()},
        "interval_methods": result.interval_methods.to_dict("index"),
        "pairwise": [_plain(row) for row in result.pairs.to_dict("records")],
        "folds": None if result.folds is None else result.folds.to_dict("records"),
        "confusion_matrices": {
            name: result.confusion_matrix(name).to_numpy().tolist() for name in with_matrix
        },
        "classes": result.classes.tolist(),
        "rows": result.rows.tolist(),
        "y_true": true,
        "predictions": dict(zip(result.names, predicted)),
        "abstain_labels": {
            name: _plain_label(result.predictions[name][where].iloc[0])
            for name, where in result.abstained.items()
        },
        "probabilities": {name: p.tolist() for name, p in result.probabilities.items()},
    }


def parts_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the constructor's arguments of the result that was written.

    Parameters
    ----------
    found : mapping
        What `result_as_dict` returned.

    Returns
    -------
    dict of str to object
        Keyword arguments of `ComparisonResult`.

    Raises
    ------
    ValueError
        If a part is missing, or a later version of the package wrote it.
    """
    found = _upgraded(found)
    lacking = [part for part in _PARTS if part not in found]
    if lacking:
        raise ValueError(f"found must be a dict made by to_dict, but lacks {lacking[0]!r}.")
    classes = plain_labels(found["classes"], name="classes")
    labels, multilabel = found["abstain_labels"], is_multilabel(found["y_true"])
    if multilabel:
        predicted, y_true = found["predictions"], _lists(found["y_true"], classes)
        columns = {name: _lists(codes, classes) for name, codes in predicted.items()}
    else:
        predicted = {name: np.array(codes) for name, codes in found["predictions"].items()}
        y_true = classes[found["y_true"]]
        columns = {n: _decoded(codes, classes, labels.get(n)) for n, codes in predicted.items()}
    return {
        **{
            part: found[part] for part in ("confidence_level", "n_resamples", "seed", "environment")
        },
        "scores": scores_frame(list(found["scores"]), list(found["scores"].values())),
        "interval_methods": methods_frame(found["interval_methods"]),
        "predictions": pd.DataFrame(columns),
        "abstained": {name: predicted[name] < 0 for name in labels},
        "probabilities": {n: np.array(p) for n, p in found["probabilities"].items()},
        "y_true": y_true,
        "rows": np.array(found["rows"]),
        "classes": classes,
        "folds": None if found["folds"] is None else pd.DataFrame(found["folds"]),
        "pairs": _pairs_frame(found["pairwise"], multilabel),
    }


# Version 2 renamed these; files of version 1 carry no version.
FORMAT_VERSION = 2
_NAMES_OF_VERSION_1 = {"made": "environment", "told_apart": "significant"}

_PARTS = (
    "folds",
    "classes",
    "rows",
    "y_true",
    "predictions",
    "abstain_labels",
    "probabilities",
    "scores",
    "interval_methods",
    "pairwise",
    "confidence_level",
    "n_resamples",
    "seed",
    "environment",
)


def _upgraded(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts under their names in this version, from any earlier version."""
    version = found.get("format_version", 1)
    if version > FORMAT_VERSION:
        writer = found.get("environment", {}).get("agnews_sk", "unknown")
        raise ValueError(
            f"found was written by agnews_sk {writer} in format version {version}, but this "
            f"version reads up to {FORMAT_VERSION}; update agnews_sk."
        )
    upgraded = {_NAMES_OF_VERSION_1.get(name, name): part for name, part in found.items()}
    if "pairwise" not in upgraded:
        return upgraded
    upgraded["pairwise"] = [
        {_NAMES_OF_VERSION_1.get(column, column): value for column, value in pair.items()}
        for pair in upgraded["pairwise"]
    ]
    return upgraded


def _positions(lists: Any, classes: np.ndarray) -> list[list[int]]:
    """Return the positions in the classes of each row's labels."""
    return as_lists(indicator_of(lists, classes), np.arange(len(classes))).tolist()


def _lists(positions: list[list[int]], classes: np.ndarray) -> np.ndarray:
    """Return the labels at positions in the classes, a list per row."""
    lists = np.empty(len(positions), dtype=object)
    lists[:] = [classes[row].tolist() for row in positions]
    return lists


def _decoded(codes: np.ndarray, classes: np.ndarray, abstain_label: Any) -> np.ndarray:
    """Return the labels of codes, and the abstain label for -1, as (n_predictions,)."""
    if (codes >= 0).all():
        return classes[codes]
    labels = classes[codes].astype(object)
    labels[codes < 0] = abstain_label
    return labels


def _pairs_frame(records: list[dict], multilabel: bool) -> pd.DataFrame:
    """Return the rows of pairs with float columns, as null is None in JSON and NaN here."""
    columns = pair_columns(multilabel)
    numbers = [c for c in columns if c.endswith(("value", "holm", "low", "high", "size"))]
    return pd.DataFrame(records, columns=columns).astype(dict.fromkeys(numbers, float))


def _plain_label(label: Any) -> Any:
    """Return a label as JSON can hold it: null for a missing one, text for types such as dates."""
    if pd.isna(label):
        return None
    plain = label.item() if isinstance(label, np.generic) else label
    return plain if isinstance(plain, (str, int, float)) else str(plain)


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a row of a frame for JSON, with null for unknown values."""
    return {str(key): None if pd.isna(value) else value for key, value in row.items()}
