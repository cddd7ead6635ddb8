"""Scorers get the same input as in `GridSearchCV`; those of predictions only are fast."""

import pickle

import numpy as np
import pytest
from optuna.pruners import NopPruner
from sklearn import config_context
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, make_scorer, roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from agnews_sk import make_tfidf_pipeline
from agnews_sk.pipeline import TextPipeline
from agnews_sk.tuning import PipelineSearchCV
from agnews_sk.vectorization import NgramUnion

SPACE = {"classify__C": [0.1, 10.0]}
WEIGHTS = np.linspace(0.1, 3, 90)


def by_vocabulary(estimator, X, y):
    return estimator.score(X, y) - 1e-4 * len(estimator["vectorize"].vocabulary_)


def on_long_titles(estimator, X, y):
    long = X["title"].fillna("").str.len() > 40
    return estimator.score(X[long], np.asarray(y)[long])


def megabytes(estimator, X, y):
    return -len(pickle.dumps(estimator)) / 1e6


def settings(estimator, X, y):
    assert estimator.memory is None
    return len(estimator.get_params()) + len(X)


def margin(y, decision):
    return float(np.sort(decision, axis=1)[:, -1].mean())


class Opinionated(TextPipeline):
    """A pipeline whose predictions differ from those of its last step."""

    def predict(self, X):
        return np.full(len(X), "World")


def assert_as_grid_search(pipeline, scoring, X, y, **params):
    names = list(scoring) if isinstance(scoring, (list, dict)) else ["score"]
    grid = GridSearchCV(pipeline, SPACE, scoring=scoring, cv=2, refit=False, error_score="raise")
    expected = grid.fit(X, y, **params).cv_results_
    found = PipelineSearchCV(
        pipeline, SPACE, scoring=scoring, cv=2, refit=False, error_score="raise", n_trials=5,
        pruner=NopPruner(), random_state=0,
    ).fit(X, y, **params).cv_results_  # fmt: skip
    assert len({chosen["classify__C"] for chosen in found["params"]}) == 2
    for i, chosen in enumerate(found["params"]):
        j = expected["params"].index(chosen)
        for name in names:
            np.testing.assert_allclose(
                found[f"mean_test_{name}"][i], expected[f"mean_test_{name}"][j], rtol=1e-6
            )


@pytest.mark.parametrize(
    "scoring",
    [
        by_vocabulary,
        on_long_titles,
        megabytes,
        settings,
        make_scorer(margin, response_method="decision_function"),
        make_scorer(log_loss, response_method="predict_proba", greater_is_better=False),
        make_scorer(roc_auc_score, response_method=("predict_proba",), multi_class="ovr"),
        ["accuracy", "neg_log_loss", "f1_macro"],
        {"long": on_long_titles, "accuracy": "accuracy", "megabytes": megabytes},
        None,
        "balanced_accuracy",
    ],
    ids=lambda scoring: getattr(scoring, "__name__", type(scoring).__name__),
)
def test_scores_of_any_scorer_are_those_of_grid_search(scoring, news, pipeline):
    assert_as_grid_search(pipeline, scoring, *news)


def test_a_pipeline_that_predicts_differently_from_its_last_step_is_called_itself(news, pipeline):
    assert_as_grid_search(Opinionated(pipeline.steps), "accuracy", *news)


# GridSearchCV cannot hand weights of another name to a pipeline's own score.
@pytest.mark.parametrize(
    ("weighed", "alias"), [("scorer", True), ("scorer", "importance"), ("classifier", True)]
)
def test_metadata_reaches_scorers_as_in_grid_search(weighed, alias, news, pipeline):
    X, y = news
    name = "sample_weight" if alias is True else alias
    with config_context(enable_metadata_routing=True):
        classifier = LogisticRegression().set_fit_request(sample_weight=alias)
        scoring = None
        if weighed == "scorer":
            weighted = make_scorer(accuracy_score).set_score_request(sample_weight=alias)
            plain = make_scorer(accuracy_score).set_score_request(sample_weight=False)
            scoring = {"weighted": weighted, "plain": plain}
        classifier.set_score_request(sample_weight=alias)
        pipeline = Pipeline([*pipeline.steps[2:-1], ("classify", classifier)])
        assert_as_grid_search(pipeline, scoring, X, y, **{name: WEIGHTS})


def test_weights_without_routing_reach_the_scorers_that_take_them(news):
    _, y = news

    def mean_weight(estimator, X, y, sample_weight=None):
        return -1.0 if sample_weight is None else sample_weight.mean()

    search = PipelineSearchCV(
        DummyClassifier(), {"strategy": ["prior"]}, n_trials=1, cv=2, refit=False,
        scoring={"accuracy": "accuracy", "weight": mean_weight, "blind": lambda e, X, y: 0.5},
    )  # fmt: skip
    with pytest.warns(UserWarning, match=r"does not reach the scores \['blind'\]"):
        search.fit(np.zeros((90, 1)), y, sample_weight=WEIGHTS)
    assert search.cv_results_["mean_test_weight"][0] == pytest.approx(WEIGHTS.mean(), rel=0.01)


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ({"a": 1.0}, "set scoring to a dict of callables"),
        ("good", "return one float"),
        (None, "return one float"),
    ],
    ids=["dict", "str", "None"],
)
def test_a_scorer_that_returns_no_number_is_rejected_by_name(result, message, news, pipeline):
    search = PipelineSearchCV(
        pipeline, SPACE, scoring=lambda estimator, X, y: result, n_trials=2, cv=2,
        error_score="raise",
    )  # fmt: skip
    with pytest.raises(TypeError, match=rf"must return a number for 'score', got .*{message}"):
        search.fit(*news)


def test_scorers_that_only_look_at_predictions_transform_no_rows_again(monkeypatch, news, pipeline):
    calls = []
    transform = NgramUnion.transform
    monkeypatch.setattr(
        NgramUnion, "transform", lambda self, X: calls.append(1) or transform(self, X)
    )
    for scoring, n_transforms in (["accuracy", "neg_log_loss", "f1_macro"], 2), (by_vocabulary, 8):
        calls.clear()
        PipelineSearchCV(
            pipeline, SPACE, scoring=scoring, n_trials=4, cv=2, refit=False, pruner=NopPruner()
        ).fit(*news)
        assert len(calls) == n_transforms


def test_the_pipeline_of_a_scorer_is_the_one_that_was_given(news):
    seen = []

    def look(estimator, X, y):
        seen.append((type(estimator), list(estimator.named_steps), type(X), len(X)))
        return 0.5

    pipeline = make_tfidf_pipeline()
    PipelineSearchCV(pipeline, SPACE, scoring=look, n_trials=1, cv=2, refit=False).fit(*news)
    assert seen == [(TextPipeline, list(pipeline.named_steps), type(news[0]), 45)] * 2
