"""A dictionary bounded in bytes that drops the least recently used values."""

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterable
from typing import Any, Generic, TypeVar

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class LRUCache(Generic[_Key, _Value]):
    """Keep values up to a total size; the least recently used ones are dropped for new ones.

    Threads may share it. A pickle holds the bound and none of the values.

    Parameters
    ----------
    max_bytes : int
        Largest total size of the values, as passed to `put`. Keys are not counted.

    Attributes
    ----------
    n_bytes : int
        Total size of the values now.

    Notes
    -----
    `functools.lru_cache` bounds the number of values, which says nothing about memory where one
    value is a row of ids and another a matrix.

    Examples
    --------
    >>> from agnews_sk.caching import LRUCache
    >>> cache = LRUCache(max_bytes=10)
    >>> [cache.put("a", "oil", 4), cache.put("b", "cup", 4), cache.put("c", "too large", 11)]
    [True, True, False]
    >>> cache.get("a")
    'oil'
    >>> cache.put("d", "bank", 4)  # "b" is now the least recently used
    True
    >>> cache.get_many("abcd")
    {'a': 'oil', 'd': 'bank'}
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.n_bytes = 0
        # From the least to the most recently used, each value with its size.
        self._entries: OrderedDict[_Key, tuple[_Value, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: _Key, default: Any = None) -> Any:
        """Return the value of a key, or the default, and mark it as just used."""
        with self._lock:
            if key not in self._entries:
                return default
            self._entries.move_to_end(key)
            return self._entries[key][0]

    def get_many(self, keys: Iterable[_Key]) -> dict[_Key, _Value]:
        """Return the values of those keys that are kept, under one lock, and mark them as used."""
        with self._lock:
            found = {key: self._entries[key][0] for key in keys if key in self._entries}
            for key in found:
                self._entries.move_to_end(key)
        return found

    def put(self, key: _Key, value: _Value, n_bytes: int) -> bool:
        """Keep a value of this size, which replaces an earlier value of the key.

        Returns
        -------
        bool
            Whether it is kept. A value larger than `max_bytes` is not, and only drops the earlier
            value of the key.
        """
        with self._lock:
            _, replaced = self._entries.pop(key, (None, 0))
            self.n_bytes -= replaced
            if n_bytes > self.max_bytes:
                return False
            self._entries[key] = value, n_bytes
            self.n_bytes += n_bytes
            while self.n_bytes > self.max_bytes:
                _, (_, freed) = self._entries.popitem(last=False)
                self.n_bytes -= freed
        return True

    def clear(self) -> None:
        """Drop all values."""
        with self._lock:
            self._entries.clear()
            self.n_bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __getstate__(self) -> dict[str, Any]:
        return {"max_bytes": self.max_bytes}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]
