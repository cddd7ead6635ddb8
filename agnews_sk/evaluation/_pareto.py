"""The classifiers of which no other is both better and cheaper."""

import numpy as np
import pandas as pd

# Columns of `ComparisonResult.scores` that are costs. Of texts per second, more are cheaper.
COST_COLUMNS = (
    "fit_seconds",
    "cpu_seconds",
    "texts_per_second",
    "latency_p50_ms",
    "latency_p95_ms",
    "latency_p99_ms",
    "peak_memory_bytes",
    "size_bytes",
    "n_parameters",
)


# Scores of which less is better.
_LOSSES = ("log_loss", "brier", "calibration_error", "hamming_loss")


def pareto_front(scores: pd.DataFrame, score: str, cost: str) -> list[str]:
    """Return the classifiers of which no other has a score as good at a cost as low.

    Parameters
    ----------
    scores : pandas.DataFrame of shape (n_classifiers, n_columns)
        As `ComparisonResult.scores`. Classifiers without this score or cost are left out.
    score, cost : str
        Names of columns.

    Returns
    -------
    list of str
        In the order of the cost, and so of the score. Of several with the same score and cost, the
        first.

    Examples
    --------
    >>> import pandas as pd
    >>> from agnews_sk.evaluation._pareto import pareto_front
    >>> scores = {"accuracy": [0.8, 0.9, 0.95], "texts_per_second": [900, 9000, 90]}
    >>> pareto_front(pd.DataFrame(scores, ["svm", "lr", "net"]), "accuracy", "texts_per_second")
    ['lr', 'net']
    """
    value, price = scores[score], scores[cost]
    points = pd.DataFrame(
        {
            "value": -value if score in _LOSSES else value,
            "price": -price if cost == "texts_per_second" else price,
        }
    ).dropna()
    points = points.sort_values(["price", "value"], ascending=[True, False], kind="stable")
    best_before = points["value"].cummax().shift(fill_value=-np.inf)
    return points.index[points["value"] > best_before].tolist()
