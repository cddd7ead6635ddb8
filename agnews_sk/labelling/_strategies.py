"""Query strategies: which rows of a pool a classifier would learn most from."""

import inspect
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.metrics import pairwise_distances_argmin_min
from sklearn.pipeline import Pipeline

from agnews_sk._core.repeats import same_rows
from agnews_sk._core.validation import take_rows

STRATEGIES = ("margin", "uncertainty", "diverse", "random")
# How many of the least certain rows are clustered per row of a diverse batch.
_PREFILTER = 10


class Pool(NamedTuple):
    """What a strategy chooses from.

    Attributes
    ----------
    X : array-like of shape (n_samples, ...)
        All rows of the pool.
    candidates : ndarray of int of shape (n_candidates,)
        Positions of the rows to choose from.
    labelled : ndarray of int of shape (n_labelled,)
        Positions of the rows with a label.
    codes : ndarray of int of shape (n_labelled,)
        Their labels, as positions in the classes.
    """

    X: Any
    candidates: np.ndarray
    labelled: np.ndarray
    codes: np.ndarray


def check_strategy(strategy: Any) -> None:
    """Reject what is neither the name of a strategy nor an object with `query`.

    Parameters
    ----------
    strategy : object

    Raises
    ------
    TypeError, ValueError
    """
    if isinstance(strategy, str):
        if strategy not in STRATEGIES:
            raise ValueError(f"strategy must be one of {list(STRATEGIES)}, got {strategy!r}.")
    elif not hasattr(strategy, "query") or isinstance(strategy, type):
        raise TypeError(
            f"strategy must be one of {list(STRATEGIES)}, or an instance of a query strategy of "
            f"scikit-activeml, got {strategy!r:.100}."
        )


def informativeness(y_proba: np.ndarray, strategy: str) -> np.ndarray:
    """Return how uncertain predictions are; higher is more.

    Parameters
    ----------
    y_proba : ndarray of float of shape (n_samples, n_classes)
        At least two classes.
    strategy : {"margin", "uncertainty"}
        One minus the difference of the two highest probabilities, or minus the highest.

    Returns
    -------
    ndarray of float of shape (n_samples,)

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk.labelling._strategies import informativeness
    >>> y_proba = np.array([[0.5, 0.4, 0.1], [0.45, 0.3, 0.25]])
    >>> informativeness(y_proba, "margin").round(2).tolist()
    [0.9, 0.85]
    >>> informativeness(y_proba, "uncertainty").round(2).tolist()
    [0.5, 0.55]
    """
    highest = np.partition(y_proba, -2, axis=1)[:, -2:]  # (n_samples, 2)
    if strategy == "uncertainty":
        return 1 - highest[:, 1]
    return 1 - (highest[:, 1] - highest[:, 0])


def choose(
    strategy: Any, estimator: Any, y_proba: np.ndarray, pool: Pool, n: int, seed: int
) -> np.ndarray:
    """Return the positions of the rows that a strategy would have labelled next.

    Parameters
    ----------
    strategy : str or query strategy of scikit-activeml
        "random" chooses nothing here: such rows are drawn before.
    estimator : fitted classifier
    y_proba : ndarray of float of shape (n_candidates, n_classes)
        Its probabilities of the candidates.
    pool : Pool
    n : int
    seed : int

    Returns
    -------
    ndarray of int of shape (min(n, n_candidates),)
        The most informative row first.
    """
    n = min(n, len(pool.candidates))
    if not isinstance(strategy, str):
        return _choose_outside(strategy, estimator, pool, n)
    if strategy == "diverse":
        return _choose_diverse(estimator, y_proba, pool, n, seed)
    order = np.argsort(-informativeness(y_proba, strategy), kind="stable")
    return pool.candidates[order[:n]]


def _choose_diverse(
    estimator: Any, y_proba: np.ndarray, pool: Pool, n: int, seed: int
) -> np.ndarray:
    """Return the rows nearest to the centres of clusters of the least certain rows.

    Zhdanov (2019), "Diverse mini-batch active learning": clusters are weighted by uncertainty.

    Parameters
    ----------
    estimator : fitted classifier
    y_proba : ndarray of float of shape (n_candidates, n_classes)
    pool : Pool
    n : int
        At most n_candidates.
    seed : int

    Returns
    -------
    ndarray of int of shape (n,)
    """
    uncertain = informativeness(y_proba, "margin")
    order = np.argsort(-uncertain, kind="stable")[: _PREFILTER * n]
    rows = pool.candidates[order]
    vectors = represent(estimator, pool.X, rows)  # (n_uncertain, n_features)
    weights = np.maximum(uncertain[order], 1e-6)
    n_clusters = min(n, len(np.unique(same_rows(vectors))))
    clusters = KMeans(n_clusters, n_init=1, random_state=seed).fit(vectors, sample_weight=weights)
    nearest, _ = pairwise_distances_argmin_min(clusters.cluster_centers_, vectors)
    # Two centres may have the same nearest row; the least certain ones fill up.
    chosen = list(dict.fromkeys([*nearest.tolist(), *range(len(rows))]))[:n]
    return rows[np.sort(chosen)]


def _choose_outside(strategy: Any, estimator: Any, pool: Pool, n: int) -> np.ndarray:
    """Return the rows that a query strategy of scikit-activeml chooses.

    Parameters
    ----------
    strategy : skactiveml.base.SingleAnnotatorPoolQueryStrategy
    estimator : fitted classifier
        Strategies that need a classifier get its last step, to be fitted on its representation.
    pool : Pool
    n : int

    Returns
    -------
    ndarray of int of shape (n,)
    """
    rows = np.concatenate([pool.labelled, pool.candidates])
    vectors = represent(estimator, pool.X, rows)  # (n_labelled + n_candidates, n_features)
    if sparse.issparse(vectors):
        raise TypeError(
            f"{type(strategy).__name__} needs dense vectors, and the estimator makes sparse ones; "
            'use make_embedding_pipeline, or a strategy by name such as "diverse".'
        )
    y = np.full(len(rows), np.nan)
    y[: len(pool.labelled)] = pool.codes
    params: dict[str, Any] = {}
    if "clf" in inspect.signature(strategy.query).parameters:
        params["clf"] = _as_skactiveml(estimator, n_classes=len(estimator.classes_))
    candidates = np.arange(len(pool.labelled), len(rows))
    chosen = strategy.query(vectors, y, candidates=candidates, batch_size=n, **params)
    return rows[np.asarray(chosen, dtype=int)]


def _as_skactiveml(estimator: Any, n_classes: int) -> Any:
    """Return the last step of an estimator, unfitted, as a classifier of scikit-activeml."""
    # Whoever has a strategy of this library has the library.
    from skactiveml.classifier import SklearnClassifier

    last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    return SklearnClassifier(clone(last), classes=np.arange(n_classes))


def represent(estimator: Any, X: Any, rows: np.ndarray) -> Any:
    """Return the vectors of rows from which the last step of a pipeline predicts.

    Parameters
    ----------
    estimator : fitted classifier
        A pipeline; any other one has the vectors as its rows.
    X : array-like of shape (n_samples, ...)
    rows : ndarray of int of shape (n_taken,)

    Returns
    -------
    ndarray or sparse matrix of shape (n_taken, n_features)

    Raises
    ------
    TypeError
        If the rows have no vectors.
    """
    taken = take_rows(X, rows)
    if isinstance(estimator, Pipeline) and len(estimator.steps) > 1:
        taken = estimator[:-1].transform(taken)
    vectors = taken if sparse.issparse(taken) else np.asarray(taken)
    if vectors.ndim != 2 or not np.issubdtype(vectors.dtype, np.number):
        raise TypeError(
            "this strategy compares vectors of rows, and the estimator's last step gets none; use "
            'a pipeline that vectorizes texts, such as make_embedding_pipeline, or "margin".'
        )
    return vectors
