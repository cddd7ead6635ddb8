"""N-grams of words, of characters or of both, as the training texts require."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from numbers import Integral, Real
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin, clone

from agnews_sk._core.base import TextInputMixin
from agnews_sk._core.earlier_states import TakesEarlierStates
from agnews_sk._core.fitted import check_fitted
from agnews_sk._core.validation import Interval, StrOptions, align_sparse
from agnews_sk.tokenization import MOSTLY
from agnews_sk.vectorization._analyzer import texts_or_tokens
from agnews_sk.vectorization._vectorizer import NgramVectorizer

UNITS = ("auto", "words", "characters", "both")
# N-grams in fewer than 0.003 % of rows are ignored: those of a single row in a corpus of more than
# 33,333 rows, and none in a smaller corpus.
_WORDS_MIN_DF = 3e-5
_CHARACTERS_MIN_DF = 1e-4
# Shares of words from which on characters are added.
_MANY_UNSEEN = 0.05
_MANY_SEGMENTED = 0.1
_WEIGHT, _SPACELESS_WEIGHT = 0.6, 0.8  # of characters
_NO_WORDS = "empty vocabulary"  # in the message of a vectorizer that finds none
# With fewer rows, shares say little, and the time of the classifier does not matter.
_ROWS_FOR_MAX_DF = 200
# In the messages of a vectorizer that a `max_df` leaves no n-gram.
_NONE_LEFT = ("no terms remain", "max_df corresponds to < documents than min_df")


class NgramUnion(  # type: ignore[call-arg]
    TakesEarlierStates, TextInputMixin, TransformerMixin, BaseEstimator, auto_wrap_output_keys=None
):
    """Turn texts into TF-IDF of word n-grams, of character n-grams, or of both.

    Parameters
    ----------
    words : NgramVectorizer or None, default=None
        None is words and word pairs with sublinear term frequencies, in at least 0.003 % of rows.
    characters : NgramVectorizer or None, default=None
        None is n-grams of 2 to 5 characters within words, likewise, in at least 0.01 % of rows.
    units : {"auto", "words", "characters", "both"}, default="auto"
        "auto" chooses in `fit`: characters are added where words alone are not enough, see Notes.
    character_weight : float or "auto", default="auto"
        Norm of the character n-grams of a row whose norm is one, with "both". "auto" is 0.8 where
        most words are of scripts without spaces, and else 0.6.
    spaceless_ngram_range : tuple (min_n, max_n) or None, default=(1, 3)
        Range of the character n-grams where most words are of scripts without spaces, or "auto"
        finds no words: there a character says more. None leaves that of `characters`, as does
        `units="characters"`, which looks at no words.
    character_max_df : float or None, default=0.2
        Character n-grams in a larger share of the rows are ignored beside words of scripts with
        spaces, from 200 rows on: they are a third of the stored values, and say little. Ignored if
        `characters` has a `max_df`, or if no n-gram would be left. None ignores none.
    verbose : bool, default=False
        Print the choice of "auto".

    Attributes
    ----------
    units_ : {"words", "characters", "both"}
        What is counted.
    reason_ : str
        Why, in a sentence.
    words_, characters_ : NgramVectorizer or None
        Fitted; None for what is not counted.
    character_weight_ : float
    vocabulary_ : dict of str to int
        Column of each n-gram; built on access.

    See Also
    --------
    NgramVectorizer : Either of the two.

    Notes
    -----
    No language is named or detected. "auto" is

    - "characters" if most of the longer texts have at most one word: their script has no spaces and
      no segmenter splits it, or their words do not match the pattern;
    - "both" if the segmenter found a tenth of the words or more, since words of these scripts are
      not exact; or if at least 5 % of the words of new texts are expected to be unseen (the share
      of the words that occur once), as with few rows, compounds and rich inflection;
    - "words" otherwise. Tokens, in place of texts, are words.

    Columns are named by their n-grams; with "both", after `words__` or `characters__`.

    Examples
    --------
    >>> from agnews_sk.vectorization import NgramUnion
    >>> union = NgramUnion().fit(["oil prices rise", "oil shares fall"])
    >>> union.units_, union.reason_
    ('both', '66.7 % of the words of new texts are expected to be unseen')
    >>> union.set_params(units="words").fit_transform(["oil prices", "oil shares"]).shape
    (2, 5)
    """

    _parameter_constraints: dict[str, Any] = {
        "words": [NgramVectorizer, None],
        "characters": [NgramVectorizer, None],
        "units": [StrOptions(set(UNITS))],
        "character_weight": [Interval(Real, 0, 1, closed="neither"), StrOptions({"auto"})],
        "spaceless_ngram_range": [tuple, list, None],
        "character_max_df": [Interval(Real, 0, 1, closed="right"), None],
        "verbose": ["boolean"],
    }

    def __init__(
        self,
        *,
        words=None,
        characters=None,
        units="auto",
        character_weight="auto",
        spaceless_ngram_range=(1, 3),
        character_max_df=0.2,
        verbose=False,
    ):
        self.words = words
        self.characters = characters
        self.units = units
        self.character_weight = character_weight
        self.spaceless_ngram_range = spaceless_ngram_range
        self.character_max_df = character_max_df
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None) -> "NgramUnion":
        """Choose the units, and learn their n-grams and weights.

        Parameters
        ----------
        X : array-like of str, or polars.Series of list of str, of shape (n_samples,)
            Texts, or the tokens of each text.
        y : array-like of shape (n_samples,), or sets of labels, optional
            Needed if a part is `supervised`.

        Returns
        -------
        self
        """
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> sp.csr_matrix:
        """Choose the units, learn their n-grams and weights, and return the matrix of these rows.

        Parameters
        ----------
        X : array-like of str, or polars.Series of list of str, of shape (n_samples,)
            Texts, or the tokens of each text.
        y : array-like of shape (n_samples,), or sets of labels, optional
            Needed if a part is `supervised`.

        Returns
        -------
        csr_matrix of shape (n_samples, n_features)

        Raises
        ------
        ValueError
            If there is no n-gram, or none is left by `min_df` and `max_df`.
        """
        self._validate_params()
        texts = texts_or_tokens(X)
        return self._joined(self.fit_parts(lambda part: part.fit_transform(texts, y), len(texts)))

    def fit_parts(self, fit: Callable[[NgramVectorizer], Any], n_texts: int) -> list[Any]:
        """Choose the units, and fit the vectorizers of words and of characters that they need.

        Parameters
        ----------
        fit : callable
            Fits a vectorizer to the texts; characters may be fitted twice.
        n_texts : int

        Returns
        -------
        list
            What it returns for each vectorizer, in the order of their columns.
        """
        words, characters = self._unfitted()
        units, reason = self.units, "as `units` says"
        parts: list[Any] = []
        if units != "characters":
            units, reason, parts = self._fit_words(words, fit)
        is_spaceless = self._is_spaceless(units, words)
        self.character_weight_ = self._weight(is_spaceless)
        if is_spaceless and self.spaceless_ngram_range is not None:
            characters.set_params(ngram_range=self.spaceless_ngram_range)
        if units != "words":
            limited = units == "both" and not is_spaceless and n_texts >= _ROWS_FOR_MAX_DF
            parts.append(self._fit_characters(characters, fit, limited))
        self.units_, self.reason_ = units, reason
        self.words_ = None if units == "characters" else words
        self.characters_ = None if units == "words" else characters
        if self.verbose:
            print(f"[{type(self).__name__}] {units}: {reason}")
        return parts

    def _is_spaceless(self, units: str, words: NgramVectorizer) -> bool:
        """Return whether most words are of scripts without spaces, or "auto" found no words."""
        if units == "characters":
            return self.units == "auto"
        return words.word_statistics_.get("segmented", 0.0) > MOSTLY

    def _weight(self, is_spaceless: bool) -> float:
        """Return the weight of characters."""
        if self.character_weight != "auto":
            return self.character_weight
        return _SPACELESS_WEIGHT if is_spaceless else _WEIGHT

    def _unfitted(self) -> tuple[NgramVectorizer, NgramVectorizer]:
        """Return new vectorizers of words and of characters."""
        return (
            default_words() if self.words is None else clone(self.words),
            default_characters() if self.characters is None else clone(self.characters),
        )

    def _fit_words(
        self, words: NgramVectorizer, fit: Callable[[NgramVectorizer], Any]
    ) -> tuple[str, str, list[Any]]:
        """Fit the words, and choose by them.

        Parameters
        ----------
        words : NgramVectorizer
        fit : callable

        Returns
        -------
        units, reason : str
        parts : list
            What `fit` returned for the words, or nothing if they are not counted.
        """
        try:
            part = fit(words)
        except ValueError as error:
            if self.units != "auto" or _NO_WORDS not in str(error):
                raise
            return "characters", "the texts have no words", []
        if self.units != "auto":
            return self.units, "as `units` says", [part]
        units, reason = choose_units(words.word_statistics_)
        return units, reason, [] if units == "characters" else [part]

    def _fit_characters(
        self, characters: NgramVectorizer, fit: Callable[[NgramVectorizer], Any], limited: bool
    ) -> Any:
        """Fit the characters, and return what `fit` does.

        Parameters
        ----------
        characters : NgramVectorizer
        fit : callable
        limited : bool
            Whether to ignore the n-grams that `character_max_df` says.

        Returns
        -------
        object
        """
        has_own = isinstance(characters.max_df, Integral) or characters.max_df != 1.0
        if not limited or has_own or self.character_max_df is None:
            return fit(characters)
        characters.set_params(max_df=float(self.character_max_df))  # integers are numbers of rows
        try:
            return fit(characters)
        except ValueError as error:
            if not any(message in str(error) for message in _NONE_LEFT):
                raise
        return fit(characters.set_params(max_df=1.0))

    def transform(self, X: Any) -> sp.csr_matrix:
        """Return the matrix of new rows.

        Parameters
        ----------
        X : array-like of str, or polars.Series of list of str, of shape (n_samples,)
            Texts, or the tokens of each text, as in `fit`.

        Returns
        -------
        csr_matrix of shape (n_samples, n_features)
        """
        check_fitted(self)
        few = [part.transform_few(X) for _, part in self.fitted_parts]
        if all(part is not None for part in few):
            return align_sparse(self._joined(few, _side_by_side))
        texts = texts_or_tokens(X)
        return self._joined([part.transform(texts) for _, part in self.fitted_parts])

    def _joined(self, parts: list[Any], join: Callable[[Any], Any] = sp.hstack) -> Any:
        """Return the columns of one or two matrices, weighted if there are two."""
        if len(parts) == 1:
            return parts[0]
        # Their squares add up to one, so that rows keep their norm.
        weights = np.sqrt(1 - self.character_weight_**2), self.character_weight_
        for part, weight in zip(parts, weights):
            part.data = part.data * weight
        return join(parts).tocsr()

    @property
    def fitted_parts(self) -> list[tuple[str, NgramVectorizer]]:
        """The prefix of feature names and the vectorizer of each part, in the order of columns."""
        parts = [("words__", self.words_), ("characters__", self.characters_)]
        used = [(prefix, part) for prefix, part in parts if part is not None]
        return used if len(used) == 2 else [("", used[0][1])]

    @property
    def vocabulary_(self) -> dict[str, int]:
        """Column of each n-gram, a dictionary of str to int."""
        return {name: column for column, name in enumerate(self.get_feature_names_out())}

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
        return np.concatenate(
            [prefix + part.get_feature_names_out() for prefix, part in self.fitted_parts]
        )


def _side_by_side(parts: list[sp.csr_array]) -> sp.csr_array:
    """Return the columns of two matrices of a few rows, in less time than SciPy takes to check.

    Parameters
    ----------
    parts : list of two csr_array of shape (n_rows, n_left) and (n_rows, n_right)

    Returns
    -------
    csr_array of shape (n_rows, n_left + n_right)
    """
    left, right = parts
    n_left = left.shape[1]
    bounds = zip(pairwise(left.indptr.tolist()), pairwise(right.indptr.tolist()))
    columns, values = [], []
    right_columns = right.indices + np.int32(n_left)
    for (start, end), (other_start, other_end) in bounds:
        columns += [left.indices[start:end], right_columns[other_start:other_end]]
        values += [left.data[start:end], right.data[other_start:other_end]]
    entries = np.concatenate(values), np.concatenate(columns), left.indptr + right.indptr
    joined = sp.csr_array(entries, shape=(left.shape[0], n_left + right.shape[1]))
    joined.has_canonical_format = True
    return joined


def choose_units(statistics: Mapping[str, float]) -> tuple[str, str]:
    """Choose words, characters or both by the words of the training texts.

    Parameters
    ----------
    statistics : mapping of str to float
        `word_statistics_` of a vectorizer; empty for tokens.

    Returns
    -------
    units : {"words", "characters", "both"}
    reason : str
    """
    if not statistics:
        return "words", "the input is tokens"
    if statistics["undivided"] > MOSTLY:
        share = _percent(statistics["undivided"])
        return "characters", f"{share} of the texts have at most one word"
    if statistics["segmented"] >= _MANY_SEGMENTED:
        share = _percent(statistics["segmented"])
        return "both", f"{share} of the words are of scripts without spaces"
    share = _percent(statistics["unseen"])
    units = "both" if statistics["unseen"] >= _MANY_UNSEEN else "words"
    return units, f"{share} of the words of new texts are expected to be unseen"


def _percent(share: float) -> str:
    """Return a share in percent."""
    return f"{100 * share:.3g} %"


def default_words(**params: Any) -> NgramVectorizer:
    """Return the unfitted vectorizer of words, with some parameters."""
    defaults = {"ngram_range": (1, 2), "min_df": _WORDS_MIN_DF, "sublinear_tf": True}
    return NgramVectorizer(**{**defaults, **params})


def default_characters(**params: Any) -> NgramVectorizer:
    """Return the unfitted vectorizer of characters, with some parameters."""
    defaults = {"ngram_range": (2, 5), "min_df": _CHARACTERS_MIN_DF, "sublinear_tf": True}
    return NgramVectorizer(analyzer="char_wb", **{**defaults, **params})
