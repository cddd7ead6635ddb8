"""Learn n-grams of more texts than memory holds, block by block: the same as `fit` learns."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import scipy.sparse as sp

from agnews_sk.tokenization import (
    EncodedTokens,
    segmenter_to_fit,
    undivided_share,
    warn_of_bigrams,
    warn_of_undivided,
)
from agnews_sk.vectorization._ngrams import encode_characters, spread_over_rows
from agnews_sk.vectorization._pruning import bounds, frequent
from agnews_sk.vectorization._table import NgramTable, learn_table
from agnews_sk.vectorization._token_codes import from_arrays, to_arrays
from agnews_sk.vectorization._union import NgramUnion
from agnews_sk.vectorization._vectorizer import NgramVectorizer
from agnews_sk.vectorization._weights import weights_of

_EMPTY = "empty vocabulary; perhaps the documents only contain stop words"
# Statistics of a block of texts, which are added up.
Statistics = dict[str, float]


class BlockOfTokens(NamedTuple):
    """The units of a block of texts, and what they show.

    Attributes
    ----------
    tokens : EncodedTokens
    statistics : dict of str to float
        To be added to those of other blocks.
    segmenter : str or None
        What split runs of characters without spaces, None if there are none.
    """

    tokens: EncodedTokens
    statistics: Statistics
    segmenter: str | None


class NgramPart:
    """The n-grams of one unfitted vectorizer, learned block by block.

    Parameters
    ----------
    vectorizer : NgramVectorizer
        Fitted in place by `learn` and `weigh_by`.
    """

    def __init__(self, vectorizer: NgramVectorizer) -> None:
        vectorizer._check_parameters()
        self.vectorizer = vectorizer

    @property
    def has_words(self) -> bool:
        """Whether it counts words, whose statistics tell which other n-grams are needed."""
        return self.vectorizer.analyzer == "word"

    def encode(self, texts: pl.Series) -> BlockOfTokens:
        """Return the units of a block of texts.

        Parameters
        ----------
        texts : polars.Series of str of shape (n_texts,)
            Without nulls.

        Returns
        -------
        BlockOfTokens
        """
        segmenter = segmenter_to_fit(self.vectorizer.segmenter) if self.has_words else None
        tokens = self.vectorizer._analyzer.encode(texts, segmenter)
        self._check(tokens)
        if not self.has_words:
            return BlockOfTokens(tokens, {}, None)
        n_texts = len(texts)
        share = undivided_share(texts, np.diff(tokens.offsets)) if n_texts else 0.0
        statistics: Statistics = {
            "n_texts": n_texts,
            "n_words": len(tokens.codes),
            "segmented": segmenter.n_words if segmenter else 0,
            "undivided": round(share * n_texts),
        }
        return BlockOfTokens(tokens, statistics, segmenter.record if segmenter else None)

    def ngrams(self, tokens: EncodedTokens) -> pl.DataFrame:
        """Return the n-grams of a block.

        Parameters
        ----------
        tokens : EncodedTokens

        Returns
        -------
        polars.DataFrame of shape (n_ngrams, 3)
            `key`: the n-grams, in ascending order; `rows`: how many rows have each; `count`: how
            often it occurs.
        """
        if not len(tokens.codes):
            schema = {"key": pl.String, "rows": pl.Int64, "count": pl.Int64}
            return pl.DataFrame(schema=schema)
        within_words = self.vectorizer.analyzer == "char_wb"
        units = encode_characters(tokens.distinct, " ") if within_words else tokens
        try:
            table, counts, columns = learn_table(units, self.vectorizer._wanted, self._separator)
        except ValueError:  # no text is as long as the shortest n-gram
            return self.ngrams(EncodedTokens(tokens.codes[:0], tokens.offsets[:1], tokens.distinct))
        if within_words:
            counts = spread_over_rows(tokens, counts)
        found = np.zeros((2, table.n_columns), dtype=np.int64)
        found[0, columns] = np.bincount(counts.indices, minlength=len(columns))
        occurrences = found[0, columns] if self.vectorizer.binary else counts.sum(axis=0)
        found[1, columns] = np.asarray(occurrences).ravel()
        return pl.DataFrame({"key": table.names(), "rows": found[0], "count": found[1]})

    def _check(self, tokens: EncodedTokens) -> None:
        """Raise a ValueError for words with spaces, which cannot be told from word pairs.

        Parameters
        ----------
        tokens : EncodedTokens

        Raises
        ------
        ValueError
        """
        if not self._separator or self.vectorizer.ngram_range[1] == 1:
            return
        found = tokens.distinct.filter(tokens.distinct.str.contains(self._separator, literal=True))
        if len(found):
            raise ValueError(
                "token_pattern must find words without spaces where texts are read block by "
                f"block, got {found[0]!r:.60}; change it, or set ngram_range=(1, 1)."
            )

    def learn(
        self,
        ngrams: pl.DataFrame,
        n_rows: int,
        statistics: Statistics,
        n_once: int,
        segmenter: str | None,
    ) -> None:
        """Learn the n-grams of all blocks.

        Parameters
        ----------
        ngrams : polars.DataFrame of shape (n_ngrams, 3)
            As `ngrams` returns them, added up; those in fewer rows than `least_rows` may lack.
        n_rows : int
        statistics : dict of str to float
            Added up.
        n_once : int
            Number of words that occur once.
        segmenter : str or None
            The segmenter of the first block that has one.

        Raises
        ------
        ValueError
            If there is no n-gram, or none is left by `min_df` and `max_df`.
        """
        chosen = self.vectorizer
        chosen.segmenter_, chosen.word_statistics_ = segmenter, {}
        if self.has_words:
            warn_of_bigrams(chosen.segmenter, segmenter)
            chosen.word_statistics_ = _shares(statistics, n_once)
            warn_of_undivided(chosen.word_statistics_["undivided"], chosen.token_pattern)
            if not statistics["n_words"]:
                raise ValueError(_EMPTY)
        kept = frequent(
            ngrams["rows"].to_numpy(),
            lambda: ngrams["count"].to_numpy().astype(chosen.dtype),
            n_rows,
            chosen.min_df,
            chosen.max_df,
            chosen.max_features,
        )
        chosen._table = _table_of(
            ngrams["key"].filter(pl.Series(kept)), self._separator, chosen.ngram_range[1]
        )

    def least_rows(self, n_rows: int) -> float:
        """Return how many of so many rows an n-gram must be in.

        Parameters
        ----------
        n_rows : int

        Returns
        -------
        float
        """
        return bounds(n_rows, self.vectorizer.min_df, self.vectorizer.max_df)[0]

    def count(self, tokens: EncodedTokens) -> sp.csr_array:
        """Count the learned n-grams of a block, csr_array of shape (n_rows, n_features).

        Parameters
        ----------
        tokens : EncodedTokens

        Returns
        -------
        csr_array of int of shape (n_rows, n_features)
        """
        if self.vectorizer.analyzer == "char_wb":
            counts = self.vectorizer._count_within_words(tokens)
        else:
            counts = self.vectorizer._table.count(tokens, self.vectorizer._wanted)
        if self.vectorizer.binary:
            counts.data[:] = 1
        return counts

    def weigh_by(self, found: sp.csc_array, n_of_class: np.ndarray) -> None:
        """Learn the weights of the n-grams.

        Parameters
        ----------
        found : csc_array of int of shape (n_classes, n_features)
            Number of rows of each class with each n-gram.
        n_of_class : ndarray of int of shape (n_classes,)
        """
        names = ("supervised", "norm", "use_idf", "smooth_idf", "sublinear_tf")
        params = {name: getattr(self.vectorizer, name) for name in names}
        self.vectorizer._weights = weights_of(found, n_of_class, self.vectorizer.dtype, **params)

    def weighted(self, counts: sp.csr_array) -> sp.csr_array:
        """Return the features of counted rows; the counts are overwritten.

        Parameters
        ----------
        counts : csr_array of int of shape (n_rows, n_features)

        Returns
        -------
        csr_array of float of shape (n_rows, n_features)
        """
        return self.vectorizer._weighted(self.vectorizer._with_dtype(counts))

    @property
    def n_features(self) -> int:
        """Number of n-grams."""
        return self.vectorizer._table.n_columns

    @property
    def _separator(self) -> str:
        return " " if self.has_words else ""


class VectorizerByBlocks:
    """A vectorizer whose parts are learned one after the other, block by block.

    Parameters
    ----------
    vectorizer : NgramUnion or NgramVectorizer
        Fitted in place.
    """

    def __init__(self, vectorizer: Any) -> None:
        self._vectorizer = vectorizer
        self.parts: list[NgramPart] = []
        vectorizer._validate_params()

    def learn(self, learn: Callable[[NgramPart], None], n_texts: int) -> None:
        """Learn the parts that the texts require, as `NgramUnion.fit` chooses them.

        Parameters
        ----------
        learn : callable
            Learns the n-grams of a part; one of characters perhaps twice.
        n_texts : int
        """

        def fit(vectorizer: NgramVectorizer) -> NgramPart:
            part = NgramPart(vectorizer)
            learn(part)
            return part

        if isinstance(self._vectorizer, NgramUnion):
            self.parts = self._vectorizer.fit_parts(fit, n_texts)
        else:
            self.parts = [fit(self._vectorizer)]

    def features(self, counts: Sequence[sp.csr_array]) -> sp.csr_array:
        """Return the features of rows, by the counts of each part; they are overwritten.

        Parameters
        ----------
        counts : sequence of csr_array of int of shape (n_rows, n_features of a part)

        Returns
        -------
        csr_array of float of shape (n_rows, n_features)
        """
        parts = [part.weighted(one) for part, one in zip(self.parts, counts, strict=True)]
        if len(parts) == 1:
            return parts[0]
        return sp.csr_array(self._vectorizer._joined(parts))

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return sum(part.n_features for part in self.parts)


def _shares(statistics: Mapping[str, float], n_once: int) -> dict[str, float]:
    """Return `word_statistics_`.

    Parameters
    ----------
    statistics : mapping of str to float
        Added up over all blocks.
    n_once : int
        Number of words that occur once.

    Returns
    -------
    dict of str to float
    """
    n_words = max(statistics["n_words"], 1)
    return {
        "unseen": float(n_once / n_words),
        "segmented": min(statistics["segmented"] / n_words, 1.0),
        "undivided": float(statistics["undivided"] / max(statistics["n_texts"], 1)),
    }


def _table_of(names: pl.Series, separator: str, max_n: int) -> NgramTable:
    """Return the table of n-grams.

    Parameters
    ----------
    names : polars.Series of str of shape (n_ngrams,)
        In ascending order.
    separator : str
        Between the tokens of a name; without one, each character is a token.
    max_n : int
        Tokens of the longest n-gram.

    Returns
    -------
    NgramTable
    """
    columns = np.arange(len(names), dtype=np.int32)
    if max_n == 1:
        return NgramTable(names, columns[:, None], columns, separator)
    split = names.str.split(separator)
    lengths = split.list.len().to_numpy().astype(np.int64)
    flat = split.explode(empty_as_null=False, keep_nulls=False)
    tokens = flat.unique().sort()
    codes = tokens.search_sorted(flat).to_numpy()
    terms = np.full((len(names), max_n), -1, dtype=np.int32)
    places = np.arange(len(codes)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    terms[np.repeat(np.arange(len(names)), lengths), places] = codes
    return NgramTable(tokens, terms, columns, separator)


def tokens_to_arrays(tokens: EncodedTokens) -> Iterator[np.ndarray]:
    """Yield encoded tokens as plain arrays, from which `tokens_of_arrays` makes them again.

    Parameters
    ----------
    tokens : EncodedTokens
        Of strings.

    Yields
    ------
    ndarray
        Codes, offsets, bytes of the distinct tokens, and where each of these ends.
    """
    distinct = to_arrays(tokens.distinct)
    yield from (tokens.codes, tokens.offsets, distinct["values"], distinct["offsets"])


def tokens_of_arrays(
    codes: np.ndarray, offsets: np.ndarray, values: np.ndarray, ends: np.ndarray
) -> EncodedTokens:
    """Return the encoded tokens of arrays.

    Parameters
    ----------
    codes, offsets, values, ends : ndarray
        As `tokens_to_arrays` yields them.

    Returns
    -------
    EncodedTokens
    """
    return EncodedTokens(codes, offsets, from_arrays(values, ends))
