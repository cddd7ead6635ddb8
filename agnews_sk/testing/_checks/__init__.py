"""The checks, one file per topic; importing them registers them in this order."""

from agnews_sk.testing._checks import (  # noqa: I001
    containers,
    texts,
    rows,
    parameters,
    fitting,
    reproducibility,
    labels,
    label_kinds,
    label_sets,
    weights,
    features,
    samplers,
    invalid_input,
    composition,
    concurrency,
)

__all__ = [
    "composition",
    "concurrency",
    "containers",
    "features",
    "fitting",
    "invalid_input",
    "label_kinds",
    "label_sets",
    "labels",
    "parameters",
    "reproducibility",
    "rows",
    "samplers",
    "texts",
    "weights",
]
