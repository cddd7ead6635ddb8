"""The features that speak for each class, over all texts."""

from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from agnews_sk.inspection._linear import linear_model
from agnews_sk.inspection._places import names_ngrams
from agnews_sk.inspection._steps import fitted_steps


def top_features(pipeline: Any, k: int = 10) -> pd.DataFrame:
    """Return the features with the largest coefficients of each class.

    Parameters
    ----------
    pipeline : fitted pipeline
        A linear classifier over n-grams.
    k : int, default=10
        Features a class, fewer where there are fewer.

    Returns
    -------
    pandas.DataFrame
        One row a class and rank: `class`, `rank` (from 1), `feature`, `coefficient`.

    Raises
    ------
    TypeError
        If the pipeline is no linear classifier over n-grams.
    ValueError
        If k is not a positive integer.

    Examples
    --------
    >>> from agnews_sk import load_news_sample, make_tfidf_pipeline
    >>> from agnews_sk.inspection import top_features
    >>> frame, y = load_news_sample(return_X_y=True)
    >>> pipeline = make_tfidf_pipeline().fit(frame[:500], y[:500])
    >>> top_features(pipeline, k=2)[["class", "rank"]].to_dict("list")
    {'class': ['Business', 'Business', 'Sci/Tech', 'Sci/Tech', 'Sports', 'Sports', 'World',
    'World'], 'rank': [1, 2, 1, 2, 1, 2, 1, 2]}
    """
    if not isinstance(k, Integral) or k < 1:
        raise ValueError(f"k must be a positive integer, got {k!r}.")
    readers, classifier = _ngram_steps(pipeline)
    linear = linear_model(readers, classifier)
    if linear is None:
        raise TypeError(
            f"top_features needs a linear classifier over n-grams, got {type(classifier).__name__};"
            " explain tells what the words of single texts contribute."
        )
    parts = []
    for label, coefficients in zip(classifier.classes_, linear.coefficients):
        best = np.argsort(-coefficients, kind="stable")[:k]
        parts.append(
            pd.DataFrame(
                {
                    "class": label,
                    "rank": np.arange(1, len(best) + 1),
                    "feature": linear.names[best],
                    "coefficient": coefficients[best],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _ngram_steps(pipeline: Any) -> tuple[tuple[Any, ...], Any]:
    """Return the steps from the one that names n-grams on, and the classifier."""
    *steps, classifier = fitted_steps(pipeline)
    first = next((i for i, step in enumerate(steps) if names_ngrams(step)), len(steps))
    return tuple(steps[first:]), classifier
