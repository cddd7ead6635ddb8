"""The kinds of the columns beside texts: found by dtype and content, and cast alike anywhere."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
import polars as pl
import pyarrow as pa

KINDS = ("number", "boolean", "category", "date")

# A column of strings with fewer values per row than this, and few words in each, holds categories.
_FEW_VALUES = 0.2
_FEW_WORDS = 4
# In small frames, up to this many values are few if each occurs twice on average.
_ALWAYS_FEW = 10
# A column of single words with more values per row than this identifies the rows.
_NEAR_UNIQUE = 0.5
# Fewer rows do not show whether a column of integers counts them.
_MIN_ROWS_OF_AN_ID = 20
_ID_NAME = re.compile(
    r"(?i:.*[_\s.-])?(?i:id|ids|uuid|guid|index|idx|key)|.*[a-z](ID|Id)|Unnamed: \d+"
)
_DATE = r"^\s*\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?)?\s*$"
_REASONS = {"text": "texts that are not among the columns to join"}
_TRUTHS = {
    **dict.fromkeys(("true", "yes", "t", "y", "1", "1.0"), True),
    **dict.fromkeys(("false", "no", "f", "n", "0", "0.0"), False),
}


class ColumnRoles(NamedTuple):
    """What each column of a frame is used as.

    Attributes
    ----------
    texts : list of str
        Columns to join, in order.
    kinds : dict of str to str
        Kind of each column beside them.
    left_out : dict of str to str
        Why each other column is not used.
    """

    texts: list[str]
    kinds: dict[str, str]
    left_out: dict[str, str]


def find_roles(columns: Mapping[str, pl.Series], texts: Sequence[str] | None) -> ColumnRoles:
    """Return what each column is used as, by its dtype and content.

    Parameters
    ----------
    columns : mapping of str to polars.Series of shape (n_samples,)
        As `as_polars` returns them.
    texts : sequence of str or None
        The columns of texts; None finds them.

    Returns
    -------
    ColumnRoles
        If no column looks like texts, the strings with the most characters are.

    Examples
    --------
    >>> import polars as pl
    >>> from agnews_sk._core.column_kinds import find_roles
    >>> roles = find_roles({
    ...     "title": pl.Series(["Oil rises again", "Cup final tonight", "Oil falls", "Who wins?"]),
    ...     "queue": pl.Series(["oil", "cup", "oil", "cup"]),
    ...     "price": pl.Series([3, None, 5, 9]),
    ... }, None)
    >>> roles.texts, roles.kinds
    (['title'], {'queue': 'category', 'price': 'number'})
    """
    found = {name: _role(name, column) for name, column in columns.items()}
    if texts is None:
        texts = [name for name, role in found.items() if role == "text"]
        texts = texts or _longest_strings(columns)
    others = {name: role for name, role in found.items() if name not in texts}
    kinds = {name: role for name, role in others.items() if role in KINDS}
    left_out = {
        name: _REASONS.get(role, role) for name, role in others.items() if name not in kinds
    }
    return ColumnRoles(list(texts), kinds, left_out)


def _longest_strings(columns: Mapping[str, pl.Series]) -> list[str]:
    """Return the column of strings with the most characters, none if there are no strings."""
    lengths = {
        name: column.cast(pl.String).str.len_chars().mean() or 0
        for name, column in columns.items()
        if _is_string(column)
    }
    return [max(lengths, key=lambda name: lengths[name])] if lengths else []


def kind_of(column: pl.Series) -> str | None:
    """Return the kind of a column that is certainly used, None if it has none.

    Parameters
    ----------
    column : polars.Series of shape (n_samples,)

    Returns
    -------
    {"number", "boolean", "category", "date"} or None
        Strings that are all numbers or dates of ISO 8601 count as these, others as categories.
    """
    dtype = column.dtype
    if dtype == pl.Boolean:
        return "boolean"
    if dtype.is_numeric() or dtype == pl.Duration:
        return "number"
    if dtype in (pl.Date, pl.Datetime):
        return "date"
    if not _is_string(column):
        return None
    values = _values(column)
    if not len(values):
        return "category"
    if values.cast(pl.Float64, strict=False).is_finite().all(ignore_nulls=False):
        # A leading zero is part of a code, not of a number.
        return "category" if values.str.contains(r"^[+-]?0\d").any() else "number"
    return "date" if values.str.contains(_DATE).all() else "category"


def _role(name: str, column: pl.Series) -> str:
    """Return the kind of a column, "text", or the reason to leave it out."""
    kind = kind_of(column)
    if kind is None:
        return f"of type {column.dtype}"
    n_missing = column.null_count()
    distinct = column.n_unique() - bool(n_missing)
    if distinct < 2:
        return "no values" if distinct == 0 else "a single value" if not n_missing else kind
    if column.dtype.is_integer() or (kind == "number" and _is_string(column)):
        return "an identifier" if _counts_rows(name, column, distinct) else kind
    if kind != "category":
        return kind
    return _role_of_strings(name, _values(column))


def _role_of_strings(name: str, values: pl.Series) -> str:
    """Return "category", "text", or the reason to leave out a column of strings."""
    distinct, n_rows = values.n_unique(), len(values)
    n_words = values.str.count_matches(r"\S+").mean()
    few = max(_FEW_VALUES * n_rows, min(_ALWAYS_FEW, n_rows / 2))
    if distinct <= few and n_words <= _FEW_WORDS:  # type: ignore[operator]
        return "category"
    if n_words >= 1.5:  # type: ignore[operator]
        return "text"
    if distinct > _NEAR_UNIQUE * n_rows or _ID_NAME.fullmatch(name):
        return "nearly unique values"
    return "category"


def _counts_rows(name: str, column: pl.Series, distinct: int) -> bool:
    """Return whether integers identify rows: by the name, or as they count them."""
    if _ID_NAME.fullmatch(name):
        return True
    if not column.dtype.is_integer() or distinct < max(len(column), _MIN_ROWS_OF_AN_ID):
        return False
    span = int(column.max()) - int(column.min())  # type: ignore[arg-type]
    return column.is_sorted() or column.is_sorted(descending=True) or span == len(column) - 1


def as_polars(column: Any) -> pl.Series:
    """Return a column of a pandas or Polars frame as a Polars Series.

    Parameters
    ----------
    column : pandas.Series or polars.Series of shape (n_samples,)

    Returns
    -------
    polars.Series of shape (n_samples,)
        NaN is missing. Values of several types, or of an unknown one, become missing lists, which
        are of no kind.

    Examples
    --------
    >>> import pandas as pd
    >>> from agnews_sk._core.column_kinds import as_polars
    >>> as_polars(pd.Series([3, None], dtype="Int64")).to_list()
    [3, None]
    """
    try:
        found = _converted(column)
    except (pa.ArrowException, pl.exceptions.PolarsError, TypeError, ValueError, OverflowError):
        return pl.Series([None] * len(column), dtype=pl.List(pl.Null))
    return found.fill_nan(None) if found.dtype.is_float() else found


def _converted(column: Any) -> pl.Series:
    """Return a column as a Polars Series, without categories of anything but strings."""
    if isinstance(column, pl.Series):
        return pl.Series(values=column.to_list()) if column.dtype == pl.Object else column
    array: Any = pa.Array.from_pandas(column)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if isinstance(array.type, pa.BaseExtensionType):  # such as periods, whose storage is counts
        raise TypeError(array.type)
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    return pl.Series(values=pl.from_arrow(array))


def as_kind(column: Any, kind: str, *, name: str) -> pl.Series:
    """Return a column as one kind, from any container and dtype.

    Equal values give equal columns: a number in a string, as it comes from a CSV file, is the
    number.

    Parameters
    ----------
    column : pandas.Series or polars.Series of shape (n_samples,)
    kind : {"number", "boolean", "category", "date"}
    name : str
        Name of the column in messages.

    Returns
    -------
    polars.Series of shape (n_samples,)
        Of Float64, Boolean, String or Datetime (UTC, without a time zone). Empty strings and
        numbers that are not finite are missing.

    Raises
    ------
    ValueError
        If a value is not of the kind.

    Examples
    --------
    >>> import polars as pl
    >>> from agnews_sk._core.column_kinds import as_kind
    >>> as_kind(pl.Series(["3.5", ""]), "number", name="price").to_list()
    [3.5, None]
    """
    values = as_polars(column)
    if values.dtype == pl.Null:
        values = values.cast(pl.String)
    if _is_string(values):
        texts = values.cast(pl.String).str.strip_chars()
        values = texts.set(texts == "", None)
    if values.dtype.is_nested() or values.dtype in (pl.Binary, pl.Time):
        raise ValueError(
            f"X[{name!r}] must hold values of the kind {kind!r}, got a column of "
            f"{getattr(column, 'dtype', type(column).__name__)}; convert it first."
        )
    cast = _CASTS[kind](values)
    failed = cast.is_null() & values.is_not_null()
    if failed.any():
        i = failed.arg_true()[0]
        raise ValueError(
            f"X[{name!r}] must hold values of the kind {kind!r}, got "
            f"{values[i]!r:.60} at position {i}; {_WAYS_OUT[kind]}"
        )
    if kind == "number":
        cast = cast.set(~cast.is_finite(), None)
    return cast.rename("")


def cast_cells(
    rows: Sequence[Mapping[str, Any]], kinds: Mapping[str, str]
) -> tuple[dict[str, pl.Series], dict[int, str]]:
    """Return the cells of rows as columns of their kinds, and what is wrong in which row.

    Parameters
    ----------
    rows : sequence of mapping of str to object of shape (n_rows,)
        Cells by column.
    kinds : mapping of str to str

    Returns
    -------
    columns : dict of str to polars.Series of shape (n_rows,)
        Missing where a cell cannot be read.
    faults : dict of int to str
        Reason by position of the row.

    Examples
    --------
    >>> from agnews_sk._core.column_kinds import cast_cells
    >>> columns, faults = cast_cells([{"price": "3"}, {"price": "much"}, {}], {"price": "number"})
    >>> columns["price"].to_list(), sorted(faults.items())
    ([3.0, None, None], [(1, "price must be a number, got 'much'"), (2, 'no column price')])
    """
    columns: dict[str, pl.Series] = {}
    faults: dict[int, str] = {}
    for name, kind in kinds.items():
        faults |= {i: f"no column {name}" for i, row in enumerate(rows) if name not in row}
        cells = [row.get(name) for row in rows]
        try:
            columns[name] = as_kind(_series(cells), kind, name=name)
        except ValueError:
            read = [_read_cell(cell, kind) for cell in cells]
            faults |= {
                i: f"{name} must be a {kind}, got {cells[i]!r:.60}"
                for i, cell in enumerate(read)
                if cell is None
            }
            columns[name] = pl.concat([_MISSING[kind] if cell is None else cell for cell in read])
    return columns, faults


def _read_cell(cell: Any, kind: str) -> pl.Series | None:
    """Return a single cell as a column of a kind, None if it cannot be read."""
    try:
        return as_kind(_series([cell]), kind, name="")
    except ValueError:
        return None


def _series(cells: list[Any]) -> pl.Series:
    """Return cells as a column, of lists if they are of several types."""
    if any(isinstance(cell, (list, dict)) for cell in cells):
        return pl.Series(values=[[]] * len(cells), dtype=pl.List(pl.Null))
    return as_polars(pd.Series(cells, dtype=object))


def _numbers(values: pl.Series) -> pl.Series:
    """Return numbers; of durations, their seconds."""
    if values.dtype == pl.Duration:
        return values.dt.total_microseconds() / 1e6
    if values.dtype.is_temporal():
        return _none(values, pl.Float64)
    return values.cast(pl.Float64, strict=False)


def _truths(values: pl.Series) -> pl.Series:
    """Return truth values, of numbers 0 and 1, and of the usual words."""
    if values.dtype == pl.Boolean:
        return values
    if values.dtype.is_temporal():
        return _none(values, pl.Boolean)
    words = values.cast(pl.String).str.to_lowercase()
    return words.replace_strict(_TRUTHS, default=None, return_dtype=pl.Boolean)


def _categories(values: pl.Series) -> pl.Series:
    """Return values as strings: a whole number has no decimals, and a truth value a small letter.

    So they do in strings too, as files hold 1, 1.0 or True where a frame holds numbers or booleans.
    """
    if values.dtype in (pl.Date, pl.Datetime):
        return _dates(values).dt.strftime("%Y-%m-%d %H:%M:%S%.f").str.strip_suffix(" 00:00:00")
    if values.dtype.is_float() or values.dtype.is_decimal():
        return _shortest(values.cast(pl.Float64) if values.dtype.is_decimal() else values)
    text = pl.col("text")
    whole = text.str.extract(r"^(-?\d+)\.0+$")
    truth = text.str.extract(r"^(True|TRUE|False|FALSE)$").str.to_lowercase()
    frame = values.cast(pl.String).rename("text").to_frame()
    return frame.select(pl.coalesce(whole, truth, text)).to_series()


def _shortest(numbers: pl.Series) -> pl.Series:
    """Return floats as strings, without decimals where they are whole."""
    whole = numbers.cast(pl.Int64, strict=False)
    is_whole = (whole == numbers).fill_null(False)
    return whole.cast(pl.String).zip_with(is_whole, numbers.cast(pl.String))


def _dates(values: pl.Series) -> pl.Series:
    """Return dates and times in UTC without a time zone; strings are read as ISO 8601."""
    if values.dtype == pl.String:
        return _parsed_dates(values)
    if values.dtype == pl.Datetime and values.dtype.time_zone is not None:  # type: ignore[attr-defined]
        values = values.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    if not values.dtype.is_temporal():
        return _none(values, pl.Datetime("us"))
    return values.cast(pl.Datetime("us"))


def _parsed_dates(texts: pl.Series) -> pl.Series:
    """Return dates of ISO 8601, with or without a time and an offset; null for other strings."""
    frame = texts.rename("text").to_frame()
    text = pl.when(pl.col("text").str.contains(_DATE)).then(pl.col("text"))
    plain = text.str.replace(",", ".", literal=True).str.replace(" ", "T", literal=True)
    zone = plain.str.extract(r"(?:T.*?)\s*(Z|[+-]\d{2}:?\d{2})$")
    local = plain.str.replace(r"(T.*?)\s*(?:Z|[+-]\d{2}:?\d{2})$", "$1")
    forms = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M")
    read = [local.str.to_datetime(form, strict=False, time_unit="us") for form in forms]
    days = local.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us"))
    hours = zone.str.extract(r"^([+-]\d{2})").cast(pl.Int64)
    minutes = zone.str.extract(r"(\d{2})$").cast(pl.Int64)
    sign = pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)
    offset = pl.duration(minutes=(hours * 60 + sign * minutes).fill_null(0))
    return frame.select((pl.coalesce(*read, days) - offset).alias("")).to_series()


def _none(values: pl.Series, dtype: Any) -> pl.Series:
    """Return as many missing values."""
    return pl.Series([None] * len(values), dtype=dtype)


def _is_string(column: pl.Series) -> bool:
    """Return whether a column is of strings, or of categories of them."""
    return column.dtype in (pl.String, pl.Categorical, pl.Enum)


def _values(column: pl.Series) -> pl.Series:
    """Return the strings of a column without surrounding whitespace, and without missing ones."""
    texts = column.cast(pl.String).str.strip_chars().drop_nulls()
    return texts.filter(texts != "")


_CASTS: dict[str, Callable[[pl.Series], pl.Series]] = {
    "number": _numbers,
    "boolean": _truths,
    "category": _categories,
    "date": _dates,
}
_MISSING = {
    "number": pl.Series(values=[None], dtype=pl.Float64),
    "boolean": pl.Series(values=[None], dtype=pl.Boolean),
    "category": pl.Series(values=[None], dtype=pl.String),
    "date": pl.Series(values=[None], dtype=pl.Datetime("us")),
}
_WAYS_OUT = {
    "number": "convert the column, or use it as a 'category'.",
    "boolean": "0 and 1, true and false, yes and no are known.",
    "category": "convert the column to strings.",
    "date": "write dates as 2026-11-27 or 2026-11-27T10:30, or convert with pandas.to_datetime.",
}


def frame_columns(X: Any) -> dict[str, pl.Series]:
    """Return all columns of a frame by name.

    Parameters
    ----------
    X : pandas.DataFrame or polars.DataFrame of shape (n_samples, n_columns)

    Returns
    -------
    dict of str to polars.Series of shape (n_samples,)
    """
    return {str(name): as_polars(X[name]) for name in X.columns}
