"""Warnings point at the user's line, whoever calls the package for the user."""

import ast
import warnings

import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from agnews_sk import make_tfidf_pipeline
from agnews_sk._core.user_warnings import warn_user
from tests.structure import ROOT, source_files

TEXTS = ["good day", "bad night", "good night", "bad day"] * 3
LABELS = ["day", "night", "night", "day"] * 3
# Stop words that no word of a text equals: the vectorizer warns, deep within its fit.
STOP_WORDS = ["The"]


def fit_in_sklearn():
    make_pipeline(make_tfidf_pipeline(vectorize__words__stop_words=STOP_WORDS)).fit(TEXTS, LABELS)


def fit_alone():
    make_tfidf_pipeline(vectorize__words__stop_words=STOP_WORDS)[:-1].fit(TEXTS)


def cross_validate():
    cross_val_score(
        make_tfidf_pipeline(vectorize__words__stop_words=STOP_WORDS), TEXTS, LABELS, cv=2
    )


@pytest.mark.parametrize("run", [fit_in_sklearn, fit_alone, cross_validate])
def test_warnings_of_any_depth_point_at_the_call_in_this_file(run):
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        run()
    own = [one for one in found if "stop_words" in str(one.message)]
    assert own
    first = run.__code__.co_firstlineno
    assert {(one.filename, one.lineno) for one in own} == {(__file__, first + 1)}


def test_a_function_of_the_user_within_a_pipeline_is_the_line():
    def clean(texts):
        make_tfidf_pipeline(vectorize__words__stop_words=STOP_WORDS)[:-1].fit(texts)
        return texts

    with pytest.warns(UserWarning, match="stop_words") as found:
        Pipeline([("clean", FunctionTransformer(clean))]).fit_transform(TEXTS)
    line = clean.__code__.co_firstlineno + 1
    assert {(one.filename, one.lineno) for one in found} == {(__file__, line)}


def test_the_category_is_that_asked_for():
    class Step(TransformerMixin, BaseEstimator):
        def fit(self, X, y=None):
            warn_user("old", FutureWarning)
            return self

        def transform(self, X):
            return X

    with pytest.warns(FutureWarning, match="old"):
        make_pipeline(Step()).fit(TEXTS)


def test_no_other_module_counts_frames():
    counted = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in source_files(ROOT)
        if path.name != "user_warnings.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "warnings.warn"
    ]
    assert counted == []
