r"""Find words in the bytes of texts, where a word is a run of characters of one class.

A pattern such as `\b\w\w+\b` asks of each character alone whether it is part of a word. Once the
bytes of all other characters are zero, words are what is between zeros, and NumPy finds them in a
few passes over many texts at once. A regular expression takes several times as long.
Words become string views (`_core.string_views`), without an operation per word.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd
import polars as pl

from agnews_sk._core.columnar import interleave, to_ragged
from agnews_sk._core.string_views import HELD, from_views

_UNIT = r"\\[wdS]|\[(?:\\[wd]|[A-Za-z0-9_'](?:-[A-Za-z0-9])?)+-?\]"
_RUNS = re.compile(rf"(?:\(\?u\))?(?P<edge>\\b)?(?P<unit>{_UNIT})(?P<more>(?P=unit)*)\+(\\b)?")
_BLOCK_BYTES = 2**17  # of texts at a time, so that arrays of their words stay in the cache
_LONGEST = 2**30  # bytes of a text: views have places of 31 bits
_PADDING = bytes(16)  # zeros after the last text, where eight bytes are read at once
_MASKS = np.array([2 ** (8 * n) - 1 for n in range(9)], dtype=np.uint64)  # of the first n bytes
_HEADS, _TAILS = _MASKS[:5] << 32, _MASKS[[0] * 4 + [*range(9)]]  # by the bytes of a word
_WIDTHS = np.repeat([1, 2, 3, 4], [0xC0, 0x20, 0x10, 0x10])  # of a character, by its first byte
_ODD = -1


class Runs(NamedTuple):
    r"""Words that are the longest runs of characters of one class.

    Attributes
    ----------
    unit : str
        Regular expression of one character, such as `\w`.
    shortest : int
        Least number of characters.
    lowercase : bool
        Whether texts are converted to lower case first.
    """

    unit: str
    shortest: int
    lowercase: bool


class _Found(NamedTuple):
    """The runs in a block of texts.

    Attributes
    ----------
    views : ndarray of uint64 of shape (n_words, 2)
    lengths : ndarray of int64 of shape (n_rows,)
        Number of words.
    buffer : ndarray of uint8
        What views of long words refer to.
    odd : ndarray of int64
        Rows that are left to Python, or whose lower case is, and which have no words here.
    """

    views: np.ndarray
    lengths: np.ndarray
    buffer: np.ndarray
    odd: np.ndarray


@lru_cache(maxsize=16)
def runs_of(pattern: str, lowercase: bool) -> Runs | None:
    r"""Return the runs that a pattern matches, None if it may match anything else.

    Parameters
    ----------
    pattern : str
    lowercase : bool
        Whether texts are converted to lower case first.

    Returns
    -------
    Runs or None

    Examples
    --------
    >>> from agnews_sk.tokenization._runs import runs_of
    >>> runs_of(r"\b\w\w+\b", lowercase=True)
    Runs(unit='\\w', shortest=2, lowercase=True)
    """
    found = _RUNS.fullmatch(pattern)
    if found is None:
        return None
    unit = found["unit"]
    if r"\b" in pattern and unit != r"\w":  # then there are boundaries within runs
        return None
    return Runs(unit, 1 + len(found["more"]) // len(unit), lowercase)


def find_runs(texts: pl.Series, runs: Runs, find_all: Callable[[str], list[str]]) -> pl.Series:
    """Return the runs in each text.

    Parameters
    ----------
    texts : polars.Series of str of shape (n_samples,)
        Without nulls.
    runs : Runs
    find_all : callable
        Returns those in one text, which is in lower case then. It is used for texts with a zero.

    Returns
    -------
    polars.Series of list of str of shape (n_samples,)
    """
    if len(texts) == 0:
        return pl.Series(dtype=pl.List(pl.String))
    sizes = texts.str.len_bytes().to_numpy() + np.int64(1)  # with a line break between texts
    bounds = np.concatenate([[0], np.cumsum(sizes)])  # (n_samples + 1,)
    joined = texts.str.join("\n").to_arrow(compat_level=pl.CompatLevel.oldest())
    data = memoryview(joined.buffers()[-1] or b"")
    cuts = np.searchsorted(bounds, np.arange(_BLOCK_BYTES, bounds[-1], _BLOCK_BYTES))
    rows = np.unique([0, *cuts, len(texts)])
    found = [
        _find_in_block(data[bounds[start] : bounds[end]], bounds[start : end + 1], runs, number)
        for number, (start, end) in enumerate(pairwise(rows))
    ]
    values = from_views(np.concatenate([block.views for block in found]), [b.buffer for b in found])
    lengths = np.concatenate([block.lengths for block in found])
    odd = np.concatenate([start + block.odd for start, block in zip(rows, found)])
    if len(odd) == 0:
        return to_ragged(values, np.concatenate([[0], np.cumsum(lengths)]))
    others = np.delete(np.arange(len(texts)), odd)
    plain = to_ragged(values, np.concatenate([[0], np.cumsum(lengths[others])]))
    return interleave(plain, others, _redone(texts.gather(odd), runs, find_all), odd)


def ascii_runs(text: str, runs: Runs) -> list[str]:
    """Return the runs in one text of ASCII.

    Parameters
    ----------
    text : str
        Without zeros.
    runs : Runs

    Returns
    -------
    list of str
    """
    words = text.encode().translate(_spaced(runs.unit, runs.lowercase)).decode().split()
    return [word for word in words if len(word) >= runs.shortest]


def _redone(texts: pl.Series, runs: Runs, find_all: Callable[[str], list[str]]) -> pl.Series:
    """Return the runs in texts whose bytes do not tell them, or not those of their lower case."""
    if runs.lowercase:
        lower = pl.Series([text.lower() for text in texts], dtype=pl.String)
        return find_runs(lower, runs._replace(lowercase=False), find_all)
    return pl.Series([find_all(text) for text in texts], dtype=pl.List(pl.String))


def _find_in_block(data: memoryview, bounds: np.ndarray, runs: Runs, number: int) -> _Found:
    """Return the runs in a few texts; number is that of their buffer."""
    bounds = bounds - bounds[0]  # (n_rows + 1,)
    members, odd = _members(bytes(data), runs)
    odd = np.unique(np.searchsorted(bounds, odd, side="right")) - 1
    if bounds[-1] > _LONGEST:
        odd = np.union1d(odd, np.flatnonzero(np.diff(bounds) > _LONGEST))
    for row in odd:
        members[bounds[row] : bounds[row + 1]] = 0
    starts, lengths = _spans(members, runs.shortest)
    views = _views(members, starts, lengths, number)
    return _Found(views, np.diff(np.searchsorted(starts, bounds)), members, odd)


def _members(data: bytes, runs: Runs) -> tuple[np.ndarray, np.ndarray]:
    """Return the bytes with zeros for the characters in no run, and where those for Python are."""
    table = _table(runs.unit, runs.lowercase)
    members = np.frombuffer(bytearray(data + _PADDING).translate(table), np.uint8)
    odd = np.empty(0, dtype=np.int64)
    if b"\0" in data:
        odd = np.flatnonzero(np.frombuffer(data, np.uint8) == 0)
    if data.isascii():
        return members, odd
    first = np.flatnonzero(members >= 0xC0)  # bytes of characters outside of ASCII
    widths = _WIDTHS[members[first]]
    at_once = np.ndarray(len(members) - 3, "<u4", members, strides=(1,))
    chars = at_once[first].astype(np.int64) & _MASKS[widths].astype(np.int64)
    codes, distinct = pd.factorize(chars)
    changed = np.array([_changed(c, runs.unit, runs.lowercase) for c in distinct.tolist()])[codes]
    written = np.flatnonzero(changed != chars)
    for i in range(4):
        some = written[widths[written] > i]
        members[first[some] + i] = changed[some] >> (8 * i) & 0xFF
    return members, np.concatenate([odd, first[changed == _ODD]])


@lru_cache(maxsize=16)
def _table(unit: str, lowercase: bool) -> bytes:
    """Return the byte that each one becomes: a character of ASCII, or zero if it is in no run."""
    ascii = [_changed(code, unit, lowercase) for code in range(0x80)]
    return bytes([max(byte, 0) for byte in ascii]) + bytes(range(0x80, 0x100))


@lru_cache(maxsize=16)
def _spaced(unit: str, lowercase: bool) -> bytes:
    """Return the table of `_table` with a space for characters in no run."""
    return _table(unit, lowercase).replace(b"\0", b" ")


@lru_cache(maxsize=20_000)
def _changed(char: int, unit: str, lowercase: bool) -> int:
    """Return what a character becomes, zero if it is in no run, or `_ODD` if that is for Python.

    Characters are their bytes of UTF-8, the first one the lowest.
    """
    width = max(1, (char.bit_length() + 7) // 8)
    text = char.to_bytes(width, "little").decode()
    lower = text.lower() if lowercase else text
    # The lower case of the capital sigma depends on its neighbours.
    if len(lower) > 1 or len(lower.encode()) != width or (lowercase and text == "Σ"):
        return _ODD
    return int.from_bytes(lower.encode(), "little") if re.fullmatch(unit, lower) else 0


def _spans(members: np.ndarray, shortest: int) -> tuple[np.ndarray, np.ndarray]:
    """Return where each run begins, and how many bytes it has."""
    inside = np.zeros(len(members) + 1, dtype=bool)
    np.not_equal(members, 0, out=inside[1:])
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    starts, ends = np.ascontiguousarray(edges.reshape(-1, 2).T)
    reach = starts
    for _ in range(shortest - 1):
        reach = np.minimum(reach + _WIDTHS.take(members.take(reach)), ends)
    kept = np.flatnonzero(reach < ends)
    starts = starts.take(kept)
    return starts, ends.take(kept) - starts


def _views(members: np.ndarray, starts: np.ndarray, lengths: np.ndarray, number: int) -> np.ndarray:
    """Return the string views of runs in the buffer of this number."""
    at_once = np.ndarray(len(members) - 15, "V16", members, strides=(1,))
    views = at_once[starts].view("<u8").reshape(-1, 2)  # (n_words, 2)
    heads, tails = views.T
    tails <<= 32
    tails |= heads >> 32
    tails &= _TAILS.take(lengths, mode="clip")
    heads <<= 32
    heads &= _HEADS.take(lengths, mode="clip")
    heads |= lengths.view(np.uint64)
    long = np.flatnonzero(lengths > HELD)
    tails[long] = starts[long] << 32 | number
    return views
