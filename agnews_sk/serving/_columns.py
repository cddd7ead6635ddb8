"""The columns that a model uses beside texts, as a form for them needs to know."""

from typing import Any

from agnews_sk._core.delegation import predicting_estimator
from agnews_sk._core.joining import column_kinds

# A list of more values is no help in a form.
_MAX_VALUES = 200


def describe_columns(model: Any) -> list[dict[str, Any]]:
    """Return the columns that a model uses beside texts, with what can be entered in each.

    Parameters
    ----------
    model : fitted pipeline or `OnnxClassifier`

    Returns
    -------
    list of dict
        `name`, `kind`, the `values` of a category that have a feature of their own (empty if there
        are too many), and whether a date has a time of day, `has_time`.

    Examples
    --------
    >>> import pandas as pd
    >>> from agnews_sk import make_tfidf_pipeline
    >>> from agnews_sk.serving._columns import describe_columns
    >>> tickets = pd.DataFrame({
    ...     "text": ["parcel late", "invoice wrong", "late again", "wrong amount"] * 3,
    ...     "country": ["DE", "FR", "FR"] * 4,
    ... })
    >>> labels = ["delivery", "billing"] * 6
    >>> pipeline = make_tfidf_pipeline(columns={"country": "category"}).fit(tickets, labels)
    >>> describe_columns(pipeline)
    [{'name': 'country', 'kind': 'category', 'values': ['DE', 'FR'], 'has_time': False}]
    """
    kinds = column_kinds(model)
    encoders = _encoders(model) if kinds else {}
    values = _values(encoders.get("category"))
    with_time = _with_time(encoders.get("date"))
    return [
        {
            "name": name,
            "kind": kind,
            "values": values.get(name, []) if kind == "category" else [],
            "has_time": kind == "date" and with_time.get(name, True),
        }
        for name, kind in kinds.items()
    ]


def _encoders(model: Any) -> dict[str, Any]:
    """Return the fitted encoder of each kind of column; none if the model has no such step."""
    steps = predicting_estimator(getattr(model, "steps_", model))
    for step in getattr(steps, "named_steps", {}).values():
        encoders = getattr(getattr(step, "transformer_", None), "named_transformers_", None)
        if encoders is not None:
            return dict(encoders)
    return {}


def _values(encoder: Any) -> dict[str, list[str]]:
    """Return the values of each column of an encoder of categories, without rare and empty ones."""
    if not hasattr(encoder, "categories_"):
        return {}
    names = getattr(encoder, "feature_names_in_", [])
    rare = getattr(encoder, "infrequent_categories_", None) or [None] * len(names)
    found = {}
    for name, all_values, rare_values in zip(names, encoder.categories_, rare, strict=True):
        left_out = {"", *(() if rare_values is None else map(str, rare_values))}
        values = [str(value) for value in all_values if str(value) not in left_out]
        found[str(name)] = values if len(values) <= _MAX_VALUES else []
    return found


def _with_time(encoder: Any) -> dict[str, bool]:
    """Return whether each column of an encoder of dates has times of day."""
    if not hasattr(encoder, "has_hours_"):
        return {}
    return dict(zip(map(str, encoder.feature_names_in_), encoder.has_hours_.tolist(), strict=True))
