"""The fitted steps at the head of a pipeline and what they put out, kept for each fold."""

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
        if self._values.max_bytes == 0:  # pickling it to learn its size would be in vain
            return False
        try:
            n_bytes = pickled_bytes(value)
        except (pickle.PicklingError, AttributeError, TypeError):
            return False
        return self._values.put(key, value, n_bytes)


@dataclass
class _Fitted:
    """What fitting one step gave, and how long it took."""

    result: tuple[Any, ...]
    seconds: float


@dataclass(frozen=True)
class _Rows:
    """What a step that looks at each text alone made of the texts so far."""

    position: dict[str | None, int]
    outputs: Any
    seconds: float

    def with_texts(self, step: Any, X: Any) -> "_Rows":
        """Return these rows and those of the texts that are new."""
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
        """Return one row a text."""
        return take_rows(self.outputs, np.array([self.position[text] for text in X]))


class FoldMemory:
    """What a pipeline takes as its `memory` while it is fitted on one fold.

    A step is looked up by the fold, by its own parameters and by those of the steps before it. A
    step that draws numbers without a fixed seed is fitted each time, and so are the steps after
    it. What a step that learns nothing makes of a text is kept by the text, for all folds.

    What is kept is handed out as a copy, so that nobody who writes into it changes what others
    get. Fitted steps are copied too, unless all of their code comes from libraries whose fitted
    estimators stay as they are. A step that writes into the labels or the metadata, which are those
    of later steps too, is fitted each time.

    Parameters
    ----------
    cache : PrefixCache
    fold : int
    behind : joblib.Memory-like or None
        The pipeline's own `memory`, asked for what the cache lacks.

    Attributes
    ----------
    behind : joblib.Memory-like or None
    seconds_saved : float
        How long the steps that were found had taken to fit.
    """

    def __init__(self, cache: PrefixCache, fold: int, behind: Any = None) -> None:
        self._cache = cache
        self.behind = behind
        self._key: Any = ("fold", fold)
        self._key_of: dict[int, Any] = {}
        self.seconds_saved = 0.0

    def cache(self, function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
        """Return the function that fits one step, with the cache before it."""
        if self.behind is not None:
            function = self.behind.cache(function, **options)

        def fit_step(step: Any, *args: Any, params: Any = None, **keywords: Any) -> Any:
            self._key = _longer_key(self._key, step, params)
            found = self._lookup(self._key)
            if found is not NOTHING:
                self.seconds_saved += found.seconds
                return self._hand_out(found.result, is_kept=True)
            of_later_steps = None if changes_in_fit_only(step) else (args[1:], params)
            before = _content(of_later_steps)
            found = self._fit(function, step, *args, params=params, **keywords)
            if before is None or before != _content(of_later_steps):
                self._key = None
            return self._hand_out(found.result, is_kept=self._keep(self._key, found))

        return fit_step

    def _hand_out(self, result: tuple[Any, ...], *, is_kept: bool) -> tuple[Any, ...]:
        *outputs, step = result
        if is_kept:
            outputs = [private_copy(output) for output in outputs]
            step = step if changes_in_fit_only(step) else private_copy(step)
        self._key_of[id(step)] = self._key
        return *outputs, step

    def transform(self, pipeline: Any, X: Any) -> Any:
        """Return the fold's test rows as the last step of a pipeline sees them.

        Parameters
        ----------
        pipeline : Pipeline
            Its steps before the last were fitted with this memory.
        X : container of n_samples rows

        Returns
        -------
        container of n_samples rows
            Not to be written into: it may be what is kept.
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
        start = time.perf_counter()
        rows = self._rows(step, X)
        if rows is None:
            result = function(step, X, *args, **keywords)
            return _Fitted(result, time.perf_counter() - start)
        # As if all of them had been computed now.
        seconds = rows.seconds / len(rows.position) * len(X)
        result = private_copy(rows.outputs_of(X)), step
        self.seconds_saved += max(0.0, seconds - (time.perf_counter() - start))
        return _Fitted(result, seconds)

    def _transform(self, step: Any, X: Any) -> Any:
        rows = self._rows(step, X)
        return step.transform(X) if rows is None else rows.outputs_of(X)

    def _rows(self, step: Any, X: Any) -> _Rows | None:
        """Return what a step makes of these texts and others, or None if it is not by text."""
        if not (isinstance(step, StatelessMixin) and _are_texts(X)):
            return None
        key = ("rows", joblib.hash(step))
        known = self._lookup(key)
        known = _Rows({}, None, 0.0) if known is NOTHING else known
        rows = known.with_texts(step, X)
        if not isinstance(rows.outputs, (np.ndarray, pl.Series)):  # but a frame, by set_output
            return None
        if rows is not known:
            self._keep(key, rows)
        return rows

    def _lookup(self, key: Any) -> Any:
        return NOTHING if key is None else self._cache.get(key)

    def _keep(self, key: Any, value: Any) -> bool:
        return key is not None and self._cache.put(key, value)


def _are_texts(X: Any) -> bool:
    if isinstance(X, pl.Series):
        return X.dtype == pl.String and len(X) > 0
    return isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1 and len(X) > 0


def _content(values: Any) -> str | None:
    """Return a hash of values, or None if they have none."""
    try:
        return joblib.hash(values)
    except (pickle.PicklingError, AttributeError, TypeError):  # a lambda among the parameters
        return None


def _longer_key(key: Any, step: Any, params: Any) -> str | None:
    if key is None or not _repeats(step):
        return None
    return _content((key, step, params))


def _repeats(step: Any) -> bool:
    """Tell whether a second fit would draw the same numbers as the first."""
    params = step.get_params() if hasattr(step, "get_params") else {}
    seeds = [value for name, value in params.items() if name.endswith("random_state")]
    return all(isinstance(seed, Integral) for seed in seeds)


def pickled_bytes(value: Any) -> int:
    """Return the number of bytes that pickling writes, and keep none of them."""
    counter = ByteCounter()
    pickle.Pickler(counter, pickle.HIGHEST_PROTOCOL).dump(value)
    return counter.n_bytes
