"""Rows of files of any format, as a stream of cells; not public, but used by several rooms."""

from agnews_sk._core.sequences import is_dataset
from agnews_sk.files._arrow import ArrowReader
from agnews_sk.files._arrow_file import DatasetReader
from agnews_sk.files._columns import (
    AGNEWS_COLUMNS,
    TEXT_CHOICES,
    ColumnRules,
    NamedColumns,
    numbered_names,
    plain_name,
    usual_width,
)
from agnews_sk.files._formats import READERS, check_format, open_rows
from agnews_sk.files._options import ReadOptions
from agnews_sk.files._records import fields_of_any_length
from agnews_sk.files._rows import Batch, ByColumn, Cells, Fault, RowReader
from agnews_sk.files._source import COMPRESSIONS
from agnews_sk.files._text_folder import TextFolderReader, class_files
