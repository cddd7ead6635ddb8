"""The fitted steps at the head of a pipeline and what they put out, kept for each fold."""

import pickle
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import joblib

NOTHING = object()


class PrefixCache:
    """Keep values in memory up to a limit; those used longest ago make room.

    Copies that go to other processes begin empty.

    Parameters
    ----------
    max_bytes : int
        Pickled size of what is kept, at most.

    Attributes
    ----------
    n_bytes : int
        Pickled size of what is kept now.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.n_bytes = 0
        self._kept: OrderedDict[Any, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Any) -> Any:
        """Return what is kept under a key, or `NOTHING`."""
        with self._lock:
            if key not in self._kept:
                return NOTHING
            self._kept.move_to_end(key)
            return self._kept[key][0]

    def put(self, key: Any, value: Any) -> None:
        """Keep a value, unless it is larger than the limit or cannot be pickled."""
        try:
            n_bytes = pickled_bytes(value)
        except (pickle.PicklingError, AttributeError, TypeError):
            return
        if n_bytes > self.max_bytes:
            return
        with self._lock:
            if key in self._kept:
                return
            self._kept[key] = (value, n_bytes)
            self.n_bytes += n_bytes
            while self.n_bytes > self.max_bytes:
                _, (_, freed) = self._kept.popitem(last=False)
                self.n_bytes -= freed

    def __getstate__(self) -> dict[str, Any]:
        return {"max_bytes": self.max_bytes}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]


@dataclass
class _Fitted:
    """What fitting one step gave, and how long it took."""

    result: tuple[Any, ...]
    seconds: float


class FoldMemory:
    """What a pipeline takes as its `memory` while it is fitted on one fold.

    A step is looked up by the fold, by its own parameters and by those of the steps before it. A
    step that draws numbers without a fixed seed is fitted each time, and so are the steps after
    it.

    Parameters
    ----------
    cache : PrefixCache
    fold : int
    behind : joblib.Memory-like or None
        The pipeline's own `memory`, asked for what the cache lacks.

    Attributes
    ----------
    seconds_saved : float
        How long the steps that were found had taken to fit.
    """

    def __init__(self, cache: PrefixCache, fold: int, behind: Any = None) -> None:
        self._cache = cache
        self._behind = behind
        self._key: Any = ("fold", fold)
        self._key_of: dict[int, Any] = {}
        self.seconds_saved = 0.0

    def cache(self, function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
        """Return the function that fits one step, with the cache before it."""
        if self._behind is not None:
            function = self._behind.cache(function, **options)

        def fit_step(step: Any, *args: Any, params: Any = None, **keywords: Any) -> Any:
            self._key = _longer_key(self._key, step, params)
            found = self._lookup(self._key)
            if found is NOTHING:
                start = time.perf_counter()
                result = function(step, *args, params=params, **keywords)
                found = _Fitted(result, time.perf_counter() - start)
                self._keep(self._key, found)
            else:
                self.seconds_saved += found.seconds
            self._key_of[id(found.result[-1])] = self._key
            return found.result

        return fit_step

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
        """
        for _, step in pipeline.steps[:-1]:
            if step is None or step == "passthrough" or hasattr(step, "fit_resample"):
                continue
            key = self._key_of[id(step)]
            key = None if key is None else ("test", key)
            found = self._lookup(key)
            if found is NOTHING:
                found = step.transform(X)
                self._keep(key, found)
            X = found
        return X

    def _lookup(self, key: Any) -> Any:
        return NOTHING if key is None else self._cache.get(key)

    def _keep(self, key: Any, value: Any) -> None:
        if key is not None:
            self._cache.put(key, value)


def _longer_key(key: Any, step: Any, params: Any) -> Any:
    if key is None or not _repeats(step):
        return None
    try:
        return joblib.hash((key, step, params))
    except (pickle.PicklingError, AttributeError, TypeError):  # a lambda among the parameters
        return None


def _repeats(step: Any) -> bool:
    """Tell whether a second fit would draw the same numbers as the first."""
    params = step.get_params() if hasattr(step, "get_params") else {}
    seeds = [value for name, value in params.items() if name.endswith("random_state")]
    return all(isinstance(seed, Integral) for seed in seeds)


def pickled_bytes(value: Any) -> int:
    """Return the number of bytes that pickling writes, and keep none of them."""
    counter = _ByteCounter()
    pickle.Pickler(counter, pickle.HIGHEST_PROTOCOL).dump(value)
    return counter.n_bytes


class _ByteCounter:
    """A file that counts what is written."""

    def __init__(self) -> None:
        self.n_bytes = 0

    def write(self, data: Any) -> int:
        n_bytes = memoryview(data).nbytes
        self.n_bytes += n_bytes
        return n_bytes
