import pickle

import numpy as np
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_predict

from agnews_sk.classifiers import TransformerClassifier
from agnews_sk.tokenization import SubwordTokenizer


@pytest.fixture
def fitted(small, ids, labels):
    return small.set_params(max_epochs=30).fit(ids, labels)


def test_it_overfits_eight_headlines(fitted, ids, labels):
    assert fitted.predict(ids).tolist() == labels
    assert fitted.history_["train_loss"].iloc[-1] < 0.1


def test_it_takes_ids_of_subwords(small, headlines):
    texts, labels = headlines
    ids = SubwordTokenizer(vocab_size=80).fit_transform(texts)
    assert small.set_params(max_epochs=30).fit(ids, labels).predict(ids).tolist() == labels


@pytest.mark.parametrize("pooling", ["mean", "max", "first", "attention"])
def test_probabilities_do_not_depend_on_order_or_batch_size(small, ids, labels, pooling):
    classifier = small.set_params(pooling=pooling).fit(ids, labels)
    rows = pl.concat([ids, pl.Series([[2] * 40, []], dtype=ids.dtype)])
    together = classifier.predict_proba(rows)
    np.testing.assert_allclose(classifier.predict_proba(rows[::-1])[::-1], together, atol=1e-6)
    alone = np.concatenate([classifier.predict_proba(rows[i : i + 1]) for i in range(len(rows))])
    np.testing.assert_allclose(alone, together, atol=1e-6)


def test_ids_may_be_an_integer_array(fitted, ids):
    array = np.array([[2, 3, 4], [5, 6, 7]])
    ragged = pl.Series(array.tolist())
    np.testing.assert_array_equal(fitted.predict_proba(array), fitted.predict_proba(ragged))


def test_a_null_row_counts_as_a_row_without_ids(fitted):
    rows = pl.Series([[], None], dtype=pl.List(pl.Int64))
    empty, missing = fitted.predict_proba(rows)
    np.testing.assert_array_equal(empty, missing)


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        (["oil prices", "cup"], TypeError, "takes token ids.*put a WordTokenizer and a Vocabulary"),
        (pl.Series([["oil"], ["cup"]]), TypeError, "must hold token ids, got lists of String"),
        (pl.Series([[1, None], [2]]), ValueError, "a null among the ids"),
        (
            pl.Series([[1, 999], [2]]),
            ValueError,
            "the id 999, which is outside the vocabulary of 30",
        ),
        (pl.Series([[-1], [2]]), ValueError, "the id -1"),
        (pl.Series([], dtype=pl.List(pl.Int64)), ValueError, "X is empty"),
    ],
    ids=["texts", "tokens", "null", "beyond", "negative", "empty"],
)
def test_rows_that_are_not_ids_are_rejected(small, rows, error, message):
    small.set_params(vocab_size=30)
    with pytest.raises(error, match=message):
        small.fit(rows, ["a", "b"][: len(rows)])


def test_an_id_beyond_those_of_training_is_rejected_in_predict(fitted):
    with pytest.raises(ValueError, match=r"the id 999.*raise vocab_size"):
        fitted.predict(pl.Series([[2, 999]]))


def test_longer_texts_are_cut_to_max_length(small, ids, labels):
    small.set_params(max_length=3).fit(ids, labels)
    long, cut = small.predict_proba(pl.Series([[2, 3, 4, 5, 6], [2, 3, 4]]))
    np.testing.assert_array_equal(long, cut)


def test_pickle_holds_the_weights_once(small, ids, labels):
    small.set_params(vocab_size=5000, max_epochs=1).fit(ids, labels)
    n_bytes = sum(p.nbytes for p in small.net_.module_.parameters())
    dumped = pickle.dumps(small)
    assert len(dumped) < 1.3 * n_bytes
    np.testing.assert_array_equal(pickle.loads(dumped).predict(ids), small.predict(ids))


@pytest.mark.slow
def test_searches_and_folds_may_run_in_processes(small, ids, labels):
    array = np.array(ids.list.head(2).to_list())
    small.set_params(vocab_size=30)
    search = GridSearchCV(small, {"d_model": [8, 16]}, cv=2, n_jobs=2).fit(array, labels)
    assert set(search.best_params_) == {"d_model"}
    predicted = cross_val_predict(small, array, labels, cv=2, n_jobs=2)
    assert set(predicted) <= set(labels)


def test_warm_start_continues_from_the_last_weights(small, ids, labels):
    small.set_params(schedule="constant", warmup=0.0, optimizer="sgd", warm_start=True)
    losses = [small.fit(ids, labels).history_["train_loss"].iloc[0] for _ in range(3)]
    assert losses[0] > losses[1] > losses[2]
    with pytest.raises(ValueError, match=r"warm_start needs the classes of the last fit"):
        small.fit(ids, ["x", "y"] * 4)


def test_all_parameters_show_in_signature_and_docstring():
    names = list(TransformerClassifier().get_params())
    assert {"d_model", "max_epochs", "freeze", "precision"} < set(names)
    for name in names:
        assert f"    {name} : " in TransformerClassifier.__doc__
    assert clone(TransformerClassifier(l1=0.5)).l1 == 0.5
