"""Sample texts, which the web page offers to click on."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from agnews_sk._core.column_kinds import cast_cells
from agnews_sk._core.user_warnings import warn_user
from agnews_sk.serving._limits import Limits
from agnews_sk.serving._models import ServedModel

MAX_SAMPLES = 8
"""Number of samples that the page shows."""


def check_samples(
    samples: Iterable[Any] | None, models: Sequence[ServedModel], limits: Limits
) -> list[str | dict[str, Any]]:
    """Return the first samples as JSON has them, or reject those that no model could predict.

    Parameters
    ----------
    samples : iterable of (str or mapping of str to object), or None
        Texts, or rows with cells by column.
    models : sequence of ServedModel
    limits : Limits

    Returns
    -------
    list of (str or dict)
        At most `MAX_SAMPLES`; empty for None.

    Raises
    ------
    TypeError
        If `samples` is a single text, or one is neither a text nor a row.
    ValueError
        If there is none, or one is empty, is longer than a request for an explanation may be, or
        has a cell that no model reads.

    Warns
    -----
    UserWarning
        If there are more than are shown.
    """
    if samples is None:
        return []
    if isinstance(samples, (str, Mapping)):
        raise TypeError(f"samples must be a list of texts or rows, got {samples!r:.60}.")
    given = list(samples)
    if not given:
        raise ValueError("samples is empty; pass at least one text, or None to show none.")
    if len(given) > MAX_SAMPLES:
        warn_user(
            f"samples has {len(given):,} texts, of which the page shows the first {MAX_SAMPLES}.",
        )
    return [_checked(one, i, models, limits) for i, one in enumerate(given[:MAX_SAMPLES])]


def _checked(
    sample: Any, i: int, models: Sequence[ServedModel], limits: Limits
) -> str | dict[str, Any]:
    """Return a sample as JSON has it, or reject it by its position."""
    if not isinstance(sample, (str, Mapping)):
        raise TypeError(f"samples[{i}] must be a text or the cells of a row, got {sample!r:.60}.")
    found = sample if isinstance(sample, str) else _cells(sample, i, models)
    text = found if isinstance(found, str) else _text_of(found, models)
    if not text.strip():
        raise ValueError(f"samples[{i}] has no text, got {sample!r:.60}.")
    most = min(limits.max_characters, limits.max_explained_characters)
    if len(text) > most:
        raise ValueError(
            f"samples[{i}] has {len(text):,} characters, at most {most:,} are allowed; shorten it, "
            "or pass other limits."
        )
    return found


def _text_of(cells: Mapping[str, Any], models: Sequence[ServedModel]) -> str:
    """Return the cells of a row that are texts, as one text."""
    beside = {name for model in models for name in model.kinds}
    return " ".join(cell or "" for name, cell in cells.items() if name not in beside)


def _cells(sample: Mapping[str, Any], i: int, models: Sequence[ServedModel]) -> dict[str, Any]:
    """Return the cells of a row, those beside texts as values of their kinds, or reject them."""
    columns = {name: model for model in models for name in model.columns}
    cells = dict(sample)
    for name, cell in sample.items():
        if name not in columns:
            raise ValueError(
                f"samples[{i}] has a cell of {name!r:.60}; the columns of the models are "
                f"{list(columns)}."
            )
        kind = columns[name].kinds.get(name)
        if kind is None and not isinstance(cell, str | None):
            raise ValueError(f"samples[{i}]: {name} is a column of texts, got {cell!r:.60}.")
        if kind is not None:
            values, faults = cast_cells([sample], {name: kind})
            if faults:
                raise ValueError(f"samples[{i}]: {faults[0]}; None is a missing cell.")
            (value,) = values[name].to_list()
            cells[name] = value.isoformat() if isinstance(value, date) else value
    return cells
