"""A cache of the first steps of a pipeline and their outputs, for each fold."""

import pickle
import time
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import joblib
import numpy as np
import polars as pl

from agnews_sk._core.base import StatelessMixin
from agnews_sk._core.byte_counter import ByteCounter
from agnews_sk._core.validation import take_rows
from agnews_sk.caching import LRUCache
from agnews_sk.tuning._private_copy import changes_in_fit_only, private_copy

NOTHING = object()


class PrefixCache:
    """Cache values in memory by their pickled size; the least recently used are dropped first.

    Copies that go to other processes begin empty.

    Parameters
    ----------
    max_bytes : int
        Largest total pickled size of the values; 0 keeps nothing.
    """

    def __init__(self, max_bytes: int) -> None:
        self._values: LRUCache[Any, Any] = LRUCache(max_bytes)

    @property
    def n_bytes(self) -> int:
        """Total pickled size of the values now."""
        return self._values.n_bytes

    def get(self, key: Any) -> Any:
        """Return the value of a key, or `NOTHING`."""
        return self._values.get(key, NOTHING)

    def put(self, key: Any, value: Any) -> bool:
        """Keep a value, unless it is larger than the limit or cannot be pickled.

        Returns
        -------
        bool
            Whether it is kept.
        """
        if self._values.max_bytes == 0:  # pickling it to measure its size would be wasted
            return False
        try:
            n_bytes = pickled_bytes(value)
        except (pickle.PicklingError, AttributeError, TypeError):
            return False
        return self._values.put(key, value, n_bytes)


@dataclass
class _Fitted:
    """The outputs of fitting one step and the fitted step, and the seconds it took."""

    result: tuple[Any, ...]
    seconds: float


@dataclass(frozen=True)
class _Rows:
    """Outputs by text of a step that transforms each text by itself.

    Parameters
    ----------
    position : dict of str to int
        Row of each text in `outputs`.
    outputs : ndarray or polars.Series of n_texts rows
    seconds : float
        Time that all of them took.
    """

    position: dict[str | None, int]
    outputs: Any
    seconds: float

    def with_texts(self, step: Any, X: Any) -> "_Rows":
        """Return these rows with those of new texts added."""
        new = [text for text in dict.fromkeys(X) if text not in self.position]
        if not new:
            return self
        start = time.perf_counter()
        outputs = step.transform(new)
        seconds = self.seconds + time.perf_counter() - start
        position = self.position | {text: len(self.position) + i for i, text in enumerate(new)}
        if self.position:
            joined = pl.concat if isinstance(outputs, pl.Series) else np.concatenate
            outputs = joined([self.outputs, outputs])
        return _Rows(position, outputs, seconds)

    def outputs_of(self, X: Any) -> Any:
        """Return one row per text."""
        return take_rows(self.outputs, np.array([self.position[text] for text in X]))


class FoldMemory:
    """The `memory` of a pipeline while it is fitted on one fold.

    The key of a step is the fold, its parameters and those of the steps before it. A step that
    draws random numbers without a fixed seed is fitted each time, and so are the steps after it.
    The outputs of a step that learns nothing are kept by text, for all folds.

    Cached values are returned as copies, so that writing into one does not change the cache.
    Fitted steps are copied too, unless all of their code comes from libraries whose fitted
    estimators do not change. A step that writes into the labels or the metadata, which later steps
    share, is fitted each time.

    Parameters
    ----------
    cache : PrefixCache
    fold : int
    fallback : joblib.Memory-like or None
        The pipeline's own `memory`, used for steps that are not in the cache.

    Attributes
    ----------
    fallback : joblib.Memory-like or None
    seconds_saved : float
        Time that fitting the steps found in the cache had taken.
    """

    def __init__(self, cache: PrefixCache, fold: int, fallback: Any = None) -> None:
        self._cache = cache
        self.fallback = fallback
        self._key: Any = ("fold", fold)
        self._key_of: dict[int, Any] = {}
        self.seconds_saved = 0.0

    def cache(self, function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
        """Return the function that fits one step, looked up in the cache first."""
        if self.fallback is not None:
            function = self.fallback.cache(function, **options)

        def fit_step(step: Any, *args: Any, params: Any = None, **keywords: Any) -> Any:
            """Fit and transform one step, or return what an equal step gave on this fold."""
            self._key = _extend_key(self._key, step, params)
            found = self._lookup(self._key)
            if found is not NOTHING:
                self.seconds_saved += found.seconds
                return self._copy_if_kept(found.result, is_kept=True)
            of_later_steps = None if changes_in_fit_only(step) else (args[1:], params)
            before = _content(of_later_steps)
            found = self._fit(function, step, *args, params=params, **keywords)
            if before is None or before != _content(of_later_steps):
                self._key = None
            return self._copy_if_kept(found.result, is_kept=self._keep(self._key, found))

        return fit_step

    def _copy_if_kept(self, result: tuple[Any, ...], *, is_kept: bool) -> tuple[Any, ...]:
        """Return outputs and fitted step, as copies if the cache keeps the originals."""
        *outputs, step = result
        if is_kept:
            outputs = [private_copy(output) for output in outputs]
            step = step if changes_in_fit_only(step) else private_copy(step)
        self._key_of[id(step)] = self._key
        return *outputs, step

    def transform(self, pipeline: Any, X: Any) -> Any:
        """Transform the fold's test rows by all steps but the last, looked up in the cache first.

        Parameters
        ----------
        pipeline : Pipeline
            Its steps before the last were fitted with this memory.
        X : container of n_samples rows

        Returns
        -------
        container of n_samples rows
            Not to be written into: it may be in the cache.
        """
        for _, step in pipeline.steps[:-1]:
            if step is None or step == "passthrough" or hasattr(step, "fit_resample"):
                continue
            key = self._key_of[id(step)]
            key = None if key is None else ("test", key)
            found = self._lookup(key)
            if found is NOTHING:
                found = self._transform(step, private_copy(X))
                self._keep(key, found)
            X = found
        return X

    def _fit(
        self, function: Callable[..., Any], step: Any, X: Any, *args: Any, **keywords: Any
    ) -> _Fitted:
        """Fit a step, or assemble its output from texts that it has transformed before."""
        start = time.perf_counter()
        rows = self._rows(step, X)
        if rows is None:
            result = function(step, X, *args, **keywords)
            return _Fitted(result, time.perf_counter() - start)
        # The time that these texts would have taken.
        seconds = rows.seconds / len(rows.position) * len(X)
        result = private_copy(rows.outputs_of(X)), step
        self.seconds_saved += max(0.0, seconds - (time.perf_counter() - start))
        return _Fitted(result, seconds)

    def _transform(self, step: Any, X: Any) -> Any:
        """Transform test rows, or look their texts up."""
        rows = self._rows(step, X)
        return step.transform(X) if rows is None else rows.outputs_of(X)

    def _rows(self, step: Any, X: Any) -> _Rows | None:
        """Return outputs for these and earlier texts, or None if a step needs them all at once."""
        if not (isinstance(step, StatelessMixin) and _are_texts(X)):
            return None
        key = ("rows", joblib.hash(step))
        known = self._lookup(key)
        known = _Rows({}, None, 0.0) if known is NOTHING else known
        rows = known.with_texts(step, X)
        if not isinstance(rows.outputs, (np.ndarray, pl.Series)):  # but a frame, after set_output
            return None
        if rows is not known:
            self._keep(key, rows)
        return rows

    def _lookup(self, key: Any) -> Any:
        """Return the value of a key, or `NOTHING` if there is none."""
        return NOTHING if key is None else self._cache.get(key)

    def _keep(self, key: Any, value: Any) -> bool:
        """Keep a value under a key, and return whether it is kept."""
        return key is not None and self._cache.put(key, value)


def _are_texts(X: Any) -> bool:
    """Return whether X is a column of texts, such that each can be looked up by itself."""
    if isinstance(X, pl.Series):
        return X.dtype == pl.String and len(X) > 0
    return isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1 and len(X) > 0


def _content(values: Any) -> str | None:
    """Return a hash of values, or None if they cannot be hashed."""
    try:
        return joblib.hash(values)
    except (pickle.PicklingError, AttributeError, TypeError):  # a lambda among the parameters
        return None


def _extend_key(key: Any, step: Any, params: Any) -> str | None:
    """Return the key of a step after those before it, or None if it cannot be cached."""
    if key is None or not _repeats(step):
        return None
    return _content((key, step, params))


def _repeats(step: Any) -> bool:
    """Return whether a second fit would draw the same random numbers as the first."""
    params = step.get_params() if hasattr(step, "get_params") else {}
    seeds = [value for name, value in params.items() if name.endswith("random_state")]
    return all(isinstance(seed, Integral) for seed in seeds)


def pickled_bytes(value: Any) -> int:
    """Return the number of bytes of a value's pickle, without keeping the pickle."""
    counter = ByteCounter()
    pickle.Pickler(counter, pickle.HIGHEST_PROTOCOL).dump(value)
    return counter.n_bytes
