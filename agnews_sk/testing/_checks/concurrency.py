"""Checks that an estimator can be shared by threads and sent to another process."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from joblib import Parallel, delayed

from agnews_sk.testing._corpus import LABELS, OTHER_LABELS, OTHER_TEXTS, TEXTS
from agnews_sk.testing._outputs import (
    ROUNDING,
    clone_seeded,
    contained,
    ensure_equal,
    fit_clone,
    fit_outputs,
    fit_outputs_in_place,
    get_outputs,
    stack_rows,
)
from agnews_sk.testing._registry import is_deterministic, keeps_rows, text_check

N_THREADS = 4


@contextmanager
def _threads_take_turns_often() -> Iterator[None]:
    """Let threads switch after a microsecond, not after five milliseconds, so that races show."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)


@text_check(keeps_rows, is_deterministic)
def check_predict_in_threads(name: str, estimator: Any) -> None:
    """Threads that share one fitted estimator each get the outputs of their own rows.

    Fails where a method keeps its input or a buffer on the estimator.
    """
    estimator = fit_clone(estimator)
    batches = [TEXTS[i : i + 3] for i in range(0, len(TEXTS), 3)] * 4
    expected = [get_outputs(estimator, batch) for batch in batches]
    with _threads_take_turns_often(), ThreadPoolExecutor(N_THREADS) as threads:
        found = list(threads.map(lambda batch: get_outputs(estimator, batch), batches))
    ensure_equal(stack_rows(found), stack_rows(expected), tolerance=ROUNDING)


@text_check(is_deterministic)
def check_fit_in_threads(name: str, estimator: Any) -> None:
    """Clones that are fitted in threads, on different rows, are fitted as if alone.

    Fails where fit writes to a class, a module or a global random generator.
    """
    corpora = [(TEXTS, LABELS), (OTHER_TEXTS, OTHER_LABELS)] * 2
    expected = [fit_outputs(estimator, *corpus) for corpus in corpora]
    copies = [clone_seeded(estimator) for _ in corpora]
    with _threads_take_turns_often(), ThreadPoolExecutor(N_THREADS) as threads:
        jobs = [threads.submit(fit_outputs_in_place, c, *rows) for c, rows in zip(copies, corpora)]
        found = [job.result() for job in jobs]
    for one, alone in zip(found, expected):
        ensure_equal(one, alone, tolerance=ROUNDING)


@text_check(keeps_rows, is_deterministic)
def check_predict_in_processes(name: str, estimator: Any) -> None:
    """Sent to another process, the fitted estimator gives the same outputs.

    Fails where it depends on state of this process, such as the seed of str hashes.
    """
    estimator = fit_clone(estimator)
    (found,) = Parallel(n_jobs=2, backend="loky")(
        [delayed(get_outputs)(estimator, contained(TEXTS))]
    )
    ensure_equal(found, get_outputs(estimator, TEXTS), tolerance=ROUNDING)
