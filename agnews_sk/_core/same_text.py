"""Compare texts without regard to case, punctuation and whitespace."""

import numpy as np
import polars as pl


def normalized(texts: pl.Series) -> pl.Series:
    """Return texts in lower case, with each run of punctuation and whitespace as one space.

    A text of punctuation only is kept, so that "?" and "!" are different.

    Parameters
    ----------
    texts : polars.Series of str of shape (n_samples,)

    Returns
    -------
    polars.Series of str of shape (n_samples,)
        Null where a text is missing, empty or only whitespace.

    Examples
    --------
    >>> import polars as pl
    >>> from agnews_sk._core.same_text import normalized
    >>> normalized(pl.Series(["Oil -- up,  again!", "?!", " ", None])).to_list()
    ['oil up again', '?!', None, None]
    """
    text = pl.lit(texts).str.normalize("NFKC").str.to_lowercase().str.strip_chars()
    words = text.str.replace_all(r"[\p{P}\s]+", " ").str.strip_chars()
    chosen = pl.when(words != "").then(words).when(text != "").then(text)
    return pl.select(chosen).to_series()


def same_text_groups(texts: pl.Series) -> np.ndarray:
    """Return for each text the position of the first equal one.

    Missing and blank texts are equal to no other.

    Parameters
    ----------
    texts : polars.Series of str of shape (n_samples,)

    Returns
    -------
    ndarray of int of shape (n_samples,)

    Examples
    --------
    >>> import polars as pl
    >>> from agnews_sk._core.same_text import same_text_groups
    >>> same_text_groups(pl.Series(["Oil up", "Goal!", "oil up.", None, None])).tolist()
    [0, 1, 0, 3, 4]
    """
    rows = pl.DataFrame({"text": normalized(texts)}).with_row_index("row")
    first = pl.when(pl.col("text").is_null()).then("row").otherwise(pl.first("row").over("text"))
    return rows.select(first).to_series().to_numpy().astype(np.intp)
