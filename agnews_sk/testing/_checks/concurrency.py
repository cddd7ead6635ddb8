"""Checks that an estimator may be used by several threads, and sent to another process."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from joblib import Parallel, delayed

from agnews_sk.testing._answers import (
    ROUNDING,
    answers,
    ensure_agree,
    fitted,
    fresh,
    outcome,
    outcome_in_place,
    stack,
)
from agnews_sk.testing._corpus import LABELS, OTHER_LABELS, OTHER_TEXTS, TEXTS
from agnews_sk.testing._registry import is_deterministic, keeps_rows, text_check

N_THREADS = 4


@contextmanager
def _threads_take_turns_often() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)


@text_check(keeps_rows, is_deterministic)
def check_threads_ask(name: str, estimator: Any) -> None:
    """Threads that ask one fitted estimator for different rows each get their own answers."""
    estimator = fitted(estimator)
    batches = [TEXTS[i : i + 3] for i in range(0, len(TEXTS), 3)] * 4
    expected = [answers(estimator, batch) for batch in batches]
    with _threads_take_turns_often(), ThreadPoolExecutor(N_THREADS) as threads:
        found = list(threads.map(lambda batch: answers(estimator, batch), batches))
    ensure_agree(stack(found), stack(expected), tolerance=ROUNDING)


@text_check(is_deterministic)
def check_threads_fit(name: str, estimator: Any) -> None:
    """Copies that are fitted in threads, on different rows, are fitted as if alone."""
    corpora = [(TEXTS, LABELS), (OTHER_TEXTS, OTHER_LABELS)] * 2
    expected = [outcome(estimator, *corpus) for corpus in corpora]
    copies = [fresh(estimator) for _ in corpora]
    with _threads_take_turns_often(), ThreadPoolExecutor(N_THREADS) as threads:
        jobs = [threads.submit(outcome_in_place, c, *rows) for c, rows in zip(copies, corpora)]
        found = [job.result() for job in jobs]
    for one, alone in zip(found, expected):
        ensure_agree(one, alone, tolerance=ROUNDING)


@text_check(keeps_rows, is_deterministic)
def check_processes(name: str, estimator: Any) -> None:
    """Sent to another process, the fitted estimator answers the same."""
    estimator = fitted(estimator)
    (found,) = Parallel(n_jobs=2, backend="loky")([delayed(answers)(estimator, TEXTS)])
    ensure_agree(found, answers(estimator, TEXTS), tolerance=ROUNDING)
