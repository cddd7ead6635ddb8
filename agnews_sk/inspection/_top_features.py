"""The features with the largest coefficients of each class."""

from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from agnews_sk.inspection._linear import linear_model
from agnews_sk.inspection._places import names_ngrams
from agnews_sk.inspection._steps import fitted_steps


def top_features(classifier: Any, k: int = 10) -> pd.DataFrame:
    """Return the features with the largest coefficients of each class.

    Parameters
    ----------
    classifier : fitted pipeline
        Ends in a linear classifier of n-grams.
    k : int, default=10
        Features per class, fewer if there are not as many.

    Returns
    -------
    pandas.DataFrame
        One row per class and rank: `class`, `rank` (from 1), `feature`, `coefficient`.

    Raises
    ------
    TypeError
        If it is not a linear classifier of n-grams.
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
    readers, last = _ngram_steps(classifier)
    linear = linear_model(readers, last)
    if linear is None:
        raise TypeError(
            f"top_features needs a linear classifier of n-grams, got {type(last).__name__}; for "
            "the contributions of words in single texts, call explain."
        )
    parts = []
    for label, coefficients in zip(last.classes_, linear.coefficients):
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


def _ngram_steps(classifier: Any) -> tuple[tuple[Any, ...], Any]:
    """Return the transformers from the vectorizer of n-grams on, and the last step."""
    *steps, last = fitted_steps(classifier)
    first = next((i for i, step in enumerate(steps) if names_ngrams(step)), len(steps))
    return tuple(steps[first:]), last
