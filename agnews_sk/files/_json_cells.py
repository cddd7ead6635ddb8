"""The cells of a JSON object, of which nested objects are taken apart."""

import json
from typing import Any

from agnews_sk.files._rows import Cells


class _WithRepeatedKey(dict[str, Any]):
    """An object with a key more than once, of which `json` would keep the last value.

    Attributes
    ----------
    repeated : str
    """

    repeated: str


def _object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object that consists of some keys and values; mark it if a key is repeated.

    It is not rejected yet, since the parser has to find the end of the object.
    """
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    names = [name for name, _ in pairs]
    marked = _WithRepeatedKey(found)
    marked.repeated = next(name for name in found if names.count(name) > 1)
    return marked


# Parses JSON whose objects `cells_of` takes apart.
DECODER = json.JSONDecoder(object_pairs_hook=_object_of)


def cells_of(found: Any) -> Cells:
    """Return the cells of a JSON value by name; those of nested objects as "outer.inner".

    Parameters
    ----------
    found : object
        As `DECODER` returns it.

    Returns
    -------
    dict of str to object

    Raises
    ------
    ValueError
        If it is not an object, or two of its cells have the same name.

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
    if isinstance(cells, _WithRepeatedKey):
        raise _repeated(cells.repeated)
    if not any(isinstance(cell, dict) for cell in cells.values()):
        return cells
    flat: Cells = {}
    for name, cell in cells.items():
        is_nested = isinstance(cell, dict) and cell
        inner = {f"{name}.{key}": value for key, value in _flat(cell).items()} if is_nested else {}
        for full, value in (inner or {name: cell}).items():
            if full in flat:
                raise _repeated(full)
            flat[full] = value
    return flat


def _repeated(name: str) -> ValueError:
    """Return the error of an object with two cells of one name."""
    return ValueError(f"the key {name!r:.60} occurs more than once; rename or remove all but one")
