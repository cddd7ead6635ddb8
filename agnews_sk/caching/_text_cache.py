"""What was computed for a text, kept by the text itself."""

import hashlib
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Self

import numpy as np

from agnews_sk._core.content import Inert

_KEYS_A_QUERY = 500
_SCHEMA = """
CREATE TABLE IF NOT EXISTS rows (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS size (n_bytes INTEGER NOT NULL);
INSERT INTO size SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM size);
"""


class TextCache(Inert):
    """Keep the rows that a costly step computed, by the content of their texts.

    A tokenizer or embedder that is given one computes each distinct text once, whatever folds,
    trials and shuffles it comes in. Copies that `clone` makes share the cache.

    Parameters
    ----------
    folder : str or path, optional
        Keep rows in a file in this folder, where other processes and later runs find them.
        Without it they are kept in memory, for this process.
    max_bytes : int, default=2**30
        Bytes of rows to keep. In memory the rows used longest ago make room; a folder that is full
        takes no more.

    Attributes
    ----------
    n_hits, n_misses : int
        Distinct texts that were found, and that had to be computed.

    Notes
    -----
    A key is a hash of the text and of what turns it into a row (tokenizer, model, settings), so
    that one cache serves many estimators. Not for `NgramVectorizer`: it counts words faster than
    a cache finds them.

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
        self._kept: OrderedDict[bytes, np.ndarray] = OrderedDict()
        self._n_bytes = 0
        self._lock = threading.Lock()  # a search's threads share the cache

    def rows(
        self,
        namespace: str,
        texts: Sequence[str],
        compute: Callable[[list[str]], Sequence[np.ndarray]],
    ) -> list[np.ndarray]:
        """Return one row a text, computing those that are not kept.

        Parameters
        ----------
        namespace : str
            What turns a text into a row; rows of another namespace are never returned.
        texts : sequence of str of shape (n_samples,)
        compute : callable
            From a list of distinct texts to one 1-D array each, all of one dtype.

        Returns
        -------
        list of ndarray of length n_samples
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
        """Forget all rows."""
        with self._lock:
            self._kept.clear()
            self._n_bytes = 0
        if self.folder is not None:
            with self._database() as database:
                database.executescript("DELETE FROM rows; UPDATE size SET n_bytes = 0;")

    def _find(self, keys: list[bytes]) -> dict[bytes, np.ndarray]:
        if self.folder is not None:
            with self._database() as database:
                return dict(_select(database, keys))
        with self._lock:
            found = {key: self._kept[key] for key in keys if key in self._kept}
            for key in found:
                self._kept.move_to_end(key)
        return found

    def _keep(self, new: dict[bytes, np.ndarray]) -> None:
        if self.folder is not None:
            self._keep_in_folder(new)
            return
        with self._lock:
            # Another thread may have kept some of these meanwhile.
            unkept = {key: _kept(row) for key, row in new.items() if key not in self._kept}
            self._kept.update(unkept)
            self._n_bytes += sum(row.nbytes for row in unkept.values())
            while self._n_bytes > self.max_bytes:
                _, row = self._kept.popitem(last=False)
                self._n_bytes -= row.nbytes

    def _keep_in_folder(self, new: dict[bytes, np.ndarray]) -> None:
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


def _key(prefix: bytes, text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16, key=prefix).digest()


def _select(database: sqlite3.Connection, keys: list[bytes]) -> Iterator[tuple[bytes, np.ndarray]]:
    for start in range(0, len(keys), _KEYS_A_QUERY):
        some = keys[start : start + _KEYS_A_QUERY]
        marks = ",".join("?" * len(some))
        query = f"SELECT key, value FROM rows WHERE key IN ({marks})"
        for key, value in database.execute(query, some):
            yield key, _unpack(value)


def _kept(row: np.ndarray) -> np.ndarray:
    """Return a copy that those who get it later cannot write into, as rows of a file cannot be."""
    kept = np.array(row)
    kept.flags.writeable = False
    return kept


def _pack(row: np.ndarray) -> bytes:
    return row.dtype.str.encode().ljust(4) + row.tobytes()


def _unpack(value: bytes) -> np.ndarray:
    return np.frombuffer(value, dtype=value[:4].decode().strip(), offset=4)
