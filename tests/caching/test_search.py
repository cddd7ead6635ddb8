"""Searches compute n-grams, ids and embeddings once, with `memory` and `TextCache`."""

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV, ShuffleSplit

from agnews_sk import TextCache, make_embedding_pipeline, make_tfidf_pipeline
from agnews_sk.datasets import make_news
from agnews_sk.tokenization import PretrainedTokenizer, SubwordTokenizer
from agnews_sk.vectorization import NgramUnion

X, Y = make_news(120, random_state=0, duplicates=0.2, return_X_y=True)
TEXTS = (X["title"].fillna("") + " " + X["description"].fillna("")).to_numpy(dtype=object)
N_FOLDS = 3


@pytest.fixture
def n_fits(monkeypatch):
    """Count how often n-grams are learned."""
    calls = []
    learn = NgramUnion.fit_transform

    def counted(self, *args, **kwargs):
        calls.append(1)
        return learn(self, *args, **kwargs)

    monkeypatch.setattr(NgramUnion, "fit_transform", counted)
    return calls


@pytest.mark.parametrize("with_memory", [True, False], ids=["memory", "no memory"])
def test_memory_learns_n_grams_once_per_fold_for_all_candidates(n_fits, with_memory, tmp_path):
    grid = {"classify__C": [0.1, 1.0, 10.0]}
    pipeline = make_tfidf_pipeline(memory=str(tmp_path) if with_memory else None)
    GridSearchCV(pipeline, grid, cv=N_FOLDS, refit=False).fit(X[:60], Y[:60])
    assert len(n_fits) == (N_FOLDS if with_memory else 3 * N_FOLDS)


def test_a_search_embeds_each_distinct_text_once_over_all_folds(tiny_model):
    cache = TextCache()
    pipeline = make_embedding_pipeline(tiny_model, embed__cache=cache, embed__max_length=32)
    few, y = X[:60], Y[:60]
    cleaned = pipeline[2:4].fit_transform(few)
    for seed in (0, 1):
        folds = ShuffleSplit(2, random_state=seed)
        GridSearchCV(pipeline, {"classify__C": [1.0, 10.0]}, cv=folds).fit(few, y)
    assert cache.n_misses == len(set(cleaned))


@pytest.mark.parametrize("where", ["memory", "folder"])
@pytest.mark.parametrize("kind", ["pretrained", "subword"])
def test_cached_ids_equal_computed_ids_in_any_order(kind, where, tiny_model, tmp_path):
    cache = TextCache(tmp_path if where == "folder" else None)
    if kind == "pretrained":
        plain, cached = (PretrainedTokenizer(model=tiny_model, cache=c) for c in (None, cache))
    else:
        plain, cached = (SubwordTokenizer(vocab_size=300, cache=c) for c in (None, cache))
    expected = plain.fit(TEXTS).transform(TEXTS)
    assert cached.fit(TEXTS).transform(TEXTS).equals(expected)
    order = np.random.default_rng(0).permutation(len(TEXTS))
    n_misses = cache.n_misses
    assert cached.transform(TEXTS[order]).equals(expected.gather(order))
    assert cache.n_misses == n_misses == len(set(TEXTS))


def test_tokenizers_with_different_truncation_do_not_share_rows(tiny_model):
    cache = TextCache()
    for max_length in (4, 8):
        tokenizer = PretrainedTokenizer(model=tiny_model, max_length=max_length, cache=cache)
        lengths = tokenizer.fit(TEXTS).transform(TEXTS).list.len()
        assert lengths.max() == max_length
