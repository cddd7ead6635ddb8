"""Format numbers and lists for tables and messages."""

from typing import Any

import pandas as pd


def percent(share: Any) -> str:
    """Return a share in percent with two decimals; a dash if it is missing."""
    return "–" if pd.isna(share) else f"{100 * share:.2f}"


def points(difference: Any) -> str:
    """Return a difference of shares in percentage points, with a sign; a dash if it is missing."""
    return "–" if pd.isna(difference) else f"{100 * difference:+.2f}".replace("-", "−")


def number(value: float, decimals: int = 0) -> str:
    """Return a number with separated thousands and a true minus sign; a dash if it is missing."""
    return "–" if pd.isna(value) else f"{value:,.{decimals}f}".replace("-", "−")


def p_value(value: float) -> str:
    """Return a p-value with three decimals, or "< 0.001"; a dash if it is missing."""
    if pd.isna(value):
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def seconds(value: float) -> str:
    """Return seconds with one decimal, with three below 0.1; a dash if they are missing."""
    return number(value, 3 if value < 0.1 else 1) if pd.notna(value) else "–"


def megabytes(n_bytes: Any) -> str:
    """Return bytes in megabytes (10**6) with two decimals; a dash if they are missing."""
    return "–" if pd.isna(n_bytes) else f"{n_bytes / 1e6:,.2f}"


def times(ratio: float) -> str:
    """Return a ratio with a multiplication sign, with one decimal below ten.

    Examples
    --------
    >>> from agnews_sk._core.formats import times
    >>> times(2.51), times(241.7)
    ('2.5 ×', '242 ×')
    """
    return f"{ratio:,.{0 if ratio >= 9.95 else 1}f} ×"


def listed(names: list[str], last: str = "and") -> str:
    """Join names with commas, and with a word before the last.

    Examples
    --------
    >>> from agnews_sk._core.formats import listed
    >>> listed(["a", "b", "c"])
    'a, b and c'
    >>> listed(["a", "b", "c"], "or")
    'a, b or c'
    """
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"
