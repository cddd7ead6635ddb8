"""scikit-learn's own meta-estimators and tools over pipelines of texts.

What scikit-learn itself refuses is expected to fail, with the thread about it: if it succeeds one
day, `docs/neighbours.md` has to change.
"""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_selection import SelectFromModel, SelectKBest, chi2
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, get_scorer, log_loss
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_validate,
    learning_curve,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.semi_supervised import SelfTrainingClassifier

from agnews_sk import make_embedding_pipeline

CONTAINERS = {
    "pandas": lambda frame: frame,
    "polars": pl.from_pandas,
    "arrow": lambda frame: pl.from_pandas(frame).to_arrow(),
}
CHANCE = 0.25


@pytest.mark.parametrize("container", CONTAINERS)
def test_stacking_learns_from_the_probabilities_of_two_pipelines(news, words, container):
    convert = CONTAINERS[container]
    pair = [("words", words()), ("few", words(vectorize__words__max_features=100))]
    stack = StackingClassifier(pair, LogisticRegression(), cv=3).fit(convert(news.X), news.y)
    assert stack.transform(convert(news.X_test)).shape == (200, 8)
    assert stack.score(convert(news.X_test), news.y_test) > 0.75


def test_a_soft_vote_is_the_mean_of_the_probabilities(news, words):
    pair = [("words", words()), ("few", words(vectorize__words__max_features=100))]
    vote = VotingClassifier(pair, voting="soft").fit(news.X, news.y)
    mean = np.mean([p.fit(news.X, news.y).predict_proba(news.X_test) for _, p in pair], axis=0)
    assert np.allclose(vote.predict_proba(news.X_test), mean)
    assert (vote.predict(news.X_test) == vote.classes_[mean.argmax(axis=1)]).all()


def test_a_hard_vote_of_one_is_its_prediction(news, words, fitted_words):
    vote = VotingClassifier([("words", words())]).fit(news.X, news.y)
    assert (vote.predict(news.X_test) == fitted_words.predict(news.X_test)).all()


@pytest.mark.parametrize("method", ["sigmoid", "temperature"])
def test_calibration_improves_a_classifier_that_is_too_certain(news, words, method):
    too_certain = words(classify=LogisticRegression(C=1e6, max_iter=2_000))
    calibrated = CalibratedClassifierCV(too_certain, method=method, cv=3).fit(news.X, news.y)
    losses = [
        log_loss(news.y_test, one.predict_proba(news.X_test))
        for one in (calibrated, too_certain.fit(news.X, news.y))
    ]
    assert losses[0] < losses[1] - 0.05


def sports(labels):
    return np.where(labels == "Sports", "Sports", "other")


def test_a_threshold_is_tuned_for_a_rare_class(news, words):
    y, y_test = sports(news.y), sports(news.y_test)
    rare = np.flatnonzero((y == "other") | (np.cumsum(y == "Sports") <= 15))
    X, y = news.X.iloc[rare], y[rare]
    plain = words().fit(X, y)
    tuned = TunedThresholdClassifierCV(words(), scoring="f1_macro", cv=3).fit(X, y)
    assert 0 < tuned.best_threshold_ < 1
    f1 = [f1_score(y_test, p.predict(news.X_test), average="macro") for p in (plain, tuned)]
    assert f1[1] > f1[0]


def test_a_fixed_threshold_decides(news, words):
    y = sports(news.y)
    fixed = FixedThresholdClassifier(words(), threshold=0.2, pos_label="Sports").fit(news.X, y)
    probability = fixed.predict_proba(news.X_test)[:, list(fixed.classes_).index("Sports")]
    assert ((fixed.predict(news.X_test) == "Sports") == (probability >= 0.2)).all()


def test_several_targets_have_a_pipeline_each(news, words, fitted_words):
    both = MultiOutputClassifier(words()).fit(news.X, np.column_stack([news.y, sports(news.y)]))
    predicted = both.predict(news.X_test)
    assert (predicted[:, 0] == fitted_words.predict(news.X_test)).all()
    assert np.mean(predicted[:, 1] == sports(news.y_test)) > 0.85


@pytest.mark.parametrize("over", [OneVsRestClassifier, OutputCodeClassifier])
def test_classifiers_of_two_classes_make_one_of_several(news, words, over):
    params = {"random_state": 0} if over is OutputCodeClassifier else {}
    assert over(words(), **params).fit(news.X, news.y).score(news.X_test, news.y_test) > 0.5


# scikit-learn converts X to an array of numbers before any step of the pipeline sees it. The list
# of those that do: scikit-learn/scikit-learn#19755.
REFUSED = {
    "self-training": (SelfTrainingClassifier, "#23323"),
    "one-vs-one": (OneVsOneClassifier, "#23779"),
    "chain": (ClassifierChain, "#19755"),
    "bagging": (BaggingClassifier, "#19755"),
}


def target_of(name, news):
    codes = np.unique(news.y, return_inverse=True)[1]
    if name == "self-training":
        return np.where(np.arange(len(codes)) < 200, codes, -1)
    return np.eye(4, dtype=int)[codes] if name == "chain" else codes


def refused(name):
    thread = REFUSED[name][1]
    return pytest.mark.xfail(raises=ValueError, strict=True, reason=f"scikit-learn {thread}")


@pytest.mark.parametrize("name", [pytest.param(name, marks=refused(name)) for name in REFUSED])
def test_meta_estimators_take_texts(news, words, name):
    REFUSED[name][0](words()).fit(news.X, target_of(name, news))


@pytest.mark.parametrize("name", REFUSED)
def test_meta_estimators_that_refuse_texts_work_as_the_last_step(news, words, name):
    over, _ = REFUSED[name]
    params = {"threshold": 0.9} if name == "self-training" else {}
    pipeline = words(classify=over(LogisticRegression(C=10), **params))
    pipeline.fit(news.X, target_of(name, news))
    codes = np.unique(news.y_test, return_inverse=True)[1]
    predicted = pipeline.predict(news.X_test)
    predicted = predicted.argmax(axis=1) if name == "chain" else predicted
    assert np.mean(predicted == codes) > 2 * CHANCE


SELECTORS = {
    "chi2": SelectKBest(chi2, k=200),
    "model": SelectFromModel(LogisticRegression(), threshold=-np.inf, max_features=200),
}


@pytest.mark.parametrize("name", SELECTORS)
def test_columns_are_selected_by_their_names_after_vectorize(news, words, name):
    pipeline = words()
    pipeline.steps.insert(-1, ("select", SELECTORS[name]))
    pipeline = clone(pipeline).fit(news.X, news.y)
    assert pipeline.named_steps["classify"].n_features_in_ == 200
    names = pipeline.named_steps["vectorize"].get_feature_names_out()
    support = pipeline.named_steps["select"].get_support()
    assert list(pipeline[-3:-1].get_feature_names_out()) == list(names[support])
    assert pipeline.score(news.X_test, news.y_test) > 2 * CHANCE


def importances(pipeline, X, y):
    return permutation_importance(pipeline, X, y, n_repeats=3, random_state=0).importances_mean


def test_permutation_importance_is_that_of_columns(news, fitted_words):
    title, description = importances(fitted_words, news.X_test, news.y_test)
    assert min(title, description) > 0.05
    unread = news.X_test.assign(author=[f"author {i}" for i in range(200)])
    only = clone(fitted_words).set_params(join__columns=["title"]).fit(news.X, news.y)
    title, description, author = importances(only, unread, news.y_test)
    assert title > 0.2
    assert description == author == 0


@pytest.mark.xfail(raises=ValueError, strict=True, reason="scikit-learn #28488")
def test_permutation_importance_of_a_polars_frame(news, fitted_words):
    importances(fitted_words, pl.from_pandas(news.X_test), news.y_test)


def test_an_array_of_columns_is_refused_with_the_way_out(news, fitted_words):
    with pytest.raises(ValueError, match=r"shape \(200, 2\); .* a DataFrame"):
        fitted_words.predict(news.X_test.to_numpy())


SCORES = ["accuracy", "neg_log_loss", "roc_auc_ovr"]


def test_cross_validation_of_every_container_is_the_same(news, words):
    found = {
        name: cross_validate(words(), convert(news.X), news.y, cv=3, scoring=SCORES)
        for name, convert in CONTAINERS.items()
    }
    for score in SCORES:
        values = [result[f"test_{score}"] for result in found.values()]
        assert np.isfinite(values).all()
        assert np.array_equal(values[0], values[1])
        assert np.array_equal(values[0], values[2])
    assert found["pandas"]["test_accuracy"].mean() > 0.7


def test_held_out_probabilities_and_learning_curves(news, words):
    category = pd.Series(news.y, dtype="category")
    probabilities = cross_val_predict(words(), news.X, category, cv=3, method="predict_proba")
    assert np.mean(np.unique(news.y)[probabilities.argmax(axis=1)] == news.y) > 0.7
    scores = learning_curve(words(), news.X, news.y, cv=3, train_sizes=[0.2, 1.0])[2].mean(axis=1)
    assert scores[1] > scores[0]


def test_halving_searches_steps_with_ever_more_rows(news, words):
    grid = {"classify__C": [1e-3, 10], "vectorize__words__ngram_range": [(1, 1), (1, 2)]}
    search = HalvingGridSearchCV(words(), grid, cv=3, random_state=0, min_resources=100)
    search.fit(news.X, news.y)
    assert search.n_resources_[0] < search.n_resources_[-1] <= 300
    assert search.best_params_["classify__C"] == 10
    assert search.score(news.X_test, news.y_test) > 0.7


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_frames_for_all_steps_change_no_prediction(news, words, container, tiny_encoder):
    for make in (words, lambda: make_embedding_pipeline(tiny_encoder)):
        expected = make().fit(news.X, news.y).predict_proba(news.X_test)
        with config_context(transform_output=container):
            pipeline = make().fit(news.X, news.y)
            assert np.allclose(pipeline.predict_proba(news.X_test), expected)
    pipeline = make_embedding_pipeline(tiny_encoder).set_output(transform=container)
    vectors = pipeline.fit(news.X, news.y)[:-1].transform(news.X_test)
    assert type(vectors).__module__.startswith(container)
    assert np.allclose(pipeline.predict_proba(news.X_test), expected)


def test_sparse_steps_have_no_set_output_as_in_scikit_learn(words):
    with pytest.raises(ValueError, match="`set_output` is not available"):
        words().set_output(transform="pandas")


# With metadata routing, each consumer says which weights it wants.

ROUTED = {
    "pipeline": lambda p: p,
    "calibration": lambda p: CalibratedClassifierCV(p, cv=3).set_fit_request(sample_weight=True),
    "stacking": lambda p: StackingClassifier(
        [("words", p)], LogisticRegression().set_fit_request(sample_weight=True), cv=3
    ),
    "voting": lambda p: VotingClassifier([("words", p)], voting="soft"),
    "search": lambda p: GridSearchCV(p, {"classify__C": [3, 10]}, cv=3, scoring=weighted()),
}


def weighted():
    return get_scorer("accuracy").set_score_request(sample_weight=True)


@pytest.mark.parametrize("name", ROUTED)
def test_weights_are_routed_to_the_last_step(news, words, name):
    weight = np.where(news.y == "Sports", 1e-3, 1.0)
    with config_context(enable_metadata_routing=True):
        pipeline = words()
        pipeline.named_steps["classify"].set_fit_request(sample_weight=True)
        over = clone(ROUTED[name](pipeline)).fit(news.X, news.y, sample_weight=weight)
        assert not (over.predict(news.X_test) == "Sports").any()
        scores = cross_validate(
            pipeline, news.X, news.y, params={"sample_weight": weight}, scoring=weighted(), cv=3
        )["test_score"]
    assert np.isfinite(scores).all()


def test_weights_that_nobody_asked_for_are_refused(news, words):
    with (
        config_context(enable_metadata_routing=True),
        pytest.raises(Exception, match="not explicitly set as requested"),
    ):
        words().fit(news.X, news.y, sample_weight=np.ones(300))
