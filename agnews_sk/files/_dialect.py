"""Find the dialect of separated text: the separator, and how fields are quoted."""

import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from agnews_sk.files._lines import Lines
from agnews_sk.files._records import Dialect, Record, read_records

# Separators in the order in which they are tried, after that of the file's ending.
_SEPARATORS = (",", "\t", ";", "|")
# Excel's first line may state the separator.
_STATED = re.compile(r"sep=(.)\s*", re.IGNORECASE)
_N_LINES_WITH_SEPARATOR = 3
_ANY_LENGTH = 2**31 - 1


def find_dialect(sample: str, *, is_cut: bool, usual: str = ",", sep: str | None = None) -> Dialect:
    r"""Return the dialect under which most records have the same number of fields, above one.

    Parameters
    ----------
    sample : str
        The beginning of the file, with its line ends.
    is_cut : bool
        Whether the file goes on.
    usual : str, default=","
        Separator to prefer where others fit as well, and to use where none fits.
    sep : str, optional
        The separator, if the caller knows it.

    Returns
    -------
    Dialect

    Examples
    --------
    >>> from agnews_sk.files._dialect import find_dialect
    >>> find_dialect("id;text\n1;Oil, gas\n2;Cup\n", is_cut=False).sep
    ';'
    """
    if is_cut:
        sample = sample[: max(sample.rfind("\n"), sample.rfind("\r")) + 1] or sample
    lines = list(io.StringIO(sample, newline=""))
    n_before, stated = _lines_before(lines)
    rest = "".join(lines[n_before:])
    wanted = sep or stated
    separators = [wanted] if wanted else _separators_in(lines[n_before:], usual)
    best, best_share, records = Dialect(separators[0] if wanted else usual), 0.0, []
    for dialect in _dialects(separators, rest):
        share, found = _consistency(rest, dialect, is_cut)
        if share > best_share:
            best, best_share, records = dialect, share, found
        if best_share == 1:
            break
    return replace(
        best,
        n_before=n_before + _n_comments(records),
        splits_broken_quotes=best.sep != ",",
    )


def _lines_before(lines: list[str]) -> tuple[int, str | None]:
    """Return the number of lines before the first record, and the separator that one states.

    Parameters
    ----------
    lines : list of str
        The first ones of the file.

    Returns
    -------
    n_lines : int
    sep : str or None
    """
    for i, line in enumerate(lines):
        stated = _STATED.fullmatch(line)
        if stated:
            return i + 1, stated[1]
        if line.strip() or "\t" in line:
            return i, None
    return 0, None


def _separators_in(lines: list[str], usual: str) -> list[str]:
    """Return the separators that occur in the first lines, the usual one first.

    Parameters
    ----------
    lines : list of str
    usual : str

    Returns
    -------
    list of str
    """
    begin = "".join(lines[:_N_LINES_WITH_SEPARATOR])
    ordered = dict.fromkeys([usual, *_SEPARATORS])
    return [sep for sep in ordered if sep in begin]


def _dialects(separators: list[str], text: str) -> Iterator[Dialect]:
    """Yield the dialects to try in order, the preferred ones first.

    Where a backslash comes before every quote, quotes are text. With commas they otherwise enclose
    fields; other separators are also written without quoting.

    Parameters
    ----------
    separators : list of str
        Those to try, the preferred ones first.
    text : str
        The beginning of the file.

    Yields
    ------
    Dialect
    """
    n_quotes = text.count('"')
    is_escaped = 0 < n_quotes == text.count('\\"')
    for sep in separators:
        dialect = Dialect(sep, skips_spaces=_has_spaces_after(sep, text))
        if is_escaped:
            yield replace(dialect, has_quotes=False, escape="\\")
        yield dialect
        if '\\"' in text:
            yield replace(dialect, escape="\\")
        if sep != "," and n_quotes:
            yield replace(dialect, has_quotes=False)


def _has_spaces_after(sep: str, text: str) -> bool:
    """Return whether a space follows each separator of the first line."""
    first = text.partition("\n")[0].split(sep)
    return len(first) > 1 and all(field.startswith(" ") for field in first[1:])


def _consistency(text: str, dialect: Dialect, is_cut: bool) -> tuple[float, list[Record]]:
    """Return the share of records that have the most frequent number of fields, and the records.

    Parameters
    ----------
    text : str
    dialect : Dialect
    is_cut : bool
        Whether the last record may be incomplete.

    Returns
    -------
    share : float
        0 if most records, or the first one that is no comment, have a single field.
    records : list of Record
    """
    records, n_faults = [], 0
    lines = Lines(io.StringIO(text, newline=""), _ANY_LENGTH)
    for found in read_records(lines, dialect):
        if isinstance(found, Record):
            records.append(found)
        elif is_cut and "unexpected end" in found.reason:
            break
        else:
            n_faults += 1
    if not records:
        return 0.0, records
    n_fields, n = _usual_width(records)
    first = next((r for r in records if not _is_comment(r, n_fields)), records[0])
    fits = n_fields > 1 and len(first.fields) == n_fields
    return (n / (len(records) + n_faults) if fits else 0.0), records


def _usual_width(records: list[Record]) -> tuple[int, int]:
    """Return the most frequent number of fields, and how many records have it.

    Parameters
    ----------
    records : list of Record

    Returns
    -------
    n_fields, n_records : int
    """
    ((n_fields, n),) = Counter(len(record.fields) for record in records).most_common(1)
    return n_fields, n


def _is_comment(record: Record, n_fields: int) -> bool:
    """Return whether a record begins with "#" and has not the usual number of fields.

    A header such as "#id,text" has it.
    """
    return record.fields[0].startswith("#") and len(record.fields) != n_fields


def _n_comments(records: list[Record]) -> int:
    """Return the number of lines before the first record that is no comment."""
    n_fields = _usual_width(records)[0] if records else 0
    return next((r.line - 1 for r in records if not _is_comment(r, n_fields)), 0)
