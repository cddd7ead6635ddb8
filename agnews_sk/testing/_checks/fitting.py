"""Checks of the fitted state: discarded by the next fit, copied and pickled with the estimator."""

import pickle
from copy import deepcopy
from typing import Any
from unittest import SkipTest

import numpy as np
import pandas as pd
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from agnews_sk.testing._corpus import LABELS, OTHER_LABELS, OTHER_TEXTS, TEXTS
from agnews_sk.testing._outputs import (
    METHODS,
    clone_seeded,
    contained,
    ensure,
    ensure_equal,
    fit_clone,
    fit_outputs,
    fit_outputs_in_place,
    get_outputs,
    takes_frames,
    takes_lists,
)
from agnews_sk.testing._registry import is_sampler, keeps_rows, requires_fit, text_check


@text_check()
def check_fit_returns_self(name: str, estimator: Any) -> None:
    """Fit returns the estimator itself.

    `fit(X, y).predict(X)` relies on it.
    """
    estimator = clone_seeded(estimator)
    ensure(estimator.fit(contained(TEXTS), LABELS) is estimator, "it gives something else")


@text_check()
def check_refit_discards_first_fit(name: str, estimator: Any) -> None:
    """A second fit gives the outputs of a fit of a new clone.

    The first fit is on other texts and labels, of which nothing may be left.
    """
    estimator = clone_seeded(estimator)
    fit_outputs_in_place(estimator, OTHER_TEXTS, OTHER_LABELS)
    ensure_equal(fit_outputs_in_place(estimator), fit_outputs(estimator))


@text_check()
def check_refit_attributes(name: str, estimator: Any) -> None:
    """A refit estimator has the attributes of one that was fitted once.

    The fit in between is on a Series with other labels. Fails where only some paths of fit set an
    attribute, and none deletes that of an earlier fit.
    """
    once, twice = clone_seeded(estimator), clone_seeded(estimator)
    fit_outputs_in_place(once)
    column = pd.DataFrame({"text": OTHER_TEXTS})["text"] if takes_lists() else OTHER_TEXTS
    fit_outputs_in_place(twice, column, OTHER_LABELS)
    fit_outputs_in_place(twice)
    differ = sorted(set(vars(once)) ^ set(vars(twice)))
    ensure(not differ, f"one of them alone has {differ}")


@text_check()
def check_fit_idempotent(name: str, estimator: Any) -> None:
    """Fitting twice on the same rows gives the same outputs.

    Fails where the second fit continues from the first.
    """
    estimator = clone_seeded(estimator)
    first = deepcopy(fit_outputs_in_place(estimator))
    ensure_equal(fit_outputs_in_place(estimator), first)


@text_check()
def check_fitted_attribute_names(name: str, estimator: Any) -> None:
    """Attributes that fit adds end in an underscore, or begin with one.

    `check_is_fitted` and `clone` go by these names.
    """
    estimator = clone_seeded(estimator)
    before = set(vars(estimator))
    fit_outputs_in_place(estimator)
    added = [a for a in set(vars(estimator)) - before if not (a.endswith("_") or a.startswith("_"))]
    ensure(not added, f"fit adds {sorted(added)}")


@text_check(keeps_rows)
def check_predict_sets_no_attributes(name: str, estimator: Any) -> None:
    """Output methods neither add nor replace public attributes."""
    estimator = fit_clone(estimator)
    before = dict(vars(estimator))
    get_outputs(estimator, TEXTS)
    after = dict(vars(estimator))
    public = [attribute for attribute in before | after if not attribute.startswith("_")]
    changed = [a for a in public if before.get(a) is not after.get(a)]
    ensure(not changed, f"{sorted(changed)} changed")


@text_check()
def check_lists_unchanged(name: str, estimator: Any) -> None:
    """Lists of texts and labels are not changed by fit or by an output method."""
    texts, labels = list(TEXTS), list(LABELS)
    fit_outputs(estimator, texts, labels)
    ensure(texts == TEXTS, "texts were changed")
    ensure(labels == LABELS, "labels were changed")


@text_check()
def check_arrays_unchanged(name: str, estimator: Any) -> None:
    """Arrays of texts and labels are not changed, and may be read-only.

    joblib gives read-only arrays to its workers. Skipped where texts are given in a container.
    """
    if not takes_lists():
        raise SkipTest("texts are given in another container")
    texts, labels = np.array(TEXTS, dtype=object), np.array(LABELS)
    fit_outputs(estimator, texts, labels)
    ensure((texts == np.array(TEXTS, dtype=object)).all(), "texts were changed")
    ensure((labels == LABELS).all(), "labels were changed")
    texts.flags.writeable = labels.flags.writeable = False
    fit_outputs(estimator, texts, labels)


@text_check()
def check_series_unchanged(name: str, estimator: Any) -> None:
    """Series of texts and labels keep their values, index and name."""
    if takes_frames():
        raise SkipTest("texts are given in frames")
    index = range(7, 7 + len(TEXTS))
    texts = pd.Series(TEXTS, index=index, name="text")
    labels = pd.Series(LABELS, index=index, name="label")
    before = texts.copy(), labels.copy()
    fit_outputs(estimator, texts, labels)
    for series, copy in zip((texts, labels), before):
        same = series.equals(copy) and series.index.equals(copy.index) and series.name == copy.name
        ensure(same, f"the Series {copy.name} was changed")


@text_check(keeps_rows, requires_fit)
def check_unfitted(name: str, estimator: Any) -> None:
    """Each output method raises NotFittedError before fit."""
    for method in METHODS:
        if hasattr(estimator, method):
            _ensure_not_fitted(getattr(clone_seeded(estimator), method), method)


def _ensure_not_fitted(ask: Any, method: str) -> None:
    """Ensure that a call raises NotFittedError with a message that speaks of fit."""
    try:
        ask(contained(TEXTS))
    except NotFittedError as error:
        ensure("fit" in str(error), f"the message of {method} is {error}")
    else:
        ensure(False, f"{method} returns a value")


@text_check(keeps_rows, requires_fit)
def check_is_fitted_support(name: str, estimator: Any) -> None:
    """check_is_fitted raises before fit and passes after it."""
    _ensure_not_fitted(lambda _: check_is_fitted(clone_seeded(estimator)), "check_is_fitted")
    check_is_fitted(fit_clone(estimator))


@text_check()
def check_pickle(name: str, estimator: Any) -> None:
    """A pickle of the fitted estimator gives the same outputs."""
    _ensure_round_trip(estimator, lambda original: pickle.loads(pickle.dumps(original)))


@text_check()
def check_pickle_unfitted(name: str, estimator: Any) -> None:
    """A pickle of the unfitted estimator can be fitted.

    joblib sends unfitted clones to its workers in every parallel search.
    """
    restored = pickle.loads(pickle.dumps(clone_seeded(estimator)))
    ensure_equal(fit_outputs_in_place(restored), fit_outputs(estimator))


@text_check()
def check_deepcopy(name: str, estimator: Any) -> None:
    """A deep copy of the fitted estimator gives the same outputs, also after the original is refit.

    Fails where copies share the fitted state.
    """
    original = clone_seeded(estimator)
    expected = deepcopy(fit_outputs_in_place(original))
    copy = deepcopy(original)
    fit_outputs_in_place(original, OTHER_TEXTS, OTHER_LABELS)
    found = fit_outputs_in_place(copy) if is_sampler(copy) else get_outputs(copy, TEXTS)
    ensure_equal(found, expected)


@text_check()
def check_round_trip(name: str, estimator: Any, round_trip: Any = None) -> None:
    """What `round_trip` saves and loads gives the outputs of the fitted estimator.

    Skipped unless a function is given that saves an estimator and returns what it loads.
    """
    if round_trip is None:
        raise SkipTest("no round_trip was given that saves and loads an estimator")
    _ensure_round_trip(estimator, round_trip)


def _ensure_round_trip(estimator: Any, round_trip: Any) -> None:
    """Ensure that what the function returns is of the same class and gives the same outputs."""
    original = clone_seeded(estimator)
    expected = fit_outputs_in_place(original)
    restored = round_trip(original)
    ensure(type(restored) is type(original), f"it is a {type(restored).__name__}")
    found = fit_outputs_in_place(restored) if is_sampler(restored) else get_outputs(restored, TEXTS)
    ensure_equal(found, expected)
