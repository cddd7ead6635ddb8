"""Find synonyms of words, in a dict or in an installed WordNet."""

import re
from collections.abc import Callable, Iterable, Mapping

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

SynonymFinder = Callable[[str], list[str]]

# From the first letter or digit to the last.
_CORE = re.compile(r"\w(?:.*\w)?", re.DOTALL)


def find_in_dict(synonyms: Mapping[str, Iterable[str]]) -> SynonymFinder:
    """Return a function that looks a lower-case word up in a dict.

    Parameters
    ----------
    synonyms : mapping of str to iterable of str
        Synonyms by word; words are looked up in lower case.

    Returns
    -------
    callable
    """
    lowered = {word.lower(): list(found) for word, found in synonyms.items()}
    return lambda word: lowered.get(word, [])


def find_in_wordnet() -> SynonymFinder:
    """Return a function that looks a lower-case word up in nltk's WordNet.

    Stop words have no synonyms, as in EDA. Nothing is downloaded.

    Returns
    -------
    callable

    Raises
    ------
    LookupError
        If WordNet's data is not installed.
    """
    from nltk.corpus import wordnet

    try:
        wordnet.ensure_loaded()
    except LookupError as error:
        raise LookupError(
            "p_synonym above 0 needs synonyms, and nltk finds no WordNet data: pass synonyms as a "
            "dict of word to list of words, or install WordNet where nltk looks "
            "(`python -m nltk.downloader wordnet`), or set p_synonym=0."
        ) from error

    def find(word: str) -> list[str]:
        """Return the lemmas of all meanings of a word, without the word itself."""
        if word in ENGLISH_STOP_WORDS:
            return []
        lemmas = [lemma for synset in wordnet.synsets(word) for lemma in synset.lemma_names()]
        names = [lemma.replace("_", " ").lower() for lemma in lemmas]
        return sorted(set(names) - {word})

    return find


def replacements(word: str, find: SynonymFinder) -> list[str]:
    """Return the synonyms of a word in a text, with its punctuation and capital letter.

    Parameters
    ----------
    word : str
        Word of a text, with the punctuation around it.
    find : callable
        From a lower-case word to its synonyms.

    Returns
    -------
    list of str
        Empty if none is known; blank synonyms are left out.

    Examples
    --------
    >>> from agnews_sk.sampling._synonyms import find_in_dict, replacements
    >>> replacements('"Oil,', find_in_dict({"oil": ["petroleum", "crude"]}))
    ['"Petroleum,', '"Crude,']
    """
    match = _CORE.search(word)
    if match is None:
        return []
    core, before, after = match[0], word[: match.start()], word[match.end() :]
    found = [synonym for synonym in find(core.lower()) if synonym.strip()]
    if core[0].isupper():
        found = [synonym[0].upper() + synonym[1:] for synonym in found]
    return [before + synonym + after for synonym in found]
