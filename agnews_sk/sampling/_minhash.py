"""Near-duplicate texts: MinHash and banding find candidates, exact Jaccard decides."""

from typing import Any

import numpy as np
import polars as pl
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from sklearn.utils import check_random_state

from agnews_sk._core.columnar import flat_values, row_offsets
from agnews_sk._core.same_text import normalized, same_text_groups

# Pairs whose shingles are compared at once: bounds memory.
_BLOCK = 100_000
# Later texts of its bucket that a text is compared with: keeps a large set of alike texts linear.
_NEIGHBOURS = 100
# Share of the pairs right at the threshold that the bands must find; more alike ones are surer.
_RECALL = 0.99


def near_duplicate_groups(
    texts: pl.Series,
    *,
    threshold: float = 0.8,
    shingle_words: int = 2,
    n_permutations: int = 128,
    random_state: Any = None,
) -> np.ndarray:
    """Return for each text the position of the first one that it is linked to.

    Texts are linked when they are the same after normalising, or near duplicates, or when a chain
    of such pairs joins them. Texts that are missing or blank are linked to none.

    Parameters
    ----------
    texts : polars.Series of str of shape (n_samples,)
    threshold, shingle_words, n_permutations, random_state
        As in `near_duplicate_pairs`.

    Returns
    -------
    ndarray of int of shape (n_samples,)

    Examples
    --------
    >>> import polars as pl
    >>> from agnews_sk.sampling._minhash import near_duplicate_groups
    >>> texts = pl.Series(["a b c d e f g", "goal", "A b, c d e f", "a b c d e f g!"])
    >>> near_duplicate_groups(texts, random_state=0).tolist()
    [0, 1, 0, 0]
    """
    groups = same_text_groups(texts)
    firsts = np.unique(groups)
    pairs = firsts[
        near_duplicate_pairs(
            texts.gather(firsts),
            threshold=threshold,
            shingle_words=shingle_words,
            n_permutations=n_permutations,
            random_state=random_state,
        )
    ]
    return first_linked(np.vstack([pairs, np.column_stack([groups, np.arange(len(texts))])]))


def near_duplicate_pairs(
    texts: pl.Series,
    *,
    threshold: float = 0.8,
    shingle_words: int = 2,
    n_permutations: int = 128,
    random_state: Any = None,
) -> np.ndarray:
    """Return the pairs of texts that share at least this much of their word shingles.

    Each pair returned has that Jaccard similarity. A pair is missed with probability 0.01 at
    most when it is right at the threshold, and less the more alike its texts are.

    Parameters
    ----------
    texts : polars.Series of str of shape (n_samples,)
        Compared in lower case, without punctuation. Missing and blank texts are in no pair.
    threshold : float, default=0.8
        Smallest Jaccard similarity of a pair, above 0 and at most 1.
    shingle_words : int, default=2
        Number of words in a row that make one shingle. A shorter text is one shingle.
    n_permutations : int, default=128
        Number of MinHash values a text; more mean fewer candidates to compare. Below about
        ``4.6 / threshold`` more pairs than said are missed.
    random_state : int, RandomState instance or None, default=None
        Draws the hash functions.

    Returns
    -------
    ndarray of int of shape (n_pairs, 2)
        Positions, the lower first, in ascending order.

    Notes
    -----
    MinHash is Broder's [1]_, banding Indyk and Motwani's as told by Leskovec et al. [2]_. Where
    more than 100 texts fall into one bucket of a band, each is compared with the next 100 only,
    so that a set of thousands of alike texts costs no more than its share; its texts are then
    linked by a chain of pairs, which `near_duplicate_groups` follows.

    References
    ----------
    .. [1] A. Broder, "On the resemblance and containment of documents", SEQUENCES 1997.
    .. [2] J. Leskovec, A. Rajaraman, J. Ullman, "Mining of Massive Datasets", chapter 3.

    Examples
    --------
    >>> import polars as pl
    >>> from agnews_sk.sampling._minhash import near_duplicate_pairs
    >>> texts = pl.Series(["a b c d e f g", "goal", "A b, c d e f"])
    >>> near_duplicate_pairs(texts, random_state=0).tolist()
    [[0, 2]]
    """
    shingles = _shingle_matrix(normalized(texts), shingle_words)
    filled = np.flatnonzero(np.diff(shingles.indptr))
    if len(filled) == 0:
        return np.empty((0, 2), dtype=np.intp)
    shingles = shingles[filled]
    rng = np.random.default_rng(check_random_state(random_state).randint(2**31))
    signatures = _signatures(shingles, n_permutations, rng)
    candidates = _candidate_pairs(signatures, _rows_a_band(threshold, n_permutations))
    return filled[candidates[_jaccard(shingles, candidates) >= threshold]]


def _shingle_matrix(texts: pl.Series, size: int) -> sparse.csr_array:
    """Return which shingles each text has, as ones of shape (n_samples, n_shingles)."""
    ragged = texts.str.split(" ")
    offsets = row_offsets(ragged)
    words = _codes([flat_values(ragged)])
    lengths = np.diff(offsets)
    counts = np.where(lengths > 0, np.maximum(lengths - size + 1, 1), 0)
    rows = np.repeat(np.arange(len(texts)), counts)
    starts = offsets[rows] + np.arange(len(rows)) - (np.cumsum(counts) - counts)[rows]
    ends = offsets[rows + 1]
    # Past the end of a text shorter than a shingle stands -1.
    parts = [
        pl.Series(np.where(starts + i < ends, words[np.minimum(starts + i, len(words) - 1)], -1))
        for i in range(size)
    ]
    cells = pl.DataFrame({"row": rows, "shingle": _codes(parts)}).unique().to_numpy()
    ones = np.ones(len(cells), dtype=np.int32)
    return sparse.csr_array((ones, tuple(cells.T)), shape=(len(texts), max(len(rows), 1)))


def _codes(columns: list[pl.Series]) -> np.ndarray:
    """Return one int a row, the same for rows that hold the same values."""
    frame = pl.DataFrame([column.alias(str(i)) for i, column in enumerate(columns)])
    first = pl.first("code").over(frame.columns)
    return frame.with_row_index("code").select(first).to_series().to_numpy().astype(np.int64)


def _signatures(
    shingles: sparse.csr_array, n_permutations: int, rng: np.random.Generator
) -> np.ndarray:
    """Return the MinHash values, of shape (n_permutations, n_samples); no row may be empty."""
    hashes = rng.integers(2**32, size=shingles.shape[1], dtype=np.uint32)[shingles.indices]
    multipliers = rng.integers(2**31, size=n_permutations, dtype=np.uint32) * 2 + 1
    starts = shingles.indptr[:-1]
    # Products wrap around: an odd multiplier permutes the 32-bit numbers.
    return np.stack([np.minimum.reduceat(hashes * m, starts) for m in multipliers])


def _rows_a_band(threshold: float, n_permutations: int) -> int:
    """Return the longest band that still finds `_RECALL` of the pairs at the threshold."""
    rows = np.arange(1, n_permutations + 1)
    found = 1 - (1 - threshold**rows) ** (n_permutations // rows)
    return int(max(rows[found >= _RECALL], default=1))


def _candidate_pairs(signatures: np.ndarray, n_rows: int) -> np.ndarray:
    """Return the pairs of texts that agree in all values of a band, each once, in order."""
    n_bands, n_texts = len(signatures) // n_rows, signatures.shape[1]
    bands = signatures[: n_bands * n_rows].reshape(n_bands, n_rows, n_texts)
    pairs = pl.Series(dtype=pl.Int64)
    for band in bands:
        found = _bucket_pairs(_codes([pl.Series(values) for values in band]))
        pairs = pl.concat([pairs, pl.Series(found)]).unique()
    return np.column_stack(np.divmod(pairs.sort().to_numpy(), n_texts))


def _bucket_pairs(buckets: np.ndarray) -> np.ndarray:
    """Return `i * n_texts + j` for each text i and the next texts j in its bucket."""
    order = np.argsort(buckets, kind="stable")
    places = np.arange(len(order))
    ends = np.searchsorted(buckets[order], buckets[order], side="right")
    n_later = np.minimum(ends - places - 1, _NEIGHBOURS)
    left = np.repeat(places, n_later)
    nth = np.arange(len(left)) - np.repeat(np.cumsum(n_later) - n_later, n_later)
    return order[left] * len(order) + order[left + 1 + nth]


def _jaccard(shingles: sparse.csr_array, pairs: np.ndarray) -> np.ndarray:
    """Return the share of their shingles that the texts of each pair have in common."""
    sizes = np.diff(shingles.indptr)
    shared = np.zeros(len(pairs), dtype=np.int64)
    for start in range(0, len(pairs), _BLOCK):
        left, right = pairs[start : start + _BLOCK].T
        shared[start : start + _BLOCK] = shingles[left].multiply(shingles[right]).sum(axis=1)
    return shared / (sizes[pairs[:, 0]] + sizes[pairs[:, 1]] - shared)


def first_linked(pairs: np.ndarray) -> np.ndarray:
    """Return for each text the lowest position that the pairs link it to.

    Parameters
    ----------
    pairs : ndarray of int of shape (n_pairs, 2)
        A text that is linked to none stands in a pair with itself.

    Returns
    -------
    ndarray of int of shape (n_texts,)
    """
    n_texts = pairs.max() + 1
    graph = sparse.coo_array((np.ones(len(pairs)), tuple(pairs.T)), shape=(n_texts, n_texts))
    labels = connected_components(graph, directed=False)[1]
    return np.unique(labels, return_index=True)[1][labels]
