"""Checks that any text may stand in a row: missing, empty, long, of any script."""

from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from agnews_sk.testing._answers import (
    ROUNDING,
    Answers,
    answers,
    ensure,
    ensure_agree,
    fitted,
    outcome,
    stack,
    take,
)
from agnews_sk.testing._corpus import (
    CONTROLS,
    LABELS,
    LONG,
    PLANES,
    SURROGATES,
    TEXTS,
    UNSEEN,
    WRITING_SYSTEMS,
)
from agnews_sk.testing._registry import is_sampler, keeps_rows, text_check

MISSING = (None, np.nan, pd.NA)
# What str() makes of them: known words, so that such a conversion shows.
THEIR_NAMES = "None nan NaN NA null <NA>"


def _ensure_finite(found: Answers, n_rows: int) -> None:
    for method, answer in found.items():
        ensure(answer.shape[0] == n_rows, f"{method} gives {answer.shape[0]} rows, not {n_rows}")
        values = answer.data if sp.issparse(answer) else answer
        if values.dtype.kind == "f" and method != "predict_log_proba":
            ensure(np.isfinite(values).all(), f"{method} gives a value that is not finite")


def _ensure_taken(estimator: Any, strange: list[str]) -> None:
    """Fit with strange texts among others, and ask for them in a batch and one by one."""
    y = [LABELS[i % 3] for i in range(len(strange))]
    estimator = fitted(estimator, [*TEXTS, *strange], [*LABELS, *y])
    if hasattr(estimator, "fit_resample"):
        return
    batch = answers(estimator, strange)
    _ensure_finite(batch, len(strange))
    one_by_one = stack([answers(estimator, [text]) for text in strange])
    ensure_agree(one_by_one, batch, tolerance=ROUNDING)


@text_check(keeps_rows)
def check_missing_text_is_empty(name: str, estimator: Any) -> None:
    """After fit, None, NaN and pandas.NA each count as the empty text."""
    estimator = fitted(estimator, [*TEXTS, THEIR_NAMES], [*LABELS, LABELS[0]])
    expected = answers(estimator, ["", TEXTS[0]])
    for missing in MISSING:
        ensure_agree(answers(estimator, [missing, TEXTS[0]]), expected, tolerance=ROUNDING)


@text_check(keeps_rows)
def check_missing_text_in_fit(name: str, estimator: Any) -> None:
    """In fit, None, NaN and pandas.NA each count as the empty text."""
    y = [*LABELS, LABELS[0]]
    expected = answers(fitted(estimator, [*TEXTS, ""], y), TEXTS)
    for missing in MISSING:
        estimator = fitted(estimator, [*TEXTS, missing], y)
        ensure_agree(answers(estimator, TEXTS), expected)


@text_check(keeps_rows)
def check_missing_text_in_series(name: str, estimator: Any) -> None:
    """The missing value of a pandas Series, be it of str or of objects, counts as empty."""
    estimator = fitted(estimator, [*TEXTS, THEIR_NAMES], [*LABELS, LABELS[0]])
    expected = answers(estimator, ["", TEXTS[0]])
    for dtype in ("str", object):
        series = pd.Series([None, TEXTS[0]], dtype=dtype)
        ensure_agree(answers(estimator, series), expected, tolerance=ROUNDING)


@text_check(is_sampler)
def check_sampler_takes_missing_texts(name: str, estimator: Any) -> None:
    """A sampler takes None, NaN and pandas.NA, each alike."""
    y = [*LABELS, LABELS[0]]
    expected = outcome(estimator, [*TEXTS, None], y)
    for missing in MISSING:
        ensure_agree(outcome(estimator, [*TEXTS, missing], y), expected)


@text_check()
def check_empty_text(name: str, estimator: Any) -> None:
    """Empty and blank texts are taken, in fit and after, and answered with finite numbers."""
    _ensure_taken(estimator, ["", " ", "\n\t ", "\u3000", "..."])


@text_check(keeps_rows)
def check_unseen_words(name: str, estimator: Any) -> None:
    """Texts without a word seen in fit are answered with finite numbers."""
    _ensure_finite(answers(fitted(estimator), UNSEEN), len(UNSEEN))


@text_check()
def check_long_text(name: str, estimator: Any) -> None:
    """A text of thousands of words and a word of thousands of letters are taken."""
    _ensure_taken(estimator, LONG)


@text_check(keeps_rows)
def check_long_text_beside_others(name: str, estimator: Any) -> None:
    """A very long text changes no answer to the texts beside it."""
    estimator = fitted(estimator)
    beside = take(answers(estimator, [LONG[0], *TEXTS]), slice(1, None))
    ensure_agree(beside, answers(estimator, TEXTS), tolerance=ROUNDING)


@text_check()
def check_writing_systems(name: str, estimator: Any) -> None:
    """Text from right to left, without spaces, with combining marks and with emoji is taken."""
    _ensure_taken(estimator, WRITING_SYSTEMS)


@text_check()
def check_unicode_planes(name: str, estimator: Any) -> None:
    """Characters of all 17 planes of Unicode are taken."""
    _ensure_taken(estimator, PLANES)


@text_check()
def check_lone_surrogates(name: str, estimator: Any) -> None:
    """Lone surrogates, which have no UTF-8 form, are taken."""
    _ensure_taken(estimator, SURROGATES)


@text_check()
def check_control_characters(name: str, estimator: Any) -> None:
    """NUL, byte order marks, line ends and invisible characters are taken."""
    _ensure_taken(estimator, CONTROLS)
