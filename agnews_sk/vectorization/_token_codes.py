"""The codes of words: their positions among the tokens of a table."""

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa

from agnews_sk._core.string_views import HELD, string_views, view_keys
from agnews_sk.vectorization._key_index import KeyIndex

_FEW_WORDS = 2_000
SEPARATOR = "\ud800"  # half of a character, which no text has


class _Hashed(NamedTuple):
    """Tokens that are strings, by their keys.

    Attributes
    ----------
    keys : KeyIndex of n_tokens keys
    views : ndarray of uint64 of shape (n_tokens, 2)
    """

    keys: KeyIndex
    views: np.ndarray


class TokenCodes:
    """Positions of words or ids among tokens.

    Parameters
    ----------
    tokens : polars.Series of str or int of shape (n_tokens,)
        Distinct, in ascending order.
    """

    def __init__(self, tokens: pl.Series) -> None:
        self._tokens = tokens

    def prepare(self) -> None:
        """Build the hash table, if it is not: before threads that would each build it."""
        if self._tokens.dtype == pl.String:
            len(self._hashed)

    def of(self, words: pl.Series) -> np.ndarray:
        """Return the code of each word: its position among the tokens, or -1 if unknown.

        A few words, such as those of a single text, are looked up one by one, in less time than an
        operation on a column takes. Others are found by their keys. Long words and numbers, or all
        words if two tokens have one key, are found by binary search, since tokens are sorted.

        Parameters
        ----------
        words : polars.Series of shape (n_words,)

        Returns
        -------
        ndarray of int32 of shape (n_words,)
        """
        self._check_dtype(words.dtype)
        if len(words) <= _FEW_WORDS:
            found = [self._positions.get(word, -1) for word in words.to_list()]
            return np.array(found, dtype=np.int32)
        if words.dtype != pl.String or not self._hashed.keys.is_unique:
            return self._search(words)
        views = string_views(words)
        keys, mixed = view_keys(views)
        codes = self._hashed.keys.find(keys)
        # Views tell whether words are equal that have the same key, except for long ones.
        theirs = self._hashed.views.take(codes.take(mixed), axis=0)  # (n_mixed, 2)
        ours = views.take(mixed, axis=0)
        codes[mixed[(theirs[:, 0] != ours[:, 0]) | (theirs[:, 1] != ours[:, 1])]] = -1
        long = mixed[(ours[:, 0] & 0xFFFFFFFF) > HELD]
        codes[long] = self._search(words.gather(long))
        return codes

    def of_few(self, rows: list[list[str]] | list[str]) -> np.ndarray:
        """Return the codes of the words of a few rows, with one of an unknown word after each row.

        Parameters
        ----------
        rows : list of (list of str, or str) of length n_rows
            Words; those of a string are its characters.

        Returns
        -------
        ndarray of int64 of shape (n_words + n_rows,)
        """
        if not self._are_strings:
            self._check_dtype(pl.String)
        if isinstance(rows[0], str):
            joined = "".join([f"{row}{SEPARATOR}" for row in rows])
            points = joined.encode("utf-32-le", "surrogatepass")
            return self._by_point.take(np.frombuffer(points, dtype=np.uint32), mode="clip")
        get = self._positions.get
        found: list[int] = []
        for row in rows:
            found += [get(word, -1) for word in row]
            found.append(-1)
        return np.array(found, dtype=np.int64)

    def _check_dtype(self, dtype: Any) -> None:
        """Raise a TypeError if words are of another kind than tokens."""
        if dtype != self._tokens.dtype:
            fitted = "str" if self._tokens.dtype == pl.String else "int"
            raise TypeError(
                f"the vectorizer was fitted on lists of {fitted}, got lists of {dtype}; put "
                "the same steps before it."
            )

    def _search(self, words: pl.Series) -> np.ndarray:
        """Return the code of each word by binary search."""
        codes = self._tokens.search_sorted(words).to_numpy().astype(np.int32)
        known = self._tokens.gather(np.minimum(codes, len(self._tokens) - 1)) == words
        return np.where(known.to_numpy(), codes, np.int32(-1))

    @cached_property
    def _hashed(self) -> _Hashed:
        """The hash table of the keys of tokens."""
        views = string_views(self._tokens)
        return _Hashed(KeyIndex(view_keys(views)[0]), views)

    @cached_property
    def _are_strings(self) -> bool:
        """Whether tokens are strings; Polars takes long to tell."""
        return self._tokens.dtype == pl.String

    @cached_property
    def _positions(self) -> dict[Any, int]:
        """The position of each token."""
        return {token: i for i, token in enumerate(self._tokens.to_list())}

    @cached_property
    def _by_point(self) -> np.ndarray:
        """The code of each character by its code point, of int64; the last entry is -1."""
        characters = {ord(token): i for token, i in self._positions.items() if len(token) == 1}
        codes = np.full(max(characters, default=0) + 2, -1, dtype=np.int64)
        codes[list(characters)] = list(characters.values())
        return codes


def to_arrays(tokens: pl.Series) -> dict[str, np.ndarray]:
    """Return tokens as plain arrays, for files that may hold no objects.

    Parameters
    ----------
    tokens : polars.Series of str or int of shape (n_tokens,)

    Returns
    -------
    dict of str to ndarray
        `values`: the integers, or the UTF-8 bytes of all strings as uint8. With strings also
        `offsets`, of int64 of shape (n_tokens + 1,): where each string begins, and the end.
    """
    if tokens.dtype != pl.String:
        return {"values": tokens.to_numpy()}
    ends = tokens.str.len_bytes().cast(pl.Int64).cum_sum().to_numpy()
    values = np.frombuffer("".join(tokens).encode(), dtype=np.uint8)
    return {"values": values, "offsets": np.concatenate([np.zeros(1, np.int64), ends])}


def from_arrays(values: np.ndarray, offsets: np.ndarray | None = None) -> pl.Series:
    """Return the tokens of plain arrays; Arrow checks the offsets and that the bytes are UTF-8."""
    if offsets is None:
        return pl.Series(values)
    if values.dtype != np.uint8 or offsets.dtype != np.int64 or offsets[-1] != len(values):
        raise ValueError("the tokens' bytes and offsets do not fit together.")
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(values)]
    strings = pa.Array.from_buffers(pa.large_string(), len(offsets) - 1, buffers)
    strings.validate(full=True)
    return pl.Series(pl.from_arrow(strings))
