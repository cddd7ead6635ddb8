"""Predict files of any size, on this machine or on a Dask cluster."""

from agnews_sk._core.public import publish
from agnews_sk.bulk._columns import choose_columns
from agnews_sk.bulk._inputs import find_files
from agnews_sk.bulk._output import without_formulas
from agnews_sk.bulk._predict import BulkReport, predict_files

__all__ = ["BulkReport", "find_files", "predict_files"]

publish(__name__)
