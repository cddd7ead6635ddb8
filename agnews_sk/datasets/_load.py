"""Load labelled rows from files: those of AG News, or of any columns."""

import os
from collections.abc import Sequence
from typing import Any

from agnews_sk.datasets._bunch import as_returned, check_choice
from agnews_sk.datasets._parts import PARTS
from agnews_sk.datasets._reading import Reading, load_parts, reading_of
from agnews_sk.files import ReadOptions

_SUBSETS = (*PARTS, "all")


def load_texts(
    path: Any,
    *,
    text: str | Sequence[str] | None = None,
    label: str | Sequence[str] | None = None,
    sep: str | None = None,
    encoding: str | None = None,
    header: bool | None = None,
    sheet: str | None = None,
    label_sep: str | None = None,
    columns: str | Sequence[str] | None = None,
    subset: str = "train",
    on_bad_rows: str = "error",
    return_X_y: bool = False,
) -> Any:
    r"""Load labelled texts from files with any columns, which are recognized or named.

    Parameters
    ----------
    path : str, path-like, list of them, Dataset or DatasetDict
        A file, of which all rows are read; a pattern such as `2026-*.csv` or a list of files, which
        are read as one; a folder with files named after the subset, such as `train.csv` or
        `train-00000-of-00001.parquet`; a folder with a folder per class, such as `neg` and `pos`,
        with a text file per row, in which `train` and `test` may have such folders; or a dataset of
        the Hugging Face library, or the folder where it was saved.
    text : str or list of str, optional
        Column of the text, or several in the order in which they are to be joined.
    label : str or list of str, optional
        Column of the label; or columns of 0 and 1, whose names are the labels, several per row.
    sep : str, optional
        Separator of the fields of text files, one character or "tab".
    encoding : str, optional
        Encoding of text files. By default UTF-8, or UTF-16 or UTF-32 if the file shows it.
    header : bool, optional
        Whether the first line of text files and sheets names the columns. Without a header the
        columns are column_1, column_2 and so on; or class, title and description, or class and
        text, in the layout of AG News.
    sheet : str, optional
        Sheet of a workbook with several.
    label_sep : str, optional
        Character or characters between the labels of a cell that holds several.
    columns : "auto" or list of str, optional
        Columns to keep beside the texts, such as numbers and dates, for a pipeline that uses them;
        "auto" keeps all others.
    subset : {"train", "validation", "test", "all"}, default="train"
        Which files of a folder to read; "all" reads those that exist, training rows first. Ignored
        for rows that are not divided into parts.
    on_bad_rows : {"error", "skip"}, default="error"
        Whether a broken row (wrong number of fields, no label, undecodable bytes, open quote)
        raises an error, or is skipped and counted in one warning.
    return_X_y : bool, default=False
        Return `(data, target)` instead of the Bunch.

    Returns
    -------
    Bunch
        data : DataFrame of shape (n_samples, n_columns)
            The text columns under the names that they have in the file, then those of `columns`.
        target : ndarray of shape (n_samples,)
            Labels as in the file: integers, booleans, strings, or lists of labels.
        target_names : list
            The classes, sorted.
        DESCR : str
            Which files were read.
        label_name : str or list of str
            Column of the labels, or columns of 0 and 1.
        label_form : str
            How several labels are written in a file without lists, else empty.
        text_names : list of str
            Columns of the text.
        summary : str
            What was recognized, such as "text: comment; label: queue, 3 classes; 8 rows".

    Raises
    ------
    FileNotFoundError
        If there is no such file, or the folder has none for the subset.
    ImportError
        If a workbook is read without the `excel` extra.
    ValueError
        If the columns are not certain, with all columns and the parameter that names them; if a row
        is broken, with its file and line; if there are no rows; if labels are decimals, or of two
        kinds, or one has two spellings; if the file is something else than its name says.

    Warns
    -----
    UserWarning
        If broken rows were skipped.

    Notes
    -----
    Formats, by the ending of the name: CSV and other separated text (`.csv`, `.tsv`, `.tab`,
    `.psv`, `.txt`), JSON (`.json`, `.jsonl`, `.ndjson`), Parquet, Arrow (`.arrow`, `.feather`) and
    workbooks (`.xlsx`, `.xlsm`, `.xlsb`, `.xls`, `.ods`). Each may be compressed (`.gz`, `.bz2`,
    `.xz`, `.zst`, `.zip`). Fields of nested objects are columns such as "data.text".

    A column that the caller does not name is recognized by its name and its values, or refused if
    another one may be meant as well; never by its position. Titles and texts are joined. Columns
    of ids, dates and numbers are left out. Texts such as "NA" and "None" stay texts.

    Cells that are all lists, as JSON, Python or NumPy write them, are several labels per row.
    Whether rows have one label or several is decided by the first file.

    Class names in the metadata of a Parquet or Arrow file of the Hugging Face library replace its
    numbers. AG News' names are given to AG News' files only, see `load_agnews`.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from agnews_sk.datasets import load_texts
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "tickets.csv")
    ...     _ = path.write_text("queue;comment\nbilling;Refund me\nreturns;The zip broke\n")
    ...     tickets = load_texts(path)
    >>> tickets.summary
    'text: comment; label: queue, 2 classes; 2 rows'
    >>> tickets.data["comment"].to_list(), tickets.target.tolist()
    (['Refund me', 'The zip broke'], ['billing', 'returns'])
    """
    check_choice(subset, _SUBSETS, name="subset")
    reading = reading_of(
        text=text,
        label=label,
        sep=sep,
        encoding=encoding,
        header=header,
        sheet=sheet,
        label_sep=label_sep,
        columns=columns,
        on_bad_rows=on_bad_rows,
    )
    (bunch,) = load_parts(path, [subset], reading)
    return as_returned(bunch, return_X_y)


def load_agnews(
    path: str | os.PathLike,
    *,
    subset: str = "train",
    on_bad_rows: str = "error",
    return_X_y: bool = False,
) -> Any:
    r"""Load rows in the format of AG News, any number of them, from a file or a folder.

    Files with other columns are read by `load_texts`.

    Parameters
    ----------
    path : str or path-like
        A file, of which all rows are read; or a folder with files named after the subset, such as
        `train.csv` or `train-00000-of-00001.parquet`.
    subset : {"train", "validation", "test", "all"}, default="train"
        Which files of a folder to read; "all" reads those that exist, training rows first. Ignored
        for a single file.
    on_bad_rows : {"error", "skip"}, default="error"
        Whether a broken row (wrong number of fields, no label, undecodable bytes, open quote)
        raises an error, or is skipped and counted in one warning.
    return_X_y : bool, default=False
        Return `(data, target)` instead of the Bunch.

    Returns
    -------
    Bunch
        data : DataFrame of shape (n_samples, n_columns)
            Columns `title` and `description`, or those of them that the file has, or `text`.
        target : ndarray of shape (n_samples,)
            Labels: the class names of AG News, otherwise the labels as in the file.
        target_names : list
            The classes: those of AG News in the order of their numbers, others sorted.
        DESCR : str
            Which files were read.
        label_name, summary : str
            Column of the labels; and all columns with the number of classes and of rows.

    Raises
    ------
    FileNotFoundError
        If there is no such file, or the folder has none for the subset.
    ValueError
        If a row is broken, with its file and line; if no row is left; if the columns of labels and
        texts are not found; if the labels are not classes, but decimals or a different number for
        each row; if labels are of two kinds, such as 1 and "1" in JSON, or one has two spellings.

    Warns
    -----
    UserWarning
        If broken rows were skipped.

    Notes
    -----
    A CSV without a header holds class, title and description, or class and text, and its classes
    are integers. Fields are separated by commas, quotes are doubled within quotes, a backslash is
    text, blank lines are skipped, and the encoding is UTF-8.

    Otherwise columns are found by name, in any case and order, and others are ignored. The class is
    `class`, `class index`, `label`, `target` or `category`. The texts are `title` (or `headline`)
    and `description`; `text` (or `content`) is the description in a file with titles, and the only
    text in one without. A null, or an empty field of a CSV with a header, is a missing value. In a
    CSV without a header an empty field is the empty string.

    Labels stay as they are: integers (also written as 1.0), booleans, else texts. Only the
    files of AG News get its class names: they have three quoted columns and no header, or the
    header `Class Index,Title,Description`, and the classes 1, 2, 3 and 4, all of them and no other.
    All files of a folder are considered together, and the labels of a CSV take the kind of the
    other files. Labels of a Parquet file of the Hugging Face Hub get the class names in its
    metadata.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from agnews_sk.datasets import load_agnews
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "news.csv")
    ...     _ = path.write_text("text,label\nOil rises,business\nCup final,sports\n")
    ...     bunch = load_agnews(path)
    >>> bunch.data["text"].to_list(), bunch.target.tolist()
    (['Oil rises', 'Cup final'], ['business', 'sports'])
    """
    check_choice(subset, _SUBSETS, name="subset")
    reading = Reading(options=ReadOptions(detects=False), on_bad_rows=on_bad_rows)
    (bunch,) = load_parts(path, [subset], reading)
    return as_returned(bunch, return_X_y)
