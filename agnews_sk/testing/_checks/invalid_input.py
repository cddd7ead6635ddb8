"""Checks that invalid input is rejected with a message that names its type."""

from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np

from agnews_sk.testing._corpus import LABELS, TEXTS
from agnews_sk.testing._outputs import (
    METHODS,
    ROUNDING,
    contained,
    ensure,
    ensure_equal,
    fit_clone,
    get_outputs,
)
from agnews_sk.testing._raises import ensure_raises
from agnews_sk.testing._registry import is_sampler, keeps_rows, text_check


def _ensure_rejected(estimator: Any, X: Any, *words: str) -> None:
    """Ensure that fit rejects X, and that so does each method of an estimator fitted on texts."""
    y = LABELS[: len(X)] if hasattr(X, "__len__") else LABELS
    ensure_raises(partial(fit_clone, estimator, X, y), *words)
    if is_sampler(estimator):
        return
    estimator = fit_clone(estimator)
    for method in METHODS:
        if hasattr(estimator, method):
            ensure_raises(partial(getattr(estimator, method), contained(X)), *words)


@text_check()
def check_bare_str(name: str, estimator: Any) -> None:
    """A bare str, whose letters would be taken for rows, is rejected.

    To iterate over a str gives its letters, so that `predict("oil")` would return three labels.
    """
    _ensure_rejected(estimator, TEXTS[0], "str", "string")


@text_check()
def check_bare_bytes(name: str, estimator: Any) -> None:
    """Bare bytes are rejected."""
    _ensure_rejected(estimator, TEXTS[0].encode(), "bytes")


@text_check()
def check_bytes_among_texts(name: str, estimator: Any) -> None:
    """Bytes in place of a text are rejected, for their encoding is unknown."""
    _ensure_rejected(estimator, [*TEXTS[:-1], b"goal"], "bytes")


@text_check()
def check_numbers(name: str, estimator: Any) -> None:
    """Numbers are rejected, and the message names their type.

    `str(1)` would make a text of each, and a mistake in the column would go unnoticed.
    """
    _ensure_rejected(estimator, list(range(len(TEXTS))), "int")


@text_check()
def check_float_array(name: str, estimator: Any) -> None:
    """An array of floats is rejected, and the message names its type.

    Most likely a feature matrix, given to the wrong estimator.
    """
    _ensure_rejected(estimator, np.ones(len(TEXTS)), "float", "ndarray")


@text_check()
def check_nested_lists(name: str, estimator: Any) -> None:
    """Lists of tokens in place of texts are rejected."""
    _ensure_rejected(estimator, [text.split() for text in TEXTS], "list")


@text_check()
def check_dict(name: str, estimator: Any) -> None:
    """A dict, whose keys would be taken for rows, is rejected.

    Datasets from the Hub are often a dict of columns.
    """
    _ensure_rejected(estimator, dict.fromkeys(TEXTS, 1), "dict")


@text_check()
def check_none(name: str, estimator: Any) -> None:
    """None in place of texts is rejected."""
    _ensure_rejected(estimator, None, "None")


@text_check()
def check_two_columns(name: str, estimator: Any) -> None:
    """An array of two columns is rejected, with its shape or dimensions in the message."""
    _ensure_rejected(
        estimator, np.array([TEXTS, TEXTS], dtype=object).T, "shape", "dim", "2", "column"
    )


@text_check()
def check_fit_empty_input(name: str, estimator: Any) -> None:
    """An empty list is rejected in fit with a message that says so.

    Fitted on nothing, it would fail later, or return the same output for every text.
    """
    ensure_raises(partial(fit_clone, estimator, [], []), "empty", "0")


@text_check(keeps_rows)
def check_predict_empty_input(name: str, estimator: Any) -> None:
    """After fit, an empty list is rejected or gets an output without rows.

    Both are in use in scikit-learn; a crash with an IndexError is not.
    """
    estimator = fit_clone(estimator)
    for method in METHODS:
        if not hasattr(estimator, method):
            continue
        try:
            n_rows = np.shape(getattr(estimator, method)(contained([])))[0]
        except ValueError as error:
            ensure("empty" in str(error) or "0" in str(error), f"the message is {error}")
        else:
            ensure(n_rows == 0, f"{method} gives {n_rows} rows")


@text_check(keeps_rows)
def check_state_after_error(name: str, estimator: Any) -> None:
    """After rejecting an input, the estimator gives the outputs it gave before.

    Fails where a method stores something before it checks its input.
    """
    estimator = fit_clone(estimator)
    expected = get_outputs(estimator, TEXTS)
    for method in expected:
        with suppress(TypeError, ValueError):
            getattr(estimator, method)(TEXTS[0])
    ensure_equal(get_outputs(estimator, TEXTS), expected, tolerance=ROUNDING)
