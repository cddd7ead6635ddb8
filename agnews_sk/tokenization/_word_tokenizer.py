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
from agnews_sk._core.validation import StrOptions, check_texts
from agnews_sk._core.words import (
    WORD_PATTERN,
    decode_tokens,
    drop_tokens,
    encode_tokens,
    find_words,
    lower_case,
    stop_word_set,
)

_BATCH_ROWS = 2_000  # texts per task of a process


class WordTokenizer(  # type: ignore[call-arg]
    StatelessMixin, TextInputMixin, TransformerMixin, BaseEstimator, auto_wrap_output_keys=None
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
    stemmer : {"porter", "snowball", "lancaster"} or None, default=None
        English stemmer of NLTK; each distinct word is stemmed once.
    stop_words : {"english"}, list of str or None, default=None
        Words to remove before stemming; compared with their case. "english" is scikit-learn's
        list, in lower case.
    n_jobs : int or None, default=None
        Number of processes for NLTK's tokenizers, as in joblib.

    See Also
    --------
    Vocabulary : Turns the tokens into ids.

    Notes
    -----
    Nothing is learned or downloaded: `transform` works without `fit`. A missing or empty text has
    no words. The tokens equal those of :func:`re.findall` for any text and pattern. Patterns that
    use more than letters, classes, ``\b``, ``\w``, ``\d`` and ``+`` are slower: they run in Python,
    text by text.

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
        "stemmer": [StrOptions({"porter", "snowball", "lancaster"}), None],
        "stop_words": [StrOptions({"english"}), list, tuple, set, frozenset, None],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        *,
        pattern=WORD_PATTERN,
        lowercase=False,
        method="regex",
        stemmer=None,
        stop_words=None,
        n_jobs=None,
    ):
        self.pattern = pattern
        self.lowercase = lowercase
        self.method = method
        self.stemmer = stemmer
        self.stop_words = stop_words
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None) -> "WordTokenizer":
        """Check the parameters and the texts; nothing is learned.

        Parameters
        ----------
        X : array-like of str of shape (n_samples,)
        y : None
            Ignored.

        Returns
        -------
        self
        """
        self._validate_params()
        check_texts(X)
        self.transform([""])
        return self

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
        self._validate_params()
        texts = check_texts(X).fill_null("")
        if self.stemmer is None and self.stop_words is None:
            return self._split(texts)
        tokens = encode_tokens(texts, self._split)
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

    def _split(self, texts: pl.Series) -> pl.Series:
        """Return the words of texts without nulls, before stop words and stemming."""
        texts = lower_case(texts) if self.lowercase else texts
        if self.method == "regex":
            return find_words(texts, self.pattern)
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

    stemmers = {
        "porter": PorterStemmer,
        "snowball": lambda: SnowballStemmer("english"),
        "lancaster": LancasterStemmer,
    }
    return stemmers[stemmer]().stem
