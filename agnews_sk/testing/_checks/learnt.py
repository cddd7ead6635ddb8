"""Checks of what fit learns: forgotten by the next fit, saved with the estimator."""

import pickle
from copy import deepcopy
from typing import Any
from unittest import SkipTest

import numpy as np
import pandas as pd
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from agnews_sk.testing._answers import (
    METHODS,
    answers,
    ensure,
    ensure_agree,
    fitted,
    fresh,
    outcome,
    outcome_in_place,
)
from agnews_sk.testing._corpus import LABELS, OTHER_LABELS, OTHER_TEXTS, TEXTS
from agnews_sk.testing._registry import is_sampler, keeps_rows, requires_fit, text_check


@text_check()
def check_fit_returns_self(name: str, estimator: Any) -> None:
    """Fit gives the estimator itself back."""
    estimator = fresh(estimator)
    ensure(estimator.fit(TEXTS, LABELS) is estimator, "it gives something else")


@text_check()
def check_refit_forgets(name: str, estimator: Any) -> None:
    """A second fit leaves no trace of the first."""
    estimator = fresh(estimator)
    outcome_in_place(estimator, OTHER_TEXTS, OTHER_LABELS)
    ensure_agree(outcome_in_place(estimator), outcome(estimator))


@text_check()
def check_refit_sets_the_same(name: str, estimator: Any) -> None:
    """A second fit, on texts without labels seen before, has just the attributes of a first."""
    once, twice = fresh(estimator), fresh(estimator)
    outcome_in_place(once)
    outcome_in_place(twice, pd.DataFrame({"text": OTHER_TEXTS})["text"], OTHER_LABELS)
    outcome_in_place(twice)
    differ = sorted(set(vars(once)) ^ set(vars(twice)))
    ensure(not differ, f"one of them alone has {differ}")


@text_check()
def check_refit_on_the_same(name: str, estimator: Any) -> None:
    """Fitting twice on the same rows gives the same."""
    estimator = fresh(estimator)
    first = deepcopy(outcome_in_place(estimator))
    ensure_agree(outcome_in_place(estimator), first)


@text_check()
def check_learnt_attributes(name: str, estimator: Any) -> None:
    """What fit adds to the estimator ends in an underscore, or begins with one."""
    estimator = fresh(estimator)
    before = set(vars(estimator))
    outcome_in_place(estimator)
    added = [a for a in set(vars(estimator)) - before if not (a.endswith("_") or a.startswith("_"))]
    ensure(not added, f"fit adds {sorted(added)}")


@text_check(keeps_rows)
def check_answering_sets_nothing(name: str, estimator: Any) -> None:
    """An answer adds no attribute and replaces none, but for private ones."""
    estimator = fitted(estimator)
    before = dict(vars(estimator))
    answers(estimator, TEXTS)
    after = dict(vars(estimator))
    public = [attribute for attribute in before | after if not attribute.startswith("_")]
    changed = [a for a in public if before.get(a) is not after.get(a)]
    ensure(not changed, f"{sorted(changed)} changed")


@text_check()
def check_list_is_kept(name: str, estimator: Any) -> None:
    """Lists of texts and labels are as they were after fit and after each answer."""
    texts, labels = list(TEXTS), list(LABELS)
    outcome(estimator, texts, labels)
    ensure(texts == TEXTS, "texts were changed")
    ensure(labels == LABELS, "labels were changed")


@text_check()
def check_array_is_kept(name: str, estimator: Any) -> None:
    """Arrays of texts and labels are as they were, and may be read-only."""
    texts, labels = np.array(TEXTS, dtype=object), np.array(LABELS)
    outcome(estimator, texts, labels)
    ensure((texts == np.array(TEXTS, dtype=object)).all(), "texts were changed")
    ensure((labels == LABELS).all(), "labels were changed")
    texts.flags.writeable = labels.flags.writeable = False
    outcome(estimator, texts, labels)


@text_check()
def check_series_is_kept(name: str, estimator: Any) -> None:
    """Series of texts and labels keep their values, index and name."""
    index = range(7, 7 + len(TEXTS))
    texts = pd.Series(TEXTS, index=index, name="text")
    labels = pd.Series(LABELS, index=index, name="label")
    before = texts.copy(), labels.copy()
    outcome(estimator, texts, labels)
    for series, copy in zip((texts, labels), before):
        same = series.equals(copy) and series.index.equals(copy.index) and series.name == copy.name
        ensure(same, f"the Series {copy.name} was changed")


@text_check(keeps_rows, requires_fit)
def check_not_fitted(name: str, estimator: Any) -> None:
    """Each method asked before fit raises NotFittedError."""
    for method in METHODS:
        if hasattr(estimator, method):
            _ensure_not_fitted(getattr(fresh(estimator), method), method)


def _ensure_not_fitted(ask: Any, method: str) -> None:
    try:
        ask(TEXTS)
    except NotFittedError as error:
        ensure("fit" in str(error), f"the message of {method} is {error}")
    else:
        ensure(False, f"{method} gives an answer")


@text_check(keeps_rows, requires_fit)
def check_is_fitted_tells(name: str, estimator: Any) -> None:
    """check_is_fitted refuses it before fit and takes it after."""
    _ensure_not_fitted(lambda _: check_is_fitted(fresh(estimator)), "check_is_fitted")
    check_is_fitted(fitted(estimator))


@text_check()
def check_pickle(name: str, estimator: Any) -> None:
    """A pickle of the fitted estimator answers as it does."""
    _ensure_round_trip(estimator, lambda original: pickle.loads(pickle.dumps(original)))


@text_check()
def check_pickle_unfitted(name: str, estimator: Any) -> None:
    """A pickle of the unfitted estimator can be fitted."""
    restored = pickle.loads(pickle.dumps(fresh(estimator)))
    ensure_agree(outcome_in_place(restored), outcome(estimator))


@text_check()
def check_deepcopy(name: str, estimator: Any) -> None:
    """A deep copy of the fitted estimator answers as it does, and apart from it."""
    original = fresh(estimator)
    expected = deepcopy(outcome_in_place(original))
    copy = deepcopy(original)
    outcome_in_place(original, OTHER_TEXTS, OTHER_LABELS)
    found = outcome_in_place(copy) if is_sampler(copy) else answers(copy, TEXTS)
    ensure_agree(found, expected)


@text_check()
def check_round_trip(name: str, estimator: Any, round_trip: Any = None) -> None:
    """What a function saves and loads answers as the fitted estimator does."""
    if round_trip is None:
        raise SkipTest("no round_trip was given that saves and loads an estimator")
    _ensure_round_trip(estimator, round_trip)


def _ensure_round_trip(estimator: Any, round_trip: Any) -> None:
    original = fresh(estimator)
    expected = outcome_in_place(original)
    restored = round_trip(original)
    ensure(type(restored) is type(original), f"it is a {type(restored).__name__}")
    found = outcome_in_place(restored) if is_sampler(restored) else answers(restored, TEXTS)
    ensure_agree(found, expected)
