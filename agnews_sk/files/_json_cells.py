"""The cells of a JSON object, of which nested objects are taken apart."""

from typing import Any

from agnews_sk.files._rows import Cells


def cells_of(found: Any) -> Cells:
    """Return the cells of a JSON value by name; those of nested objects as "outer.inner".

    Parameters
    ----------
    found : object
        As the parser returns it.

    Returns
    -------
    dict of str to object

    Raises
    ------
    ValueError
        If it is not an object.

    Examples
    --------
    >>> from agnews_sk.files._json_cells import cells_of
    >>> cells_of({"id": 7, "data": {"text": "Oil"}})
    {'id': 7, 'data.text': 'Oil'}
    """
    if not isinstance(found, dict):
        raise ValueError(f"expected a JSON object, got {found!r:.60}")
    return _flat(found)


def _flat(cells: Cells) -> Cells:
    """Return cells with those of nested objects under dotted names.

    Parameters
    ----------
    cells : dict of str to object

    Returns
    -------
    dict of str to object
        The same dict if no cell is an object.
    """
    if not any(isinstance(cell, dict) for cell in cells.values()):
        return cells
    flat: Cells = {}
    for name, cell in cells.items():
        if isinstance(cell, dict) and cell:
            flat |= {f"{name}.{inner}": value for inner, value in _flat(cell).items()}
        else:
            flat[name] = cell
    return flat
