"""One reader a file format: rows as texts, where each row stood, and what was broken."""

import csv
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from agnews_sk._core.validation import POLARS_STRINGS

_CLASS_NAMES = ("class", "class index", "label", "target", "category")
_TITLE_NAMES = ("title", "headline")
_DESCRIPTION_NAMES = ("description",)
_TEXT_NAMES = ("text", "content")
_ALL_TEXT_NAMES = {*_TITLE_NAMES, *_DESCRIPTION_NAMES, *_TEXT_NAMES}

# What a C long holds on every system; the csv module's own limit is 131,072.
_LONGEST_FIELD = 2**31 - 1
_WHOLE_NUMBER = re.compile(r"\s*-?\d+\s*")
_KINDS_OF_JSON = {str: "text", int: "number", float: "number", bool: "boolean"}
_NOT_UNICODE = "bytes or escapes that are not Unicode text"

Fault = tuple[int, str]


class Table(NamedTuple):
    """What one file held.

    Attributes
    ----------
    path : pathlib.Path
    rows : polars.DataFrame of str of shape (n_rows, n_columns)
        The column `class` as it stood in the file, and the text columns.
    lines : ndarray of int of shape (n_rows,)
        The line, counted from 1, on which each row begins; in Parquet the row.
    faults : list of (int, str)
        Line of each broken row, and what is wrong with it.
    class_column : str
        The name in the file of the column `class`; "class" without a header.
    has_header : bool
        Whether the columns have names in the file.
    is_official : bool
        Whether the file has the form in which AG News is published.
    label_kind : {"text", "number", "boolean"} or None
        What the labels are, None where the format does not tell one kind from another.
    """

    path: Path
    rows: pl.DataFrame
    lines: np.ndarray
    faults: list[Fault]
    class_column: str
    has_header: bool = True
    is_official: bool = False
    label_kind: str | None = None


# All fields are quoted, and the first has no quotes inside: every CSV reader agrees on such a line.
_PLAIN_LINE = r'^"[^"\r]*"(?:,"(?:[^"\r]|"")*"){%d}$'
# AG News without a header has its class and title in quotes; on Kaggle it has this header.
_QUOTED = re.compile(r'"\d+","')
_OFFICIAL_HEADER = ["Class Index", "Title", "Description"]


def _read_csv(path: Path) -> Table:
    data = path.read_bytes()
    width = _plain_width(data)
    return _read_any_csv(path) if width is None else _read_plain_csv(path, data, width)


def _plain_width(data: bytes) -> int | None:
    """Return the number of fields of a headerless CSV without a flaw, None of any other."""
    try:
        lines = pl.Series(data.decode().removesuffix("\n").split("\n"), dtype=pl.String)
    except UnicodeDecodeError:
        return None
    if _is_header([field.strip('"') for field in lines[0].split(",")]):
        return None
    return next((n for n in (3, 2) if lines.str.contains(_PLAIN_LINE % (n - 1)).all()), None)


def _read_plain_csv(path: Path, data: bytes, width: int) -> Table:
    rows = pl.read_csv(data, has_header=False, infer_schema=False).fill_null("")
    names = _official_columns([(1, [""] * width)])
    rows = rows.rename(dict(zip(rows.columns, names)))
    lines = np.arange(1, len(rows) + 1)
    return Table(path, rows, lines, [], "class", has_header=False, is_official=width == 3)


def _read_any_csv(path: Path) -> Table:
    text_lines = _lines(path)
    records, faults = _csv_records(text_lines)
    header = records.pop(0)[1] if records and _is_header(records[0][1]) else None
    chosen = _official_columns(records) if header is None else _choose_columns(header, path)
    width = len(chosen) if header is None else len(header)
    faults += [
        (line, f"expected {width} fields, got {len(fields)}")
        for line, fields in records
        if len(fields) != width
    ]
    good = [record for record in records if len(record[1]) == width]
    values = {name: [fields[i] for _, fields in good] for name, i in chosen.items()}
    rows = pl.DataFrame(values, schema=dict.fromkeys(values, pl.String))
    lines = np.array([line for line, _ in good], dtype=int)
    if header is None:
        quoted = all(_QUOTED.match(text_lines[line - 1]) for line in lines)
        official = width == 3 and quoted
        return Table(path, rows, lines, faults, "class", has_header=False, is_official=official)
    rows = rows.with_columns(pl.all().replace("", None))
    name = _plain(header[chosen["class"]])
    return Table(path, rows, lines, faults, name, is_official=header == _OFFICIAL_HEADER)


@contextmanager
def _fields_of_any_length() -> Iterator[None]:
    limit = csv.field_size_limit(_LONGEST_FIELD)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


@_fields_of_any_length()
def _csv_records(lines: list[str]) -> tuple[list[tuple[int, list[str]]], list[Fault]]:
    """Split the lines of a CSV file into records with the line that each begins on.

    A record that cannot be parsed is a fault of its first line, and reading goes on with the next
    line, so that an open quote costs one row and not the rest of the file.
    """
    records, faults = [], []
    start = 0
    while start < len(lines):
        reader = csv.reader(map(lines.__getitem__, range(start, len(lines))), strict=True)
        begin = start
        try:
            for fields in reader:
                if not all(map(_is_unicode, fields)):
                    faults.append((begin + 1, _NOT_UNICODE))
                elif fields:
                    records.append((begin + 1, fields))
                begin = start + reader.line_num
            break
        except csv.Error as error:
            faults.append((begin + 1, f"broken quotes, {error}"))
            start = begin + 1
    return records, faults


def _read_json_lines(path: Path) -> Table:
    objects: list[tuple[int, dict]] = []
    faults: list[Fault] = []
    for number, line in enumerate(_lines(path), start=1):
        if line.strip():
            try:
                objects.append((number, _json_object(line)))
            except ValueError as error:
                faults.append((number, str(error)))
    if not objects:
        nothing = pl.DataFrame(schema={"class": pl.String, "text": pl.String})
        return Table(path, nothing, np.empty(0, dtype=int), faults, "class")
    names = list(dict.fromkeys(name for _, found in objects for name in found))
    chosen = {column: names[i] for column, i in _choose_columns(names, path).items()}
    name = chosen["class"]
    faults += [
        (number, f"{name} must be a text, a number, true or false, got {found[name]!r:.60}")
        for number, found in objects
        if isinstance(found.get(name), list | dict)
    ]
    objects = [(n, found) for n, found in objects if not isinstance(found.get(name), list | dict)]
    labels = [found.get(name) for _, found in objects]
    values = {column: [found.get(name) for _, found in objects] for column, name in chosen.items()}
    values["class"] = [None if label is None or label != label else str(label) for label in labels]
    rows = pl.DataFrame(values, schema=dict.fromkeys(values, pl.String))
    lines = np.array([number for number, _ in objects], dtype=int)
    kind = _json_kind(labels, lines.tolist(), f"{path}: {name}")
    return Table(path, rows, lines, faults, _plain(name), label_kind=kind)


def _json_kind(labels: Sequence[Any], lines: Sequence[int], column: str) -> str | None:
    """Return the kind of all labels that are not missing, and refuse labels of two kinds."""
    first: dict[str, int] = {}
    for label, line in zip(labels, lines):
        if label is not None and label == label and str(label).strip():
            first.setdefault(_KINDS_OF_JSON[type(label)], line)
    if len(first) > 1:
        found = " and ".join(f"a {kind} on line {line}" for kind, line in first.items())
        raise ValueError(
            f'{column} must hold labels of one kind, got {found}; 1 is a number and "1" a text, '
            "so write all labels in the same way."
        )
    return next(iter(first), None)


def _json_object(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON, {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"expected a JSON object, got {found!r:.60}")
    for name, value in found.items():
        if isinstance(value, str) and not _is_unicode(value):
            raise ValueError(_NOT_UNICODE)
        if _plain(name) in _ALL_TEXT_NAMES and not isinstance(value, str | None):
            raise ValueError(f"{name} must be a text or null, got {value!r:.60}")
    return found


def _read_parquet(path: Path) -> Table:
    # Arrow's reader refuses a damaged file, on which Polars' may end the process.
    try:
        table = pq.ParquetFile(path).read()
        table.validate(full=True)
        found = pl.DataFrame(table)
    except (pa.ArrowException, OSError, ValueError, pl.exceptions.PanicException) as error:
        raise ValueError(f"{path} is not a readable Parquet file: {error}") from error
    chosen = _choose_columns(found.columns, path)
    rows = pl.DataFrame({column: found.to_series(i) for column, i in chosen.items()})
    wrong = [c for c in rows.columns if c != "class" and rows[c].dtype not in POLARS_STRINGS]
    if wrong:
        raise ValueError(f"{path}: {wrong[0]} must hold texts, got {rows[wrong[0]].dtype}.")
    name = found.columns[chosen["class"]]
    labels = _parquet_labels(rows["class"], path, _class_names(table.schema, name))
    return Table(
        path,
        rows.with_columns(labels).cast(pl.String),
        np.arange(1, len(rows) + 1),
        [],
        _plain(name),
        label_kind=_parquet_kind(labels.dtype),
    )


def _parquet_kind(dtype: pl.DataType) -> str:
    if dtype in POLARS_STRINGS:
        return "text"
    return "boolean" if dtype == pl.Boolean else "number"


def _parquet_labels(labels: pl.Series, path: Path, names: Sequence[str] | None) -> pl.Series:
    """Return labels of a kind that can be classes, by the names that the file itself has."""
    is_whole = labels.dtype.is_integer()
    if is_whole and names is not None:
        return labels.replace_strict(dict(enumerate(names)), default=None, return_dtype=pl.String)
    if labels.dtype.is_float():
        return labels.fill_nan(None)
    if not (is_whole or labels.dtype in (*POLARS_STRINGS, pl.Boolean)):
        raise ValueError(
            f"{path}: the class must be texts, whole numbers or booleans, got {labels.dtype}."
        )
    return labels


def _class_names(schema: pa.Schema, column: str) -> Sequence[str] | None:
    """Return the names of classes that the `datasets` library wrote beside their numbers."""
    written = (schema.metadata or {}).get(b"huggingface", b"{}")
    try:
        names = json.loads(written)["info"]["features"][column]["names"]
    except (ValueError, KeyError, TypeError):
        return None
    known = isinstance(names, list) and all(isinstance(name, str) for name in names)
    return names if known else None


def _lines(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        return list(file)


def _is_unicode(text: str) -> bool:
    """Tell whether a text has no lone surrogate, which is what an undecodable byte became."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_header(fields: Sequence[str]) -> bool:
    plain = [_plain(field) for field in fields]
    has_class = any(name in _CLASS_NAMES for name in plain)
    has_text = any(name in _ALL_TEXT_NAMES for name in plain)
    # A row of numbered classes may well have "Target" for its title.
    return has_class and (has_text or not _WHOLE_NUMBER.fullmatch(fields[0]))


def _official_columns(records: Sequence[tuple[int, list[str]]]) -> dict[str, int]:
    widths = [len(fields) for _, fields in records]
    if widths.count(2) > widths.count(3):
        return {"class": 0, "text": 1}
    return {"class": 0, "title": 1, "description": 2}


def _plain(name: str) -> str:
    return name.strip().lower().replace("_", " ")


def _choose_columns(names: Sequence[str], path: Path) -> dict[str, int]:
    """Return the position of the class and of each text column, by our names for them."""
    plain = [_plain(name) for name in names]
    twice = [name for name in names if plain.count(_plain(name)) > 1]
    if any(_plain(name) in (*_CLASS_NAMES, *_ALL_TEXT_NAMES) for name in twice):
        raise ValueError(f"{path} has a column more than once, {twice}; rename or remove one.")

    def position(wanted: tuple[str, ...]) -> int | None:
        return next((plain.index(name) for name in wanted if name in plain), None)

    title, text = position(_TITLE_NAMES), position(_TEXT_NAMES)
    description = position(_DESCRIPTION_NAMES)
    if title is not None and description is None:
        description, text = text, None
    found = {"class": position(_CLASS_NAMES), "title": title, "description": description}
    if title is None and description is None:
        found["text"] = text
    chosen = {name: i for name, i in found.items() if i is not None}
    if "class" not in chosen or len(chosen) < 2:
        raise ValueError(
            f"{path} has the columns {list(names)}; it needs one for the class "
            f"({', '.join(_CLASS_NAMES)}) and title, description or text."
        )
    return chosen


READERS: dict[str, Callable[[Path], Table]] = {
    ".csv": _read_csv,
    ".parquet": _read_parquet,
    ".jsonl": _read_json_lines,
    ".ndjson": _read_json_lines,
}
