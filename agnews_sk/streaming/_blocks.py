"""The work on single blocks: finding n-grams, counting them, and weighing their counts."""

from typing import NamedTuple

import numpy as np
import polars as pl
import scipy.sparse as sp

from agnews_sk._core.mapped import mixed_bits
from agnews_sk._core.repeats import same_rows
from agnews_sk.classifiers import RowBlock
from agnews_sk.streaming._folder import WorkFolder
from agnews_sk.streaming._rows import KeptRows
from agnews_sk.vectorization import (
    NgramPart,
    VectorizerByBlocks,
    tokens_of_arrays,
    tokens_to_arrays,
)


class Counting(NamedTuple):
    """What counts the learned n-grams of blocks.

    Attributes
    ----------
    stage : WorkFolder
        Of the counts.
    parts : list of NgramPart
    tokens : list of WorkFolder
        Of the tokens of each part.
    """

    stage: WorkFolder
    parts: list[NgramPart]
    tokens: list[WorkFolder]

    def of(self, number: int) -> list[sp.csr_array]:
        """Return the counts of a block for each part, from its file if there is one.

        Parameters
        ----------
        number : int

        Returns
        -------
        list of csr_array of int of shape (n_rows, n_features)
        """
        if not self.stage.has(number, "counts"):
            found = []
            for part, stage in zip(self.parts, self.tokens):
                tokens = tokens_of_arrays(*stage.read_arrays(number, "tokens"))
                found.append(part.count(tokens))
            arrays = [a for one in found for a in (_small(one.data), one.indices, one.indptr)]
            self.stage.write_arrays(number, "counts", arrays)
            return found
        arrays = self.stage.read_arrays(number, "counts")
        shapes = [
            (len(arrays[3 * i + 2]) - 1, part.n_features) for i, part in enumerate(self.parts)
        ]
        return [
            sp.csr_array(tuple(arrays[3 * i : 3 * i + 3]), shape=shape)
            for i, shape in enumerate(shapes)
        ]


class RowsWith(NamedTuple):
    """Numbers of rows of a block.

    Attributes
    ----------
    sums : list of csc_array of int of shape (n_classes, n_features)
        Of each class with each n-gram, for each part.
    of_class : ndarray of int of shape (n_classes,)
    """

    sums: list[sp.csc_array]
    of_class: np.ndarray


def write_ngrams(part: NgramPart, rows: KeptRows, stage: WorkFolder, number: int) -> None:
    """Write the tokens and n-grams of a block.

    Parameters
    ----------
    part : NgramPart
    rows : KeptRows
    stage : WorkFolder
    number : int
    """
    found = part.encode(rows.texts(number))
    stage.write_frame(number, "ngrams", part.ngrams(found.tokens))
    if part.has_words:
        stage.write_frame(number, "distinct", _counted(found.tokens))
    stage.write_arrays(number, "tokens", list(tokens_to_arrays(found.tokens)))
    stage.write_json(number, [found.statistics, found.segmenter])


def rows_with(counting: Counting, rows: KeptRows, n_classes: int, number: int) -> RowsWith:
    """Count how many rows of a block have each n-gram.

    Parameters
    ----------
    counting : Counting
    rows : KeptRows
    n_classes : int
    number : int

    Returns
    -------
    RowsWith
    """
    codes = rows.codes(number)
    ones = np.ones(len(codes), dtype=np.int64)
    places = codes, np.arange(len(codes))
    indicator = sp.csr_array((ones, places), shape=(n_classes, len(codes)))
    sums = []
    for counts in counting.of(number):
        present = np.ones(counts.nnz, np.int64), counts.indices, counts.indptr
        sums.append(sp.csc_array(indicator @ sp.csr_array(present, counts.shape)))
    return RowsWith(sums, np.bincount(codes, minlength=n_classes))


def write_vectors(
    counting: Counting,
    vectorizer: VectorizerByBlocks,
    rows: KeptRows,
    stage: WorkFolder,
    number: int,
) -> None:
    """Write the features of a block, with the classes and the places of its rows.

    Parameters
    ----------
    counting : Counting
    vectorizer : VectorizerByBlocks
        Fitted.
    rows : KeptRows
    stage : WorkFolder
    number : int
    """
    counts = counting.of(number)
    for one in counts:
        one.data = one.data.astype(np.int32)
    X = vectorizer.features(counts)
    codes, places = rows.codes(number), _places(X)
    X = X.astype(np.float32)
    arrays = [codes, places, X.data, X.indices, X.indptr]
    stage.write_arrays(number, "rows", arrays)
    stage.write_json(number, float(np.dot(X.data, X.data)))


def load_vectors(stage: WorkFolder, n_features: int, number: int) -> RowBlock:
    """Return the features of a block.

    Parameters
    ----------
    stage : WorkFolder
    n_features : int
    number : int

    Returns
    -------
    RowBlock
    """
    codes, places, *parts = stage.read_arrays(number, "rows")
    return RowBlock(sp.csr_array(tuple(parts), shape=(len(codes), n_features)), codes, places)


def _small(counts: np.ndarray) -> np.ndarray:
    """Return counts in one byte each if they fit."""
    fits = not len(counts) or counts.max() <= np.iinfo(np.uint8).max
    return counts.astype(np.uint8) if fits else counts


def _counted(tokens) -> pl.DataFrame:
    """Return the distinct words of a block in ascending order, and how often each occurs.

    Parameters
    ----------
    tokens : EncodedTokens

    Returns
    -------
    polars.DataFrame of shape (n_distinct, 2)
    """
    counts = np.bincount(tokens.codes, minlength=len(tokens.distinct))
    return pl.DataFrame({"key": tokens.distinct, "count": counts}).sort("key")


def _places(X: sp.csr_array) -> np.ndarray:
    """Return a pseudo-random number from 0 to 1 for each row, the same for equal rows.

    Parameters
    ----------
    X : csr_array of float of shape (n_rows, n_features)

    Returns
    -------
    ndarray of float of shape (n_rows,)
    """
    bits = mixed_bits((same_rows(X) + 0.0).view(np.uint64))
    return (bits >> np.uint64(11)) * 2.0**-53
