"""Find near-duplicate texts: MinHash and banding propose pairs, exact Jaccard decides.

The steps, for n texts:

1. `_shingle_matrix`: each text as the set of its shingles, runs of a few words.
2. `_signatures`: per text, the smallest hash of its shingles under each of many permutations. Two
   texts agree in one value with a probability that is their Jaccard similarity (Broder, 1997).
3. `_candidate_pairs`: the values are cut into bands of r rows. Texts that agree in a whole band,
   with probability s**r at similarity s, fall into one bucket and become a candidate pair.
4. `_jaccard`: the exact similarity of each candidate. Hashes decide only which pairs are missed,
   and `_rows_per_band` bounds how many.

All pairs would take n * n / 2 comparisons, 7 billion for 120,000 texts.
"""

from typing import Any

import numpy as np
import polars as pl
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from sklearn.utils import check_random_state

from agnews_sk._core.columnar import flat_values, row_offsets
from agnews_sk._core.same_text import normalized, same_text_groups

# Pairs whose shingles are compared at a time: bounds memory.
_PAIRS_PER_BLOCK = 100_000
# How many later texts of its bucket a text is paired with: k similar texts make at most 100 * k
# pairs, not k * k / 2.
_MAX_NEIGHBOURS = 100
# Share of the pairs right at the threshold that the bands must find; they find more of the pairs
# above it.
_RECALL = 0.99


def near_duplicate_groups(
    texts: pl.Series,
    *,
    threshold: float = 0.8,
    shingle_words: int = 2,
    n_permutations: int = 128,
    random_state: Any = None,
) -> np.ndarray:
    """Return for each text the position of the first text of its group.

    A group holds texts that are equal after normalization, near duplicates, or joined by a chain
    of such pairs. A missing or blank text is its own group.

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
    """Return the pairs of texts whose word shingles have a Jaccard similarity of the threshold.

    Each pair returned has at least that similarity. A pair right at the threshold is missed with
    a probability of at most 0.01, a more similar one with a smaller probability.

    Parameters
    ----------
    texts : polars.Series of str of shape (n_samples,)
        Compared in lower case, without punctuation. Missing and blank texts are in no pair.
    threshold : float, default=0.8
        Smallest Jaccard similarity of a pair, above 0 and at most 1.
    shingle_words : int, default=2
        Number of consecutive words that make one shingle. A shorter text is one shingle.
    n_permutations : int, default=128
        Number of MinHash values per text; more values mean fewer candidates to compare. With
        fewer than about ``4.6 / threshold``, the probability of missing a pair exceeds 0.01.
    random_state : int, RandomState instance or None, default=None
        Random seed of the hash functions.

    Returns
    -------
    ndarray of int of shape (n_pairs, 2)
        Positions, the lower first, in ascending order.

    Notes
    -----
    MinHash is due to Broder [1]_, banding to Indyk and Motwani, as described by Leskovec et
    al. [2]_. Where more than 100 texts fall into one bucket of a band, each is compared with the
    next 100 only, so that time is linear in the size of a set of similar texts. Its texts are
    still joined by a chain of pairs, which `near_duplicate_groups` follows.

    Memory: 4 bytes per text and permutation, and per word of the texts some integers.

    References
    ----------
    .. [1] A. Broder, "On the resemblance and containment of documents", SEQUENCES 1997.
    .. [2] J. Leskovec, A. Rajaraman, J. Ullman, "Mining of Massive Datasets", chapter 3.4.

    Examples
    --------
    >>> import polars as pl
    >>> from agnews_sk.sampling._minhash import near_duplicate_pairs
    >>> texts = pl.Series(["a b c d e f g", "goal", "A b, c d e f"])
    >>> near_duplicate_pairs(texts, random_state=0).tolist()
    [[0, 2]]
    """
    shingles = _shingle_matrix(normalized(texts), shingle_words)
    filled = np.flatnonzero(np.diff(shingles.indptr))  # positions of the texts with a shingle
    if len(filled) == 0:
        return np.empty((0, 2), dtype=np.intp)
    shingles = shingles[filled]
    rng = np.random.default_rng(check_random_state(random_state).randint(2**31))
    signatures = _signatures(shingles, n_permutations, rng)
    candidates = _candidate_pairs(signatures, _rows_per_band(threshold, n_permutations))
    return filled[candidates[_jaccard(shingles, candidates) >= threshold]]


def _shingle_matrix(texts: pl.Series, size: int) -> sparse.csr_array:
    """Return which text has which shingle.

    Shingles are numbered exactly, not hashed: the matrix is the truth that candidates are
    compared by.

    Parameters
    ----------
    texts : polars.Series of str of shape (n_samples,)
        Words separated by single spaces. Null and empty texts have no shingles.
    size : int
        Words per shingle.

    Returns
    -------
    csr_array of int32 of shape (n_samples, n_codes)
        Ones. `n_codes` is the number of shingles with repeats, so that most columns are empty.
    """
    ragged = texts.str.split(" ")
    offsets = row_offsets(ragged)  # (n_samples + 1,)
    words = _codes([flat_values(ragged)])  # (n_words,)
    lengths = np.diff(offsets)
    counts = np.where(lengths > 0, np.maximum(lengths - size + 1, 1), 0)  # shingles per text
    rows = np.repeat(np.arange(len(texts)), counts)  # (n_shingles,)
    # A shingle's place in its text is its place among all less that of its text's first one.
    starts = offsets[rows] + np.arange(len(rows)) - (np.cumsum(counts) - counts)[rows]
    ends = offsets[rows + 1]
    # The i-th word of each shingle; beyond the end of a text shorter than a shingle, -1.
    parts = [
        pl.Series(np.where(starts + i < ends, words[np.minimum(starts + i, len(words) - 1)], -1))
        for i in range(size)
    ]
    cells = pl.DataFrame({"row": rows, "shingle": _codes(parts)}).unique().to_numpy()
    ones = np.ones(len(cells), dtype=np.int32)
    return sparse.csr_array((ones, tuple(cells.T)), shape=(len(texts), max(len(rows), 1)))


def _codes(columns: list[pl.Series]) -> np.ndarray:
    """Return one integer per row, equal for rows with equal values: the first such row.

    A group-by in Polars, in threads; `np.unique(axis=0)` would sort whole rows.

    Parameters
    ----------
    columns : list of polars.Series of shape (n_rows,)

    Returns
    -------
    ndarray of int64 of shape (n_rows,)
    """
    frame = pl.DataFrame([column.alias(str(i)) for i, column in enumerate(columns)])
    first = pl.first("code").over(frame.columns)
    return frame.with_row_index("code").select(first).to_series().to_numpy().astype(np.int64)


def _signatures(
    shingles: sparse.csr_array, n_permutations: int, rng: np.random.Generator
) -> np.ndarray:
    """Return the MinHash values of each text.

    A shingle's hash is a random 32-bit number. A permutation of these numbers is a product with
    an odd number modulo 2**32, which unsigned integers give by wrapping around: cheaper than the
    `(a * x + b) mod p` of textbooks, which needs 64 bits and a division. As the hashes are random
    themselves, each value agrees with the right probability; that the values of one text are
    independent enough for `_rows_per_band` is what the tests of recall show.

    Parameters
    ----------
    shingles : csr_array of shape (n_samples, n_codes)
        No row is empty: `reduceat` gives the next row's first value for an empty one.
    n_permutations : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of uint32 of shape (n_permutations, n_samples)
    """
    # One hash per column, then the hash of each entry: (n_entries,)
    hashes = rng.integers(2**32, size=shingles.shape[1], dtype=np.uint32)[shingles.indices]
    multipliers = rng.integers(2**31, size=n_permutations, dtype=np.uint32) * 2 + 1  # odd
    starts = shingles.indptr[:-1]
    # A permutation at a time: all at once would need n_permutations * n_entries numbers.
    return np.stack([np.minimum.reduceat(hashes * m, starts) for m in multipliers])


def _rows_per_band(threshold: float, n_permutations: int) -> int:
    """Return the longest band with which `_RECALL` of the pairs at the threshold are found.

    With b = n_permutations // r bands of r rows, a pair of similarity s is found with probability
    1 - (1 - s**r)**b (Leskovec et al., chapter 3.4.2). Longer bands make fewer candidates.

    Parameters
    ----------
    threshold : float
    n_permutations : int

    Returns
    -------
    int
        1 if no band reaches that share.
    """
    rows = np.arange(1, n_permutations + 1)
    found = 1 - (1 - threshold**rows) ** (n_permutations // rows)
    return int(max(rows[found >= _RECALL], default=1))


def _candidate_pairs(signatures: np.ndarray, n_rows: int) -> np.ndarray:
    """Return the pairs of texts that agree in all values of at least one band.

    Parameters
    ----------
    signatures : ndarray of uint32 of shape (n_permutations, n_texts)
    n_rows : int
        Rows per band; values that fill no whole band are not used.

    Returns
    -------
    ndarray of int64 of shape (n_pairs, 2)
        Each pair once, the lower position first, in ascending order.
    """
    n_bands, n_texts = len(signatures) // n_rows, signatures.shape[1]
    bands = signatures[: n_bands * n_rows].reshape(n_bands, n_rows, n_texts)
    pairs = pl.Series(dtype=pl.Int64)
    for band in bands:  # (n_rows, n_texts)
        found = _bucket_pairs(_codes([pl.Series(values) for values in band]))
        # Without repeats after each band: near duplicates agree in most bands.
        pairs = pl.concat([pairs, pl.Series(found)]).unique()
    return np.column_stack(np.divmod(pairs.sort().to_numpy(), n_texts))


def _bucket_pairs(buckets: np.ndarray) -> np.ndarray:
    """Return the pairs of each text and the next texts of its bucket, each pair as one integer.

    Parameters
    ----------
    buckets : ndarray of int64 of shape (n_texts,)
        Code of each text's bucket.

    Returns
    -------
    ndarray of int64 of shape (n_pairs,)
        `i * n_texts + j`, with i < j: below 2**63 for up to 3 billion texts.
    """
    # Sorted by bucket, a stable sort keeps texts ascending: a bucket is a run of places.
    order = np.argsort(buckets, kind="stable")  # (n_texts,)
    places = np.arange(len(order))
    ends = np.searchsorted(buckets[order], buckets[order], side="right")  # of each place's run
    n_later = np.minimum(ends - places - 1, _MAX_NEIGHBOURS)
    left = np.repeat(places, n_later)  # (n_pairs,)
    # 0, 1, 2, ... within the pairs of each place.
    nth = np.arange(len(left)) - np.repeat(np.cumsum(n_later) - n_later, n_later)
    return order[left] * len(order) + order[left + 1 + nth]


def _jaccard(shingles: sparse.csr_array, pairs: np.ndarray) -> np.ndarray:
    """Return the Jaccard similarity of the shingles of each pair of texts, |A & B| / |A | B|.

    Parameters
    ----------
    shingles : csr_array of int32 of shape (n_texts, n_codes)
        Ones; no row is empty.
    pairs : ndarray of int of shape (n_pairs, 2)

    Returns
    -------
    ndarray of float64 of shape (n_pairs,)
    """
    sizes = np.diff(shingles.indptr)  # (n_texts,)
    shared = np.zeros(len(pairs), dtype=np.int64)
    for start in range(0, len(pairs), _PAIRS_PER_BLOCK):
        block = slice(start, start + _PAIRS_PER_BLOCK)
        left, right = pairs[block].T
        # Element by element, not `shingles @ shingles.T`, which would compare all texts.
        shared[block] = shingles[left].multiply(shingles[right]).sum(axis=1)
    return shared / (sizes[pairs[:, 0]] + sizes[pairs[:, 1]] - shared)


def first_linked(pairs: np.ndarray) -> np.ndarray:
    """Return for each text the lowest position in its group, joined by pairs and their chains.

    Parameters
    ----------
    pairs : ndarray of int of shape (n_pairs, 2)
        Edges between positions. The last text is in one of them, with itself if with no other.

    Returns
    -------
    ndarray of int of shape (n_texts,)
    """
    n_texts = pairs.max() + 1
    graph = sparse.coo_array((np.ones(len(pairs)), tuple(pairs.T)), shape=(n_texts, n_texts))
    labels = connected_components(graph, directed=False)[1]  # (n_texts,), from 0
    return np.unique(labels, return_index=True)[1][labels]  # the first text of each label
