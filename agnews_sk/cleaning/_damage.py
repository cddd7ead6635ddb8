"""Find texts that the cleaning steps would change: damaged entities, and news agencies."""

import polars as pl

from agnews_sk.cleaning._patterns import BARE_ENTITY, OPENING_ENTITY, SOURCE_LEAD, SOURCE_TAG


def has_broken_entities(texts: pl.Series) -> pl.Series:
    """Return which texts contain an HTML entity without its ampersand.

    Parameters
    ----------
    texts : polars.Series of str of shape (n_texts,)

    Returns
    -------
    polars.Series of bool of shape (n_texts,)

    Examples
    --------
    >>> import polars as pl
    >>> from agnews_sk.cleaning import has_broken_entities
    >>> has_broken_entities(pl.Series(["Profit of #36;2", "Profit of $2"])).to_list()
    [True, False]
    """
    return texts.str.contains(BARE_ENTITY) | texts.str.contains(OPENING_ENTITY)


def source_of(texts: pl.Series) -> pl.Series:
    """Return the first news agency that is named as the source in each text, null if none.

    Parameters
    ----------
    texts : polars.Series of str of shape (n_texts,)

    Returns
    -------
    polars.Series of str of shape (n_texts,)

    Examples
    --------
    >>> import polars as pl
    >>> from agnews_sk.cleaning import source_of
    >>> source_of(pl.Series(["Oil up (Reuters)", "AP - Oil is up.", "Oil", None])).to_list()
    ['Reuters', 'AP', None, None]
    """
    return texts.str.extract(f"({SOURCE_TAG}|{SOURCE_LEAD})", 1).str.strip_chars(" ()-\t")
