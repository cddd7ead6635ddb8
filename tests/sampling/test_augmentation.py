from collections import Counter

import nltk.corpus
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agnews_sk.sampling import EDAAugmenter

TEXT = " ".join(f"w{i}" for i in range(20))
OFF = {"p_insert": 0, "p_swap": 0, "p_delete": 0}


def copies_of(texts, **params):
    augmenter = EDAAugmenter(**{**OFF, "keep_original": False, "random_state": 0, **params})
    return augmenter.fit_resample(texts)[0]


def edited(text, **params):
    return copies_of([text], **params)[0].split()


def test_delete_takes_its_share_of_words_and_keeps_the_order():
    words = edited(TEXT, p_delete=0.2)
    assert len(words) == 16
    assert words == [w for w in TEXT.split() if w in words]


def test_swap_moves_words_and_loses_none():
    words = edited(TEXT, p_swap=0.05)
    moved = [i for i, (a, b) in enumerate(zip(words, TEXT.split())) if a != b]
    assert Counter(words) == Counter(TEXT.split())
    assert len(moved) == 2


def test_insert_adds_words_of_the_text_where_no_synonym_is_known():
    words = edited(TEXT, p_insert=0.2)
    assert len(words) == 24
    assert set(words) == set(TEXT.split())


def test_insert_leaves_the_other_words_in_order():
    words = edited(TEXT, p_insert=0.2, synonyms={"w3": ["new"]})
    assert [w for w in words if w != "new"] == TEXT.split()
    assert words.count("new") == 4


def test_synonyms_keep_the_capital_and_punctuation_of_their_words():
    words = edited('Said: "Oil, oil', p_synonym=1.0, synonyms={"OIL": ["crude"], "x": ["y"]})
    assert words == ["Said:", '"Crude,', "crude"]


def test_synonyms_replace_no_more_than_their_share():
    words = edited("oil " * 20, p_synonym=0.1, synonyms={"oil": ["crude", "petroleum"]})
    assert Counter(words)["oil"] == 18


def test_a_text_without_known_words_is_copied_by_synonym_replacement():
    assert copies_of(["goal again"], p_synonym=0.5, synonyms={"oil": ["crude"]}) == ["goal again"]


@pytest.mark.parametrize(("share", "n_deleted"), [(0.01, 1), (0.1, 2), (0.13, 3), (1.0, 19)])
def test_at_least_one_word_is_edited_and_one_stays(share, n_deleted):
    assert len(edited(TEXT, p_delete=share)) == 20 - n_deleted


@pytest.mark.parametrize("params", [{"p_delete": 1.0}, {"p_swap": 1.0}], ids=["delete", "swap"])
def test_a_text_of_one_word_is_unchanged_by_deletion_and_swap(params):
    assert copies_of(["Goal"], **params) == ["Goal"]


def test_missing_and_blank_texts_are_copied_as_they_are():
    texts = [None, "", " \t", "oil prices rise"]
    out, _ = EDAAugmenter(random_state=0).fit_resample(texts)
    assert out[:4] == texts
    assert out[4:7] == texts[:3]


def test_each_copy_gets_one_of_the_enabled_edits():
    copies = copies_of([TEXT] * 300, p_insert=0.1, p_delete=0.1)
    lengths = Counter(len(text.split()) for text in copies)
    assert set(lengths) == {18, 22}
    assert min(lengths.values()) > 100


def test_rows_are_followed_by_one_copy_after_another():
    texts, y = ["oil up now", "goal at last"], np.array(["Business", "Sports"])
    augmenter = EDAAugmenter(n_copies=2, random_state=0)
    out, labels, weights = augmenter.fit_resample(texts, y, sample_weight=[1, 2])
    assert out[:2] == texts
    assert augmenter.sample_indices_.tolist() == [0, 1] * 3
    assert labels.tolist() == ["Business", "Sports"] * 3
    assert weights.tolist() == [1, 2] * 3


def test_copies_differ_from_each_other_and_repeat_with_the_seed():
    first = copies_of([TEXT], p_delete=0.5, n_copies=3)
    assert len(set(first)) == 3
    assert first == copies_of([TEXT], p_delete=0.5, n_copies=3)
    assert first != copies_of([TEXT], p_delete=0.5, n_copies=3, random_state=1)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
@pytest.mark.parametrize("columns", [None, ["title"]], ids=["all", "title"])
def test_frames_get_their_text_columns_edited_and_the_rest_copied(frame, columns):
    X = frame({"title": ["a b c", "d e f"], "n": [1, 2], "text": ["g h i", None]})
    out, _ = EDAAugmenter(**{**OFF, "p_delete": 0.3}, columns=columns, random_state=0).fit_resample(
        X
    )
    assert list(out.columns) == ["title", "n", "text"]
    assert list(out["n"]) == [1, 2, 1, 2]
    assert [len(t.split()) for t in out["title"]] == [3, 3, 2, 2]
    texts = [t for t in out["text"] if isinstance(t, str)]
    assert [len(t.split()) for t in texts] == [3, 2 if columns is None else 3]


def test_a_pandas_frame_with_column_numbers_is_edited():
    out, _ = EDAAugmenter(random_state=0).fit_resample(pd.DataFrame({0: ["a b c d e"], 1: [2]}))
    assert out[0].iloc[0] == "a b c d e" != out[0].iloc[1]


@pytest.mark.parametrize(
    "series",
    [pd.Series(["a b", "c d"], dtype="category"), pl.Series(["a b", "c d"], dtype=pl.Categorical)],
    ids=["pandas", "polars"],
)
def test_categorical_texts_become_plain_texts(series):
    out, _ = EDAAugmenter(**{**OFF, "p_swap": 0.1}, random_state=0).fit_resample(series)
    assert list(out) == ["a b", "c d", "b a", "d c"]


@pytest.mark.parametrize(
    "make", [pd.Index, lambda texts: pd.array(texts, dtype="str"), list, tuple],
    ids=["index", "pandas array", "list", "tuple"],
)  # fmt: skip
def test_other_containers_keep_their_kind(make):
    texts = make(["oil prices rise again", "the team wins the cup"])
    rows, _ = EDAAugmenter(random_state=0).fit_resample(texts, ["a", "b"])
    assert type(rows) is type(texts)
    assert list(rows[:2]) == list(texts)
    assert len(rows) > 2
    assert set(rows[2].split()) <= set(" ".join(texts).split())


def test_an_array_with_one_column_keeps_its_shape():
    out, _ = EDAAugmenter(random_state=0).fit_resample(np.array([["a b c"]], dtype=object))
    assert out.shape == (2, 1)


def test_unicode_arrays_grow_with_their_longest_copy():
    (out,) = copies_of(np.array(["oil"]), p_synonym=1.0, synonyms={"oil": ["petroleum"]})
    assert out == "petroleum"


def test_no_enabled_edit_is_rejected():
    with pytest.raises(ValueError, match="must be above 0"):
        EDAAugmenter(**OFF).fit(["a b"])


class Synset:
    def __init__(self, *names):
        self.names = names

    def lemma_names(self):
        return self.names


class WordNet:
    def ensure_loaded(self):
        pass

    def synsets(self, word):
        return {"oil": [Synset("oil", "crude_oil")], "the": [Synset("that")]}.get(word, [])


class MissingWordNet:
    def ensure_loaded(self):
        raise LookupError("Resource not found")


def test_missing_wordnet_raises_an_error_with_advice(monkeypatch):
    monkeypatch.setattr(nltk.corpus, "wordnet", MissingWordNet())
    with pytest.raises(LookupError, match="pass synonyms as a dict"):
        EDAAugmenter(p_synonym=0.1).fit(["a b"])


def test_wordnet_gives_synonyms_of_all_but_stop_words(monkeypatch):
    monkeypatch.setattr(nltk.corpus, "wordnet", WordNet())
    assert edited("the oil", p_synonym=1.0) == ["the", "crude", "oil"]


def test_wordnet_is_needed_only_to_replace_words(monkeypatch):
    monkeypatch.setattr(nltk.corpus, "wordnet", MissingWordNet())
    assert len(EDAAugmenter().fit(["a b c"]).sample_indices_) == 2


@given(st.lists(st.text(max_size=30), min_size=1, max_size=6), st.integers(0, 100))
@settings(max_examples=60, deadline=None)
def test_no_unicode_text_breaks_the_augmenter_or_becomes_empty(texts, seed):
    augmenter = EDAAugmenter(p_synonym=0.5, synonyms={"a": ["b"]}, random_state=seed, n_copies=2)
    out, _ = augmenter.fit_resample(texts)
    assert out[: len(texts)] == texts
    assert [bool(t) for t in out] == [bool(t) for t in texts] * 3
