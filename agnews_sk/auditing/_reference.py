"""What the texts of a model look like: a summary of rows that it was not fitted on."""

import base64
import binascii
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from agnews_sk._core.joining import column_joiner, fitted_columns
from agnews_sk._core.label_sets import thresholds_of
from agnews_sk._core.validation import take_rows, text_columns
from agnews_sk.auditing._text_statistics import (
    N_BINS,
    STATISTICS,
    KnownTexts,
    confidences_of,
    values_of,
)

FORMAT = 1
MIN_TEXTS = 100
# More rows change the summary little, and cost time.
MAX_KNOWN, MAX_TEXTS = 10_000, 2_000
_N_WORDS, _N_NGRAMS = 1 << 17, 1 << 14


@dataclass(frozen=True, eq=False)
class TextReference:
    """A summary of texts that a model predicts as it should, to compare later texts with.

    It holds no text: a set of hashed words, the frequencies of hashed trigrams of characters, and a
    histogram of three statistics of held-out texts.

    Parameters
    ----------
    known : KnownTexts
        Words and trigrams of one part of the rows.
    counts : ndarray of int of shape (3, 256)
        Histograms of the statistics of the other rows: the share of unknown words, the confidence,
        and the mean information of trigrams.

    See Also
    --------
    audit_against : Compares rows with it.
    DriftMonitor : Watches a stream of texts.

    Examples
    --------
    >>> from agnews_sk import make_tfidf_pipeline
    >>> from agnews_sk.auditing import TextReference
    >>> from agnews_sk.datasets import make_news
    >>> X, y = make_news(400, random_state=0, return_X_y=True)
    >>> model = make_tfidf_pipeline().fit(X[:200], y[:200])
    >>> TextReference.of(model, X[200:], X[:200]).n_texts
    200
    """

    known: KnownTexts = field(repr=False)
    counts: np.ndarray = field(repr=False)

    def __repr__(self) -> str:
        return f"TextReference({self.n_texts:,} texts)"

    @property
    def n_texts(self) -> int:
        """Number of texts in the histograms."""
        return int(self.counts[0].sum())

    @property
    def means(self) -> dict[str, float]:
        """Mean of each statistic: a share, a probability, and bits per trigram."""
        values = values_of(np.repeat(np.arange(N_BINS)[:, None], len(STATISTICS), axis=1))
        means = (self.counts * values.T).sum(axis=1) / self.n_texts
        return dict(zip(STATISTICS, means.tolist()))

    @classmethod
    def of(
        cls, model: Any, X: Any, X_train: Any = None, *, random_state: int = 0
    ) -> "TextReference":
        """Summarize rows that a model was not fitted on.

        Parameters
        ----------
        model : fitted text classifier
            With `predict_proba`.
        X : DataFrame or array-like of str of shape (n_texts,)
            Held-out rows, 100 or more; at most 2,000 of them, drawn at random, are used. Rows that
            the model was fitted on would make it look more certain than it is on new ones.
        X_train : like X, of n_train_rows, optional
            Rows whose words and trigrams are known, such as the training rows; at most 10,000 are
            used. By default, half of `X`, which is then not used for the histograms.
        random_state : int, default=0
            Random seed of what is drawn. It is fixed by default, so that references agree.

        Returns
        -------
        TextReference

        Raises
        ------
        ValueError
            If there are fewer than 100 rows.
        """
        rng = np.random.default_rng(random_state)
        texts = joined_texts(model, X)
        if len(texts) < MIN_TEXTS:
            raise ValueError(
                f"X must have {MIN_TEXTS} rows or more to tell what texts look like, got "
                f"{len(texts)}."
            )
        order = rng.permutation(len(texts))
        if X_train is None:
            n_known = min(len(texts) // 2, MAX_KNOWN)
            known, order = [texts[i] for i in order[:n_known]], order[n_known:]
        else:
            train = joined_texts(model, X_train)
            known = [train[i] for i in rng.permutation(len(train))[:MAX_KNOWN]]
        rows = np.sort(order[:MAX_TEXTS])
        found = KnownTexts.of(known)
        bins = bins_of(found, model, X, texts, rows)
        counts = np.stack([np.bincount(column, minlength=N_BINS) for column in bins.T])
        return cls(found, counts)

    def to_dict(self) -> dict[str, Any]:
        """Return the summary for JSON, about 30 kilobytes.

        Returns
        -------
        dict of str to object
        """
        return {
            "format": FORMAT,
            "words": _packed(np.packbits(self.known.words)),
            "costs": _packed(self.known.costs),
            "counts": dict(zip(STATISTICS, self.counts.tolist())),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "TextReference":
        """Return the reference that `to_dict` returned, after checking it.

        Parameters
        ----------
        content : mapping of str to object

        Returns
        -------
        TextReference

        Raises
        ------
        ValueError
            If it is not what `to_dict` returns.
        """
        try:
            if content["format"] != FORMAT:
                raise ValueError(f"its format is {content['format']!r:.20}, not {FORMAT}")
            words = np.unpackbits(_unpacked(content["words"], _N_WORDS // 8)).astype(bool)
            costs = _unpacked(content["costs"], _N_NGRAMS)
            rows = [content["counts"][name] for name in STATISTICS]
            if not all(type(n) is int and 0 <= n <= MAX_TEXTS for row in rows for n in row):
                raise ValueError("its counts are no numbers of texts")
            counts = np.array(rows, dtype=np.int64)
            if counts.shape != (len(STATISTICS), N_BINS) or len(set(counts.sum(axis=1))) != 1:
                raise ValueError("its histograms are not those of the same texts")
            if not counts.any():
                raise ValueError("it is of no texts")
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"this is no reference of texts: {error!s:.100}.") from error
        return cls(KnownTexts(words, costs), counts)


def joined_texts(model: Any, X: Any, name: str = "X") -> list[str]:
    """Return one text per row, joined as the model joins its columns.

    Parameters
    ----------
    model : fitted text classifier
    X : DataFrame or array-like of str of shape (n_texts,)
    name : str, default="X"
        For messages.

    Returns
    -------
    list of str
        Missing texts are empty.
    """
    columns = text_columns(X, fitted_columns(model) or None, name=name)
    join = column_joiner(model, list(columns))
    return ["" if text is None else text for text in join(columns).to_list()]


def bins_of(
    known: KnownTexts, model: Any, X: Any, texts: Sequence[str], rows: np.ndarray
) -> np.ndarray:
    """Return the statistics of some rows.

    Parameters
    ----------
    known : KnownTexts
    model : fitted text classifier
    X : DataFrame or array-like of str of shape (n_texts,)
    texts : sequence of str of shape (n_texts,)
        The joined rows.
    rows : ndarray of int of shape (n_rows,)
        Positions.

    Returns
    -------
    ndarray of int of shape (n_rows, 3)
    """
    probabilities = np.asarray(model.predict_proba(take_rows(X, rows)))
    confidences = confidences_of(model, probabilities, thresholds_of(model))
    return known.bins([texts[i] for i in rows], confidences)


def _packed(array: np.ndarray) -> str:
    """Return bytes as text."""
    return base64.b64encode(zlib.compress(array.tobytes(), 9)).decode("ascii")


def _unpacked(text: str, n_bytes: int) -> np.ndarray:
    """Return so many bytes of a text; never more, whatever the text says."""
    try:
        expand = zlib.decompressobj()
        content = expand.decompress(base64.b64decode(text, validate=True), n_bytes + 1)
    except (binascii.Error, zlib.error) as error:
        raise ValueError(str(error)) from error
    if len(content) != n_bytes or not expand.eof:
        raise ValueError(f"{n_bytes} bytes are needed")
    return np.frombuffer(content, dtype=np.uint8)
