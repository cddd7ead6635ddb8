"""Strings as pairs of integers, which NumPy gathers, hashes and compares many at a time.

A string view of Arrow is two integers of 64 bits, here the lowest byte first:

    bytes    0 to 3             4 to 7                8 to 15
             number of bytes    first four of them    the next eight, or, if there are more than
                                                      these twelve, which buffer and where in it

So views of up to twelve bytes are equal exactly if the strings are. Longer equal strings have
different views unless they are stored once.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
import pyarrow as pa

HELD = 12  # bytes of a string that its view holds
_EXACT = 7  # bytes of a string that its key holds, beside their number
_MIXED = np.uint64(1 << 63)
# Odd numbers without a pattern in their bits, as in SplitMix64 (Steele et al. 2014).
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def string_views(strings: pl.Series) -> np.ndarray:
    r"""Return the views of strings, which are not copied.

    Parameters
    ----------
    strings : polars.Series of str of shape (n_strings,)
        Without nulls.

    Returns
    -------
    ndarray of uint64 of shape (n_strings, 2)

    Examples
    --------
    >>> import polars as pl
    >>> from agnews_sk._core.string_views import string_views
    >>> string_views(pl.Series(["oil"])).tobytes()[:8]
    b'\x03\x00\x00\x00oil\x00'
    """
    if len(strings) == 0:
        return np.empty((0, 2), dtype=np.uint64)
    arrow = strings.to_arrow(compat_level=pl.CompatLevel.newest())
    views = np.frombuffer(arrow.buffers()[1], dtype=np.uint64).reshape(-1, 2)
    return views[arrow.offset : arrow.offset + len(arrow)]


def from_views(views: np.ndarray, buffers: Sequence[np.ndarray]) -> pl.Series:
    """Return the strings of views, which are not copied.

    Parameters
    ----------
    views : ndarray of uint64 of shape (n_strings, 2)
    buffers : sequence of ndarray of uint8
        What views of long strings refer to, UTF-8.

    Returns
    -------
    polars.Series of str of shape (n_strings,)
    """
    parts = [None, *map(pa.py_buffer, [views, *buffers])]
    return pl.Series(pl.from_arrow(pa.Array.from_buffers(pa.string_view(), len(views), parts)))


def view_keys(views: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return an integer for each view, different ones for different views but for rare collisions.

    Parameters
    ----------
    views : ndarray of uint64 of shape (n_strings, 2)

    Returns
    -------
    keys : ndarray of uint64 of shape (n_strings,)
    mixed : ndarray of int of shape (n_mixed,)
        Which keys are hashed. The others, of short strings, are equal only if the views are.
    """
    heads, tails = views.T.copy()
    lengths = heads & 0xFFFFFFFF
    mixed = np.flatnonzero(lengths > _EXACT)
    hashed = heads.take(mixed) * _FIRST
    hashed ^= hashed >> 32
    hashed += tails.take(mixed)
    hashed *= _SECOND
    hashed |= _MIXED
    heads >>= 32
    tails <<= 32
    lengths <<= 56
    heads |= tails
    heads |= lengths
    heads[mixed] = hashed
    return heads, mixed
