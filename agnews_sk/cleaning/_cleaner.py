"""The transformer that cleans texts, with one parameter per step."""

from typing import Any

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator, TransformerMixin

from agnews_sk._core.base import StatelessMixin, TextInputMixin
from agnews_sk._core.columnar import map_blocks, to_object_array, without_nulls
from agnews_sk._core.few_texts import few_texts
from agnews_sk._core.mixed_rows import MixedRows
from agnews_sk._core.parameter_checks import check_params
from agnews_sk._core.stop_words import LANGUAGES
from agnews_sk._core.validation import StrOptions, check_texts
from agnews_sk.cleaning._steps import STEPS, Step
from agnews_sk.cleaning._text_output import TextOutputMixin


class TextCleaner(StatelessMixin, TextInputMixin, TextOutputMixin, TransformerMixin, BaseEstimator):
    r"""Repair and simplify texts in one pass over the column, with one parameter per step.

    The steps run in the order of the parameters: damage is repaired first, so that markup can be
    recognized; then markup is removed, characters are changed, and whitespace comes last. The
    steps that are on by default repair texts and remove no words; those that lose information are
    off.

    Parameters
    ----------
    repair_agnews : bool, default=True
        Undo the damage in the texts of AG News: an entity whose ampersand became a space gets it
        back, so that `unescape_html` can replace it (`week #39;s` becomes `week's`,
        `a  quot;deal quot;` becomes `a "deal"`); a backslash before a dollar sign is removed; any
        other backslash is a line break.
    unescape_html : bool, default=True
        Replace HTML's named and numeric character references (`&lt;`, `&#8217;`), also those that
        were escaped twice (`&amp;lt;`).
    strip_tags : bool, default=True
        Remove the tags of HTML elements, comments, and scripts and styles with their content.
        Other text in angle brackets stays: `a < b`, `<MSFT.O>`.
    strip_urls : bool, default=True
        Replace web addresses (`http://`, `https://`, `www.`) by a space.
    repair_unicode : bool, default=True
        Repair text that was decoded with the wrong encoding (`cafÃ©`) with
        :func:`ftfy.fix_encoding`.
    normalize : {"NFC", "NFD", "NFKC", "NFKD"} or None, default="NFC"
        Unicode normalization form.
    strip_sources : bool, default=False
        Remove the names of news agencies where they mark the source: `Reuters -`, `SPACE.com -`,
        `(AP)`; of `LONDON (Reuters) -` the place stays. In AG News they correlate with the label.
    lowercase : bool, default=False
        Convert letters to lower case.
    strip_accents : bool, default=False
        Remove accents (`é` becomes `e`). Vowel signs of other scripts stay.
    strip_stop_words : str, list of str or None, default=None
        Remove these words in any case, together with the ending of a contraction (`it's`).
        "english" is scikit-learn's list; other languages such as "german" are those of the package
        `stop-words` (extra `languages`).
    strip_digits : bool, default=False
        Replace numbers by a space.
    strip_punctuation : bool, default=False
        Replace punctuation and symbols (`$`, `+`) by a space.
    squeeze_spaces : bool, default=True
        Replace each run of whitespace, line breaks included, by one space, and remove it at both
        ends.

    See Also
    --------
    ColumnJoiner : Joins the text columns of a frame into the texts to clean.

    Notes
    -----
    The transformer is stateless: `transform` works without `fit`, and the result for a text does
    not depend on other texts. The number and order of rows stay. A missing text becomes the empty
    string, and the empty string stays empty.

    Cleaning a clean text again changes nothing, except where a step reveals new markup: `&#38;lt;`
    is an escaped `&lt;`, and becomes `<` when cleaned again.

    Examples
    --------
    >>> from agnews_sk.cleaning import TextCleaner
    >>> damaged = ["Oil tops  #36;50 (Reuters) Reuters - It #39;s &lt;b&gt;up&lt;/b&gt;", None]
    >>> TextCleaner().transform(damaged).tolist()
    ["Oil tops $50 (Reuters) Reuters - It's up", '']
    >>> TextCleaner(strip_sources=True, lowercase=True).transform(damaged).tolist()
    ["oil tops $50 it's up", '']
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **{step: ["boolean"] for step in STEPS},
        "normalize": [StrOptions({"NFC", "NFD", "NFKC", "NFKD"}), None],
        "strip_stop_words": [StrOptions(LANGUAGES), list, tuple, set, frozenset, None],
    }

    def __init__(
        self,
        *,
        repair_agnews=True,
        unescape_html=True,
        strip_tags=True,
        strip_urls=True,
        repair_unicode=True,
        normalize="NFC",
        strip_sources=False,
        lowercase=False,
        strip_accents=False,
        strip_stop_words=None,
        strip_digits=False,
        strip_punctuation=False,
        squeeze_spaces=True,
    ):
        self.repair_agnews = repair_agnews
        self.unescape_html = unescape_html
        self.strip_tags = strip_tags
        self.strip_urls = strip_urls
        self.repair_unicode = repair_unicode
        self.normalize = normalize
        self.strip_sources = strip_sources
        self.lowercase = lowercase
        self.strip_accents = strip_accents
        self.strip_stop_words = strip_stop_words
        self.strip_digits = strip_digits
        self.strip_punctuation = strip_punctuation
        self.squeeze_spaces = squeeze_spaces

    def fit(self, X: Any, y: Any = None) -> "TextCleaner":
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
        self._check_parameters()
        check_texts(X.texts if isinstance(X, MixedRows) else X)
        return self

    def transform(self, X: Any) -> Any:
        """Return the cleaned texts.

        Parameters
        ----------
        X : array-like of str of shape (n_samples,)
            List, tuple, array, pandas or Polars Series, or one-column frame; texts may be missing.
            Of texts beside other columns, from a `MixedColumnJoiner`, the texts are cleaned.

        Returns
        -------
        ndarray of object of shape (n_samples,)
            One `str` per text, in the same order.
        """
        self._check_parameters()
        if isinstance(X, MixedRows):
            return X.with_texts(self.transform(X.texts))
        few = few_texts(X)
        if few is not None:
            for step, setting in self._used_steps():
                few = step.change_few(few, *setting)
            return np.array(few, dtype=object)
        blocks = map_blocks(without_nulls(check_texts(X)), self._clean)
        return to_object_array(blocks[0] if len(blocks) == 1 else pl.concat(blocks))

    def _clean(self, texts: pl.Series) -> pl.Series:
        """Return texts without nulls after the steps that are on."""
        for step, setting in self._used_steps():
            texts = step(texts, *setting)
        return texts

    def _used_steps(self) -> list[tuple[Step, list[Any]]]:
        """Return the steps that are on, each with its setting if it is more than that."""
        used: list[tuple[Step, list[Any]]] = []
        for name, step in STEPS.items():
            setting = getattr(self, name)
            if isinstance(setting, (bool, np.bool_)):
                if setting:
                    used.append((step, []))
            elif setting is not None:
                used.append((step, [setting]))
        return used

    def _check_parameters(self) -> None:
        """Check single parameters, and that stop words are words."""
        check_params(self)
        words = self.strip_stop_words
        if words is None or isinstance(words, str):
            return
        strange = [word for word in words if not isinstance(word, str) or not word]
        if strange:
            raise ValueError(f"strip_stop_words must hold words, got {strange[0]!r}; leave it out.")
