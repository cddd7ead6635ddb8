"""How outputs are collected and compared, and how a rejection is judged."""

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from agnews_sk.sampling import LengthFilter
from agnews_sk.testing._corpus import LABELS, TEXTS, unchanged_corpus
from agnews_sk.testing._outputs import (
    as_array,
    clone_seeded,
    ensure_equal,
    fit_clone,
    fit_outputs,
    get_outputs,
    stack_rows,
    take_rows,
)
from agnews_sk.testing._raises import ensure_raises
from tests.testing.estimators import WordBayes, WordCounter


@pytest.mark.parametrize(
    "output",
    [
        [1, 2],
        (1, 2),
        np.array([1, 2]),
        pd.Series([1, 2]),
        pl.Series([1, 2]),
    ],
    ids=lambda output: type(output).__name__,
)
def test_columns_of_any_container_become_the_same_array(output):
    array = as_array(output)
    assert isinstance(array, np.ndarray)
    assert array.tolist() == [1, 2]


@pytest.mark.parametrize("frame_type", [pd.DataFrame, pl.DataFrame])
def test_frames_become_matrices(frame_type):
    assert as_array(frame_type({"a": [1, 2], "b": [3, 4]})).tolist() == [[1, 3], [2, 4]]


def test_a_sparse_matrix_stays_sparse():
    assert as_array(sp.coo_array(np.eye(2))).format == "csr"


@pytest.mark.parametrize("of", [list, pl.Series], ids=["list", "polars"])
def test_lists_of_tokens_become_values_of_one_column(of):
    array = as_array(of([["a", "b"], ["c"]]))
    assert array.shape == (2,)
    assert array[0] == ("a", "b")


def test_rows_of_batches_are_those_of_one_call():
    counter = fit_clone(WordCounter())
    whole = get_outputs(counter, TEXTS)
    batches = [get_outputs(counter, TEXTS[:5]), get_outputs(counter, TEXTS[5:])]
    ensure_equal(stack_rows(batches), whole)
    ensure_equal(take_rows(whole, slice(5, None)), batches[1])


def test_a_clone_is_seeded_at_any_depth_and_the_original_is_not():
    pipeline = make_pipeline(WordCounter(), LogisticRegression())
    assert clone_seeded(pipeline).get_params()["logisticregression__random_state"] == 0
    assert pipeline.get_params()["logisticregression__random_state"] is None


def test_outputs_of_a_classifier_are_those_of_all_its_methods():
    bayes = fit_clone(WordBayes())
    found = get_outputs(bayes, TEXTS)
    assert set(found) >= {"predict", "predict_proba", "predict_log_proba"}
    assert found["predict"].tolist() == bayes.predict(TEXTS).tolist()


def test_outputs_of_a_sampler_are_its_rows_and_labels():
    found = fit_outputs(LengthFilter(min_words=2), ["oil", "cup final"], ["a", "b"])
    assert found["fit_resample"].tolist() == ["cup final"]
    assert found["fit_resample's labels"].tolist() == ["b"]


@pytest.mark.parametrize(
    ("actual", "expected", "message"),
    [
        (np.array([1.0, 2.0]), np.array([1.0, 2.1]), "m returns np.float64(2.0) at (1,), not"),
        (np.array([1.0]), np.array([1.0, 2.0]), "m returns the shape (1,), not (2,)"),
        (np.array(["a", "b"]), np.array(["a", "c"]), "m returns np.str_('b') at (1,), not"),
        (np.array([[0, 1]]), np.array([[0, 2]]), "m returns np.int64(1) at (0, 1), not"),
        (np.array([np.nan]), np.array([0.0]), "m returns np.float64(nan) at (0,), not"),
        (sp.csr_array(np.eye(2)), sp.csr_array(3 * np.eye(2)), "m differs by up to 2"),
    ],
    ids=["float", "shape", "text", "matrix", "nan", "sparse"],
)
def test_the_first_difference_is_named(actual, expected, message):
    with pytest.raises(AssertionError, match=f"^{re.escape(message)}"):
        ensure_equal({"m": actual}, {"m": expected})


def test_methods_that_are_missing_are_named():
    with pytest.raises(AssertionError, match=r"the methods are .*'a'.*, not .*'b'"):
        ensure_equal({"a": np.ones(1)}, {"b": np.ones(1)})


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (np.array([1.0]), np.array([1.0 + 1e-12])),
        (np.array([np.nan]), np.array([np.nan])),
        (np.array([None, "a"], dtype=object), np.array([np.nan, "a"], dtype=object)),
        (sp.csr_array((2, 2)), sp.csr_array((2, 2))),
    ],
    ids=["rounding", "nan", "missing", "empty"],
)
def test_equal_outputs_pass(actual, expected):
    ensure_equal({"m": actual}, {"m": expected})


def reject(error):
    def call():
        raise error

    return call


def test_a_rejection_must_name_one_of_the_words():
    ensure_raises(reject(TypeError("got an Integer")), "float", "int")
    with pytest.raises(AssertionError, match="the message names none of int: 'a point'"):
        ensure_raises(reject(ValueError("a point")), "int")
    with pytest.raises(AssertionError, match="nothing was raised"):
        ensure_raises(list, "int")


def test_a_crash_is_not_a_rejection():
    with pytest.raises(AttributeError, match="int has no lower"):
        ensure_raises(reject(AttributeError("int has no lower")), "int")


def test_the_corpus_is_restored_after_a_check():
    before = list(TEXTS), list(LABELS)
    with unchanged_corpus():
        TEXTS.clear()
        LABELS[0] = "Other"
    assert before == (TEXTS, LABELS)
