"""Easy data augmentation (EDA): copies of training texts with some words edited."""

from collections.abc import Callable, Mapping
from functools import partial
from numbers import Integral, Real
from typing import Any

import numpy as np
import polars as pl
from sklearn.utils import check_random_state

from agnews_sk._core.base import RowSampler
from agnews_sk._core.columnar import flat_values, row_offsets, to_object_array, to_ragged
from agnews_sk._core.validation import Interval, n_rows
from agnews_sk.sampling._containers import take_and_replace
from agnews_sk.sampling._synonyms import find_in_dict, find_in_wordnet, replacements
from agnews_sk.sampling._word_edits import Ragged, Substitutes, delete, insert, replace, swap

Edit = Callable[[Ragged, np.ndarray, np.random.Generator], Ragged]

_SHARE = [Interval(Real, 0, 1, closed="both")]


class EDAAugmenter(RowSampler):
    """Add copies of each text with some words inserted, swapped, deleted or replaced.

    For each copy one of the four edits is drawn, with equal probability among those whose share is
    above 0, and ``max(1, round(share * n_words))`` of its words are edited. Words are separated by
    whitespace; the words of a copy are joined by single spaces.

    Parameters
    ----------
    n_copies : int, default=1
        Number of copies of each row.
    p_insert : float, default=0.1
        Share of words to insert, each a synonym of a random word of the text at a random position.
        If no word of the text has a synonym, random words of the text itself are inserted.
    p_swap : float, default=0.1
        Number of pairs of words to swap, as a share of the number of words.
    p_delete : float, default=0.1
        Share of words to delete; at least one word stays.
    p_synonym : float, default=0.0
        Share of words to replace by a synonym; fewer if fewer words have synonyms.
    columns : list of str, default=None
        Columns of a frame to edit; None means every column of texts. Others are copied unchanged.
    synonyms : dict of str to list of str, default=None
        Synonyms by word. With None, and `p_synonym` above 0, those of nltk's WordNet, whose data
        must be installed. A synonym gets the capital letter and punctuation of its word.
    keep_original : bool, default=True
        Whether to return the rows themselves too, before the copies.
    random_state : int, RandomState instance or None, default=None
        Random seed for edits, words and positions.

    Attributes
    ----------
    sample_indices_ : ndarray of int of shape (n_rows_out,)
        For each row of the output, the position of the row that it is or was copied from: first
        all rows, then the first copy of all rows, and so on.

    Notes
    -----
    The method is EDA [1]_, except that deletion there drops each word with probability `p_delete`;
    here the number of words is fixed as for the other edits, so that no copy with at least two
    words equals its text by chance. A text of one word is not changed by swap and deletion;
    missing and blank texts are copied unchanged. In pandas a copy has the index label of its row;
    categorical columns become plain texts.

    References
    ----------
    .. [1] J. Wei and K. Zou, "EDA: Easy data augmentation techniques for boosting performance on
       text classification tasks", EMNLP 2019, arXiv:1901.11196.

    Examples
    --------
    >>> from agnews_sk.sampling import EDAAugmenter
    >>> augmenter = EDAAugmenter(p_insert=0, p_swap=0, p_delete=0.3, random_state=0)
    >>> texts, labels = augmenter.fit_resample(["oil prices rise again"], ["Business"])
    >>> texts[0], len(texts[1].split()), labels
    ('oil prices rise again', 3, ['Business', 'Business'])
    """

    _parameter_constraints: dict = {
        "n_copies": [Interval(Integral, 1, None, closed="left")],
        "p_insert": _SHARE,
        "p_swap": _SHARE,
        "p_delete": _SHARE,
        "p_synonym": _SHARE,
        "columns": [list, tuple, None],
        "synonyms": [Mapping, None],
        "keep_original": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        n_copies=1,
        p_insert=0.1,
        p_swap=0.1,
        p_delete=0.1,
        p_synonym=0.0,
        columns=None,
        synonyms=None,
        keep_original=True,
        random_state=None,
    ):
        self.n_copies = n_copies
        self.p_insert = p_insert
        self.p_swap = p_swap
        self.p_delete = p_delete
        self.p_synonym = p_synonym
        self.columns = columns
        self.synonyms = synonyms
        self.keep_original = keep_original
        self.random_state = random_state

    def _sample(self, X: Any, y: Any) -> tuple[np.ndarray, Any]:
        """Return the position that each output row comes from, and the output rows."""
        shares = self._shares()
        columns = self._text_columns(X, self.columns)
        rng = np.random.default_rng(check_random_state(self.random_state).randint(2**31))
        sources = np.tile(np.arange(n_rows(X)), self.n_copies)
        chosen = rng.choice(list(shares), size=len(sources))
        copies = {
            name: self._edited(texts, sources, chosen, shares, rng)
            for name, texts in columns.items()
        }
        n_originals = n_rows(X) if self.keep_original else 0
        indices = np.concatenate([np.arange(n_originals), sources])
        return indices, take_and_replace(X, indices, copies, first=n_originals)

    def _shares(self) -> dict[str, float]:
        """Return the share of words of each edit that is in use."""
        shares = {
            "insert": self.p_insert,
            "swap": self.p_swap,
            "delete": self.p_delete,
            "replace": self.p_synonym,
        }
        positive = {edit: share for edit, share in shares.items() if share > 0}
        if not positive:
            raise ValueError(
                "One of p_insert, p_swap, p_delete and p_synonym must be above 0, got 0 for each."
            )
        return positive

    def _edited(
        self,
        texts: pl.Series,
        sources: np.ndarray,
        chosen: np.ndarray,
        shares: dict[str, float],
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Return the edited copies of one column.

        Parameters
        ----------
        texts : polars.Series of str of shape (n_samples,)
        sources : ndarray of int of shape (n_copies,)
            Position of the text that each copy is made of.
        chosen : ndarray of str of shape (n_copies,)
            Edit of each copy.
        shares : dict of str to float
            Share of words by edit.
        rng : numpy.random.Generator

        Returns
        -------
        ndarray of object of shape (n_copies,)
            None where the text is missing or blank.
        """
        words = texts.str.extract_all(r"\S+")
        table, substitutes = self._word_table(flat_values(words))
        ragged = Ragged(np.arange(row_offsets(words)[-1]), row_offsets(words))
        copies = np.full(len(sources), None, dtype=object)
        for name, edit in _edits(substitutes).items():
            rows = np.flatnonzero((chosen == name) & (ragged.lengths[sources] > 0))
            if len(rows) == 0:
                continue
            batch = ragged.take(sources[rows])
            counts = np.maximum(1, np.rint(shares[name] * batch.lengths)).astype(np.int64)
            copies[rows] = _texts_of(table, edit(batch, counts, rng))
        return copies

    def _word_table(self, words: pl.Series) -> tuple[pl.Series, Substitutes]:
        """Return a table of words and synonyms, and the range of synonyms of each word.

        Parameters
        ----------
        words : polars.Series of str of shape (n_words,)
            Words of all texts, one text after the other.

        Returns
        -------
        table : polars.Series of str of shape (n_words + n_synonyms,)
            The words, then the synonyms of each different word.
        substitutes : Substitutes
            Positions in the table, by position of a word in it.
        """
        if self.synonyms is None and self.p_synonym == 0:
            none = np.zeros(len(words), dtype=np.int64)
            return words, Substitutes(none, none)
        find = find_in_wordnet() if self.synonyms is None else find_in_dict(self.synonyms)
        distinct = words.unique(maintain_order=True)
        found = [replacements(word, find) for word in distinct]
        forms = pl.Series(found, dtype=pl.List(pl.String))
        numbers = np.arange(len(distinct))
        codes = words.replace_strict(distinct, numbers).cast(pl.Int64).to_numpy()  # (n_words,)
        offsets = len(words) + row_offsets(forms)  # (n_distinct + 1,)
        table = pl.concat([words, flat_values(forms)])
        return table, Substitutes(offsets[codes], offsets[codes + 1])


def _edits(substitutes: Substitutes) -> dict[str, Edit]:
    """Return the function of each edit by its name."""
    return {
        "insert": partial(insert, substitutes=substitutes),
        "swap": swap,
        "delete": delete,
        "replace": partial(replace, substitutes=substitutes),
    }


def _texts_of(table: pl.Series, texts: Ragged) -> np.ndarray:
    """Return the texts whose words have these positions in the table."""
    words = to_ragged(table.gather(texts.words), texts.offsets)
    return to_object_array(words.list.join(" "))
