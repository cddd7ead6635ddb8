"""Checks that each row is answered for itself."""

from copy import deepcopy
from typing import Any

import numpy as np

from agnews_sk.testing._answers import (
    ROUNDING,
    answers,
    ensure,
    ensure_agree,
    fitted,
    stack,
    take,
)
from agnews_sk.testing._corpus import OTHER_TEXTS, TEXTS
from agnews_sk.testing._registry import is_deterministic, keeps_rows, text_check


@text_check(keeps_rows)
def check_one_answer_a_row(name: str, estimator: Any) -> None:
    """Each row is answered, be it empty, repeated or of unseen words."""
    asked = [*TEXTS, "", TEXTS[0], TEXTS[0], *OTHER_TEXTS]
    for method, answer in answers(fitted(estimator), asked).items():
        rows = answer.shape[0]
        ensure(rows == len(asked), f"{method} gives {rows} rows for {len(asked)} texts")


@text_check(keeps_rows, is_deterministic)
def check_row_order(name: str, estimator: Any) -> None:
    """Rows in another order get the same answers in that order."""
    estimator = fitted(estimator)
    order = np.random.default_rng(0).permutation(len(TEXTS))
    shuffled = answers(estimator, [TEXTS[i] for i in order])
    ensure_agree(shuffled, take(answers(estimator, TEXTS), order), tolerance=ROUNDING)


@text_check(keeps_rows, is_deterministic)
def check_batches(name: str, estimator: Any) -> None:
    """Rows asked in batches of any size, one row too, get the same answers."""
    estimator = fitted(estimator)
    expected = answers(estimator, TEXTS)
    for size in (1, 5):
        batches = [TEXTS[i : i + size] for i in range(0, len(TEXTS), size)]
        in_batches = stack([answers(estimator, batch) for batch in batches])
        ensure_agree(in_batches, expected, tolerance=ROUNDING)


@text_check(keeps_rows, is_deterministic)
def check_equal_texts(name: str, estimator: Any) -> None:
    """Equal texts in one batch get equal answers."""
    found = answers(fitted(estimator), [TEXTS[0]] * 5)
    ensure_agree(take(found, slice(1, None)), take(found, [0] * 4), tolerance=ROUNDING)


@text_check(keeps_rows, is_deterministic)
def check_answering_learns_nothing(name: str, estimator: Any) -> None:
    """An answer does not depend on what was asked before."""
    estimator = fitted(estimator)
    expected = answers(estimator, TEXTS)
    answers(estimator, OTHER_TEXTS)
    ensure_agree(answers(estimator, TEXTS), expected)


@text_check(keeps_rows, is_deterministic)
def check_answers_are_the_callers(name: str, estimator: Any) -> None:
    """Writing into an answer changes no later answer."""
    estimator = fitted(estimator)
    expected = deepcopy(answers(estimator, TEXTS))
    for method in expected:
        _overwrite(getattr(estimator, method)(TEXTS))
    ensure_agree(answers(estimator, TEXTS), expected)


def _overwrite(answer: Any) -> None:
    values = getattr(answer, "data", answer) if hasattr(answer, "indptr") else answer
    if isinstance(values, np.ndarray) and values.flags.writeable:
        values[...] = values.flat[0] if values.dtype.kind in "OU" else 0
