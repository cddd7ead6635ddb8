"""The two segments of a pair of texts among its ids: where they meet, and how they are cut."""

import numpy as np

from agnews_sk._core.mapped import MOST_VALUES


def find_separators(
    values: np.ndarray, offsets: np.ndarray, separator: tuple[int, ...]
) -> np.ndarray:
    """Return where the first separator of each text begins.

    Parameters
    ----------
    values : ndarray of int of shape (n_tokens,)
        Ids of all texts.
    offsets : ndarray of int of shape (n_samples + 1,)
    separator : tuple of int
        Ids between two segments, at least one.

    Returns
    -------
    ndarray of int of shape (n_samples,)
        Positions in `values`; -1 for a single text. The first and the last tokens of a text, such
        as the last [SEP] of BERT, separate nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk.tokenization._segments import find_separators
    >>> ids = np.array([1, 8, 2, 9, 2, 1, 8, 2])  # [CLS] a [SEP] b [SEP], and [CLS] a [SEP]
    >>> find_separators(ids, np.array([0, 5, 8]), (2,))
    array([ 2, -1])
    """
    found = np.full(len(offsets) - 1, -1)
    n_starts = len(values) - len(separator) + 1
    if n_starts <= 0:
        return found
    pieces = [
        first + _matches(values[first : first + MOST_VALUES + len(separator) - 1], separator)
        for first in range(0, n_starts, MOST_VALUES)
    ]
    starts = np.concatenate(pieces)
    rows = np.searchsorted(offsets, starts, side="right") - 1
    between = (starts > offsets[rows]) & (starts + len(separator) < offsets[rows + 1])
    first_rows, first = np.unique(rows[between], return_index=True)
    found[first_rows] = starts[between][first]
    return found


def _matches(values: np.ndarray, separator: tuple[int, ...]) -> np.ndarray:
    """Return where a separator begins within some values."""
    n_starts = len(values) - len(separator) + 1
    found = np.ones(n_starts, dtype=bool)
    for place, id_ in enumerate(separator):
        found &= values[place : place + n_starts] == id_
    return np.flatnonzero(found)


def cut_of_pairs(
    offsets: np.ndarray,
    separators: np.ndarray,
    *,
    n_separator: int,
    max_length: int,
    special_tokens: tuple[int, int],
    head_share: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the tokens that pairs drop, so that none is longer than `max_length`.

    The longer segment is truncated first, down to the length of the other one, and then both: the
    strategy "longest_first" of the `tokenizers` library.

    Parameters
    ----------
    offsets : ndarray of int of shape (n_samples + 1,)
    separators : ndarray of int of shape (n_samples,)
        As `find_separators` returns them. Single texts are left as they are.
    n_separator : int
        Tokens of a separator.
    max_length : int
        With room for the special tokens, the separator, and one token of each segment.
    special_tokens : tuple of int
        Number of those at the start and at the end.
    head_share : float
        Share of what is kept of a segment that comes from its start.

    Returns
    -------
    rows : ndarray of int of shape (n_cut,)
        Positions of the pairs that are longer.
    spans : ndarray of int of shape (n_cut, 4)
        Start and end of what is dropped of the first segment, and of the second.
    """
    first, last = special_tokens
    starts, ends = offsets[:-1] + first, offsets[1:] - last
    room = max_length - first - last - n_separator
    cut = np.flatnonzero((separators >= 0) & (np.diff(offsets) > max_length))
    begins = np.stack([starts[cut], separators[cut] + n_separator])  # (2, n_cut)
    lengths = np.stack([separators[cut], ends[cut]]) - begins  # (2, n_cut)
    of_shorter = np.minimum(lengths.min(axis=0), room // 2)
    is_shorter = np.stack([lengths[0] <= lengths[1], lengths[0] > lengths[1]])
    kept = np.where(is_shorter, of_shorter, room - of_shorter)  # (2, n_cut)
    from_head = (kept * head_share).astype(int)
    begins += from_head
    ends_of_dropped = begins + lengths - kept
    return cut, np.stack([begins, ends_of_dropped], axis=1).reshape(4, -1).T
