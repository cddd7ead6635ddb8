"""The columns that are kept are those that scikit-learn's `CountVectorizer` keeps."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.feature_extraction.text import CountVectorizer

from agnews_sk.vectorization._pruning import frequent_columns

COUNTS = arrays(
    np.int64, st.tuples(st.integers(1, 6), st.integers(1, 12)), elements=st.integers(0, 3)
)


def of_scikit_learn(counts, min_df, max_df, max_features):
    """Have scikit-learn prune rows that have these counts of words named 'w00', 'w01', ..."""
    names = [f"w{i:02}" for i in range(counts.shape[1])]
    rows = [" ".join(np.repeat(names, row)) for row in counts]
    vectorizer = CountVectorizer(min_df=min_df, max_df=max_df, max_features=max_features)
    try:
        kept = vectorizer.fit(rows).vocabulary_
    except ValueError as error:
        return str(error)
    return [name in kept for name in names]


@given(
    COUNTS,
    st.sampled_from([1, 2, 0.0, 0.5]),
    st.sampled_from([1.0, 1, 2, 0.7]),
    st.sampled_from([None, 1, 3]),
)
@settings(deadline=None, max_examples=200)
def test_kept_columns_are_those_of_scikit_learn(counts, min_df, max_df, max_features):
    met = counts[:, counts.any(axis=0)]  # scikit-learn has columns only for what occurs
    if met.shape[1] == 0:
        return
    expected = of_scikit_learn(met, min_df, max_df, max_features)
    try:
        kept = frequent_columns(sp.csr_array(met), min_df, max_df, max_features).tolist()
    except ValueError as error:
        kept = str(error)
    assert kept == expected


def test_ties_of_many_columns_are_broken_as_scikit_learn_breaks_them():
    counts = np.random.default_rng(0).integers(0, 2, size=(4, 90))
    counts[0] = 1
    kept = frequent_columns(sp.csr_array(counts), 1, 1.0, 40)
    assert kept.tolist() == of_scikit_learn(counts, 1, 1.0, 40)
    assert kept.sum() == 40


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ((3, 1, None), "max_df corresponds to < documents than min_df"),
        ((3, 1.0, None), "After pruning, no terms remain"),
    ],
)
def test_limits_that_leave_nothing_are_rejected(limits, message):
    with pytest.raises(ValueError, match=message):
        frequent_columns(sp.csr_array(np.eye(3, dtype=int)), *limits)
