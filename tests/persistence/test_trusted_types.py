"""Trusted types are named as they are saved, and exist."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from agnews_sk.cleaning import TextCleaner
from agnews_sk.persistence._attributes import import_by_name
from agnews_sk.persistence._trusted_types import SCORE_FUNCTIONS, TRUSTED, name_of, names_of


@pytest.mark.parametrize("name", sorted({*TRUSTED, *SCORE_FUNCTIONS}))
def test_every_trusted_name_is_the_one_under_which_it_is_saved(name):
    if name.startswith("agnews_sk."):
        assert "._" not in name  # files of the package can move
    assert name_of(import_by_name(name)) == name


@pytest.mark.parametrize(
    ("named", "name"),
    [
        (TextCleaner, "agnews_sk.cleaning.TextCleaner"),
        (np.log1p, "numpy.log1p"),
        (len, "builtins.len"),
    ],
)
def test_types_and_functions_are_named_by_module(named, name):
    assert name_of(named) == name


def test_a_function_without_a_module_is_looked_up():
    found = name_of(expit)
    assert import_by_name(found) is expit


def test_texts_are_names_or_patterns_already():
    assert names_of(["a.b", LogisticRegression, r"\w+"]) == [
        "a.b",
        "sklearn.linear_model._logistic.LogisticRegression",
        r"\w+",
    ]
