"""Find many integers among others at once, by hash tables in NumPy."""

from typing import NamedTuple

import numpy as np

# Odd numbers without a pattern in their bits (Steele and Vigna 2021, arXiv 2001.05304), and the
# binary logarithm of the slots per key of their tables.
_TABLES = ((np.uint64(0xD1342543DE82EF95), 2), (np.uint64(0xAF251AF3B0F025B5), 4))


class _Table(NamedTuple):
    """Positions of keys, at most one in each slot.

    Attributes
    ----------
    multiplier : uint64
        The slot of a key is the highest bits of its product with the multiplier.
    shift : int
        Number of the other bits.
    slots : ndarray of int32
        -1 where there is no key.
    """

    multiplier: np.uint64
    shift: int
    slots: np.ndarray

    def of(self, keys: np.ndarray) -> np.ndarray:
        """Return the slots of keys."""
        return (keys * self.multiplier) >> self.shift


class KeyIndex:
    """Positions of integers.

    A key whose slot in the first table is taken is in the second one, and if it is taken there
    too, among a few that are sorted. So all keys are looked up at once in the first table, and few
    in others. A pandas Index looks them up one by one, each in three arrays.

    Parameters
    ----------
    keys : ndarray of uint64 of shape (n_keys,)

    Attributes
    ----------
    is_unique : bool
        Whether no key is there twice. Otherwise any one of its positions is found.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk.vectorization._key_index import KeyIndex
    >>> KeyIndex(np.array([7, 5, 9], dtype=np.uint64)).find(np.array([9, 8, 7], dtype=np.uint64))
    array([ 2, -1,  0], dtype=int32)
    """

    def __init__(self, keys: np.ndarray) -> None:
        self._keys = keys
        self._tables: list[_Table] = []
        rest, n_twice = np.arange(len(keys), dtype=np.int32), 0
        for multiplier, more in _TABLES:
            bits = len(rest).bit_length() + more
            table = _Table(multiplier, 64 - bits, np.full(1 << bits, -1, dtype=np.int32))
            self._tables.append(table)
            slots = table.of(keys.take(rest))
            table.slots[slots] = rest
            others = table.slots.take(slots)
            lost = np.flatnonzero(others != rest)
            differs = keys.take(others.take(lost)) != keys.take(rest.take(lost))
            n_twice += len(differs) - differs.sum()
            rest = rest.take(lost[differs])
        self._sorted, first = np.unique(keys.take(rest), return_index=True)
        self._rest = rest.take(first)
        self.is_unique = n_twice == 0 and len(first) == len(rest)

    def find(self, keys: np.ndarray) -> np.ndarray:
        """Return the position of each key, -1 if it is not there.

        Parameters
        ----------
        keys : ndarray of uint64 of shape (n_queries,)

        Returns
        -------
        ndarray of int32 of shape (n_queries,)
        """
        if len(self._keys) == 0:
            return np.full(len(keys), -1, dtype=np.int32)
        found, left = self._find_in(self._tables[0], keys)
        for table in self._tables[1:]:
            if len(left) == 0:
                return found
            found[left], still = self._find_in(table, keys.take(left))
            left = left.take(still)
        if len(self._rest):
            place = np.searchsorted(self._sorted[:-1], keys.take(left))
            equal = self._sorted.take(place) == keys.take(left)
            found[left] = np.where(equal, self._rest.take(place), -1)
        return found

    def _find_in(self, table: _Table, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the positions of keys in a table, and which keys may be elsewhere."""
        at = table.slots.take(table.of(keys))
        # An empty slot, -1, reads the last key, which cannot be the one that is looked for.
        equal = self._keys.take(at) == keys
        return np.where(equal, at, np.int32(-1)), np.flatnonzero(~equal & (at >= 0))
