"""Numbers of things, in words that suit the number."""


def counted(n: int, noun: str) -> str:
    """Return a number and what it counts, in the plural unless it is 1.

    Parameters
    ----------
    n : int
    noun : str
        In the singular; its plural ends in one more "s".

    Returns
    -------
    str

    Examples
    --------
    >>> from agnews_sk._core.counted import counted
    >>> counted(1, "broken row"), counted(0, "file"), counted(1234, "row")
    ('1 broken row', '0 files', '1,234 rows')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
