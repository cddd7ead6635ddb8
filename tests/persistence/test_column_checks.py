"""Encoders of columns with forged attributes are rejected."""

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import OneHotEncoder

from agnews_sk.cleaning import MixedColumnJoiner
from agnews_sk.persistence import ArtifactError
from agnews_sk.persistence._column_checks import (
    check_column_transformer,
    check_encoder,
    check_mixed_joiner,
    check_one_hot,
)
from agnews_sk.vectorization import DateEncoder, NumberEncoder

CELLS = np.array([["a"], ["a"], ["b"], ["b"], ["c"], ["d"]], dtype=object)
NUMBERS = np.array([[1.0], [2.0], [5.0]])


def rare():
    return OneHotEncoder(min_frequency=2, handle_unknown="infrequent_if_exist").fit(CELLS)


@pytest.mark.parametrize(
    "encoder",
    [OneHotEncoder(), rare(), OneHotEncoder().fit(NUMBERS)],
    ids=["new", "rare", "numbers"],
)
def test_fitted_encoders_of_categories_pass(encoder):
    check_one_hot(encoder)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("categories_", [], "without categories for each of 1 columns"),
        ("categories_", np.array([["a"]]), "without categories"),
        ("categories_", [np.array(["a", "a", "b", "c"], dtype=object)], "not distinct texts"),
        ("categories_", [np.array([2.0, 1.0, 3.0, 4.0])], "or ascending numbers"),
        ("categories_", [np.array([["a", "b"]], dtype=object)], "not distinct"),
        ("_n_features_outs", [2], "do not fit its categories"),
        ("_n_features_outs", None, "without categories"),
        ("_default_to_infrequent_mappings", [np.array([0, 1, 2, 3])], "do not fit"),
        ("_default_to_infrequent_mappings", [np.array([0, 1, 2, -1])], "do not fit"),
        ("_default_to_infrequent_mappings", [np.array([0, 1, 2])], "do not fit"),
        ("_default_to_infrequent_mappings", [None], "do not fit"),
        ("_infrequent_indices", [np.array([2, 9])], "do not fit"),
        ("_infrequent_indices", [np.array([2, 2])], "do not fit"),
        ("_infrequent_indices", [None], "do not fit"),
        ("_infrequent_enabled", False, "does not use the groups"),
        ("_infrequent_enabled", None, "does not use the groups"),
        ("drop", "first", "with drop"),
        ("_drop_idx_after_grouping", np.array([0]), "with drop"),
    ],
)
def test_categories_that_would_write_outside_of_the_matrix_are_rejected(name, value, message):
    encoder = rare()
    setattr(encoder, name, value)
    with pytest.raises(ArtifactError, match=message):
        check_one_hot(encoder)


def transformer():
    parts = [("number", NumberEncoder(), [0]), ("rest", "drop", [])]
    return ColumnTransformer(parts).fit(NUMBERS)


def test_a_fitted_transformer_passes():
    check_column_transformer(transformer())
    check_column_transformer(ColumnTransformer([("a", NumberEncoder(), "x")]))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("transformers_", [("number", object(), [0])], "no estimator with columns"),
        ("transformers_", [["number", NumberEncoder(), [0]]], "no estimator with columns"),
        ("transformers_", [("number", NumberEncoder(), [object()])], "no estimator with columns"),
        ("transformers", {"a": 1}, "no estimator with columns"),
        ("remainder", object(), "remainder is no estimator"),
        ("output_indices_", {"number": slice("a", 1)}, "no slices"),
        ("output_indices_", {"number": [0, 1]}, "no slices"),
    ],
)
def test_a_transformer_with_other_parts_is_rejected(name, value, message):
    forged = transformer()
    setattr(forged, name, value)
    with pytest.raises(ArtifactError, match=message):
        check_column_transformer(forged)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("scale_", np.array([0.0])),
        ("has_missing_", np.array([True, False])),
        ("has_missing_", np.array([1.0])),
        ("feature_names_in_", np.array(["a", "b"], dtype=object)),
    ],
)
def test_an_encoder_of_numbers_that_does_not_fit_is_rejected(name, value):
    encoder = NumberEncoder().fit(NUMBERS)
    check_encoder(encoder)
    setattr(encoder, name, value)
    with pytest.raises(ArtifactError, match="NumberEncoder whose attributes do not fit"):
        check_encoder(encoder)


def test_an_encoder_that_is_not_fitted_passes():
    check_encoder(DateEncoder())


def test_kinds_of_columns_that_do_not_exist_are_rejected():
    joiner = MixedColumnJoiner().fit(["a"])
    check_mixed_joiner(joiner)
    joiner.column_kinds_ = {"a": "file"}
    with pytest.raises(ArtifactError, match=r"columns have the kinds {'a': 'file'}"):
        check_mixed_joiner(joiner)
