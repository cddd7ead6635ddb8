"""Checks of unusual texts: missing, empty, very long, in any script."""

from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

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
from agnews_sk.testing._outputs import (
    ROUNDING,
    Outputs,
    ensure,
    ensure_equal,
    fit_clone,
    fit_outputs,
    get_outputs,
    stack_rows,
    take_rows,
)
from agnews_sk.testing._registry import is_sampler, keeps_rows, text_check

MISSING = (None, np.nan, pd.NA)
# What str() converts them to: known words, so that such a conversion is detected.
THEIR_NAMES = "None nan NaN NA null <NA>"


def _ensure_finite(found: Outputs, n_rows: int) -> None:
    """Ensure that each method gives this number of rows, and finite numbers.

    Log-probabilities may be minus infinity.
    """
    for method, output in found.items():
        ensure(output.shape[0] == n_rows, f"{method} gives {output.shape[0]} rows, not {n_rows}")
        values = output.data if sp.issparse(output) else output
        if values.dtype.kind == "f" and method != "predict_log_proba":
            ensure(np.isfinite(values).all(), f"{method} gives a value that is not finite")


def _ensure_taken(estimator: Any, strange: list[str]) -> None:
    """Ensure that fit takes unusual texts, and that a batch gets the outputs of single texts."""
    y = [LABELS[i % 3] for i in range(len(strange))]
    estimator = fit_clone(estimator, [*TEXTS, *strange], [*LABELS, *y])
    if hasattr(estimator, "fit_resample"):
        return
    batch = get_outputs(estimator, strange)
    _ensure_finite(batch, len(strange))
    one_by_one = stack_rows([get_outputs(estimator, [text]) for text in strange])
    ensure_equal(one_by_one, batch, tolerance=ROUNDING)


@text_check(keeps_rows)
def check_missing_text_in_predict(name: str, estimator: Any) -> None:
    """After fit, None, NaN and pandas.NA each count as the empty text.

    The texts of fit include the words that `str()` makes of them, so that such a conversion shows.
    """
    estimator = fit_clone(estimator, [*TEXTS, THEIR_NAMES], [*LABELS, LABELS[0]])
    expected = get_outputs(estimator, ["", TEXTS[0]])
    for missing in MISSING:
        ensure_equal(get_outputs(estimator, [missing, TEXTS[0]]), expected, tolerance=ROUNDING)


@text_check(keeps_rows)
def check_missing_text_in_fit(name: str, estimator: Any) -> None:
    """In fit, None, NaN and pandas.NA each count as the empty text."""
    y = [*LABELS, LABELS[0]]
    expected = get_outputs(fit_clone(estimator, [*TEXTS, ""], y), TEXTS)
    for missing in MISSING:
        estimator = fit_clone(estimator, [*TEXTS, missing], y)
        ensure_equal(get_outputs(estimator, TEXTS), expected)


@text_check(keeps_rows)
def check_missing_text_in_series(name: str, estimator: Any) -> None:
    """A missing value in a pandas Series, of dtype str or object, counts as the empty text."""
    estimator = fit_clone(estimator, [*TEXTS, THEIR_NAMES], [*LABELS, LABELS[0]])
    expected = get_outputs(estimator, ["", TEXTS[0]])
    for dtype in ("str", object):
        series = pd.Series([None, TEXTS[0]], dtype=dtype)
        ensure_equal(get_outputs(estimator, series), expected, tolerance=ROUNDING)


@text_check(is_sampler)
def check_sampler_takes_missing_texts(name: str, estimator: Any) -> None:
    """A sampler accepts None, NaN and pandas.NA, and treats them alike."""
    y = [*LABELS, LABELS[0]]
    expected = fit_outputs(estimator, [*TEXTS, None], y)
    for missing in MISSING:
        ensure_equal(fit_outputs(estimator, [*TEXTS, missing], y), expected)


@text_check()
def check_empty_text(name: str, estimator: Any) -> None:
    """Empty and blank texts are accepted, in fit and after, and get finite numbers.

    Fails where a length of zero is divided by.
    """
    _ensure_taken(estimator, ["", " ", "\n\t ", "\u3000", "..."])


@text_check(keeps_rows)
def check_unseen_words(name: str, estimator: Any) -> None:
    """Texts without a word seen in fit get finite numbers."""
    _ensure_finite(get_outputs(fit_clone(estimator), UNSEEN), len(UNSEEN))


@text_check()
def check_long_text(name: str, estimator: Any) -> None:
    """A text of thousands of words and a word of thousands of letters are accepted.

    Fails where regular expressions or positions of a model run out of their limits.
    """
    _ensure_taken(estimator, LONG)


@text_check(keeps_rows)
def check_long_text_in_batch(name: str, estimator: Any) -> None:
    """A very long text does not change the outputs of other texts in its batch.

    Fails where padding to the longest text is not masked.
    """
    estimator = fit_clone(estimator)
    beside = take_rows(get_outputs(estimator, [LONG[0], *TEXTS]), slice(1, None))
    ensure_equal(beside, get_outputs(estimator, TEXTS), tolerance=ROUNDING)


@text_check()
def check_scripts(name: str, estimator: Any) -> None:
    """Right-to-left scripts, scripts without spaces, combining marks and emoji are accepted."""
    _ensure_taken(estimator, WRITING_SYSTEMS)


@text_check()
def check_astral_characters(name: str, estimator: Any) -> None:
    """Characters of all 17 planes of Unicode are accepted.

    Those above U+FFFF need four bytes in UTF-8, and two units in UTF-16.
    """
    _ensure_taken(estimator, PLANES)


@text_check()
def check_lone_surrogates(name: str, estimator: Any) -> None:
    """Lone surrogates, which have no UTF-8 form, are accepted.

    `text.encode()` raises on them, and so do Arrow, Polars and the tokenizers in Rust.
    """
    _ensure_taken(estimator, SURROGATES)


@text_check()
def check_control_characters(name: str, estimator: Any) -> None:
    """NUL, byte order marks, line ends and invisible characters are accepted.

    Fails where texts pass through C strings, or through files of one text per line.
    """
    _ensure_taken(estimator, CONTROLS)
