"""Stop words of several languages."""

from collections.abc import Callable, Iterable

from agnews_sk._core.optional import import_optional
from agnews_sk._core.user_warnings import warn_user

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


def warn_of_stop_words(
    stop_words: str | Iterable[str] | None,
    words_of: Callable[[list[str]], Iterable[Iterable[str]]],
) -> None:
    """Warn if stop words of the user's own are divided, or changed, where words of texts are.

    No word of a text equals "you've" where texts are divided at apostrophes, or "The" where they
    are in lower case, so that the stop word removes nothing.

    Parameters
    ----------
    stop_words : str, iterable of str or None
        The list of a language is not checked.
    words_of : callable
        Returns the words of each of these texts, in lower case where the words of texts are.

    Warns
    -----
    UserWarning
        With the words that are found in the stop words, but are no stop words themselves.
    """
    if stop_words is None or isinstance(stop_words, str):
        return
    own = stop_word_set(stop_words)
    found = {word for words in words_of(sorted(own)) for word in words}
    if missing := sorted(found - own):
        warn_user(
            f"stop_words may be inconsistent with how texts are divided into words: those of the "
            f"stop words include {missing!s:.200}, which are not in stop_words. Add them, or "
            "write the stop words as they are found in texts.",
            UserWarning,
        )
