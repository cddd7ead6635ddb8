"""Labelled texts: download, load from files, generate, and split into three parts."""

from agnews_sk._core.public import publish
from agnews_sk.datasets._blocks import (
    FilePart,
    LabelsOfBlock,
    check_n_classes,
    codes_of_labels,
    find_training_files,
    labels_of_block,
    parts_of_files,
)
from agnews_sk.datasets._fetch import download_agnews, fetch_agnews, get_data_home
from agnews_sk.datasets._generate import load_news_sample, make_news
from agnews_sk.datasets._load import load_agnews, load_texts
from agnews_sk.datasets._reading import reading_of, why_fault
from agnews_sk.datasets._split import train_val_test_split
from agnews_sk.datasets._train_test import TrainTest, load_train_test

__all__ = [
    "TrainTest",
    "fetch_agnews",
    "get_data_home",
    "load_agnews",
    "load_news_sample",
    "load_texts",
    "load_train_test",
    "make_news",
    "train_val_test_split",
]

publish(__name__)
