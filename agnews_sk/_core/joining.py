"""A story of several cells as the one text that a model's own joiner would make of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

FIELDS = ("title", "description")

Join = Callable[[Mapping[str, str | None]], str]


def story_joiner(model: Any, fields: Sequence[str] = FIELDS) -> Join:
    """Return a function that joins the cells of a story as the model's `join` step does.

    Texts pass through that step unchanged, so that the model says of the joined text what it
    says of the cells in a frame.

    Parameters
    ----------
    model : fitted pipeline or `OnnxClassifier`
        Without a `join` step, cells are joined by a space.
    fields : sequence of str, default=("title", "description")
        Cells of a story, for a model that was fitted on texts or on other columns.

    Returns
    -------
    callable
        From a mapping of field to text or None to one text. A missing cell is what the step says
        of missing ones; an empty cell takes no separator.

    Examples
    --------
    >>> from agnews_sk._core.stories import story_joiner
    >>> join = story_joiner(model=None)
    >>> join({"title": "Oil rises", "description": "By a cent."})
    'Oil rises By a cent.'
    >>> join({"title": None, "description": "By a cent."})
    'By a cent.'
    """
    step = _join_step(model)
    separator, missing = getattr(step, "separator", " "), getattr(step, "missing", "")
    known = [str(column) for column in getattr(step, "columns_", None) or ()]
    order = sorted(fields, key=lambda field: known.index(field) if field in known else len(known))

    def join(story: Mapping[str, str | None]) -> str:
        cells = (story.get(field) for field in order)
        filled = (missing if cell is None else cell for cell in cells)
        return separator.join(cell for cell in filled if cell)

    return join


def fitted_columns(model: Any) -> list[str]:
    """Return the columns that a model was fitted on; none if it was fitted on texts.

    Parameters
    ----------
    model : fitted pipeline or `OnnxClassifier`

    Returns
    -------
    list of str
    """
    return [str(column) for column in getattr(_join_step(model), "columns_", None) or ()]


def _join_step(model: Any) -> Any:
    steps = getattr(model, "steps_", model)
    return getattr(steps, "named_steps", {}).get("join")
