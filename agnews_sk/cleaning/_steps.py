"""The cleaning steps in their order, each a function of a Polars text expression."""

import html
from collections.abc import Callable, Iterable
from typing import Literal

import ftfy
import polars as pl

from agnews_sk._core.stop_words import stop_word_set
from agnews_sk.cleaning._patterns import (
    BARE_ENTITY,
    BLOCK_TAG,
    CHARACTER_REFERENCE,
    INLINE_TAG,
    OPENING_ENTITY,
    SOURCE_LEAD,
    SOURCE_TAG,
    TWICE_ESCAPED,
    UNSEEN_MARKUP,
    URL,
)

NON_ASCII = r"[^\x00-\x7F]"


def repair_agnews(texts: pl.Expr) -> pl.Expr:
    """Restore the ampersand of entities, and replace the backslashes of line breaks by spaces."""
    return (
        texts.str.replace_all(r"\\+\$", "$$")
        .str.replace_all("\\", " ", literal=True)
        .str.replace_all(OPENING_ENTITY, "${before} &${entity}")
        .str.replace_all(BARE_ENTITY, "&${entity}")
    )


def unescape_html(texts: pl.Expr) -> pl.Expr:
    """Replace HTML's named and numeric character references, also those escaped twice."""
    return _change_rows(texts, "&", _unescape)


def strip_tags(texts: pl.Expr) -> pl.Expr:
    """Remove tags of HTML elements, comments, scripts and styles; `a < b` stays.

    Tags of block elements become a space, since they separate words; inline tags become nothing.
    """
    return _change_rows(
        texts,
        "<",
        lambda column: (
            column.str.replace_all(UNSEEN_MARKUP, " ")
            .str.replace_all(INLINE_TAG, "")
            .str.replace_all(BLOCK_TAG, " ")
        ),
    )


def strip_urls(texts: pl.Expr) -> pl.Expr:
    """Replace web addresses by a space; the punctuation after one stays."""
    return texts.str.replace_all(URL, " ")


def repair_unicode(texts: pl.Expr) -> pl.Expr:
    """Repair text that was decoded with the wrong encoding (`cafÃ©`), with ftfy."""
    return _change_rows(
        texts,
        NON_ASCII,
        lambda column: pl.Series([ftfy.fix_encoding(text) for text in column], dtype=pl.String),
    )


def normalize(texts: pl.Expr, form: Literal["NFC", "NFD", "NFKC", "NFKD"]) -> pl.Expr:
    """Convert texts to one of the Unicode normalization forms."""
    return _change_rows(texts, NON_ASCII, lambda column: column.str.normalize(form))


def strip_sources(texts: pl.Expr) -> pl.Expr:
    """Remove the names of news agencies where they mark the source, not within a sentence."""
    return texts.str.replace_all(SOURCE_TAG, " ").str.replace_all(SOURCE_LEAD, "")


def lowercase(texts: pl.Expr) -> pl.Expr:
    """Convert letters to lower case."""
    return texts.str.to_lowercase()


def strip_accents(texts: pl.Expr) -> pl.Expr:
    """Remove Latin, Greek and Cyrillic accents; other scripts keep their vowel signs.

    Decomposes characters, removes the combining marks of one block, and composes the others again.
    """
    return _change_rows(
        texts,
        NON_ASCII,
        lambda column: (
            column.str.normalize("NFD")
            .str.replace_all(r"[\x{0300}-\x{036F}]", "")
            .str.normalize("NFC")
        ),
    )


def strip_stop_words(texts: pl.Expr, words: str | Iterable[str]) -> pl.Expr:
    """Remove whole words in any case, with a contraction's ending (`it's`)."""
    chosen = sorted(stop_word_set(words), key=len, reverse=True)
    escaped = [pl.escape_regex(word) for word in chosen]
    if not escaped:
        return texts
    return texts.str.replace_all(rf"(?i)\b(?:{'|'.join(escaped)})(?:['’]\w+)?\b", " ")


def strip_digits(texts: pl.Expr) -> pl.Expr:
    """Replace runs of decimal digits by a space."""
    return texts.str.replace_all(r"\d+", " ")


def strip_punctuation(texts: pl.Expr) -> pl.Expr:
    """Replace runs of punctuation and symbols by a space."""
    return texts.str.replace_all(r"[\p{P}\p{S}]+", " ")


def squeeze_spaces(texts: pl.Expr) -> pl.Expr:
    """Replace every run of whitespace by one space, and remove it at both ends."""
    return texts.str.replace_all(r"\s{2,}|[^\S ]", " ").str.strip_chars(" ")


STEPS: dict[str, Callable[..., pl.Expr]] = {
    step.__name__: step
    for step in (
        repair_agnews,
        unescape_html,
        strip_tags,
        strip_urls,
        repair_unicode,
        normalize,
        strip_sources,
        lowercase,
        strip_accents,
        strip_stop_words,
        strip_digits,
        strip_punctuation,
        squeeze_spaces,
    )
}


def _change_rows(texts: pl.Expr, pattern: str, change: Callable[[pl.Series], pl.Series]) -> pl.Expr:
    """Apply a function only to the rows that contain a pattern, which are usually few.

    Parameters
    ----------
    texts : polars.Expr of str
    pattern : str
        Regular expression that every row to change contains.
    change : callable
        From a Series of texts to one of the same length.

    Returns
    -------
    polars.Expr of str
    """

    def change_hits(column: pl.Series) -> pl.Series:
        """Change the rows of a column that contain the pattern."""
        hits = column.str.contains(pattern)
        if not hits.any():
            return column
        rows = hits.arg_true()
        return column.clone().scatter(rows, change(column.gather(rows)))

    return texts.map_batches(change_hits, return_dtype=pl.String, is_elementwise=True)


def _unescape(column: pl.Series) -> pl.Series:
    """Replace character references, each different one being looked up once."""
    column = column.str.replace_all(TWICE_ESCAPED, "&${entity}")
    found = column.str.extract_all(CHARACTER_REFERENCE).explode().drop_nulls().unique()
    meanings = {reference: html.unescape(reference) for reference in found}
    if not meanings:
        return column
    # Longest first, as in html.unescape: `&notin;` is not `&not` and `in;`.
    longest_first = sorted(meanings, key=len, reverse=True)
    return column.str.replace_many({r: meanings[r] for r in longest_first}, leftmost=True)
