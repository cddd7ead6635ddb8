"""AG News rows from the folder in `AGNEWS_SK_DATA`, in the published form or of two columns."""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from agnews_sk import load_agnews
from agnews_sk._core.home import data_path

NAMES = np.array(["World", "Sports", "Business", "Sci/Tech"], dtype=object)


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
