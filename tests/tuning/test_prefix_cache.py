"""The first steps of a pipeline are fitted once per fold, and copies of their outputs are used."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import Pipeline

from agnews_sk.cleaning import TextCleaner
from agnews_sk.tuning._prefix_cache import NOTHING, FoldMemory, PrefixCache, pickled_bytes

TEXTS = np.array(["Oil &lt;b&gt;", "Cup", "Oil &lt;b&gt;"], dtype=object)


class Scaler(TransformerMixin, BaseEstimator):
    """Multiply, and count the fits."""

    n_fits = 0

    def __init__(self, factor=2.0, random_state=0):
        self.factor = factor
        self.random_state = random_state

    def fit(self, X, y=None):
        Scaler.n_fits += 1
        self.sum_ = X.sum()
        return self

    def transform(self, X):
        return self.factor * X


@pytest.fixture(autouse=True)
def no_fits(monkeypatch):
    monkeypatch.setattr(Scaler, "n_fits", 0)


@pytest.fixture
def cache():
    return PrefixCache(2**20)


def fit(cache, X, *steps, fold=0, fallback=None):
    """Fit a pipeline of these steps on a fold, and return it with its memory."""
    memory = FoldMemory(cache, fold, fallback)
    names = [(f"step{i}", step) for i, step in enumerate(steps)]
    return Pipeline([*names, ("last", Scaler(1.0))], memory=memory).fit(X), memory


X = np.arange(3.0)[:, None]


def test_a_step_is_fitted_once_per_fold_and_parameters(cache):
    for _ in range(2):
        for fold, factor in ((0, 2.0), (1, 2.0), (0, 3.0)):
            pipeline, _ = fit(cache, X, Scaler(factor), fold=fold)
            assert pipeline[0].factor == factor
    assert Scaler.n_fits == 3 + 6  # the last step is always fitted


def test_a_step_after_another_one_is_fitted_again(cache):
    fit(cache, X, Scaler(2.0), Scaler(3.0))
    fit(cache, X, Scaler(5.0), Scaler(3.0))
    assert Scaler.n_fits == 6


@pytest.mark.parametrize("seed", [None, np.random.RandomState(0)], ids=["none", "generator"])
def test_a_step_without_a_fixed_seed_and_those_after_it_are_fitted_each_time(cache, seed):
    for _ in range(2):
        fit(cache, X, Scaler(2.0), Scaler(3.0, random_state=seed), Scaler(4.0))
    assert Scaler.n_fits == 1 + 2 * 3


def test_without_memory_every_step_is_fitted(cache):
    for _ in range(2):
        fit(PrefixCache(0), X, Scaler(2.0))
    assert Scaler.n_fits == 4


def test_the_time_of_found_steps_is_counted(cache):
    _, first = fit(cache, X, Scaler(2.0))
    _, second = fit(cache, X, Scaler(2.0))
    assert first.seconds_saved == 0
    assert second.seconds_saved > 0


def test_found_steps_and_outputs_are_copies(cache):
    first, _ = fit(cache, X, Scaler(2.0))
    first[0].sum_ = "changed"
    second, _ = fit(cache, X, Scaler(2.0))
    assert second[0].sum_ == 3.0
    assert second[-1].sum_ == 6.0


def test_test_rows_are_transformed_once(cache, monkeypatch):
    rows = np.array([[5.0]])
    expected = fit(cache, X, Scaler(2.0), Scaler(3.0))[0][:-1].transform(rows)
    transformed = []
    original = Scaler.transform
    monkeypatch.setattr(Scaler, "transform", lambda s, X: transformed.append(s) or original(s, X))
    for _ in range(2):
        pipeline, memory = fit(cache, X, Scaler(2.0), Scaler(3.0))
        np.testing.assert_array_equal(memory.transform(pipeline, rows), expected)
    assert len(transformed) == 2


def test_each_text_is_cleaned_once_for_all_folds(cache, monkeypatch):
    seen = []
    original = TextCleaner.transform
    monkeypatch.setattr(
        TextCleaner, "transform", lambda self, X: seen.extend(X) or original(self, X)
    )

    class Lengths(Scaler):
        def fit(self, X, y=None):
            self.lengths_ = [len(text) for text in X]
            return self

    expected = [len(text) for text in original(TextCleaner().fit(TEXTS), TEXTS)]
    for fold in (0, 1):
        memory = FoldMemory(cache, fold)
        pipeline = Pipeline([("clean", TextCleaner()), ("last", Lengths())], memory=memory)
        assert pipeline.fit(TEXTS)["last"].lengths_ == expected
        assert memory.transform(pipeline, np.array(["Cup"], dtype=object)).tolist() == ["Cup"]
    assert sorted(seen) == ["Cup", "Oil &lt;b&gt;"]


def test_the_memory_of_the_pipeline_is_the_fallback_of_the_cache(cache):
    asked = []

    class Recorder:
        def cache(self, function, **options):
            asked.append(function)
            return function

    fit(cache, X, Scaler(2.0), fallback=Recorder())
    assert len(asked) == 1


def test_a_value_that_cannot_be_pickled_or_is_too_large_is_not_kept(cache):
    assert not cache.put("a", lambda: None)
    assert not cache.put("a", b"x" * 2**21)
    assert cache.get("a") is NOTHING
    assert cache.put("a", b"x")
    assert cache.get("a") == b"x"


def test_the_size_of_a_pickle_is_counted_without_keeping_it():
    import pickle

    value = {"a": np.arange(1000), "b": ["text"] * 10}
    assert pickled_bytes(value) == len(pickle.dumps(value, pickle.HIGHEST_PROTOCOL))
