"""The cells of a row as one text: for whole columns, and for a single row."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import polars as pl

from agnews_sk._core.delegation import predicting_estimator

JoinRow = Callable[[Mapping[str, str | None]], str]
JoinColumns = Callable[[Mapping[str, pl.Series]], pl.Series]


def join_columns(
    columns: Sequence[pl.Series], *, separator: str = " ", missing: str = ""
) -> pl.Series:
    """Join the text columns of each row into one text.

    Parameters
    ----------
    columns : sequence of polars.Series of str of shape (n_samples,)
        At least one.
    separator : str, default=" "
        Put between two cells. An empty cell takes no separator.
    missing : str, default=""
        Replaces a missing cell.

    Returns
    -------
    polars.Series of str of shape (n_samples,)
        The empty string where all cells are empty.

    Examples
    --------
    >>> import polars as pl
    >>> from agnews_sk._core.joining import join_columns
    >>> title, description = pl.Series(["Oil", None]), pl.Series(["Up", "By a cent"])
    >>> join_columns([title, description], separator=": ").to_list()
    ['Oil: Up', 'By a cent']
    """
    if len(columns) == 1:
        return columns[0].fill_null(missing) if columns[0].null_count() else columns[0]
    cells = pl.DataFrame([column.rename(str(i)) for i, column in enumerate(columns)])
    filled = pl.all().fill_null(missing)
    not_empty = pl.when(filled != "").then(filled)  # concat_str leaves out nulls only
    joined = pl.concat_str(not_empty, separator=separator, ignore_nulls=True)
    return cells.select(joined).to_series()


def join_cells(cells: Iterable[str | None], *, separator: str = " ", missing: str = "") -> str:
    """Join the cells of a single row as `join_columns` joins those of many.

    Parameters
    ----------
    cells : iterable of str or None
    separator, missing : str
        As `join_columns` takes them.

    Returns
    -------
    str

    Examples
    --------
    >>> from agnews_sk._core.joining import join_cells
    >>> join_cells(["Oil", "", None, "By a cent"])
    'Oil By a cent'
    """
    filled = (missing if cell is None else cell for cell in cells)
    return separator.join(cell for cell in filled if cell)


def row_joiner(model: Any, columns: Sequence[str] | None = None) -> JoinRow:
    """Return a function that joins the cells of a row as the model's `join` step does.

    Texts pass through that step unchanged, so that the model predicts for the joined text what it
    predicts for the cells in a frame.

    Parameters
    ----------
    model : fitted pipeline or `OnnxClassifier`
        Without a `join` step, cells are joined by a space.
    columns : sequence of str, optional
        Columns of a row, by default those that the model was fitted on. These come first, in its
        order; others follow in the order given.

    Returns
    -------
    callable
        From a mapping of column to text or None to one text.

    Examples
    --------
    >>> from agnews_sk._core.joining import row_joiner
    >>> join = row_joiner(None, ["title", "description"])
    >>> join({"title": "Oil rises", "description": "By a cent."})
    'Oil rises By a cent.'
    >>> join({"title": None, "description": "By a cent."})
    'By a cent.'
    """
    joining = _joining_of(model, columns)
    order, separator, missing = joining.columns, joining.separator, joining.missing

    def join(row: Mapping[str, str | None]) -> str:
        return join_cells(map(row.get, order), separator=separator, missing=missing)

    return join


def column_joiner(model: Any, columns: Sequence[str]) -> JoinColumns:
    """Return a function that joins columns as `row_joiner` joins the cells of a row.

    Parameters
    ----------
    model : fitted pipeline or `OnnxClassifier`
    columns : sequence of str

    Returns
    -------
    callable
        From a mapping of column to Series of texts, which may lack some but not all, to one Series.

    Examples
    --------
    >>> import polars as pl
    >>> from agnews_sk._core.joining import column_joiner
    >>> join = column_joiner(None, ["title", "description"])
    >>> join({"title": pl.Series(["Oil rises", None]), "description": pl.Series(["Up.", "Hm."])})[1]
    'Hm.'
    """
    joining = _joining_of(model, columns)

    def join(texts: Mapping[str, pl.Series]) -> pl.Series:
        empty = pl.Series([None], dtype=pl.String).new_from_index(
            0, len(next(iter(texts.values())))
        )
        chosen = [texts.get(column, empty) for column in joining.columns]
        return join_columns(chosen, separator=joining.separator, missing=joining.missing)

    return join


class _Joining(NamedTuple):
    """How the cells of a row are joined: in which order, and with what between them."""

    columns: list[str]
    separator: str
    missing: str


def _joining_of(model: Any, columns: Sequence[str] | None) -> _Joining:
    """Return how a model joins cells: the columns that it was fitted on first, in their order."""
    steps = _join_steps(model)
    step = next(iter(steps), None)
    ways = {
        (
            tuple(getattr(one, "columns_", None) or ()),
            getattr(one, "separator", " "),
            getattr(one, "missing", ""),
        )
        for one in steps
    }
    if len(ways) > 1:
        raise ValueError(
            "the parts of the model join the cells of a row in different ways, (columns, "
            f"separator, missing) {sorted(map(str, ways))}, so that a row is not one text; give "
            "the parts the same join__columns and join__separator, or predict frames."
        )
    fitted = fitted_columns(model)
    position = {column: i for i, column in enumerate(fitted)}
    order = sorted(columns or fitted, key=lambda column: position.get(column, len(position)))
    return _Joining(order, getattr(step, "separator", " "), getattr(step, "missing", ""))


def texts_as_rows(
    model: Any, texts: Sequence[str | None], columns: Mapping[str, pl.Series] | None = None
) -> Any:
    """Return texts as rows that a model takes.

    Parameters
    ----------
    model : fitted pipeline or `OnnxClassifier`
    texts : sequence of str or None of shape (n_samples,)
    columns : mapping of str to polars.Series of shape (n_samples,), optional
        What the model uses beside texts; columns that are not given are missing in all rows.

    Returns
    -------
    list of str, or polars.DataFrame of shape (n_samples, n_columns)
        A frame if the model uses columns beside texts, and then the texts are in the first one.
    """
    kinds = column_kinds(model)
    if not kinds:
        return list(texts)
    text, *others = [*fitted_columns(model), *kinds]
    missing: list[str | None] = [None] * len(texts)
    empty = pl.Series(values=missing, dtype=pl.String)
    first = pl.Series(values=list(texts), dtype=pl.String)
    return pl.DataFrame({text: first, **dict.fromkeys(others, empty), **(columns or {})})


def column_kinds(model: Any) -> dict[str, str]:
    """Return the columns that a model uses beside texts, with their kinds.

    Parameters
    ----------
    model : fitted pipeline or `OnnxClassifier`

    Returns
    -------
    dict of str to str
        Empty if it takes texts only.
    """
    kinds: dict[str, str] = {}
    for step in _join_steps(model):
        kinds |= getattr(step, "column_kinds_", {})
    return kinds


def fitted_columns(model: Any) -> list[str]:
    """Return the columns that a model was fitted on; none if it was fitted on texts.

    Parameters
    ----------
    model : fitted pipeline or `OnnxClassifier`

    Returns
    -------
    list of str
    """
    found = (getattr(step, "columns_", None) for step in _join_steps(model))
    return [str(column) for column in next(filter(None, found), ())]


def _join_steps(model: Any) -> list[Any]:
    """Return the `join` steps of a pipeline, an exported one or a search, or of its parts.

    A classifier that is made of several pipelines has one for each; a model without has none.
    """
    steps = predicting_estimator(getattr(model, "steps_", model))
    if hasattr(steps, "named_steps"):
        return [steps.named_steps["join"]] if "join" in steps.named_steps else []
    parts = getattr(steps, "estimators_", None)
    if isinstance(parts, list):
        return list(chain.from_iterable(map(_join_steps, parts)))
    # Such as one that abstains, which reads the columns of the classifier within.
    return _join_steps(steps.estimator_) if hasattr(steps, "estimator_") else []
