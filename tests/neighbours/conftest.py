"""Rows that the tests of other libraries share, and the pipeline that they use."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from agnews_sk import make_tfidf_pipeline
from agnews_sk.datasets import make_news


class Rows(NamedTuple):
    """Training and test rows."""

    X: pd.DataFrame
    y: np.ndarray
    X_test: pd.DataFrame
    y_test: np.ndarray


@pytest.fixture(scope="session")
def news():
    X, y = make_news(300, random_state=0, return_X_y=True)
    X_test, y_test = make_news(200, random_state=1, return_X_y=True)
    return Rows(X, np.asarray(y), X_test, np.asarray(y_test))


@pytest.fixture
def words():
    """Make a pipeline that counts words only, which is fast."""

    def make(**params):
        return make_tfidf_pipeline(characters=False, **params)

    return make


@pytest.fixture(scope="session")
def fitted_words(news):
    return make_tfidf_pipeline(characters=False).fit(news.X, news.y)
