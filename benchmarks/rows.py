"""AG News rows from the folder in `AGNEWS_SK_DATA`, and the data sets in the folders beside it."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from agnews_sk import load_agnews
from agnews_sk._core.home import data_path

NAMES = np.array(["World", "Sports", "Business", "Sci/Tech"], dtype=object)
N_LABELLED, N_UNLABELLED, N_TEST = 1_000, 3_000, 2_000


class Part(NamedTuple):
    """Rows of a data set: with labels, without labels for the training, and to test on."""

    name: str
    X: np.ndarray
    y: np.ndarray
    unlabelled: np.ndarray
    y_unlabelled: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray


def agnews_folder() -> Path:
    """Return the folder in `AGNEWS_SK_DATA`, or exit if it has no train.csv."""
    folder = Path(data_path() or "")
    if not (folder / "train.csv").is_file():
        sys.exit("Set AGNEWS_SK_DATA to a folder with train.csv and test.csv: AG News rows.")
    return folder


def read_labelled(path: Path) -> tuple[Any, np.ndarray]:
    """Return rows and class names of a file; for two columns, load_agnews returns numbers."""
    X, y = load_agnews(path, return_X_y=True)
    return X, y if y.dtype == object else NAMES[y - 1]


def other_sets() -> Iterator[Part]:
    """Yield BBC articles, comments with one emotion and Chinese headlines, those that are there."""
    folder = agnews_folder().parent
    if (folder / "long" / "bbc.csv").exists():
        yield divided("BBC articles", pd.read_csv(folder / "long" / "bbc.csv"), 300)
    if (folder / "goemotions" / "train.tsv").exists():
        parts = [
            pd.read_csv(folder / "goemotions" / f"{part}.tsv", sep="\t", header=None, quoting=3)
            for part in ("train", "test")
        ]
        frame = pd.concat(parts).iloc[:, :2].set_axis(["text", "label"], axis=1)
        frame = frame[~frame["label"].astype(str).str.contains(",")]
        yield divided("one emotion", frame.astype(str), N_LABELLED)
    if (folder / "languages" / "zh_train.csv").exists():
        parts = [pd.read_csv(folder / "languages" / f"zh_{part}.csv") for part in ("train", "test")]
        yield divided("Chinese headlines", pd.concat(parts), N_LABELLED)


def divided(name: str, frame: pd.DataFrame, n_labelled: int) -> Part:
    """Return a data set with this many labelled rows, drawn by class, and up to so many others."""
    frame = frame.dropna(subset=["text"]).drop_duplicates("text")
    X, y = frame["text"].to_numpy(dtype=object), frame["label"].to_numpy(dtype=object)
    common = pd.Series(y).groupby(y).transform("size") >= 50
    X, y = X[common], y[common]
    rest, labelled = train_test_split(
        np.arange(len(y)), test_size=n_labelled, stratify=y, random_state=0
    )
    n_test = min(N_TEST, len(rest) // 2)
    tested, more = rest[:n_test], rest[n_test:][:N_UNLABELLED]
    return Part(name, X[labelled], y[labelled], X[more], y[more], X[tested], y[tested])
