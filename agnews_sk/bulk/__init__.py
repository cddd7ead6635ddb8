"""Predict files of any size, here or on many machines."""

from agnews_sk.bulk._predict import BulkReport, find_files, predict_files

__all__ = ["BulkReport", "find_files", "predict_files"]
