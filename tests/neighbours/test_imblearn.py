"""Samplers of imbalanced-learn after `vectorize`, in our pipeline and in its own."""

import numpy as np
import pytest
from imblearn.ensemble import BalancedBaggingClassifier
from imblearn.over_sampling import SMOTE, BorderlineSMOTE, RandomOverSampler
from imblearn.pipeline import Pipeline
from imblearn.under_sampling import EditedNearestNeighbours, RandomUnderSampler, TomekLinks
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import recall_score

from agnews_sk import make_tfidf_pipeline
from agnews_sk.datasets import make_news

N_RARE = 20
SAMPLERS = {
    "repeated": RandomOverSampler(random_state=0),
    "SMOTE": SMOTE(random_state=0),
    "borderline SMOTE": BorderlineSMOTE(random_state=0),
    "dropped": RandomUnderSampler(random_state=0),
    "edited": EditedNearestNeighbours(),
    "Tomek links": TomekLinks(),
}
SYNTHETIC = ("SMOTE", "borderline SMOTE")


@pytest.fixture(scope="module")
def imbalanced():
    X, y = make_news(600, random_state=0, return_X_y=True)
    y = np.asarray(y)
    kept = np.flatnonzero((y != "Sports") | (np.cumsum(y == "Sports") <= N_RARE))
    return X.iloc[kept], y[kept]


@pytest.fixture(scope="module")
def plain(imbalanced):
    """Fitted without a sampler."""
    return make_tfidf_pipeline(characters=False, classify=make_classifier()).fit(*imbalanced)


def make_classifier():
    return LogisticRegression(C=10, max_iter=1_000)


def with_sampler(pipeline, sampler):
    """Return a pipeline with a sampler after `vectorize`."""
    pipeline.steps.insert(-1, ("resample", clone(sampler)))
    return pipeline


def recall(pipeline, news):
    return recall_score(news.y_test, pipeline.predict(news.X_test), labels=["Sports"], average=None)


@pytest.mark.filterwarnings("ignore:.*does not record where")
@pytest.mark.parametrize("name", SAMPLERS)
def test_samplers_change_rows_of_the_matrix_in_fit_only(words, news, imbalanced, plain, name):
    sampled = with_sampler(words(classify=make_classifier()), SAMPLERS[name]).fit(*imbalanced)
    assert sampled.predict_proba(news.X_test).shape == (200, 4)
    before = plain[:-1].transform(imbalanced[0])
    _, y = clone(SAMPLERS[name]).fit_resample(before, imbalanced[1])
    n_rare = np.sum(y == "Sports")
    if name in ("edited", "Tomek links"):
        assert len(y) < len(imbalanced[1])
    else:
        assert n_rare == np.bincount(np.unique(y, return_inverse=True)[1]).max()
    if name in ("repeated", "dropped", *SYNTHETIC):
        assert recall(sampled, news) > recall(plain, news)


@pytest.mark.filterwarnings("ignore:.*does not record where")
@pytest.mark.parametrize("name", SAMPLERS)
def test_the_pipeline_of_imbalanced_learn_takes_our_steps(words, news, imbalanced, name):
    ours = with_sampler(words(classify=make_classifier()), SAMPLERS[name])
    theirs = Pipeline(clone(ours).steps)
    expected = ours.fit(*imbalanced).predict_proba(news.X_test)
    assert np.allclose(theirs.fit(*imbalanced).predict_proba(news.X_test), expected)


def test_weights_follow_rows_that_a_sampler_repeats(words, news, imbalanced):
    pipeline = with_sampler(words(), SAMPLERS["repeated"])
    weight = np.where(imbalanced[1] == "Sports", 1e-3, 1.0)
    weighted = clone(pipeline).fit(*imbalanced, classify__sample_weight=weight)
    assert recall(weighted, news) == 0
    assert recall(pipeline.fit(*imbalanced), news) > 0.5


@pytest.mark.parametrize("name", SYNTHETIC)
def test_synthetic_rows_are_named_that_calibration_cannot_hold_out_together(
    words, imbalanced, name
):
    # scikit-learn-contrib/imbalanced-learn#772: they do not tell which rows they are made of.
    pipeline = with_sampler(words(), SAMPLERS[name])
    with pytest.warns(UserWarning, match="does not record where its rows come from"):
        pipeline.fit(*imbalanced)
    with pytest.raises(ValueError, match="cannot follow the rows of"):
        pipeline.fit(*imbalanced, classify__sample_weight=np.ones(len(imbalanced[1])))


def test_repeated_rows_are_held_out_together(words, news, imbalanced):
    balanced = words(classify__class_weight="balanced").fit(*imbalanced)
    repeated = with_sampler(words(), SAMPLERS["repeated"]).fit(*imbalanced)
    assert abs(recall(repeated, news) - recall(balanced, news)) < 0.15


def test_a_balanced_ensemble_is_a_last_step(words, news, imbalanced):
    ensemble = BalancedBaggingClassifier(LogisticRegression(C=10), n_estimators=5, random_state=0)
    pipeline = words(classify=ensemble).fit(*imbalanced)
    assert recall(pipeline, news) > 0.4
