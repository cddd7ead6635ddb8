"""Costs of a classifier: time, memory, latency, size and parameters."""

import pickle
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import scipy.sparse

from agnews_sk._core.byte_counter import ByteCounter
from agnews_sk._core.user_warnings import warn_user
from agnews_sk._core.validation import n_rows, take_rows

MAX_LATENCY_CALLS = 200
MAX_LATENCY_SECONDS = 3.0
_WARM_UP_CALLS = 3
_RESET_PEAK = "5"  # proc_pid_clear_refs(5): since Linux 4.0, resets VmHWM to the resident size


@dataclass
class Cost:
    """Costs of a block of code, known once the block has ended.

    Attributes
    ----------
    seconds : float
        Wall-clock time.
    cpu_seconds : float
        CPU time of all threads of this process, without worker processes.
    peak_memory_bytes : float
        Peak increase of the resident memory of this process, with that of torch and of mapped
        files; NaN on systems other than Linux.
    """

    seconds: float = np.nan
    cpu_seconds: float = np.nan
    peak_memory_bytes: float = np.nan


@contextmanager
def measured() -> Iterator[Cost]:
    """Measure the costs of a block of code.

    Yields
    ------
    Cost

    Examples
    --------
    >>> from agnews_sk.evaluation._costs import measured
    >>> with measured() as cost:
    ...     squares = [i * i for i in range(100_000)]
    >>> 0 < cost.seconds < 10
    True
    """
    cost = Cost()
    before = _reset_peak()
    start, cpu_start = time.perf_counter(), time.process_time()
    yield cost
    cost.seconds = time.perf_counter() - start
    cost.cpu_seconds = time.process_time() - cpu_start
    cost.peak_memory_bytes = max(_status_bytes("VmHWM") - before, 0.0) if before else np.nan


def _reset_peak() -> float:
    """Reset the process' peak memory, and return the resident bytes; 0 where unknown."""
    try:
        Path("/proc/self/clear_refs").write_text(_RESET_PEAK)
        return _status_bytes("VmRSS")
    except OSError:
        return 0.0


def _status_bytes(name: str) -> float:
    """Return a size from /proc/self/status, which states it in KiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith(f"{name}:"))
    return 1024.0 * int(kilobytes)


def latencies(predict: Callable[[Any], Any], X: Any) -> np.ndarray:
    """Time predictions of single rows, after a short warm-up.

    Parameters
    ----------
    predict : callable
        Takes a container of rows, such as a fitted classifier's `predict`.
    X : DataFrame or array-like of shape (n_rows, ...)
        Rows to predict in turn, starting again from the first one if there are few.

    Returns
    -------
    ndarray of float of shape (n_calls,)
        Seconds of each call; 200 calls, or as many as 3 seconds allow.

    Examples
    --------
    >>> from agnews_sk.evaluation._costs import latencies
    >>> len(latencies(len, ["oil", "cup"]))
    200
    """
    found: list[float] = []
    rows = [take_rows(X, np.array([i])) for i in range(min(n_rows(X), MAX_LATENCY_CALLS))]
    for i in range(_WARM_UP_CALLS):
        predict(rows[i % len(rows)])
    begin = time.perf_counter()
    while len(found) < MAX_LATENCY_CALLS and time.perf_counter() - begin < MAX_LATENCY_SECONDS:
        start = time.perf_counter()
        predict(rows[len(found) % len(rows)])
        found.append(time.perf_counter() - start)
    return np.array(found)


def size_bytes(fitted: Any, name: str) -> int | None:
    """Return the bytes that `joblib.dump` writes for an estimator, uncompressed.

    Parameters
    ----------
    fitted : estimator
    name : str
        Name of the classifier in the warning.

    Returns
    -------
    int or None
        None if it cannot be pickled.

    Warns
    -----
    UserWarning
        If it cannot be pickled.
    """
    counter = ByteCounter()
    try:
        joblib.dump(fitted, counter)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        warn_user(f"the size of {name} is unknown, as it cannot be pickled: {error}")
        return None
    return counter.n_bytes


def count_parameters(fitted: Any) -> int:
    """Count the learned and pretrained parameters of a fitted estimator.

    Parameters
    ----------
    fitted : estimator
        An estimator, pipeline or torch module.

    Returns
    -------
    int
        Weights of torch modules, including frozen ones, and values of float arrays and sparse
        matrices in attributes that end in an underscore, of the estimator and of those within it.
        Trees and nearest neighbours store their parameters elsewhere, and count 0.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from agnews_sk.evaluation._costs import count_parameters
    >>> count_parameters(LogisticRegression().fit([[0, 1], [1, 0]], ["a", "b"]))
    3
    """
    return _Counter().count(fitted)


@dataclass
class _Counter:
    """Walks the objects of an estimator, and counts each once.

    Attributes
    ----------
    seen : set of int
        Ids of the objects that are counted.
    """

    seen: set[int] = field(default_factory=set)

    def count(self, value: Any) -> int:
        """Return the number of parameters in an object that were not counted before."""
        if id(value) in self.seen:
            return 0
        self.seen.add(id(value))
        if isinstance(value, np.ndarray):
            return value.size if value.dtype.kind == "f" else 0
        if scipy.sparse.issparse(value):
            return value.nnz
        if isinstance(value, Mapping):
            return sum(map(self.count, value.values()))
        if isinstance(value, (list, tuple)):
            return sum(map(self.count, value))
        if callable(getattr(value, "state_dict", None)) and hasattr(value, "parameters"):
            return sum(p.numel() for p in value.parameters())
        if hasattr(value, "fit"):
            return sum(map(self.count, _learned(value)))
        return 0


def _learned(estimator: Any) -> list[Any]:
    """Return the steps of a pipeline or union, or the fitted attributes of another estimator."""
    if hasattr(estimator, "steps"):
        return [step for _, step in estimator.steps]
    if hasattr(estimator, "transformer_list"):
        return [step for _, step in estimator.transformer_list]
    return [v for k, v in vars(estimator).items() if k.endswith("_") and k[0] != "_"]
