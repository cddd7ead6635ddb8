"""Stop words of several languages."""

from collections.abc import Iterable

from agnews_sk._core.optional import import_optional

# The languages of both the package stop-words and NLTK's Snowball stemmers.
LANGUAGES = frozenset(
    {
        "arabic",
        "danish",
        "dutch",
        "english",
        "finnish",
        "french",
        "german",
        "hungarian",
        "italian",
        "norwegian",
        "portuguese",
        "romanian",
        "russian",
        "spanish",
        "swedish",
    }
)


def stop_word_set(stop_words: str | Iterable[str] | None) -> frozenset[str]:
    """Return stop words as a set.

    Parameters
    ----------
    stop_words : str, iterable of str or None
        "english" is scikit-learn's list; the other languages are those of the package stop-words.

    Returns
    -------
    frozenset of str

    Raises
    ------
    ImportError
        If a language but English is named, and stop-words is not installed.
    TypeError
        If a stop word is not a `str`.
    """
    if stop_words == "english":
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

        return ENGLISH_STOP_WORDS
    if isinstance(stop_words, str):
        lists = import_optional(
            "stop_words", extra="languages", needed_by=f"stop_words={stop_words!r}"
        )
        return frozenset(lists.get_stop_words(stop_words))
    words = frozenset(stop_words or ())
    wrong = [word for word in words if not isinstance(word, str)]
    if wrong:
        raise TypeError(f"stop_words must hold str only, got {wrong[0]!r}.")
    return words
