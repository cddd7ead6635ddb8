"""The checks, a file a topic; importing them registers them in this order."""

from agnews_sk.testing._checks import (  # noqa: I001
    containers,
    texts,
    rows,
    parameters,
    learnt,
    repeats,
    labels,
    label_kinds,
    weights,
    features,
    samplers,
    errors,
    composition,
    concurrency,
)

__all__ = [
    "composition",
    "concurrency",
    "containers",
    "errors",
    "features",
    "label_kinds",
    "labels",
    "learnt",
    "parameters",
    "repeats",
    "rows",
    "samplers",
    "texts",
    "weights",
]
