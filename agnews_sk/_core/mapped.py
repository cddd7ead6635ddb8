"""Arrays of token ids that may be larger than memory: kept in mapped files, and read in pieces."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import numpy as np

# Values that are worked on at a time: their positions take 8 MiB.
MOST_VALUES = 1 << 20
# Multipliers of SplitMix64 (Steele et al. 2014), which mixes the bits of an integer.
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
# Odd, so that they lose no bit: 2**64 times the golden ratio, and a multiplier of Steele and Vigna
# (2022), "Computationally easy, spectrally good multipliers for congruential generators".
_OF_VALUE, _OF_PLACE = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1342543DE82EF95)

_folder: ContextVar[Path | None] = ContextVar("folder", default=None)


@contextmanager
def mapped_in(folder: Path) -> Iterator[None]:
    """Let `new_array` keep its arrays in files, within the block and in this thread.

    Parameters
    ----------
    folder : pathlib.Path
        Exists. The files have no names, or lose them with their arrays.
    """
    token = _folder.set(folder)
    try:
        yield
    finally:
        _folder.reset(token)


def new_array(length: int, dtype: np.dtype) -> np.ndarray:
    """Return an array to write to: in memory, or within `mapped_in` in a file.

    Parameters
    ----------
    length : int
    dtype : numpy.dtype

    Returns
    -------
    ndarray of shape (length,)
        Its values are not set. The operating system writes pages of a mapped one to its file where
        it needs their memory, and reads them again.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk._core.mapped import new_array
    >>> new_array(3, np.dtype(np.int32)).shape
    (3,)
    """
    folder = _folder.get()
    if folder is None or length == 0:  # no empty file can be mapped
        return np.empty(length, dtype=dtype)
    with tempfile.TemporaryFile(dir=folder) as file:
        return np.memmap(file, dtype=dtype, mode="w+", shape=(length,))


def take_runs(values: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return runs of values, one after the other, as an array that `new_array` makes.

    They are gathered piece by piece: neither all positions nor a second copy is in memory.

    Parameters
    ----------
    values : ndarray of shape (n_values,)
    starts, lengths : ndarray of int of shape (n_runs,)
        Run i is ``values[starts[i]:starts[i] + lengths[i]]``. Runs may overlap, and be empty.

    Returns
    -------
    ndarray of shape (n_taken,)
        Of the dtype of `values`.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk._core.mapped import take_runs
    >>> take_runs(np.array([5, 6, 7, 8]), np.array([2, 0, 1]), np.array([2, 0, 3])).tolist()
    [7, 8, 6, 7, 8]
    """
    ends = np.cumsum(lengths)  # (n_runs,), in the result
    n_taken = int(ends[-1]) if len(ends) else 0
    taken = new_array(n_taken, values.dtype)
    first = done = 0
    while done < n_taken:
        last = max(int(np.searchsorted(ends, done + MOST_VALUES, side="right")), first + 1)
        piece = slice(first, last)
        # From a place in the result to that in `values`: the same for all of a run.
        shift = starts[piece] - (ends[piece] - lengths[piece])  # (n_runs of the piece,)
        places = np.arange(done, ends[last - 1]) + np.repeat(shift, lengths[piece])
        taken[done : ends[last - 1]] = values[places]
        first, done = last, int(ends[last - 1])
    return taken


def hash_runs(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return a hash of each row of a ragged column of integers, of their values and places.

    Parameters
    ----------
    values : ndarray of int of shape (n_values,)
        Not negative; the dtype does not matter.
    offsets : ndarray of int of shape (n_rows + 1,)
        Row i is ``values[offsets[i]:offsets[i + 1]]``.

    Returns
    -------
    ndarray of uint64 of shape (n_rows,)
        The sum of pseudo-random numbers, one for each value at its place, modulo 2 ** 64.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk._core.mapped import hash_runs
    >>> first, other, again = hash_runs(np.array([5, 6, 6, 5, 5, 6]), np.array([0, 2, 4, 6]))
    >>> first == again, first == other
    (np.True_, np.False_)
    """
    hashes = np.zeros(len(offsets) - 1, dtype=np.uint64)
    first = 0
    while first < len(hashes):
        most = offsets[first] + MOST_VALUES
        last = max(int(np.searchsorted(offsets, most, side="right")) - 1, first + 1)
        within = offsets[first : last + 1] - offsets[first]
        places = np.arange(within[-1]) - np.repeat(within[:-1], np.diff(within))
        piece = values[offsets[first] : offsets[last]].astype(np.uint64)
        mixed = mixed_bits(piece * _OF_VALUE + (places + 1).astype(np.uint64) * _OF_PLACE)
        sums = np.concatenate([[np.uint64(0)], np.cumsum(mixed, dtype=np.uint64)])
        hashes[first:last] = sums[within[1:]] - sums[within[:-1]]
        first = last
    return hashes


def mixed_bits(numbers: np.ndarray) -> np.ndarray:
    """Return the finalizer of SplitMix64 (Steele et al. 2014) of some numbers.

    Parameters
    ----------
    numbers : ndarray of uint64

    Returns
    -------
    ndarray of uint64 of the same shape
    """
    for multiplier, shift in zip(_MIX, (30, 27)):
        numbers = (numbers ^ (numbers >> np.uint64(shift))) * multiplier
    return numbers ^ (numbers >> np.uint64(31))
