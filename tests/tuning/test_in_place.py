"""Steps that modify their input do not change the input of other trials."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from optuna.pruners import NopPruner
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import cross_validate
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from agnews_sk.pipeline import TextPipeline
from agnews_sk.tuning import PipelineSearchCV
from agnews_sk.tuning._private_copy import private_copy

WORDS = ["oil", "cup", "war", "chip", "goal", "bank", "vote", "phone"]
RNG = np.random.default_rng(0)
Y = np.repeat(["Sports", "Business", "World"], 16)
TEXTS = np.array(
    [" ".join(RNG.choice(np.roll(WORDS, ord(label[0]))[:6], 7)) for label in Y], dtype=object
)
DENSE = RNG.normal(size=(48, 4)) + np.repeat(np.eye(4)[:3], 16, axis=0)
WEIGHT = RNG.uniform(0.1, 3, size=48)


def add_to_data(X):
    X.data += np.arange(X.nnz) % 3
    return X


def add_to_rows(X):
    X += np.arange(X.shape[1])
    X *= -1.5
    return X


def reverse_texts(X):
    for i, text in enumerate(X):
        X[i] = text[1:] + " oil"
    return X


def write_to_frame(X):
    X["text"] = X["text"].str.slice(2) + " cup"
    return X


def write_to_polars(X):
    X[0] = "war war war"
    return X.scatter(range(0, len(X), 2), "oil")


def append_words(X):
    for words in X:
        words.append("oil")
        words.sort()
        del words[:2]
    return X


def as_frame(X):
    return pd.DataFrame({"text": X})


def as_lists(X):
    lists = np.empty(len(X), dtype=object)
    lists[:] = [text.split() for text in X]
    return lists


def to_dense(X):
    return X.toarray().astype(float)


def same(X):
    return X.copy()


def first_columns(X):
    return X[:, :6]  # a view


def words_of(X):
    return [" ".join(words) for words in X]


def column_of(X):
    return X["text"]


class TfidfInPlace(TfidfTransformer):
    def transform(self, X):
        return super().transform(X, copy=False)


class RunningMean(TransformerMixin, BaseEstimator):
    """Change what was learned with each transform."""

    def fit(self, X, y=None):
        self.mean_ = np.asarray(X.mean(axis=0)).ravel()
        return self

    def transform(self, X):
        self.mean_ *= 1.5
        return to_dense(X) - self.mean_


class LabelWriter(TransformerMixin, BaseEstimator):
    def fit(self, X, y):
        y[::3] = "Sports"
        return self

    def transform(self, X):
        return X


class WeightWriter(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None, sample_weight=None):
        sample_weight[::2] = 0.01
        return self

    def transform(self, X):
        return X


class InPlaceSampler(BaseEstimator):
    def fit_resample(self, X, y):
        y[:4] = "World"
        X.data[:40] = 9
        return X, y


class Greedy(ClassifierMixin, BaseEstimator):
    """Modify all inputs, and predict from their original values."""

    def __init__(self, C=1.0):
        self.C = C

    def fit(self, X, y, sample_weight=None):
        self.inner_ = LogisticRegression(C=self.C).fit(X, y, sample_weight)
        self.classes_ = self.inner_.classes_
        values = X.data if sp.issparse(X) else X
        values[:] = values + 3
        y[:] = y[0]
        if sample_weight is not None:
            sample_weight[:] = 1e-9
        return self

    def predict(self, X):
        predictions = self.inner_.predict(X)
        (X.data if sp.issparse(X) else X)[:] = 7
        return predictions

    def predict_proba(self, X):
        predictions = self.inner_.predict_proba(X)
        (X.data if sp.issparse(X) else X)[:] = -7
        return predictions


def counts(*steps, classifier=None):
    return Pipeline([
        ("vectorize", CountVectorizer(dtype=float)),
        *steps,
        ("classify", LogisticRegression() if classifier is None else classifier),
    ])  # fmt: skip


def step(value):
    return counts(("step", value)), TEXTS


def on_dense(value):
    steps = [("first", FunctionTransformer(same)), ("step", value)]
    return Pipeline([*steps, ("classify", LogisticRegression())]), DENSE.copy()


def before_counting(first, value, last):
    steps = [("first", FunctionTransformer(first)), ("step", FunctionTransformer(value))]
    steps += [] if last is None else [("last", FunctionTransformer(last))]
    return Pipeline([*steps, *counts().steps]), TEXTS


def with_gaps():
    pipeline, X = on_dense(SimpleImputer(copy=False))
    X[::5, 1] = np.nan
    return pipeline, X


KINDS = {
    "StandardScaler": lambda: step(StandardScaler(copy=False, with_mean=False)),
    "Normalizer": lambda: step(Normalizer("l1", copy=False)),
    "MaxAbsScaler": lambda: step(MaxAbsScaler(copy=False)),
    "Binarizer": lambda: step(Binarizer(threshold=1, copy=False)),
    "TfidfTransformer": lambda: step(TfidfInPlace()),
    "sparse data": lambda: step(FunctionTransformer(add_to_data, accept_sparse=True)),
    "dense": lambda: on_dense(FunctionTransformer(add_to_rows)),
    "dense StandardScaler": lambda: on_dense(StandardScaler(copy=False)),
    "MinMaxScaler": lambda: on_dense(MinMaxScaler(copy=False)),
    "RobustScaler": lambda: on_dense(RobustScaler(copy=False)),
    "PowerTransformer": lambda: on_dense(PowerTransformer(copy=False)),
    "QuantileTransformer": lambda: on_dense(
        QuantileTransformer(n_quantiles=8, copy=False, random_state=0)
    ),
    "PCA": lambda: on_dense(PCA(2, copy=False, svd_solver="full", random_state=0)),
    "SimpleImputer": with_gaps,
    "object array": lambda: before_counting(same, reverse_texts, None),
    "lists": lambda: before_counting(as_lists, append_words, words_of),
    "pandas": lambda: before_counting(as_frame, write_to_frame, column_of),
    "polars": lambda: before_counting(pl.Series, write_to_polars, None),
    "fitted attributes": lambda: step(RunningMean()),
    "labels in a step": lambda: step(LabelWriter()),
    "a view": lambda: (
        counts(
            ("dense", FunctionTransformer(to_dense, accept_sparse=True)),
            ("view", FunctionTransformer(first_columns)),
            ("step", FunctionTransformer(add_to_rows)),
        ),
        TEXTS,
    ),
    "classifier": lambda: (counts(classifier=Greedy()), TEXTS),
    "sampler": lambda: (
        TextPipeline(counts(("step", InPlaceSampler())).steps),
        TEXTS,
    ),
    "dense classifier": lambda: (
        counts(
            ("dense", FunctionTransformer(to_dense, accept_sparse=True)),
            ("scale", MaxAbsScaler(copy=False)),
            classifier=Greedy(),
        ),
        TEXTS,
    ),
}


def space_of(pipeline):
    """Return a space in which trials alternate, so that each follows one that modified rows."""
    name = "alpha" if isinstance(pipeline["classify"], MultinomialNB) else "C"
    space = {f"classify__{name}": [0.03, 30.0]}
    if "step" in pipeline.named_steps and name == "C":
        is_imputer = isinstance(pipeline["step"], SimpleImputer)
        other = SimpleImputer(fill_value=9.0, strategy="constant", copy=False)
        space = {"step": [pipeline["step"], other if is_imputer else "passthrough"], **space}

    def draw(trial):
        turns = [trial.number % 2, trial.number // 2 % 2]
        return {name: values[turn] for (name, values), turn in zip(space.items(), turns)}

    return draw


def assert_search_scores_as_cross_validation(pipeline, X, scoring, **params):
    y, X_before = Y.astype(object), private_copy(X)
    search = PipelineSearchCV(
        pipeline, space_of(pipeline), n_trials=4, cv=2, pruner=NopPruner(), random_state=0,
        refit=False, scoring=scoring, error_score="raise",
    ).fit(X, y, **params)  # fmt: skip
    candidates = {str(chosen): chosen for chosen in search.cv_results_["params"]}
    expected = {}
    for name, chosen in candidates.items():
        candidate = clone(pipeline).set_params(**clone(chosen, safe=False))
        expected[name] = cross_validate(
            candidate, private_copy(X_before), Y.astype(object), cv=2, scoring=scoring,
            error_score="raise", params=private_copy(params),
        )  # fmt: skip
    for i, chosen in enumerate(search.cv_results_["params"]):
        for score in scoring if isinstance(scoring, list) else ["score"]:
            found = [search.cv_results_[f"split{fold}_test_{score}"][i] for fold in range(2)]
            np.testing.assert_allclose(found, expected[str(chosen)][f"test_{score}"])
    np.testing.assert_array_equal(X, X_before)
    np.testing.assert_array_equal(y, Y)


@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_those_of_cross_validation_even_if_steps_modify_their_input(kind):
    pipeline, X = KINDS[kind]()
    assert_search_scores_as_cross_validation(pipeline, X, "neg_log_loss")


def test_predictions_that_write_into_their_rows_do_not_change_other_scores():
    assert_search_scores_as_cross_validation(
        counts(classifier=Greedy()), TEXTS,
        ["accuracy", "neg_log_loss", "f1_macro"],
    )  # fmt: skip


def test_weights_that_a_classifier_writes_into_are_its_own():
    assert_search_scores_as_cross_validation(
        counts(classifier=Greedy()), TEXTS, "accuracy",
        classify__sample_weight=WEIGHT.copy(),
    )  # fmt: skip


def test_a_step_that_writes_into_the_weights_of_a_later_one_is_fitted_each_time():
    with config_context(enable_metadata_routing=True):
        writer = WeightWriter().set_fit_request(sample_weight=True)
        classifier = MultinomialNB().set_fit_request(sample_weight=True)
        pipeline = counts(("step", writer), classifier=classifier)
        assert_search_scores_as_cross_validation(
            pipeline, TEXTS,
            make_scorer(accuracy_score).set_score_request(sample_weight=False),
            sample_weight=WEIGHT.copy(),
        )  # fmt: skip


def test_a_scorer_that_refits_the_pipeline_and_writes_into_rows_harms_no_other_score():
    def spoil(estimator, X, y):
        score = estimator.score(X, y)
        estimator["vectorize"].vocabulary_.clear()
        estimator["step"].idf_[:] = 0
        estimator.set_params(step="passthrough", classify__C=1e-9).fit(X[::-1], y)
        X[:], y[:] = "", "World"
        return score

    search = PipelineSearchCV(
        counts(("step", TfidfTransformer())), {"classify__C": [0.03, 30.0]}, n_trials=4, cv=2,
        scoring={"spoil": spoil, "accuracy": "accuracy"}, random_state=0,
    ).fit(TEXTS, Y)  # fmt: skip
    for fold in range(2):
        spoilt, score = (search.cv_results_[f"split{fold}_test_{s}"] for s in search.scoring)
        np.testing.assert_array_equal(spoilt, score)
    assert search.best_score_ == pytest.approx(
        cross_validate(search.best_estimator_, TEXTS, Y, cv=2)["test_score"].mean()
    )
