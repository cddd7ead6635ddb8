import pickle
import warnings
from collections import Counter

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.pruners import NopPruner, WilcoxonPruner
from optuna.trial import FixedTrial
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, clone, is_classifier
from sklearn.dummy import DummyClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    HalvingGridSearchCV,
    StratifiedKFold,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline

from agnews_sk import TextCache, make_tfidf_pipeline
from agnews_sk.pipeline import TextPipeline
from agnews_sk.sampling import DuplicateFilter, EDAAugmenter, MissingTextFilter
from agnews_sk.tokenization import SubwordTokenizer, Vocabulary, WordTokenizer
from agnews_sk.tuning import PipelineSearchCV, suggest_params, tfidf_space
from agnews_sk.vectorization import NgramUnion, NgramVectorizer

C = FloatDistribution(0.1, 10, log=True)


class Scripted(ClassifierMixin, BaseEstimator):
    """Return given scores on each fold, whose rows begin with the fold's number."""

    def __init__(self, scores=(), error=None):
        self.scores = scores
        self.error = error

    def fit(self, X, y):
        if self.error is not None:
            raise RuntimeError(self.error)
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])

    def score(self, X, y):
        return self.scores[int(X[0][0])]


FOLDS = np.repeat(np.arange(4.0), 2)[:, None], np.array(["a", "b"] * 4)


def scripted_search(space, **options):
    splits = [(np.flatnonzero(FOLDS[0][:, 0] != i), np.flatnonzero(FOLDS[0][:, 0] == i))
              for i in range(4)]  # fmt: skip
    return PipelineSearchCV(Scripted(), space, cv=splits, refit=False, random_state=0, **options)


def test_a_search_predicts_as_its_best_pipeline_fitted_on_all_rows(news, pipeline):
    X, y = news
    search = PipelineSearchCV(pipeline, {"classify__C": C}, n_trials=4, cv=2, random_state=0)
    assert search.fit(X, y) is search
    expected = clone(pipeline).set_params(**search.best_params_).fit(X, y)
    np.testing.assert_array_equal(search.predict(X), expected.predict(X))
    np.testing.assert_allclose(search.predict_proba(X), expected.predict_proba(X))
    assert search.score(X, y) == expected.score(X, y)
    assert search.classes_.tolist() == expected.classes_.tolist()
    assert is_classifier(search)
    assert "PipelineSearchCV" in search._repr_html_()


def test_scores_are_those_of_grid_search(news, pipeline):
    space = {
        "clean__lowercase": [True, False],
        "vectorize__words__ngram_range": [(1, 1), (1, 2)],
        "classify__C": [0.3, 3.0],
    }
    grid = GridSearchCV(pipeline, space, cv=3, refit=False).fit(*news)
    search = PipelineSearchCV(
        pipeline,
        {name: CategoricalDistribution(c) if name != "vectorize__words__ngram_range" else c
         for name, c in space.items()},
        n_trials=10, cv=3, pruner=NopPruner(), refit=False, random_state=0,
    ).fit(*news)  # fmt: skip
    known = {
        frozenset(params.items()): mean
        for params, mean in zip(grid.cv_results_["params"], grid.cv_results_["mean_test_score"])
    }
    for params, mean in zip(search.cv_results_["params"], search.cv_results_["mean_test_score"]):
        assert mean == pytest.approx(known[frozenset(params.items())])
    extra = {"number", "state", "error"}
    assert set(search.cv_results_) - extra == set(grid.cv_results_)


def test_cv_results_are_ranked_with_the_best_first(news, pipeline):
    search = PipelineSearchCV(pipeline, {"classify__C": C}, n_trials=6, cv=2, random_state=0)
    results = search.fit(*news).cv_results_
    best = search.best_index_
    assert results["rank_test_score"][best] == 1
    assert results["params"][best] == search.best_params_
    complete = results["state"] == "complete"
    assert search.best_score_ == results["mean_test_score"][complete].max()
    assert isinstance(results["param_classify__C"], np.ma.MaskedArray)


@pytest.mark.parametrize("n_jobs", [1, 2], ids=["alone", "two threads"])
def test_a_search_runs_the_requested_number_of_trials(n_jobs, news, pipeline):
    search = PipelineSearchCV(
        pipeline, {"classify__C": C}, n_trials=7, cv=2, n_jobs=n_jobs, random_state=0
    )
    assert [t.number for t in search.fit(*news).study_.trials] == list(range(7))


def test_the_same_seed_gives_the_same_trials_twice(news):
    def trials():
        search = PipelineSearchCV(
            make_tfidf_pipeline(), tfidf_space(), n_trials=14, cv=2, random_state=3, refit=False
        ).fit(*news)
        return [(t.params, t.values, t.intermediate_values) for t in search.study_.trials]

    first = trials()
    assert first == trials()
    assert len({str(params) for params, *_ in first}) > 10


def test_a_timeout_ends_a_search_without_a_number_of_trials(news, pipeline):
    search = PipelineSearchCV(
        pipeline, {"classify__C": C}, n_trials=None, timeout=0.5, cv=2, random_state=0
    )
    assert len(search.fit(*news).study_.trials) >= 1


def test_a_family_is_the_first_choice_of_each_trial(news, pipeline):
    families = {"tfidf": pipeline, "constant": DummyClassifier()}
    spaces = {"tfidf": {"classify__C": C}, "constant": {"strategy": ["prior", "stratified"]}}
    search = PipelineSearchCV(families, spaces, n_trials=12, cv=2, random_state=0).fit(*news)
    drawn = Counter(params["family"] for params in search.cv_results_["params"])
    assert set(drawn) == {"tfidf", "constant"}
    assert search.best_params_.keys() == {"family", "classify__C"}
    assert isinstance(search.best_estimator_, TextPipeline)
    assert {name for t in search.study_.trials for name in t.params} == {
        "family", "tfidf/classify__C", "constant/strategy"
    }  # fmt: skip
    assert is_classifier(clone(search))


def test_families_and_spaces_must_have_the_same_names(pipeline, news):
    search = PipelineSearchCV({"tfidf": pipeline}, {"other": {}})
    with pytest.raises(ValueError, match=r"one space per family of estimator, \['tfidf'\]"):
        search.fit(*news)


def test_choices_of_any_kind_are_drawn_and_set(news, pipeline, tmp_path):
    space = {
        "filter": [MissingTextFilter(), DuplicateFilter()],
        "vectorize__words__min_df": [1, 0.5],
    }
    search = PipelineSearchCV(
        pipeline, space, n_trials=6, cv=2, random_state=0, storage=f"journal:{tmp_path / 'a'}"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        search.fit(*news)
    kinds = {type(params["filter"]) for params in search.cv_results_["params"]}
    assert kinds == {MissingTextFilter, DuplicateFilter}


def test_integers_of_a_space_keep_their_step():
    space = {"n": IntDistribution(2, 10, step=4), "x": FloatDistribution(0, 1, step=0.5)}
    assert suggest_params(space, FixedTrial({"n": 6, "x": 0.5})) == {"n": 6, "x": 0.5}


def test_several_objectives_give_a_pareto_front_and_refit_a_point_of_it(news, pipeline):
    scoring = ["accuracy", "neg_log_loss", "latency", "fit_time", "size"]
    space = {"classify__C": C, "vectorize__words__min_df": IntDistribution(1, 4)}
    search = PipelineSearchCV(pipeline, space, n_trials=6, cv=2, scoring=scoring, random_state=0)
    results = search.fit(*news).cv_results_
    assert search.best_index_ in {trial.number for trial in search.best_trials_}
    assert search.best_score_ == results["mean_test_accuracy"].max()
    assert search.score(*news) > 0.5
    size = search.set_params(refit="size").fit(*news)
    assert size.best_score_ == size.cv_results_["mean_test_size"].min()
    assert size.cv_results_["rank_test_size"][size.best_index_] == 1
    assert size.study_.directions == [2, 2, 1, 1, 1]


def test_of_trials_of_one_score_the_one_on_the_front_is_the_best(news, pipeline):
    def space(trial):
        return {"vectorize__words__min_df": 1 if trial.number == 0 else 2, "classify__C": 1e-9}

    search = PipelineSearchCV(
        pipeline, space, n_trials=2, cv=2, scoring=["accuracy", "size"], random_state=0
    ).fit(*news)
    larger, smaller = search.cv_results_["mean_test_size"]
    assert larger > smaller
    assert search.cv_results_["rank_test_accuracy"].tolist() == [1, 1]
    assert search.best_index_ == 1


def test_a_second_fit_discards_the_first(news, pipeline):
    search = PipelineSearchCV(pipeline, {"classify__C": C}, n_trials=1, cv=2).fit(*news)
    search.set_params(refit=False).fit(*news)
    assert not hasattr(search, "best_estimator_")
    assert not hasattr(search, "feature_names_in_")


def test_fewer_trials_than_a_study_was_begun_with_are_enough(tmp_path):
    def stop_at_two(study, trial):
        if trial.number == 1:
            raise KeyboardInterrupt

    named = {"storage": f"journal:{tmp_path / 'study'}", "study_name": "news"}
    space = {"scores": [(1, 1, 1, 1)]}
    with pytest.raises(KeyboardInterrupt):
        scripted_search(space, n_trials=9, callbacks=[stop_at_two], **named).fit(*FOLDS)
    search = scripted_search(space, n_trials=4, **named).fit(*FOLDS)
    assert len(search.cv_results_["params"]) == 4


def test_pruned_trials_are_not_reported_as_failed():
    class Always(NopPruner):
        def prune(self, study, trial):
            return True

    search = scripted_search({"scores": [(1, 1, 1, 1)]}, n_trials=2, pruner=Always())
    with pytest.raises(ValueError, match="all 2 trials were pruned; use a more patient pruner"):
        search.fit(*FOLDS)


def test_refit_may_be_a_callable(news, pipeline):
    search = PipelineSearchCV(
        pipeline, {"classify__C": C}, n_trials=3, cv=2, random_state=0, refit=lambda results: 2
    ).fit(*news)
    assert search.best_params_ == search.cv_results_["params"][2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scoring": ["latency", "size"]}, "must name a score besides costs"),
        ({"scoring": ["accuracy"], "refit": "f1_macro"}, "refit must name one of"),
        ({"n_trials": None}, "would never end"),
        ({"error_score": 0.0}, "must be 'raise' or nan"),
    ],
    ids=["only costs", "unknown refit", "no end", "a score for errors"],
)
def test_conflicting_settings_are_rejected(options, message, news, pipeline):
    with pytest.raises(ValueError, match=message):
        PipelineSearchCV(pipeline, {"classify__C": C}, **options).fit(*news)


def test_a_trial_that_fails_is_recorded_and_does_not_end_the_study():
    space = {"scores": [(1, 1, 1, 1)], "error": [None, "out of luck"]}
    search = scripted_search(space, n_trials=8).fit(*FOLDS)
    results = search.cv_results_
    failed = results["state"] == "failed"
    assert 0 < failed.sum() < 8
    assert all("RuntimeError: out of luck" in error for error in results["error"][failed])
    assert results["error"][~failed].tolist() == [None] * (8 - failed.sum())
    assert (results["rank_test_score"][failed] == results["rank_test_score"].max()).all()


def test_trials_that_all_fail_raise_the_first_error():
    search = scripted_search({"error": ["out of luck"]}, n_trials=3)
    with pytest.raises(ValueError, match=r"all 3 trials failed.*out of luck") as raised:
        search.fit(*FOLDS)
    assert isinstance(raised.value.__cause__, RuntimeError)


def test_an_error_is_raised_at_once_if_requested():
    search = scripted_search({"error": ["out of luck"]}, n_trials=3, error_score="raise")
    with pytest.raises(RuntimeError, match="out of luck"):
        search.fit(*FOLDS)


def test_trials_that_are_worse_are_pruned_without_a_warning():
    def space(trial):
        x = trial.suggest_float("x", 0, 1) - 2 * (trial.number > 0)
        return {"scores": tuple(x + fold / 100 for fold in range(4))}

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        search = scripted_search(space, n_trials=3).fit(*FOLDS)
    first, *others = search.study_.trials
    assert len(first.intermediate_values) == 4
    # The first two trials tell how much differences vary by fold: not at all.
    assert [len(trial.intermediate_values) for trial in others] == [2, 1]
    assert [trial.number for trial in search.best_trials_] == [0]


def test_the_order_of_folds_differs_from_trial_to_trial():
    orders = set()

    def scores(trial):
        return {"scores": (trial.suggest_float("x", 0, 1),) * 4}

    search = scripted_search(scores, n_trials=12, pruner=NopPruner(), callbacks=[
        lambda study, trial: orders.add(tuple(trial.user_attrs["folds"]))
    ])  # fmt: skip
    search.fit(*FOLDS)
    assert len(orders) > 5


def test_a_pruned_trial_keeps_the_folds_it_was_fitted_on():
    def space(trial):
        x = trial.suggest_float("x", 0, 1)
        return {"scores": tuple(x + fold / 100 for fold in range(4))}

    search = scripted_search(space, n_trials=20).fit(*FOLDS)
    results = search.cv_results_
    pruned = results["state"] == "pruned"
    splits = np.array([results[f"split{i}_test_score"] for i in range(4)])
    assert pruned.any()
    assert np.isnan(results["mean_test_score"][pruned]).all()
    assert (np.isfinite(splits[:, pruned]).sum(axis=0) < 4).all()
    assert np.isfinite(splits[:, ~pruned]).all()


def test_a_pruner_and_a_sampler_of_the_user_are_used_and_not_changed(news, pipeline):
    sampler = optuna.samplers.GridSampler({"classify__C": [0.1, 1.0, 10.0]}, seed=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pruner = WilcoxonPruner()
    search = PipelineSearchCV(
        pipeline, {"classify__C": C}, n_trials=9, cv=2, sampler=sampler, pruner=pruner
    ).fit(*news)
    drawn = sorted(params["classify__C"] for params in search.cv_results_["params"])
    assert drawn == [0.1, 1.0, 10.0]  # the grid is over, and the search with it


def test_a_search_nests_and_is_cloned_and_pickled(news, pipeline):
    X, y = news
    search = PipelineSearchCV(pipeline, {"classify__C": C}, n_trials=2, cv=2, random_state=0)
    assert clone(search).get_params().keys() == search.get_params().keys()
    assert len(cross_val_score(search, X, y, cv=2)) == 2
    again = pickle.loads(pickle.dumps(search.fit(X, y)))
    np.testing.assert_array_equal(again.predict(X), search.predict(X))


def test_weights_are_cut_by_fold_and_reach_the_fit_and_the_score(news):
    X, y = news
    weight = np.where(y == "World", 1000.0, 1e-3)
    texts = (X["title"].fillna("") + " " + X["description"].fillna("")).tolist()
    with config_context(enable_metadata_routing=True):
        classifier = LogisticRegression().set_fit_request(sample_weight=True)
        pipeline = make_pipeline(NgramVectorizer(), classifier)
        search = PipelineSearchCV(pipeline, {"logisticregression__C": C}, n_trials=2, cv=2)
        heavy = search.fit(texts, y, sample_weight=weight).predict(texts)
    assert (heavy == "World").mean() > 0.9


def test_groups_reach_the_splitter(news, pipeline):
    X, y = news
    groups = np.arange(len(y)) % 3
    search = PipelineSearchCV(pipeline, {"classify__C": C}, n_trials=2, cv=GroupKFold(3))
    assert search.fit(X, y, groups=groups).n_splits_ == 3


def counted(monkeypatch, cls, method):
    calls = []
    original = getattr(cls, method)

    def count(self, X, *args, **kwargs):
        calls.append(list(X) if not hasattr(X, "columns") else X)
        return original(self, X, *args, **kwargs)

    monkeypatch.setattr(cls, method, count)
    return calls


def test_steps_before_the_first_change_are_fitted_once_per_fold(monkeypatch, news, pipeline):
    fits = counted(monkeypatch, NgramUnion, "fit_transform")
    PipelineSearchCV(
        pipeline, {"classify__C": C}, n_trials=5, cv=3, refit=False, random_state=0
    ).fit(*news)
    assert len(fits) == 3


def test_without_a_cache_every_step_is_fitted_and_scores_are_the_same(monkeypatch, news, pipeline):
    fits = counted(monkeypatch, NgramUnion, "fit_transform")
    space = {"classify__C": C, "clean__lowercase": [True, False]}
    options = {"n_trials": 5, "cv": 3, "refit": False, "random_state": 0, "pruner": NopPruner()}
    plain = PipelineSearchCV(pipeline, space, cache_bytes=None, **options).fit(*news)
    assert len(fits) == 15
    cached = PipelineSearchCV(pipeline, space, **options).fit(*news)
    assert len(fits) <= 21
    small = PipelineSearchCV(pipeline, space, cache_bytes=2000, **options).fit(*news)
    for search in (cached, small):
        np.testing.assert_array_equal(
            search.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"]
        )


def test_a_search_over_the_classifier_tokenizes_each_distinct_text_once(monkeypatch, news):
    X, y = news
    texts = (X["title"].fillna("") + " " + X["description"].fillna("")).to_numpy(dtype=object)
    texts[:10] = texts[10:20]
    calls = counted(monkeypatch, WordTokenizer, "transform")
    pipeline = TextPipeline([
        ("filter", MissingTextFilter()),
        ("tokenize", WordTokenizer()),
        ("vocabulary", Vocabulary()),
        ("vectorize", NgramVectorizer()),
        ("classify", LogisticRegression()),
    ])  # fmt: skip
    PipelineSearchCV(pipeline, {"classify__C": C}, n_trials=4, cv=3, refit=False).fit(texts, y)
    tokenized = [text for call in calls for text in call]
    assert len(tokenized) == len(set(tokenized)) == len(set(texts))


def test_a_tokenizer_without_a_cache_uses_a_shared_one(monkeypatch, news):
    X, y = news
    texts = (X["title"].fillna("") + " " + X["description"].fillna("")).to_numpy(dtype=object)
    misses = []
    rows = TextCache.rows

    def count(self, namespace, texts, compute):
        before = self.n_misses
        result = rows(self, namespace, texts, compute)
        misses.append(self.n_misses - before)
        return result

    monkeypatch.setattr(TextCache, "rows", count)
    pipeline = TextPipeline([
        ("tokenize", SubwordTokenizer(vocab_size=300)),
        ("vectorize", NgramVectorizer()),
        ("classify", LogisticRegression()),
    ])  # fmt: skip
    search = PipelineSearchCV(pipeline, {"classify__C": C}, n_trials=3, cv=StratifiedKFold(3))
    search.fit(texts, y)
    # A learned tokenizer differs by fold, and so do its ids.
    assert sum(misses) == 3 * len(set(texts))
    assert search.best_estimator_.named_steps["tokenize"].cache is None
    misses.clear()
    search.set_params(scoring=["accuracy", "latency"]).fit(texts, y)
    assert misses == []  # nothing is looked up if time is measured


def test_a_random_step_without_a_seed_is_not_reused(monkeypatch, news, pipeline):
    fits = counted(monkeypatch, NgramUnion, "fit_transform")
    for seed, n_fits in ((None, 6), (0, 2)):
        fits.clear()
        pipeline.set_params(augment=EDAAugmenter(random_state=seed))
        PipelineSearchCV(
            pipeline, {"classify__C": C}, n_trials=3, cv=2, refit=False, pruner=NopPruner()
        ).fit(*news)
        assert len(fits) == n_fits


def test_halving_search_and_a_plain_study_work_on_the_pipelines(news, pipeline):

    X, y = news
    halving = HalvingGridSearchCV(
        pipeline, {"classify__C": [0.1, 1.0, 10.0]}, cv=2, min_resources=30, random_state=0
    ).fit(X, y)
    assert halving.best_score_ > 0.25
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=0))
    study.optimize(
        lambda trial: cross_val_score(
            clone(make_tfidf_pipeline()).set_params(**suggest_params(tfidf_space(), trial)),
            X,
            y,
            cv=2,
        ).mean(),
        n_trials=3,
    )
    assert len(study.trials) == 3
