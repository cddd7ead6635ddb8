"""A tokenizer that splits texts into words."""

from collections.abc import Callable
from numbers import Integral
from typing import Any

import numpy as np
import polars as pl
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import gen_batches

from agnews_sk._core.base import StatelessMixin, TextInputMixin
from agnews_sk._core.columnar import map_blocks
from agnews_sk._core.earlier_states import TakesEarlierStates
from agnews_sk._core.parameter_checks import check_params
from agnews_sk._core.stop_words import LANGUAGES, stop_word_set, warn_of_stop_words
from agnews_sk._core.validation import StrOptions, check_texts
from agnews_sk.tokenization._encoded_tokens import decode_tokens, drop_tokens, encode_tokens
from agnews_sk.tokenization._segmentation import (
    SEGMENTERS,
    Segmenter,
    segmenter_to_fit,
    segmenter_to_transform,
    warn_of_bigrams,
)
from agnews_sk.tokenization._word_statistics import undivided_share, warn_of_undivided
from agnews_sk.tokenization._words import WORD_PATTERN, find_words, lower_case

_BATCH_ROWS = 2_000  # texts per task of a process
_ENGLISH_STEMMERS = ("porter", "snowball", "lancaster")


class WordTokenizer(  # type: ignore[call-arg]
    TakesEarlierStates,
    StatelessMixin,
    TextInputMixin,
    TransformerMixin,
    BaseEstimator,
    auto_wrap_output_keys=None,
):
    r"""Split texts into words.

    Parameters
    ----------
    pattern : str, default=r"\b\w\w+\b"
        Regular expression of a word, for `method="regex"`. The default is scikit-learn's: two or
        more letters, digits or underscores.
    lowercase : bool, default=False
        Convert texts to lower case first.
    method : {"regex", "treebank", "tweet", "toktok"}, default="regex"
        Split by the pattern, all texts at once, or by one of NLTK's tokenizers, text by text.
    segmenter : {"auto", "dictionary", "bigrams"} or None, default="auto"
        Splits runs of Chinese, Japanese, Thai, Lao, Khmer and Burmese into words, for
        `method="regex"`: by the dictionaries of jieba and ICU (extra `languages`), or into pairs of
        neighbouring characters. "auto" is dictionaries if they are installed, and else bigrams.
        None applies the pattern to them.
    stemmer : str or None, default=None
        Stemmer of NLTK; each distinct word is stemmed once: "porter", "snowball" or "lancaster" for
        English, or the language of a Snowball stemmer, such as "german".
    stop_words : str, list of str or None, default=None
        Words to remove before stemming; compared with their case. "english" is scikit-learn's
        list, in lower case, and other languages such as "german" are those of the package
        `stop-words` (extra `languages`).
    n_jobs : int or None, default=None
        Number of processes for NLTK's tokenizers, as in joblib.

    Attributes
    ----------
    segmenter_ : str or None
        What split the texts of `fit`, and will split others; None if none of them
        has a script without spaces.

    See Also
    --------
    Vocabulary : Turns the tokens into ids.

    Notes
    -----
    Nothing is downloaded, and `transform` works without `fit`. A missing or empty text has no
    words. Without a segmenter, the tokens equal those of :func:`re.findall` for any text and
    pattern. Patterns that use more than letters, classes, ``\b``, ``\w``, ``\d`` and ``+`` are
    slower: they run in Python, text by text.

    Examples
    --------
    >>> from agnews_sk.tokenization import WordTokenizer
    >>> tokenizer = WordTokenizer(lowercase=True, stop_words="english", stemmer="porter")
    >>> tokenizer.transform(["The prices of oil are rising", None]).to_list()
    [['price', 'oil', 'rise'], []]
    """

    _parameter_constraints: dict[str, Any] = {
        "pattern": [str],
        "lowercase": ["boolean"],
        "method": [StrOptions({"regex", "treebank", "tweet", "toktok"})],
        "segmenter": [StrOptions(SEGMENTERS), None],
        "stemmer": [StrOptions({*_ENGLISH_STEMMERS, *LANGUAGES}), None],
        "stop_words": [StrOptions(LANGUAGES), list, tuple, set, frozenset, None],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        *,
        pattern=WORD_PATTERN,
        lowercase=False,
        method="regex",
        segmenter="auto",
        stemmer=None,
        stop_words=None,
        n_jobs=None,
    ):
        self.pattern = pattern
        self.lowercase = lowercase
        self.method = method
        self.segmenter = segmenter
        self.stemmer = stemmer
        self.stop_words = stop_words
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None) -> "WordTokenizer":
        """Check the parameters and the texts, and record what splits them.

        Parameters
        ----------
        X : array-like of str of shape (n_samples,)
        y : None
            Ignored.

        Returns
        -------
        self
        """
        self.fit_transform(X)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> pl.Series:
        """Return the words of each text, and record what splits them.

        Parameters
        ----------
        X : array-like of str of shape (n_samples,)
        y : None
            Ignored.

        Returns
        -------
        polars.Series of list of str of shape (n_samples,)

        Warns
        -----
        UserWarning
            If the texts have a script without spaces and dictionaries are not installed, most of
            them have one word, or texts never have one of the stop words.
        """
        self._validate_params()
        warn_of_stop_words(
            self.stop_words,
            lambda words: self._split(pl.Series(words, dtype=pl.String), None).to_list(),
        )
        texts = check_texts(X).fill_null("")
        segmenter = segmenter_to_fit(self.segmenter)
        words = self._words(texts, segmenter)
        self.segmenter_ = None if segmenter is None else segmenter.record
        warn_of_bigrams(self.segmenter, self.segmenter_)
        warn_of_undivided(undivided_share(texts, words.list.len().to_numpy()), self.pattern)
        return words

    def transform(self, X: Any) -> pl.Series:
        """Return the words of each text.

        Parameters
        ----------
        X : array-like of str of shape (n_samples,)
            Missing texts have no words.

        Returns
        -------
        polars.Series of list of str of shape (n_samples,)
        """
        check_params(self)
        texts = check_texts(X).fill_null("")
        return self._words(texts, self.choose_segmenter())

    def choose_segmenter(self) -> Segmenter | None:
        """Return what splits runs of scripts without spaces: that of `fit`, or by the parameter."""
        record = getattr(self, "segmenter_", None)
        return segmenter_to_transform(record) if record else segmenter_to_fit(self.segmenter)

    def _words(self, texts: pl.Series, segmenter: Segmenter | None) -> pl.Series:
        """Return the words of texts without nulls, stemmed and without stop words."""

        def split(block: pl.Series) -> pl.Series:
            return self._split(block, segmenter)

        if self.stemmer is None and self.stop_words is None:
            # NLTK's tokenizers have processes of their own.
            is_fast = self.method == "regex"
            return pl.concat(map_blocks(texts, split)) if is_fast else split(texts)
        tokens = encode_tokens(texts, split)
        if self.stop_words is not None:
            stop_words = list(stop_word_set(self.stop_words))
            tokens = drop_tokens(tokens, tokens.distinct.is_in(stop_words).to_numpy())
        if self.stemmer is not None:
            stems = map(_stem_function(self.stemmer), tokens.distinct)
            tokens = tokens._replace(distinct=pl.Series(stems, dtype=pl.String))
        return decode_tokens(tokens)

    def inverse_transform(self, X: pl.Series) -> np.ndarray:
        """Return the tokens of each row joined by spaces.

        Parameters
        ----------
        X : polars.Series of list of str of shape (n_samples,)

        Returns
        -------
        ndarray of object of shape (n_samples,)
        """
        return X.list.join(" ").to_numpy()

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the name of the output, one column of tokens.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        ndarray of object of shape (1,)
        """
        return np.array(["tokens"], dtype=object)

    def _split(self, texts: pl.Series, segmenter: Segmenter | None) -> pl.Series:
        """Return the words of texts without nulls, before stop words and stemming."""
        if self.method == "regex":
            return find_words(texts, self.pattern, segmenter, lowercase=self.lowercase)
        texts = lower_case(texts) if self.lowercase else texts
        batches = gen_batches(len(texts), _BATCH_ROWS)
        found = Parallel(n_jobs=self.n_jobs)(
            delayed(_tokenize)(self.method, texts[batch].to_list()) for batch in batches
        )
        tokens = [tokens for batch in found for tokens in batch]
        return pl.Series(tokens, dtype=pl.List(pl.String))


def _tokenize(method: str, texts: list[str]) -> list[list[str]]:
    """Return the tokens of texts by a tokenizer of NLTK, which is made here, in the process."""
    from nltk.tokenize import NLTKWordTokenizer, ToktokTokenizer, TweetTokenizer

    tokenizers = {
        "treebank": NLTKWordTokenizer,
        "tweet": TweetTokenizer,
        "toktok": ToktokTokenizer,
    }
    tokenize = tokenizers[method]().tokenize
    return [tokenize(text) for text in texts]


def _stem_function(stemmer: str) -> Callable[[str], str]:
    """Return NLTK's function from a word to its stem."""
    from nltk.stem import LancasterStemmer, PorterStemmer, SnowballStemmer

    english = {
        "porter": PorterStemmer,
        "snowball": lambda: SnowballStemmer("english"),
        "lancaster": LancasterStemmer,
    }
    return (english[stemmer]() if stemmer in english else SnowballStemmer(stemmer)).stem
