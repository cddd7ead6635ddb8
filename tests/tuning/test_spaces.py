"""Values of a space, validated before the first trial."""

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.pruners import NopPruner
from optuna.samplers import RandomSampler
from optuna.trial import FixedTrial
from scipy import stats
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer

from agnews_sk.pipeline import (
    TextPipeline,
    make_embedding_pipeline,
    make_finetune_pipeline,
    make_tfidf_pipeline,
    make_transformer_pipeline,
)
from agnews_sk.tuning import (
    PipelineSearchCV,
    embedding_space,
    finetune_space,
    suggest_params,
    tfidf_space,
    transformer_space,
)
from agnews_sk.tuning._spaces import check_space


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (1.0, r"must be a FloatDistribution.*or a list of choices, got float 1\.0"),
        ("abc", "got str 'abc'"),
        ({1, 2}, "got set"),
        (iter([1]), "got list_iterator"),
        (np.eye(2), "got ndarray"),
        (stats.norm(), r"got norm of scipy\.stats, of which uniform.*FloatDistribution\(low, high"),
        (stats.expon(scale=3), r"got expon of scipy\.stats"),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("family", [False, True], ids=["one", "family"])
def test_invalid_values_of_a_space_are_rejected_before_trials(
    family, value, message, news, pipeline
):
    space = {"classify__C": value}
    search = PipelineSearchCV(pipeline, space)
    if family:
        families = {"constant": DummyClassifier(), "tfidf": pipeline}
        search = PipelineSearchCV(families, {"constant": {}, "tfidf": space})
    with pytest.raises(TypeError, match=rf"^space\['classify__C'\].*{message}"):
        search.fit(*news)
    assert not hasattr(search, "study_")


@pytest.mark.parametrize(
    ("space", "suggestion"),
    [
        ({"classify__c": [1.0]}, "did you mean 'classify__C'"),
        ({"ngram_range": [(1, 1)]}, "did you mean .*'vectorize__words__ngram_range'"),
        ({"vectorise__min_df": [1]}, "did you mean .*'vectorize__words__min_df'"),
        ({"xyz": [1]}, r"get_params\(\) lists them"),
        (lambda trial: {"classify__c": trial.suggest_float("c", 0, 1)}, "'classify__C'"),
        (
            lambda trial: {"min_df": trial.suggest_int("n", 1, 2), "classify__C": 1.0},
            "'vectorize__words__min_df'",
        ),
        (lambda trial: {trial.suggest_categorical("which", ["clasify__C"]): 1.0}, "'classify__C'"),
    ],
    ids=["case", "no step", "spelling", "nothing like it", "float", "int", "categorical"],
)
def test_a_wrong_name_is_rejected_before_any_trial(space, suggestion, news, pipeline):
    search = PipelineSearchCV(pipeline, space)
    with pytest.raises(
        ValueError, match=rf"^space has .*not a parameter of TextPipeline.*{suggestion}"
    ):
        search.fit(*news)
    assert not hasattr(search, "study_")


def test_a_wrong_name_of_a_family_that_may_never_be_drawn_is_rejected(news, pipeline):
    families = {"tfidf": pipeline, "constant": DummyClassifier()}
    search = PipelineSearchCV(families, {"tfidf": {}, "constant": {"strateggy": ["prior"]}})
    with pytest.raises(
        ValueError, match="not a parameter of DummyClassifier; did you mean 'strategy'"
    ):
        search.fit(*news)


def test_a_function_that_uses_the_study_is_checked_in_the_first_trial(news, pipeline):
    def space(trial):
        assert trial.user_attrs == {}
        return {"classify__C": trial.suggest_float("C", 0.1, 1.0, log=True)}

    assert PipelineSearchCV(pipeline, space, n_trials=1, cv=2).fit(*news).best_params_


def test_a_function_that_returns_no_dict_is_rejected(news, pipeline):
    search = PipelineSearchCV(pipeline, lambda trial: [1], n_trials=1)
    with pytest.raises(TypeError, match="space must return the parameters of a trial as a dict"):
        search.fit(*news)


class Noted(LogisticRegression):
    """Score 1 if `C` is a float, and 0 otherwise."""

    def score(self, X, y, sample_weight=None):
        return float(type(self.C) is float)


@pytest.mark.parametrize("family", [False, True], ids=["one", "family"])
def test_results_and_refit_have_the_value_that_won_of_two_equal_ones(family):
    estimator, space = Noted(), {"C": [1, 1.0]}
    if family:
        estimator, space = {"linear": estimator}, {"linear": space}
    search = PipelineSearchCV(
        estimator, space, n_trials=6, cv=2, random_state=0, pruner=NopPruner()
    )
    search.fit([[0.0], [1.0]] * 4, [0, 1] * 4)
    results = zip(search.cv_results_["params"], search.cv_results_["mean_test_score"])
    assert {type(params["C"]): score for params, score in results} == {int: 0.0, float: 1.0}
    assert type(search.best_params_["C"]) is float
    assert type(search.best_estimator_.C) is float


def test_a_search_over_functions_in_a_grid_of_numpy_numbers_runs(news):
    pipeline = TextPipeline([
        ("join", FunctionTransformer()),
        ("classify", DummyClassifier()),
    ])  # fmt: skip
    space = {"join__func": [lambda X: X, lambda X: X[:]], "classify__random_state": np.arange(3)}
    search = PipelineSearchCV(pipeline, space, n_trials=4, cv=2, random_state=0).fit(*news)
    assert (search.cv_results_["state"] != "failed").all()
    assert suggest_params({"n": range(2, 4)}, FixedTrial({"n": 3})) == {"n": 3}


SPACES = {
    make_tfidf_pipeline: tfidf_space,
    make_embedding_pipeline: embedding_space,
    make_transformer_pipeline: transformer_space,
    make_finetune_pipeline: finetune_space,
}


@pytest.mark.parametrize("make", SPACES, ids=lambda make: make.__name__)
def test_a_default_space_names_parameters_of_its_pipeline_and_can_be_joined(make):
    space = SPACES[make]() | {"filter": ["passthrough"]}
    estimator = make()
    assert set(check_space(space, estimator)) == set(space)
    trial = optuna.create_study(sampler=RandomSampler(seed=0)).ask()
    estimator.set_params(**suggest_params(space, trial))
    assert estimator.get_params()["filter"] == "passthrough"


def test_a_default_space_is_new_at_each_call():
    space = tfidf_space()
    space["classify__C"] = [1.0]
    space["vectorize__words__ngram_range"].clear()
    assert tfidf_space()["classify__C"] == FloatDistribution(0.3, 100, log=True)
    assert tfidf_space()["vectorize__words__ngram_range"] == [(1, 1), (1, 2), (1, 3)]


def test_a_space_that_was_not_called_is_rejected_with_advice(news, pipeline):
    with pytest.raises(TypeError, match=r"got tfidf_space, which takes no trial; .* tfidf_space\("):
        PipelineSearchCV(pipeline, tfidf_space).fit(*news)


@pytest.mark.parametrize("space", [lambda *trial: {}, lambda trial, n=1: {}], ids=["any", "more"])
def test_a_function_of_a_trial_is_accepted(space, pipeline):
    assert check_space(space, pipeline) is space
