"""Train on files of any size, in memory that does not grow with the number of rows."""

from agnews_sk._core.public import publish
from agnews_sk.streaming._fit import FilesReport, fit_files, train_files
from agnews_sk.streaming._fit_net import TRAINING

__all__ = ["fit_files"]

publish(__name__)
