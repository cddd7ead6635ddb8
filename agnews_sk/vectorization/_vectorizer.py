"""Counts and TF-IDF weights of n-grams, equal to scikit-learn's."""

from functools import partial
from numbers import Integral
from typing import Any

import numpy as np
import polars as pl
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_array

from agnews_sk._core.base import TextInputMixin
from agnews_sk._core.columnar import BLOCK_ROWS, map_blocks
from agnews_sk._core.earlier_states import TakesEarlierStates
from agnews_sk._core.few_texts import few_texts
from agnews_sk._core.fitted import check_fitted
from agnews_sk._core.stop_words import LANGUAGES
from agnews_sk._core.user_warnings import warn_user
from agnews_sk._core.validation import Interval, RealNotInt, StrOptions, align_sparse
from agnews_sk.tokenization import (
    SEGMENTERS,
    WORD_PATTERN,
    EncodedTokens,
    Segmenter,
    is_ragged,
    segmenter_to_fit,
    segmenter_to_transform,
    warn_of_bigrams,
    warn_of_undivided,
    word_statistics,
)
from agnews_sk.vectorization._analyzer import ANALYZERS, Analyzer, texts_or_tokens
from agnews_sk.vectorization._ngrams import (
    NgramRange,
    encode_characters,
    is_ngram_range,
    spread_over_rows,
)
from agnews_sk.vectorization._pruning import frequent_columns
from agnews_sk.vectorization._table import learn_table
from agnews_sk.vectorization._weights import fit_weights, weigh

_WORD_ROWS = 8_192
_SHORTEST_PADDED = 3  # characters of a word with its spaces
_UNSUPPORTED = ("strip_accents", "preprocessor", "tokenizer", "vocabulary")


# `auto_wrap_output_keys=None`: a sparse matrix for any `transform_output`, as in scikit-learn.
class NgramVectorizer(  # type: ignore[call-arg]
    TakesEarlierStates, TextInputMixin, TransformerMixin, BaseEstimator, auto_wrap_output_keys=None
):
    r"""Turn texts or tokens into a sparse matrix of n-gram counts or TF-IDF weights.

    The matrix equals that of scikit-learn's
    :class:`~sklearn.feature_extraction.text.TfidfVectorizer` with the same parameters, value for
    value and column for column, except where `segmenter` splits words. It is computed several times
    faster: NumPy or Polars splits all texts at once, and n-grams are integers, not strings.

    Parameters
    ----------
    ngram_range : tuple (min_n, max_n), default=(1, 1)
        Shortest and longest n-gram.
    analyzer : {"word", "char", "char_wb"}, default="word"
        N-grams of words, of the characters of the text, or of the characters within each word and
        a space at either end.
    lowercase : bool, default=True
        Convert texts to lower case first.
    token_pattern : str or None, default=r"\b\w\w+\b"
        Regular expression of a word in texts, for `analyzer="word"`; else unused, and may be None.
    segmenter : {"auto", "dictionary", "bigrams"} or None, default="auto"
        Splits runs of Chinese, Japanese, Thai, Lao, Khmer and Burmese into words, for
        `analyzer="word"`: by the dictionaries of jieba and ICU (extra `languages`), or into pairs
        of neighbouring characters. "auto" is dictionaries if they are installed, and else bigrams.
        None applies `token_pattern` to them, as scikit-learn does.
    stop_words : str, list of str or None, default=None
        Words to remove before n-grams are built, for `analyzer="word"`: "english" is
        scikit-learn's list, and other languages such as "german" are those of the package
        `stop-words` (extra `languages`).
    min_df, max_df : int or float, default=1 and 1.0
        Ignore n-grams that occur in fewer or more rows than this; a float is a share of the rows.
    max_features : int or None, default=None
        Largest number of n-grams to keep, the most frequent ones.
    binary : bool, default=False
        Count each n-gram at most once per row.
    use_idf : bool, default=True
        Weight n-grams by their inverse document frequency.
    smooth_idf : bool, default=True
        Add one to document frequencies.
    supervised : bool or "auto", default=False
        Multiply the inverse document frequencies by how much the n-gram tells about the class, for
        which `fit` needs y. "auto" does so if it gets y and 1,000 rows or more.
    sublinear_tf : bool, default=False
        Replace a count by one plus its logarithm.
    norm : {"l1", "l2"} or None, default="l2"
        Norm that each row is divided by.
    dtype : dtype, default=np.float64
        Type of the matrix: float32 or float64, or any for plain counts.
    strip_accents, preprocessor, tokenizer, vocabulary : None, default=None
        Parameters of scikit-learn that are not supported; any value but None is an error.

    Attributes
    ----------
    vocabulary_ : dict of str to int
        Column of each n-gram; built on access.
    idf_ : ndarray of shape (n_features,)
        Weights; only with `use_idf`.
    segmenter_ : str or None
        What split the training texts, and will split others; None if no text has a script without
        spaces.
    word_statistics_ : dict of str to float
        Of the training texts: the expected share of unseen words in new texts (`unseen`), the share
        of words that the segmenter found (`segmented`), and that of long texts with at most one
        word (`undivided`). Empty for characters.

    See Also
    --------
    NgramUnion : Words, characters or both, as the training texts require.
    sklearn.feature_extraction.text.TfidfVectorizer : Also has callables, `strip_accents` and a
        fixed `vocabulary`.

    Notes
    -----
    `use_idf=False, norm=None` gives counts (one-hot with `binary=True`), those of
    :class:`~sklearn.feature_extraction.text.CountVectorizer`.

    Tokens and ids (a Polars list column) are used as they are: `lowercase`, `token_pattern` and
    `segmenter` apply to texts, `stop_words` to texts and tokens. The n-grams of ids are named by
    their numbers and sorted as numbers. The row of a missing or empty text is zero, and n-grams
    that were not seen in `fit` are ignored.

    As in scikit-learn, `fit_transform` stores the columns of a row in the order in which they
    first occurred and `transform` in ascending order, so that norms may differ in the last bit.

    Examples
    --------
    >>> from agnews_sk.vectorization import NgramVectorizer
    >>> vectorizer = NgramVectorizer(ngram_range=(1, 2), use_idf=False, norm=None, dtype=int)
    >>> vectorizer.fit_transform(["Oil prices rise", "Oil, oil!", None]).toarray()
    array([[1, 0, 1, 1, 1, 1],
           [2, 1, 0, 0, 0, 0],
           [0, 0, 0, 0, 0, 0]])
    """

    _parameter_constraints: dict[str, Any] = {
        "ngram_range": [tuple, list],
        "lowercase": ["boolean"],
        "token_pattern": [str, None],
        "segmenter": [StrOptions(SEGMENTERS), None],
        "stop_words": [StrOptions(LANGUAGES), list, tuple, set, frozenset, None],
        "min_df": [
            Interval(RealNotInt, 0, 1, closed="both"),
            Interval(Integral, 1, None, closed="left"),
        ],
        "max_df": [
            Interval(RealNotInt, 0, 1, closed="both"),
            Interval(Integral, 1, None, closed="left"),
        ],
        "max_features": [Interval(Integral, 1, None, closed="left"), None],
        "binary": ["boolean"],
        "use_idf": ["boolean"],
        "smooth_idf": ["boolean"],
        "supervised": ["boolean", StrOptions({"auto"})],
        "sublinear_tf": ["boolean"],
        "norm": [StrOptions({"l1", "l2"}), None],
        "dtype": "no_validation",
        **dict.fromkeys(_UNSUPPORTED, "no_validation"),
    }

    def __init__(
        self,
        *,
        ngram_range=(1, 1),
        analyzer="word",
        lowercase=True,
        token_pattern=WORD_PATTERN,
        segmenter="auto",
        stop_words=None,
        min_df=1,
        max_df=1.0,
        max_features=None,
        binary=False,
        use_idf=True,
        smooth_idf=True,
        supervised=False,
        sublinear_tf=False,
        norm="l2",
        dtype=np.float64,
        strip_accents=None,
        preprocessor=None,
        tokenizer=None,
        vocabulary=None,
    ):
        self.ngram_range = ngram_range
        self.analyzer = analyzer
        self.lowercase = lowercase
        self.token_pattern = token_pattern
        self.segmenter = segmenter
        self.stop_words = stop_words
        self.min_df = min_df
        self.max_df = max_df
        self.max_features = max_features
        self.binary = binary
        self.use_idf = use_idf
        self.smooth_idf = smooth_idf
        self.supervised = supervised
        self.sublinear_tf = sublinear_tf
        self.norm = norm
        self.dtype = dtype
        self.strip_accents = strip_accents
        self.preprocessor = preprocessor
        self.tokenizer = tokenizer
        self.vocabulary = vocabulary

    def fit(self, X: Any, y: Any = None) -> "NgramVectorizer":
        """Learn the n-grams and their weights.

        Parameters
        ----------
        X : array-like of str, or polars.Series of list, of shape (n_samples,)
            Texts, or the tokens or ids of each text.
        y : array-like of shape (n_samples,), or sets of labels, optional
            Needed if `supervised`.

        Returns
        -------
        self
        """
        self._learn_weights(self._learn(X), y)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> sp.csr_matrix:
        """Learn the n-grams and their weights, and return the matrix of these rows.

        Parameters
        ----------
        X : array-like of str, or polars.Series of list, of shape (n_samples,)
            Texts, or the tokens or ids of each text.
        y : array-like of shape (n_samples,), or sets of labels, optional
            Needed if `supervised`.

        Returns
        -------
        csr_matrix of shape (n_samples, n_features)

        Raises
        ------
        ValueError
            If there is no n-gram, none is left by `min_df` and `max_df`, or y is needed.
        """
        counts = self._learn(X)
        self._learn_weights(counts, y)
        return align_sparse(self._weighted(counts))

    def transform(self, X: Any) -> sp.csr_matrix:
        """Return the matrix of new rows.

        Parameters
        ----------
        X : array-like of str, or polars.Series of list, of shape (n_samples,)
            Texts, or the tokens or ids of each text, as in `fit`.

        Returns
        -------
        csr_matrix of shape (n_samples, n_features)
        """
        check_fitted(self)
        few = self.transform_few(X)
        if few is not None:
            return align_sparse(few)
        segmenter = segmenter_to_transform(self.segmenter_)
        self._table.prepare()
        # Words are looked up fastest in small blocks; those of characters are cut once a block.
        rows = _WORD_ROWS if self.analyzer == "word" else BLOCK_ROWS
        found = map_blocks(
            texts_or_tokens(X), partial(self._transform_block, segmenter), max_rows=rows
        )
        return align_sparse(found[0] if len(found) == 1 else sp.vstack(found, format="csr"))

    def transform_few(self, X: Any) -> sp.csr_array | None:
        """Return the matrix of a few new texts, counted one by one; None if that cannot be done."""
        texts = few_texts(X)
        if texts is None or self.ngram_range[0] > _SHORTEST_PADDED:  # words may be shorter
            return None
        units = self._analyzer.split_few(texts, segmenter_to_transform(self.segmenter_))
        return self._weighted(self._with_dtype(self._table.count_few(units, self._wanted)))

    def _transform_block(self, segmenter: Segmenter | None, X: pl.Series) -> sp.csr_array:
        """Return the matrix of some new rows."""
        if self.analyzer == "char_wb":
            counts = self._count_within_words(self._analyzer.encode(X, segmenter))
        else:
            counts = self._table.count(self._analyzer.split(X, segmenter), self._wanted)
        return self._weighted(self._with_dtype(counts))

    def _count_within_words(self, words: EncodedTokens) -> sp.csr_array:
        """Count the n-grams of characters of each row, within its words."""
        characters = encode_characters(words.distinct, " ")
        return spread_over_rows(words, self._table.count(characters, self._wanted))

    def inverse_transform(self, X: Any) -> list[np.ndarray]:
        """Return the n-grams of each row of a matrix.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        list of ndarray of str
            One array per row.
        """
        check_fitted(self)
        X = sp.csr_array(check_array(X, accept_sparse="csr"), copy=True)
        X.eliminate_zeros()
        return np.split(self.get_feature_names_out()[X.indices], X.indptr[1:-1])

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the n-grams in the order of the columns.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        ndarray of object of shape (n_features,)
        """
        check_fitted(self)
        return self._table.names().to_numpy()

    @property
    def vocabulary_(self) -> dict[str, int]:
        """Column of each n-gram, a dictionary of str to int."""
        return {name: column for column, name in enumerate(self.get_feature_names_out())}

    @property
    def idf_(self) -> np.ndarray:
        """Weight of each column, an array of shape (n_features,)."""
        return self._weights.idf_

    @property
    def _wanted(self) -> NgramRange:
        """Which n-grams are counted, by `ngram_range` and `analyzer`."""
        min_n, max_n = self.ngram_range
        return NgramRange(min_n, max_n, whole_rows=self.analyzer == "char_wb")

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take a state; earlier versions did not split scripts without spaces."""
        if "segmenter" not in state:
            state = {**state, "segmenter_": None, "word_statistics_": {}}
        super().__setstate__(state)

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether it is fitted: no attribute that is stored ends in `_`."""
        return hasattr(self, "_weights")

    def _check_parameters(self) -> None:
        """Reject values that `_parameter_constraints` cannot express, and name alternatives."""
        self._validate_params()
        if self.analyzer not in ANALYZERS:
            raise ValueError(
                f"analyzer must be one of {list(ANALYZERS)}, got {self.analyzer!r}; scikit-learn's "
                "TfidfVectorizer also takes functions."
            )
        self._analyzer.check()
        for name in _UNSUPPORTED:
            if getattr(self, name) is not None:
                raise ValueError(
                    f"{name} must be None, got {getattr(self, name)!r:.60}; scikit-learn's "
                    "TfidfVectorizer and CountVectorizer have this option."
                )
        if not is_ngram_range(self.ngram_range):
            raise ValueError(
                f"Invalid value for ngram_range={self.ngram_range}: expected (min_n, max_n) with "
                "1 <= min_n <= max_n; is the lower boundary larger than the upper boundary?"
            )
        if self.supervised is True and not self.use_idf:
            raise ValueError("supervised=True multiplies idf_, so use_idf must be True, got False.")
        if self._has_weights and np.dtype(self.dtype) not in (np.float32, np.float64):
            warn_user(
                f"Only float32 and float64 can hold weights; dtype={self.dtype} becomes float64.",
                UserWarning,
            )

    @property
    def _has_weights(self) -> bool:
        """Whether the matrix holds weights; if not, it holds counts of any dtype."""
        return self.use_idf or self.sublinear_tf or self.norm is not None

    @property
    def _analyzer(self) -> Analyzer:
        """How texts are divided, by the parameters."""
        return Analyzer(self.analyzer, self.lowercase, self.token_pattern, self.stop_words)

    def _learn(self, X: Any) -> sp.csr_array:
        """Learn the table of n-grams, and count them.

        Returns
        -------
        csr_array of shape (n_samples, n_features)
            Columns in the order of their names, but stored within each row in the order of their
            first occurrence, as scikit-learn stores them.
        """
        self._check_parameters()
        tokens = self._encode_to_fit(texts_or_tokens(X))
        within_words = self.analyzer == "char_wb"
        units = encode_characters(tokens.distinct, " ") if within_words else tokens
        separator = " " if self.analyzer == "word" else ""
        table, counts, columns = learn_table(units, self._wanted, separator)
        if within_words:
            counts = spread_over_rows(tokens, counts)
        # A new matrix, since the old one has noted that its columns ascend.
        parts = counts.data, columns.take(counts.indices), counts.indptr
        counts = self._with_dtype(sp.csr_array(parts, shape=counts.shape))
        kept = frequent_columns(counts, self.min_df, self.max_df, self.max_features)
        if kept.all():
            self._table = table
            return counts
        self._table = table.keep(kept)
        return counts[:, np.flatnonzero(kept)]

    def _encode_to_fit(self, X: pl.Series) -> EncodedTokens:
        """Return the units of the training texts, and record how they were found."""
        is_of_words = self.analyzer == "word" and not is_ragged(X)
        segmenter = segmenter_to_fit(self.segmenter) if is_of_words else None
        tokens = self._analyzer.encode(X, segmenter)
        self.segmenter_ = None if segmenter is None else segmenter.record
        self.word_statistics_ = {}
        if is_of_words:
            warn_of_bigrams(self.segmenter, self.segmenter_)
            self.word_statistics_ = word_statistics(X, tokens, segmenter)
            warn_of_undivided(self.word_statistics_["undivided"], self.token_pattern)
        return tokens

    def _with_dtype(self, counts: sp.csr_array) -> sp.csr_array:
        """Apply `binary` and `dtype` to counts, in place."""
        counts.data = (counts.data > 0 if self.binary else counts.data).astype(self.dtype)
        return counts

    def _learn_weights(self, counts: sp.csr_array, y: Any) -> None:
        """Learn the weights of the columns."""
        names = ("supervised", "norm", "use_idf", "smooth_idf", "sublinear_tf")
        self._weights = fit_weights(counts, y, **{name: getattr(self, name) for name in names})

    def _weighted(self, counts: sp.csr_array) -> sp.csr_array:
        """Turn counts into weights in place, if there are any."""
        return weigh(counts, self._weights) if self._has_weights else counts
