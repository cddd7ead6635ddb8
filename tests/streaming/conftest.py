import numpy as np
import polars as pl
import pytest

from agnews_sk import make_news, make_tfidf_pipeline
from agnews_sk.streaming import fit_files

TEXT = ["title", "description"]


@pytest.fixture(scope="session")
def news():
    """Rows that words suffice for."""
    return make_news(1_200, random_state=0, return_X_y=True)


def as_frame(X, y):
    return pl.from_pandas(X).with_columns(label=pl.Series(values=list(y)))


@pytest.fixture(scope="session")
def file(news, tmp_path_factory):
    path = tmp_path_factory.mktemp("files") / "news.parquet"
    as_frame(*news).write_parquet(path)
    return path


def make_quick(**params):
    """Return a pipeline that is not calibrated, so that it is fitted once."""
    return make_tfidf_pipeline(**{"classify__calibration_fraction": None, **params})


def train(pipeline, path, **options):
    """Fit on files in several small blocks."""
    options = {"text": TEXT, "label": "label", "rows_per_block": 250, **options}
    return fit_files(pipeline, path, **options)


def parts_of(pipeline):
    """Return the fitted vectorizers of words and of characters."""
    vectorizer = pipeline.named_steps["vectorize"]
    return [part for _, part in getattr(vectorizer, "fitted_parts", [("", vectorizer)])]


def assert_same_vocabulary(found, expected):
    """Check that names, their order, weights and statistics are equal, bit for bit."""
    assert len(parts_of(found)) == len(parts_of(expected))
    for one, other in zip(parts_of(found), parts_of(expected)):
        names = one.get_feature_names_out()
        np.testing.assert_array_equal(names, other.get_feature_names_out())
        assert one.word_statistics_ == other.word_statistics_
        assert one.segmenter_ == other.segmenter_
        if one.use_idf:
            np.testing.assert_array_equal(one.idf_, other.idf_)


def assert_same_model(found, expected):
    """Check that two classifiers are equal, bit for bit."""
    one, other = found["classify"], expected["classify"]
    np.testing.assert_array_equal(one.coef_, other.coef_)
    np.testing.assert_array_equal(one.intercept_, other.intercept_)
    assert one.temperature_ == other.temperature_
