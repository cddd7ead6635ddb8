"""A search over families by accuracy and latency, one of them a cascade."""

from optuna.distributions import FloatDistribution

from agnews_sk import CascadeClassifier, load_news_sample, make_tfidf_pipeline
from agnews_sk.tuning import PipelineSearchCV


def test_a_cascade_is_searched_beside_a_pipeline_by_accuracy_and_latency():
    X, y = load_news_sample(return_X_y=True)
    small = make_tfidf_pipeline(vectorize__words__max_features=100, characters=False)
    parts = [("small", small), ("tfidf", make_tfidf_pipeline())]
    cascade = CascadeClassifier(parts, max_passed=0.1, random_state=0)
    space = {
        "tfidf": {"classify__C": FloatDistribution(1, 30, log=True)},
        "cascade": {"max_passed": FloatDistribution(0.3, 0.6)},
    }
    search = PipelineSearchCV(
        {"tfidf": small, "cascade": cascade},
        space,
        scoring=["accuracy", "latency"],
        n_trials=5,
        cv=2,
        random_state=0,
    )
    search.fit(X[:600], y[:600])
    assert {trial.params["family"] for trial in search.study_.trials} == {"tfidf", "cascade"}
    assert isinstance(search.best_estimator_, CascadeClassifier)
    assert search.best_estimator_.max_passed == search.best_params_["max_passed"]
    assert any(trial.params["family"] == "cascade" for trial in search.best_trials_)
