"""Checks that what is no list of texts is refused, with the kind that came in the message."""

from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np

from agnews_sk.testing._answers import METHODS, ROUNDING, answers, ensure, ensure_agree, fitted
from agnews_sk.testing._corpus import LABELS, TEXTS
from agnews_sk.testing._refusals import ensure_refuses
from agnews_sk.testing._registry import is_sampler, keeps_rows, text_check


def _ensure_refused(estimator: Any, X: Any, *words: str) -> None:
    """Ask for a refusal in fit, and of each method after a fit on texts."""
    y = LABELS[: len(X)] if hasattr(X, "__len__") else LABELS
    ensure_refuses(partial(fitted, estimator, X, y), *words)
    if is_sampler(estimator):
        return
    estimator = fitted(estimator)
    for method in METHODS:
        if hasattr(estimator, method):
            ensure_refuses(partial(getattr(estimator, method), X), *words)


@text_check()
def check_bare_str(name: str, estimator: Any) -> None:
    """A bare str, whose letters would pass for rows, is refused."""
    _ensure_refused(estimator, TEXTS[0], "str", "string")


@text_check()
def check_bare_bytes(name: str, estimator: Any) -> None:
    """Bare bytes are refused."""
    _ensure_refused(estimator, TEXTS[0].encode(), "bytes")


@text_check()
def check_bytes_among_texts(name: str, estimator: Any) -> None:
    """Bytes in the place of a text are refused, for their encoding is not known."""
    _ensure_refused(estimator, [*TEXTS[:-1], b"goal"], "bytes")


@text_check()
def check_numbers(name: str, estimator: Any) -> None:
    """Numbers are refused, and their kind is named."""
    _ensure_refused(estimator, list(range(len(TEXTS))), "int")


@text_check()
def check_float_array(name: str, estimator: Any) -> None:
    """An array of floats is refused, and its kind is named."""
    _ensure_refused(estimator, np.ones(len(TEXTS)), "float")


@text_check()
def check_nested_lists(name: str, estimator: Any) -> None:
    """Lists of tokens in the place of texts are refused."""
    _ensure_refused(estimator, [text.split() for text in TEXTS], "list")


@text_check()
def check_dict(name: str, estimator: Any) -> None:
    """A dict, whose keys would pass for rows, is refused."""
    _ensure_refused(estimator, dict.fromkeys(TEXTS, 1), "dict")


@text_check()
def check_none(name: str, estimator: Any) -> None:
    """None in the place of texts is refused."""
    _ensure_refused(estimator, None, "None")


@text_check()
def check_two_columns(name: str, estimator: Any) -> None:
    """An array of two columns is refused, with its shape or dimensions in the message."""
    _ensure_refused(
        estimator, np.array([TEXTS, TEXTS], dtype=object).T, "shape", "dim", "2", "column"
    )


@text_check()
def check_no_texts(name: str, estimator: Any) -> None:
    """An empty list is refused in fit with a message that says so."""
    ensure_refuses(partial(fitted, estimator, [], []), "empty", "0")


@text_check(keeps_rows)
def check_no_texts_to_answer(name: str, estimator: Any) -> None:
    """After fit, an empty list is refused or gets an answer without rows."""
    estimator = fitted(estimator)
    for method in METHODS:
        if not hasattr(estimator, method):
            continue
        try:
            n_rows = np.shape(getattr(estimator, method)([]))[0]
        except ValueError as error:
            ensure("empty" in str(error) or "0" in str(error), f"the message is {error}")
        else:
            ensure(n_rows == 0, f"{method} gives {n_rows} rows")


@text_check(keeps_rows)
def check_error_leaves_the_fit(name: str, estimator: Any) -> None:
    """An estimator that refused a question answers the next one as if it had not been asked."""
    estimator = fitted(estimator)
    expected = answers(estimator, TEXTS)
    for method in expected:
        with suppress(TypeError, ValueError):
            getattr(estimator, method)(TEXTS[0])
    ensure_agree(answers(estimator, TEXTS), expected, tolerance=ROUNDING)
