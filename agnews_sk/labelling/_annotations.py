"""Labelled texts in the JSON of Label Studio and of doccano."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

TOOLS = ("label_studio", "doccano")
# The names that Label Studio's own template of a text classification gives to its tags.
_FROM, _TO = "sentiment", "text"


class Annotations(NamedTuple):
    """Texts with the labels that an annotation tool has stored.

    Attributes
    ----------
    texts : DataFrame of shape (n_samples, n_columns)
        Columns of the text.
    labels : list of (str or None) of length n_samples
        None for texts without a label.
    """

    texts: pd.DataFrame
    labels: list[str | None]


def read_annotations(path: str | Path) -> Annotations:
    """Read texts and labels that Label Studio or doccano exported.

    Parameters
    ----------
    path : str or path
        JSON of Label Studio (a list of tasks), or JSON or JSON Lines of doccano.

    Returns
    -------
    Annotations

    Raises
    ------
    ValueError
        If the file is none of these, or a text has several labels.

    Notes
    -----
    Of several annotations of a task, the last one that was not cancelled counts. Cells of a task
    that are no strings are left out.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from agnews_sk.labelling import read_annotations
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "admin.jsonl")
    ...     _ = path.write_text('{"id": 1, "text": "Oil rises", "label": ["Business"]}')
    ...     read_annotations(path).labels
    ['Business']
    """
    rows = []
    for place, entry in enumerate(_entries(Path(path)), start=1):
        try:
            rows.append(_from_task(entry) if "data" in entry else _from_doccano(entry))
        except (AttributeError, KeyError, IndexError, TypeError) as error:
            raise ValueError(
                f"{path}, entry {place}: this is neither a task of Label Studio nor a text of "
                f"doccano: {json.dumps(entry):.100}."
            ) from error
        except ValueError as error:
            raise ValueError(f"{path}, entry {place}: {error}") from error
    if not rows:
        raise ValueError(f"{path} has no texts.")
    frame = pd.DataFrame([texts for texts, _ in rows]).fillna("")
    return Annotations(frame, [label for _, label in rows])


def write_annotations(
    path: str | Path,
    texts: Mapping[str, Sequence[str]],
    labels: Sequence[str | None],
    *,
    tool: str = "label_studio",
) -> None:
    """Write texts and labels as Label Studio or doccano imports them.

    Parameters
    ----------
    path : str or path
        A list in JSON for Label Studio, JSON Lines for doccano.
    texts : DataFrame, or mapping of str to sequence of str of length n_samples
        Columns of the text; doccano has one, into which they are joined by line breaks. Missing
        cells are empty.
    labels : sequence of (str or None) of length n_samples
    tool : {"label_studio", "doccano"}, default="label_studio"

    Raises
    ------
    ValueError
        If `tool` is none of these, or lengths differ.

    Notes
    -----
    In Label Studio, the annotations belong to the tags `<Text name="text" value="$text"/>` and
    `<Choices name="sentiment" toName="text">` of its template for text classification, where the
    value names the column.
    """
    content = annotations_as(tool, texts, labels)
    Path(path).write_text(content, encoding="utf-8", errors="replace")


def annotations_as(
    tool: str, texts: Mapping[str, Sequence[str]], labels: Sequence[str | None]
) -> str:
    """Return texts and labels as a tool imports them; parameters as of `write_annotations`.

    Parameters
    ----------
    tool : {"label_studio", "doccano"}
    texts : DataFrame, or mapping of str to sequence of str of length n_samples
    labels : sequence of (str or None) of length n_samples

    Returns
    -------
    str
    """
    if tool not in TOOLS:
        raise ValueError(f"tool must be one of {list(TOOLS)}, got {tool!r}.")
    numbered = list(enumerate(zip(_rows(texts, labels), map(_text, labels)), start=1))
    if tool == "label_studio":
        tasks = [_as_task(i, cells, label) for i, (cells, label) in numbered]
        return json.dumps(tasks, ensure_ascii=False, indent=1) + "\n"
    lines = [_as_doccano(i, cells, label) for i, (cells, label) in numbered]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _rows(texts: Mapping[str, Sequence[str]], labels: Sequence[str | None]) -> list[dict[str, str]]:
    """Return the cells of each row by column, missing ones empty; reject columns of other lengths.

    Parameters
    ----------
    texts : DataFrame, or mapping of str to sequence of str of length n_samples
    labels : sequence of (str or None) of length n_samples

    Returns
    -------
    list of dict of str to str of length n_samples
    """
    columns = {str(name): [_text(cell) or "" for cell in texts[name]] for name in texts}
    lengths = {name: len(column) for name, column in columns.items()}
    if any(n != len(labels) for n in lengths.values()):
        raise ValueError(f"there must be one label or None per text, got {len(labels)}: {lengths}.")
    return [dict(zip(columns, cells)) for cells in zip(*columns.values())]


def is_annotations(path: str | Path) -> bool:
    """Return whether a file looks like an export of one of both tools.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    bool
    """
    if Path(path).suffix.lower() not in (".json", ".jsonl"):
        return False
    try:
        first = next(iter(_entries(Path(path))), {})
    except ValueError:
        return False
    is_task = isinstance(first.get("data"), dict)
    has_list = any(isinstance(first.get(name), list) for name in ("label", "labels"))
    return is_task or (has_list and "text" in first)


def _entries(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a JSON list, or of the lines of a file.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    list of dict

    Raises
    ------
    ValueError
        If it is not JSON, or holds something else.
    """
    content = path.read_text(encoding="utf-8-sig")
    try:
        if content.lstrip().startswith("["):
            found = json.loads(content)
        else:
            found = [json.loads(line) for line in content.split("\n") if line.strip()]
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}.") from error
    if not all(isinstance(entry, dict) for entry in found):
        raise ValueError(f"{path} must hold JSON objects.")
    return found


def _from_task(task: dict[str, Any]) -> tuple[dict[str, str], str | None]:
    """Return the texts and the label of a task of Label Studio."""
    texts = {name: cell for name, cell in task["data"].items() if isinstance(cell, str)}
    if not texts:
        raise KeyError("data")
    valid = [one for one in task.get("annotations", []) if not one.get("was_cancelled")]
    results = valid[-1]["result"] if valid else []
    choices = [one["value"].get("choices") for one in results]
    return texts, _only([name for names in choices for name in _as_list(names)])


def _from_doccano(entry: dict[str, Any]) -> tuple[dict[str, str], str | None]:
    """Return the text and the label of a line of doccano."""
    text = entry["text"]
    return {"text": text + ""}, _only(_as_list(entry.get("label", entry.get("labels"))))


def _as_list(names: Any) -> list[Any]:
    """Return names of classes as a list, where tools store one alone or none."""
    return [names] if isinstance(names, str) else list(names or [])


def _only(labels: Sequence[Any]) -> str | None:
    """Return the only label of a text, None without one, or reject several or anything else."""
    if len(labels) > 1:
        raise ValueError(f"there must be one label per text, got {list(labels)!r:.100}.")
    if labels and (not isinstance(labels[0], (str, int)) or isinstance(labels[0], bool)):
        raise ValueError(
            f"a label must be the name of a class of the text, got {labels[0]!r:.100}."
        )
    return str(labels[0]).strip() or None if labels else None


def _text(cell: Any) -> str | None:
    """Return a cell as text, None if it is missing."""
    return None if pd.isna(cell) else str(cell)


def _as_task(number: int, cells: dict[str, str], label: str | None) -> dict[str, Any]:
    """Return a task of Label Studio."""
    choice = {"from_name": _FROM, "to_name": _TO, "type": "choices", "value": {"choices": [label]}}
    annotations = [] if label is None else [{"result": [choice]}]
    return {"id": number, "data": cells, "annotations": annotations}


def _as_doccano(number: int, cells: dict[str, str], label: str | None) -> dict[str, Any]:
    """Return a line of doccano."""
    text = "\n".join(filter(None, cells.values()))
    return {"id": number, "text": text, "label": [] if label is None else [label]}
