"""What notebooks show of a search."""

import re
from html import unescape

import numpy as np
import optuna
from sklearn.base import BaseEstimator, ClassifierMixin

from agnews_sk.tuning import PipelineSearchCV

X, Y = np.arange(20)[:, None], np.array(["a", "b"] * 10)


class Sure(ClassifierMixin, BaseEstimator):
    """Scores its parameter, and fails for values below 0."""

    def __init__(self, quality=0.5, kind=None):
        self.quality = quality
        self.kind = kind

    def fit(self, X, y):
        if self.quality < 0:
            raise RuntimeError("quality must be at least 0")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])

    def score(self, X, y):
        return self.quality


def searched(space, n_trials, **params):
    params = {"cv": 2, "random_state": 0, "pruner": optuna.pruners.NopPruner(), **params}
    params.setdefault("sampler", optuna.samplers.BruteForceSampler(seed=0))
    return PipelineSearchCV(Sure(), space, n_trials=n_trials, **params).fit(X, Y)


def text_of(html):
    fragment = html[html.index('<div class="agnews-sk agnews-search">') :]
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", fragment)))


def trials_of(html):
    return [int(number) for number in re.findall(r'<th scope="row">(\d+)</th>', html)]


def test_the_best_trial_is_said_and_stands_first():
    search = searched({"quality": [0.25, 0.75, 0.5]}, 3)
    html = search._repr_html_()
    ranks = search.cv_results_["rank_test_score"]
    assert trials_of(html) == search.cv_results_["number"][np.argsort(ranks)].tolist()
    best = search.cv_results_["number"][search.best_index_]
    answer = f"Trial {best} is best: score 0.7500 ± 0.0000 over 2 folds with quality=0.75."
    assert answer in text_of(html)
    assert html.count('class="best"') == 1
    assert text_of(search._repr_mimebundle_()["text/html"]) == text_of(html)


def test_a_choice_of_the_user_stands_first():
    search = searched({"quality": [0.25, 0.75, 0.5]}, 3, refit=lambda results: 1)
    numbers = trials_of(search._repr_html_())
    assert numbers[0] == search.cv_results_["number"][1]
    assert sorted(numbers) == [0, 1, 2]


def test_ten_of_many_trials_are_shown():
    html = searched({"quality": [i / 20 for i in range(12)]}, 12)._repr_html_()
    assert len(trials_of(html)) == 10
    assert "12 trials: 12 complete; the 10 best are shown" in text_of(html)


def test_failed_trials_come_last_and_are_counted():
    search = searched({"quality": [-1.0, 0.5, -2.0]}, 3)
    html, states = search._repr_html_(), search.cv_results_["state"]
    assert "3 trials: 1 complete and 2 failed." in text_of(html)
    order = [search.cv_results_["number"].tolist().index(trial) for trial in trials_of(html)]
    assert states[order].tolist() == ["complete", "failed", "failed"]


def test_costs_are_marked_as_lower_is_better():
    html = searched({"quality": [0.25, 0.75]}, 2, scoring=["accuracy", "size"])._repr_html_()
    assert '<th scope="col">size ↓</th>' in html
    assert '<th scope="col">accuracy</th>' in html


def test_parameters_are_shown_as_text():
    html = searched({"quality": [0.5], "kind": ["<b>bold</b>"]}, 1)._repr_html_()
    assert "<b>bold" not in html[html.index("agnews-search") :]
    assert "kind='<b>bold</b>'" in text_of(html)


def test_a_search_without_trials_is_its_diagram():
    html = PipelineSearchCV(Sure(), {"quality": [0.5]})._repr_html_()
    assert "agnews-search" not in html
    assert "PipelineSearchCV" in html
