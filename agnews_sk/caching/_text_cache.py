"""A cache of the rows that were computed for texts, keyed by the texts' content."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Self

import numpy as np

from agnews_sk._core.content import Inert
from agnews_sk.caching._lru import LRUCache

_KEYS_PER_QUERY = 500  # SQLite allows at least 999 variables in a statement
_SCHEMA = """
CREATE TABLE IF NOT EXISTS rows (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS size (n_bytes INTEGER NOT NULL);
INSERT INTO size SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM size);
"""


class TextCache(Inert):
    """Cache the rows that an expensive step computes, keyed by the content of the texts.

    A tokenizer or embedder with a cache computes each distinct text once, regardless of the
    folds, trials and order in which it appears. Copies made by `clone` share the cache.

    Parameters
    ----------
    folder : str or path, optional
        Folder of an SQLite file that holds the rows, for other processes and later runs too.
        By default the rows are kept in the memory of this process.
    max_bytes : int, default=2**30
        Largest total size of the rows. In memory, the least recently used rows are dropped for
        new ones; a full folder keeps its rows and accepts no new ones.

    Attributes
    ----------
    n_hits, n_misses : int
        Number of distinct texts that were found in the cache, and that were computed.

    Notes
    -----
    A key is a hash of the text and of all that determines its row (tokenizer, model, parameters),
    so that one cache serves many estimators. `NgramVectorizer` takes no cache: counting words is
    faster than looking them up.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk import TextCache
    >>> cache = TextCache()
    >>> def lengths(texts):
    ...     return [np.array([len(text)]) for text in texts]
    >>> [row.tolist() for row in cache.rows("length", ["oil", "cup", "oil"], lengths)]
    [[3], [3], [3]]
    >>> cache.n_hits, cache.n_misses
    (0, 2)
    """

    def __init__(self, folder: str | Path | None = None, *, max_bytes: int = 2**30) -> None:
        if max_bytes < 1:
            raise ValueError(f"max_bytes must be at least 1, got {max_bytes}.")
        self.folder = folder
        self.max_bytes = max_bytes
        self.n_hits = 0
        self.n_misses = 0
        self._memory: LRUCache[bytes, np.ndarray] = LRUCache(max_bytes)

    def rows(
        self,
        namespace: str,
        texts: Sequence[str],
        compute: Callable[[list[str]], Sequence[np.ndarray]],
    ) -> list[np.ndarray]:
        """Return one row per text, and compute those that are not in the cache.

        Parameters
        ----------
        namespace : str
            Identifies the function from a text to its row, parameters included. Rows of other
            namespaces are never returned.
        texts : sequence of str of shape (n_samples,)
        compute : callable
            Takes a list of distinct texts and returns one 1-D array for each, all of one dtype.

        Returns
        -------
        list of ndarray of length n_samples
            Rows that come from the cache are read-only.
        """
        prefix = hashlib.blake2b(namespace.encode()).digest()
        keys = [_key(prefix, text) for text in texts]
        text_of = dict(zip(keys, texts))
        found = self._find(list(text_of))
        missing = [key for key in text_of if key not in found]
        self.n_hits += len(found)
        self.n_misses += len(missing)
        if missing:
            new = dict(zip(missing, compute([text_of[key] for key in missing])))
            self._keep(new)
            found.update(new)
        return [found[key] for key in keys]

    def clear(self) -> None:
        """Delete all rows, those in the folder too."""
        self._memory.clear()
        if self.folder is not None:
            with self._database() as database:
                database.executescript("DELETE FROM rows; UPDATE size SET n_bytes = 0;")

    def _find(self, keys: list[bytes]) -> dict[bytes, np.ndarray]:
        """Return the rows of those keys that are in the cache."""
        if self.folder is None:
            return self._memory.get_many(keys)
        with self._database() as database:
            return dict(_select(database, keys))

    def _keep(self, new: dict[bytes, np.ndarray]) -> None:
        """Put new rows into the cache, in memory or in the folder."""
        if self.folder is not None:
            self._keep_in_folder(new)
            return
        for key, row in new.items():
            self._memory.put(key, _read_only_copy(row), row.nbytes)

    def _keep_in_folder(self, new: dict[bytes, np.ndarray]) -> None:
        """Write the first of the new rows, as many as the folder has room for.

        The total size is its own column: summing the sizes of all rows would read the file.
        """
        with self._database() as database:
            (n_bytes,) = database.execute("SELECT n_bytes FROM size").fetchone()
            values = [(key, _pack(row)) for key, row in new.items()]
            room = np.cumsum([len(value) for _, value in values]) <= self.max_bytes - n_bytes
            fitting = values[: int(room.sum())]
            database.executemany("INSERT OR REPLACE INTO rows VALUES (?, ?)", fitting)
            added = sum(len(value) for _, value in fitting)
            database.execute("UPDATE size SET n_bytes = n_bytes + ?", (added,))

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        """Open the file of the folder, made if it is not there, for one transaction."""
        folder = Path(str(self.folder)).expanduser()
        folder.mkdir(parents=True, exist_ok=True)
        with (
            closing(sqlite3.connect(folder / "text_cache.sqlite", timeout=60)) as database,
            database,
        ):
            database.executescript(_SCHEMA)
            yield database

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __getstate__(self) -> dict[str, Any]:
        return {"folder": self.folder, "max_bytes": self.max_bytes}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]

    def __repr__(self) -> str:
        where = "" if self.folder is None else f"{str(self.folder)!r}, "
        return f"{type(self).__name__}({where}max_bytes={self.max_bytes})"


_lent: ContextVar[TextCache | None] = ContextVar("lent", default=None)


@contextmanager
def lend_cache(cache: TextCache) -> Iterator[None]:
    """Let embedders without a cache use this one, within the block and in this thread.

    Parameters
    ----------
    cache : TextCache
        They do not keep it. In a block within another, the cache of the outer one is used.
    """
    token = _lent.set(_lent.get() or cache)
    try:
        yield
    finally:
        _lent.reset(token)


def lent_cache() -> TextCache | None:
    """Return the cache that the code around this call lends, None without one."""
    return _lent.get()


def _key(prefix: bytes, text: str) -> bytes:
    """Return the 16-byte key of a text.

    The hashed namespace is BLAKE2b's own key, so that a long namespace is hashed once per call
    and no pair of namespace and text can collide by concatenation.
    """
    return hashlib.blake2b(text.encode(), digest_size=16, key=prefix).digest()


def _select(database: sqlite3.Connection, keys: list[bytes]) -> Iterator[tuple[bytes, np.ndarray]]:
    """Yield key and row of those keys that the file holds, in any order."""
    for start in range(0, len(keys), _KEYS_PER_QUERY):
        some = keys[start : start + _KEYS_PER_QUERY]
        marks = ",".join("?" * len(some))
        query = f"SELECT key, value FROM rows WHERE key IN ({marks})"
        for key, value in database.execute(query, some):
            yield key, _unpack(value)


def _read_only_copy(row: np.ndarray) -> np.ndarray:
    """Return a row that cannot be written to, like a row that comes from a file.

    A copy, since the row may be a view that would keep the whole batch in memory.
    """
    kept = np.array(row)
    kept.flags.writeable = False
    return kept


def _pack(row: np.ndarray) -> bytes:
    """Return a 1-D array of numbers as bytes: the dtype in 4, as in `<i8 `, then the values."""
    return row.dtype.str.encode().ljust(4) + row.tobytes()


def _unpack(value: bytes) -> np.ndarray:
    """Return the array that `_pack` wrote: a read-only view of the bytes, nothing is copied."""
    return np.frombuffer(value, dtype=value[:4].decode().strip(), offset=4)
