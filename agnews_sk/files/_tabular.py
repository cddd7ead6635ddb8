"""Rows of formats without types, whose first record may name the columns: text files and sheets."""

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import chain, islice

from agnews_sk.files._records import Record
from agnews_sk.files._rows import Fault, Found, Row, RowReader, is_unicode

# Number of records that decide whether there is a header, and how many columns there are.
_N_RECORDS_AHEAD = 1_000
# On Kaggle AG News has this header.
_OFFICIAL_HEADER = ["Class Index", "Title", "Description"]
_N_OFFICIAL_FIELDS = 3


class TabularReader(RowReader):
    """Read records as rows: texts in fields, below a header or without one.

    A repeated header, of a file that was appended to another, is a fault. So is a record with
    another number of fields, unless those above the number of columns are empty.

    The first thousand records decide whether the first one names the columns and, if not, on the
    number of fields, so that a first record with a field more or less is a fault and not the rule.

    See Also
    --------
    agnews_sk.files._columns : Recognizes a header, and names the columns without one.
    """

    has_types = False
    is_official = True

    @abstractmethod
    def open_records(self) -> AbstractContextManager[Iterator[Record | Fault]]:
        """Open the file, and yield its records, header included."""

    def column_names(self) -> list[str]:
        """Return the names in the header, or those of a file without one."""
        with self.open_records() as records:
            self._begin(records)
        return self.names

    def rows(self) -> Found:
        """Yield a row per record."""
        with self.open_records() as records:
            for record in self._begin(records):
                yield record if isinstance(record, Fault) else self._row(record)

    def _begin(self, records: Iterator[Record | Fault]) -> Iterator[Record | Fault]:
        """Learn the names of the columns, and skip the header.

        Parameters
        ----------
        records : iterator of Record or Fault
            All records of the file.

        Returns
        -------
        iterator of Record or Fault
            Those that are rows or faults.
        """
        faults: list[Record | Fault] = []
        for first in records:
            if isinstance(first, Record):
                return chain(faults, self._begin_with(first, records))
            faults.append(first)
        return iter(faults)

    def _begin_with(
        self, first: Record, records: Iterator[Record | Fault]
    ) -> Iterator[Record | Fault]:
        """Learn the names from the first record that can be split, or from the first thousand.

        Parameters
        ----------
        first : Record
        records : iterator of Record or Fault
            What comes after it.

        Returns
        -------
        iterator of Record or Fault
            All rows, `first` among them unless it is the header.
        """
        ahead = list(islice(records, _N_RECORDS_AHEAD - 1))
        whole = [record.fields for record in [first, *ahead] if isinstance(record, Record)]
        try:
            self.has_header = self.empty_is_missing = self.rules.is_header(whole)
            self.names = first.fields if self.has_header else self.rules.names_without_header(whole)
        except ValueError as error:
            raise ValueError(f"{self.path}: {error}") from error
        if self.has_header:
            self.is_official = self.is_official and first.fields == _OFFICIAL_HEADER
            return chain(ahead, records)
        self.is_official = self.is_official and len(self.names) == _N_OFFICIAL_FIELDS
        return chain([first], ahead, records)

    def _row(self, record: Record) -> Row | Fault:
        """Return the cells of a record by name, or why it is not a row.

        Parameters
        ----------
        record : Record

        Returns
        -------
        Row or Fault
            A fault if the record is the header again, has undecodable bytes or another number of
            fields.
        """
        line, fields, is_quoted = record
        if self.has_header and fields == self.names:
            return Fault(line, "repeated header")
        if not all(map(is_unicode, fields)):
            return Fault(line, self.not_unicode)
        n_names = len(self.names)
        if len(fields) < n_names or any(fields[n_names:]):
            return Fault(line, f"expected {n_names} fields, got {len(fields)}")
        self.is_official = self.is_official and (self.has_header or is_quoted)
        return Row(line, dict(zip(self.names, fields)))
