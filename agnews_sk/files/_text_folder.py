"""Rows of a folder per class, with a text file per row, as scikit-learn's `load_files` reads it."""

from collections.abc import Iterator
from pathlib import Path

from agnews_sk.files._lines import open_text
from agnews_sk.files._rows import Fault, Found, Row, RowReader, is_unicode

TEXT, LABEL = "text", "label"


def class_files(folder: Path) -> dict[str, list[Path]]:
    """Return the files of each class: those of the folders in a folder that hold only texts.

    Parameters
    ----------
    folder : pathlib.Path

    Returns
    -------
    dict of str to list of pathlib.Path
        In alphabetical order; empty if fewer than two folders hold texts.
    """
    found = {place.name: _text_files(place) for place in _visible(folder) if place.is_dir()}
    filled = {name: files for name, files in found.items() if files}
    return filled if len(filled) > 1 else {}


def _visible(folder: Path) -> Iterator[Path]:
    """Yield what is in a folder, in alphabetical order, without hidden files."""
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _text_files(folder: Path) -> list[Path]:
    """Return the files in a folder if all are texts by their names, else none."""
    files = [path for path in _visible(folder) if path.is_file()]
    return files if all(map(_is_text, files)) else []


def _is_text(path: Path) -> bool:
    """Return whether a name is that of a text: with .txt, without an ending, or numbered."""
    ending = path.suffix.lower()
    return ending in ("", ".txt") or ending[1:].isdigit()


class TextFolderReader(RowReader):
    """Read a folder per class: each file is a text, and the name of its folder the label.

    The line of a row is its number. A file that cannot be decoded, or is too large, is a fault.
    """

    has_types = False

    def column_names(self) -> list[str]:
        """Return the names of the columns, which are always the same."""
        self.names = [TEXT, LABEL]
        return self.names

    def rows(self) -> Found:
        """Yield a row per file, class by class."""
        self.column_names()
        files = [
            (name, path) for name, of_class in class_files(self.path).items() for path in of_class
        ]
        for number, (name, path) in enumerate(files, start=1):
            yield self._row(number, name, path)

    def _row(self, number: int, name: str, path: Path) -> Row | Fault:
        """Return the row of a file, or why it is none."""
        most = self.options.max_record_bytes
        try:
            with open_text(path, encoding=self.options.assumed_encoding) as file:
                text = file.read(most + 1)
        except ValueError as error:  # which names the file
            return Fault(number, str(error).rstrip("."))
        if len(text) > most:
            return Fault(number, f"{path} has more than {most} characters")
        if not is_unicode(text):
            return Fault(number, f"{path} has bytes that are not Unicode text; pass its encoding")
        return Row(number, {TEXT: text, LABEL: name})
