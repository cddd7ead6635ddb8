"""The cleaning steps in their order, each a change of the texts that it may concern."""

import html
import re
from collections.abc import Callable, Iterable
from typing import Any, Literal, NamedTuple

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

_BEYOND_ASCII = r"[^\x00-\x7F]"
# The whitespace of Unicode, in the syntax of Rust and of Python: their own classes differ.
_UNUSUAL_SPACE = r"[\t-\r\x85\xA0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000]"
# More than is next to a character outside of ASCII.
_LONG_ASCII = r"(?P<start>[\x00-\x7F]{8})[\x00-\x7F]+(?P<end>[\x00-\x7F]{8})"
# Characters below the first combining mark are composed.
_MAY_COMPOSE = r"[^\x00-\x{2FF}]"
_UNSQUEEZED = rf"  |^ | $|{_UNUSUAL_SPACE}"


Replacements = tuple[tuple[str, str], ...]  # of patterns, in the syntax of Rust

_OF_AGNEWS = (
    (r"\\+\$", "$$"),
    (r"\\", " "),
    (OPENING_ENTITY, "${before} &${entity}"),
    (BARE_ENTITY, "&${entity}"),
)
_ESCAPED_TWICE = ((TWICE_ESCAPED, "&${entity}"),)
_TAGS = ((UNSEEN_MARKUP, " "), (INLINE_TAG, ""), (BLOCK_TAG, " "))
_URLS = ((URL, " "),)
_SOURCES = ((SOURCE_TAG, " "), (SOURCE_LEAD, ""))
_DIGITS = (r"\d+", " ")
_ASCII_PUNCTUATION = r"[!-/:-@\[-`{-~]"
_SPACES = ((r"\s{2,}|[^\S ]", " "),)
_SHORT = 2_000  # characters
# Characters that are neither parts nor marks of others, so that texts of them are in NFC.
_COMPOSED = re.compile(
    r"[\x00-\u02FF\u0400-\u0482\u2010-\u2027\u2030-\u205E\u20AC\u3001-\u3029\u3041-\u3096"
    r"\u30A1-\u30FE\u4E00-\u9FFF\uAC00-\uD7A3\uFF01-\uFF9D]*"
)


class Step(NamedTuple):
    """A step, and a pattern that tells which texts it may change.

    Attributes
    ----------
    touches : str
        A regular expression that means the same in Rust and in Python. A text without a match
        stays as it is, so that most texts of a column are searched only.
    change : callable
        From a Series of texts, and the setting of the step if it is more than on, to a Series of
        the same length.
    in_python : callable, optional
        Does the same to one text: any operation on a column takes many times as long. It returns
        None for a text that is left to `change`.
    concerns : callable, optional
        Tells of one text whether it has a match of `touches`, faster than a search.
    """

    touches: str
    change: Callable[..., pl.Series]
    in_python: Callable[..., str | None] | None = None
    concerns: Callable[[str], Any] | None = None

    def __call__(self, texts: pl.Series, *setting: Any) -> pl.Series:
        """Return texts changed where needed.

        Parameters
        ----------
        texts : polars.Series of str of shape (n_samples,)
            Missing texts stay missing.
        *setting
            Of the step, if it is more than on.

        Returns
        -------
        polars.Series of str of shape (n_samples,)
        """
        return self._change_rows(texts, _rows_with(self.touches, texts), *setting)

    def change_few(self, texts: list[str], *setting: Any) -> list[str]:
        """Return a few texts changed where needed, one by one where Python can.

        Parameters
        ----------
        texts : list of str of length n_samples
        *setting
            As of a call.

        Returns
        -------
        list of str of length n_samples
        """
        concerns = self.concerns or re.compile(self.touches).search
        changed, left = texts.copy(), []
        for row, text in enumerate(texts):
            if concerns(text):
                found = None if self.in_python is None else self.in_python(text, *setting)
                if found is None:
                    left.append(row)
                else:
                    changed[row] = found
        if left:
            column = pl.Series(values=[texts[row] for row in left], dtype=pl.String)
            for row, found in zip(left, self.change(column, *setting).to_list()):
                changed[row] = found
        return changed

    def _change_rows(self, texts: pl.Series, rows: pl.Series, *setting: Any) -> pl.Series:
        """Change these rows, as a column."""
        if len(rows) == 0:
            return texts
        if 2 * len(rows) > len(texts):
            return self.change(texts, *setting)
        return texts.clone().scatter(rows, self.change(texts.gather(rows), *setting))


def _rows_with(pattern: str, texts: pl.Series) -> pl.Series:
    """Return the positions of texts with a match."""
    if pattern == _BEYOND_ASCII:  # counting characters is faster than searching for one
        return (texts.str.len_bytes() != texts.str.len_chars()).arg_true()
    if pattern == _UNSQUEEZED:
        return _unsqueezed(texts).arg_true()
    return texts.str.contains(pattern).arg_true()


def _unsqueezed(texts: pl.Series) -> pl.Series:
    """Return which texts have a match of `_UNSQUEEZED`, whose parts are found faster one by one."""
    found = texts.str.starts_with(" ") | texts.str.ends_with(" ")
    found |= texts.str.contains("  ", literal=True) | texts.str.contains(r"[\t-\r]")
    beyond_ascii = _rows_with(_BEYOND_ASCII, texts)
    if len(beyond_ascii):
        spaced = texts.gather(beyond_ascii).str.contains(_UNUSUAL_SPACE)
        found[beyond_ascii.filter(spaced)] = True
    return found


def _replace_all(texts: pl.Series, replacements: Replacements) -> pl.Series:
    """Replace one pattern after the other."""
    for pattern, replacement in replacements:
        texts = texts.str.replace_all(pattern, replacement)
    return texts


def _replacing(*replacements: tuple[str, str]) -> Callable[[str], str | None]:
    """Return the function that does to one text of ASCII what `_replace_all` does to a column."""
    # ASCII: otherwise the classes of Python, such as that of spaces, differ from Rust's.
    compiled = [
        (re.compile(pattern, re.ASCII), _in_syntax_of_python(r)) for pattern, r in replacements
    ]

    def replace(text: str) -> str | None:
        if not _is_simple(text):
            return None
        for pattern, replacement in compiled:
            text = pattern.sub(replacement, text)
        return text

    return replace


def _is_simple(text: str) -> bool:
    """Return whether Python's expressions do what Rust's do, at a bounded cost.

    Python's may take time quadratic in the length of a text.
    """
    return len(text) <= _SHORT and text.isascii()


def _in_syntax_of_python(replacement: str) -> str:
    """Return a replacement in Rust's syntax, `${name}` and `$$`, in Python's."""
    return re.sub(r"\$\{(\w+)\}", r"\\g<\1>", replacement).replace("$$", "$")


def _repair_agnews(texts: pl.Series) -> pl.Series:
    """Restore the ampersand of entities, and replace the backslashes of line breaks by spaces."""
    return _replace_all(texts, _OF_AGNEWS)


def _unescape_html(texts: pl.Series) -> pl.Series:
    """Replace HTML's named and numeric character references, also those escaped twice.

    Each different reference is looked up once.
    """
    texts = _replace_all(texts, _ESCAPED_TWICE)
    references = texts.str.extract_all(CHARACTER_REFERENCE)
    found = references.explode(empty_as_null=False).drop_nulls().unique()
    meanings = {reference: html.unescape(reference) for reference in found}
    if not meanings:
        return texts
    # Longest first, as in html.unescape: `&notin;` is not `&not` and `in;`.
    longest_first = sorted(meanings, key=len, reverse=True)
    return texts.str.replace_many({r: meanings[r] for r in longest_first}, leftmost=True)


def _strip_tags(texts: pl.Series) -> pl.Series:
    """Remove tags of HTML elements, comments, scripts and styles; `a < b` stays.

    Tags of block elements become a space, since they separate words; inline tags become nothing.
    """
    return _replace_all(texts, _TAGS)


def _strip_urls(texts: pl.Series) -> pl.Series:
    """Replace web addresses by a space; the punctuation after one stays."""
    return _replace_all(texts, _URLS)


def _repair_unicode(texts: pl.Series) -> pl.Series:
    """Repair text that was decoded with the wrong encoding (`cafÃ©`), with ftfy."""
    import ftfy  # not before a text is to be repaired
    from ftfy.badness import is_bad

    # Texts with signs of a wrong encoding are few. These signs are characters outside of ASCII and
    # those next to them, which are searched in less time without the middle of long runs of ASCII.
    shortened = texts.str.replace_all(_LONG_ASCII, "${start}${end}").to_list()
    rows = [i for i, text in enumerate(shortened) if text is not None and is_bad(text)]
    if not rows:
        return texts
    repaired = [ftfy.fix_encoding(text) for text in texts.gather(rows).to_list()]
    return texts.clone().scatter(rows, pl.Series(repaired, dtype=pl.String))


def _normalize(texts: pl.Series, form: Literal["NFC", "NFD", "NFKC", "NFKD"]) -> pl.Series:
    """Convert texts to one of the Unicode normalization forms."""
    if form != "NFC":
        return texts.str.normalize(form)
    rows = texts.str.contains(_MAY_COMPOSE).arg_true()
    if len(rows) == 0:
        return texts
    return texts.clone().scatter(rows, texts.gather(rows).str.normalize(form))


def _strip_sources(texts: pl.Series) -> pl.Series:
    """Remove the names of news agencies where they mark the source, not within a sentence."""
    return _replace_all(texts, _SOURCES)


def _lowercase(texts: pl.Series) -> pl.Series:
    """Convert letters to lower case."""
    return texts.str.to_lowercase()


def _strip_accents(texts: pl.Series) -> pl.Series:
    """Remove Latin, Greek and Cyrillic accents; other scripts keep their vowel signs.

    Decomposes characters, removes the combining marks of one block, and composes the others again.
    """
    return (
        texts.str.normalize("NFD").str.replace_all(r"[\x{0300}-\x{036F}]", "").str.normalize("NFC")
    )


def _strip_stop_words(texts: pl.Series, words: str | Iterable[str]) -> pl.Series:
    """Remove whole words in any case, with a contraction's ending (`it's`)."""
    chosen = sorted(stop_word_set(words), key=len, reverse=True)
    escaped = [pl.escape_regex(word) for word in chosen]
    if not escaped:
        return texts
    return texts.str.replace_all(rf"(?i)\b(?:{'|'.join(escaped)})(?:['’]\w+)?\b", " ")


def _strip_digits(texts: pl.Series) -> pl.Series:
    """Replace runs of decimal digits by a space."""
    return texts.str.replace_all(*_DIGITS)


def _strip_punctuation(texts: pl.Series) -> pl.Series:
    """Replace runs of punctuation and symbols by a space."""
    return texts.str.replace_all(r"[\p{P}\p{S}]+", " ")


def _squeeze_spaces(texts: pl.Series) -> pl.Series:
    """Replace every run of whitespace by one space, and remove it at both ends."""
    return _replace_all(texts, _SPACES).str.strip_chars(" ")


def _unescape_text(text: str) -> str | None:
    """Do to one text what `_unescape_html` does to a column."""
    unescaped = _unescaped_once(text)
    return None if unescaped is None else html.unescape(unescaped)


def _repair_text(text: str) -> str:
    """Do to one text what `_repair_unicode` does to a column."""
    import ftfy

    return ftfy.fix_encoding(text)


def _normalize_text(text: str, form: str) -> str | None:
    """Return a text that is in NFC as it is."""
    return text if form == "NFC" and _COMPOSED.fullmatch(text) else None


def _lower_text(text: str) -> str | None:
    """Do to one text of ASCII what `_lowercase` does to a column."""
    return text.lower() if text.isascii() else None


def _squeeze_text(text: str) -> str | None:
    """Do to one text of ASCII what `_squeeze_spaces` does to a column."""
    # As bytes: `str.split` also splits at four control characters.
    return b" ".join(text.encode().split()).decode() if text.isascii() else None


def _has_url(text: str) -> bool:
    return "://" in text or "www." in text.lower()


def _may_be_unsqueezed(text: str) -> Any:
    return text.isascii() or _search_unsqueezed(text)  # ASCII is split in less time than searched


def _beyond_ascii(text: str) -> bool:
    return not text.isascii()


_unescaped_once = _replacing(*_ESCAPED_TWICE)
_search_unsqueezed = re.compile(_UNSQUEEZED).search
STEPS: dict[str, Step] = {
    # What it looks for has a backslash or ends in a semicolon.
    "repair_agnews": Step(
        r"[\\;]", _repair_agnews, _replacing(*_OF_AGNEWS), lambda t: "\\" in t or ";" in t
    ),
    "unescape_html": Step("&", _unescape_html, _unescape_text),
    "strip_tags": Step("<", _strip_tags, _replacing(*_TAGS)),
    "strip_urls": Step(r"://|[Ww][Ww][Ww]\.", _strip_urls, _replacing(*_URLS), _has_url),
    "repair_unicode": Step(_BEYOND_ASCII, _repair_unicode, _repair_text, _beyond_ascii),
    "normalize": Step(_BEYOND_ASCII, _normalize, _normalize_text, _beyond_ascii),
    "strip_sources": Step(r"[(-]", _strip_sources, _replacing(*_SOURCES)),
    "lowercase": Step(rf"[A-Z]|{_BEYOND_ASCII}", _lowercase, _lower_text),
    "strip_accents": Step(_BEYOND_ASCII, _strip_accents, concerns=_beyond_ascii),
    "strip_stop_words": Step("", _strip_stop_words),
    "strip_digits": Step(rf"[0-9]|{_BEYOND_ASCII}", _strip_digits, _replacing(_DIGITS)),
    "strip_punctuation": Step(
        rf"{_ASCII_PUNCTUATION}|{_BEYOND_ASCII}",
        _strip_punctuation,
        _replacing((f"{_ASCII_PUNCTUATION}+", " ")),
    ),
    "squeeze_spaces": Step(_UNSQUEEZED, _squeeze_spaces, _squeeze_text, _may_be_unsqueezed),
}
