"""Checks that the output of a row depends on that row only."""

from copy import deepcopy
from typing import Any

import numpy as np

from agnews_sk.testing._corpus import OTHER_TEXTS, TEXTS
from agnews_sk.testing._outputs import (
    ROUNDING,
    contained,
    ensure,
    ensure_equal,
    fit_clone,
    get_outputs,
    stack_rows,
    take_rows,
)
from agnews_sk.testing._registry import is_deterministic, keeps_rows, text_check


@text_check(keeps_rows)
def check_one_output_per_row(name: str, estimator: Any) -> None:
    """Each row gets one output, also if it is empty, repeated or of unknown words."""
    texts = [*TEXTS, "", TEXTS[0], TEXTS[0], *OTHER_TEXTS]
    for method, output in get_outputs(fit_clone(estimator), texts).items():
        rows = output.shape[0]
        ensure(rows == len(texts), f"{method} gives {rows} rows for {len(texts)} texts")


@text_check(keeps_rows, is_deterministic)
def check_sample_order_invariance(name: str, estimator: Any) -> None:
    """Rows in another order get the same outputs in that order.

    Fails where rows are sorted by length for speed, and the order is not restored.
    """
    estimator = fit_clone(estimator)
    order = np.random.default_rng(0).permutation(len(TEXTS))
    shuffled = get_outputs(estimator, [TEXTS[i] for i in order])
    ensure_equal(shuffled, take_rows(get_outputs(estimator, TEXTS), order), tolerance=ROUNDING)


@text_check(keeps_rows, is_deterministic)
def check_batch_invariance(name: str, estimator: Any) -> None:
    """Rows given in batches of any size, or one by one, get the same outputs.

    Fails where padding, or a statistic of the batch, changes the output of a row.
    """
    estimator = fit_clone(estimator)
    expected = get_outputs(estimator, TEXTS)
    for size in (1, 5):
        batches = [TEXTS[i : i + size] for i in range(0, len(TEXTS), size)]
        in_batches = stack_rows([get_outputs(estimator, batch) for batch in batches])
        ensure_equal(in_batches, expected, tolerance=ROUNDING)


@text_check(keeps_rows, is_deterministic)
def check_duplicate_texts(name: str, estimator: Any) -> None:
    """Equal texts in one batch get equal outputs."""
    found = get_outputs(fit_clone(estimator), [TEXTS[0]] * 5)
    ensure_equal(take_rows(found, slice(1, None)), take_rows(found, [0] * 4), tolerance=ROUNDING)


@text_check(keeps_rows, is_deterministic)
def check_predict_is_stateless(name: str, estimator: Any) -> None:
    """An output does not depend on earlier calls.

    Fails where unknown words of one call are added to the vocabulary.
    """
    estimator = fit_clone(estimator)
    expected = get_outputs(estimator, TEXTS)
    get_outputs(estimator, OTHER_TEXTS)
    ensure_equal(get_outputs(estimator, TEXTS), expected)


@text_check(keeps_rows, is_deterministic)
def check_outputs_are_not_shared(name: str, estimator: Any) -> None:
    """Writing into an output changes no later output.

    Fails where a method returns an array that it keeps.
    """
    estimator = fit_clone(estimator)
    expected = deepcopy(get_outputs(estimator, TEXTS))
    for method in expected:
        _overwrite(getattr(estimator, method)(contained(TEXTS)))
    ensure_equal(get_outputs(estimator, TEXTS), expected)


def _overwrite(output: Any) -> None:
    """Set all values of an array or sparse matrix to zero, or to its first text.

    Read-only arrays are left as they are.
    """
    values = getattr(output, "data", output) if hasattr(output, "indptr") else output
    if isinstance(values, np.ndarray) and values.flags.writeable:
        values[...] = values.flat[0] if values.dtype.kind in "OU" else 0
