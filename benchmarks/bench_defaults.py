"""The defaults of the TF-IDF pipeline and alternatives to each, on eight data sets.

Three-fold cross-validation with the same folds for all settings. The score is the accuracy, with
several labels per row macro-F1, both in percent; the log loss is that of the labels, with several
their mean. The first table has the results of the defaults, with the time of all settings; the
others have the differences from them, per data set and on average.

Run: AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_defaults.py [--sets BBC Chinese]

FOLDER holds train.csv and train_joined.csv (optional) of AG News. The folders `long` (bbc.csv),
`goemotions` and `languages` beside it hold the others; those that are missing are left out.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
from bench_languages import NAMES, columns_of
from bench_multilabel import read
from record import record
from rows import agnews_folder, read_labelled
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.metrics import f1_score, log_loss
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.preprocessing import MultiLabelBinarizer

from agnews_sk import make_tfidf_pipeline
from agnews_sk.classifiers import _calibrated
from agnews_sk.cleaning import ColumnJoiner

DEFAULT = "default"
WORDS, CHARACTERS = "vectorize__words__", "vectorize__characters__"
# Parameters of the steps before `classify` by name of the setting; they are fitted once for all
# settings of the classifier.
VECTORIZERS: dict[str, dict[str, Any]] = {
    DEFAULT: {},
    "min_df 1": {f"{WORDS}min_df": 1, f"{CHARACTERS}min_df": 1},
    "min_df 2": {f"{WORDS}min_df": 2, f"{CHARACTERS}min_df": 2},
    "unsupervised": {f"{WORDS}supervised": False, f"{CHARACTERS}supervised": False},
    "supervised": {f"{WORDS}supervised": True, f"{CHARACTERS}supervised": True},
    "all characters": {"vectorize__character_max_df": None},
    "words": {"characters": False},
    "words and characters": {"characters": True},
}
CLASSIFIERS: dict[str, dict[str, Any]] = {
    DEFAULT: {},
    **{f"C {C}": {"classify__C": C} for C in (1, 3, 10, 30, 100)},
    "no class shifts": {},
    "uncalibrated": {"classify__calibration_fraction": None},
}
# With several labels per row, calibration consists of thresholds, without which few are predicted.
OF_ONE_LABEL = ("no class shifts", "uncalibrated")
# Training rows of AG News, and how often they are drawn.
AGNEWS_ROWS = {300: 4, 3_000: 1, 30_000: 1}
N_FOLDS = 3
# Rows at most of the sets with many.
MOST_ROWS = 6_000
Rows = tuple[np.ndarray, Any]


def sets_of(folder: Path) -> dict[str, Callable[[], list[Rows]]]:
    """Return readers of the data sets, each of several draws of rows."""
    languages = {n: folder.parent / "languages" / f"{n}_train.csv" for n in NAMES}
    found: dict[str, Callable[[], list[Rows]]] = {
        f"AG News, {n:,}": lambda n=n, draws=draws: agnews(folder, n, draws)
        for n, draws in AGNEWS_ROWS.items()
    }
    bbc, goemotions = folder.parent / "long/bbc.csv", folder.parent / "goemotions/train.tsv"
    if bbc.is_file():
        found["BBC"] = lambda: [columns_of(pd.read_csv(bbc))]
    if goemotions.is_file():
        found["GoEmotions"] = lambda: [some(*in_arrays(*read(goemotions)))]
    for name, path in languages.items():
        if path.is_file():
            found[NAMES[name]] = lambda path=path: [some(*columns_of(pd.read_csv(path)))]
    return found


def agnews(folder: Path, n_rows: int, n_draws: int) -> list[Rows]:
    """Return draws of rows of which `n_rows` are in the training part of each fold."""
    paths = [folder / name for name in ("train.csv", "train_joined.csv")]
    parts = [read_labelled(path) for path in paths if path.exists()]
    texts = np.concatenate([ColumnJoiner().fit_transform(frame) for frame, _ in parts])
    labels = np.concatenate([names for _, names in parts])
    n_drawn = n_rows * N_FOLDS // (N_FOLDS - 1)
    orders = [np.random.default_rng(seed).permutation(len(labels)) for seed in range(n_draws)]
    return [(texts[order[:n_drawn]], labels[order[:n_drawn]]) for order in orders]


def in_arrays(texts: list[str], labels: list[list[int]]) -> Rows:
    """Return texts and an indicator matrix."""
    return np.array(texts, dtype=object), MultiLabelBinarizer().fit_transform(labels)


def some(texts: np.ndarray, labels: Any) -> Rows:
    """Return at most `MOST_ROWS` rows."""
    order = np.random.default_rng(0).permutation(len(texts))[:MOST_ROWS]
    return texts[order], labels[order]


@contextmanager
def without_shifts() -> Iterator[None]:
    """Choose temperatures alone, without a shift of each class."""

    def temperature(margins: np.ndarray, codes: np.ndarray, weight: np.ndarray) -> Any:
        every = np.arange(len(codes))
        found = minimize_scalar(
            lambda x: -weight @ log_softmax(margins * np.exp(x), axis=1)[every, codes],
            bounds=(-5, 5),
            method="bounded",
        )
        return float(np.exp(-found.x)), np.zeros(margins.shape[1])

    with patch.object(_calibrated, "calibrate", temperature):
        yield


def folds_of(rows: list[Rows]) -> Iterator[tuple[Rows, Rows]]:
    """Yield training and test rows."""
    for texts, labels in rows:
        kind = StratifiedKFold if labels.ndim == 1 else KFold
        for inside, outside in kind(N_FOLDS, shuffle=True, random_state=0).split(texts, labels):
            yield (texts[inside], labels[inside]), (texts[outside], labels[outside])


def scores_of(classifier: Any, X: Any, y: np.ndarray) -> tuple[float, float]:
    """Return the score in percent, and the log loss."""
    proba = classifier.predict_proba(X)
    if y.ndim == 1:
        return 100 * classifier.score(X, y), log_loss(y, proba, labels=classifier.classes_)
    of_labels = [log_loss(true, p, labels=[0, 1]) for true, p in zip(y.T, proba.T)]
    f1 = f1_score(y, classifier.predict(X), average="macro", zero_division=0)
    return 100 * f1, float(np.mean(of_labels))


def compare(rows: list[Rows]) -> dict[str, np.ndarray]:
    """Return the mean score and log loss of each setting."""
    found: dict[str, list[tuple[float, float]]] = {}
    for (texts, y), (test, y_test) in folds_of(rows):
        for vectorizer, params in VECTORIZERS.items():
            steps = make_tfidf_pipeline(**params)[:-1]
            X, X_test = steps.fit_transform(texts, y), steps.transform(test)
            of_default = vectorizer == DEFAULT
            for name, more in (CLASSIFIERS if of_default else {vectorizer: {}}).items():
                if name in OF_ONE_LABEL and y.ndim > 1:
                    continue
                classifier = make_tfidf_pipeline(**more).named_steps["classify"]
                with without_shifts() if name == "no class shifts" else nullcontext():
                    classifier.fit(X, y)
                found.setdefault(name, []).append(scores_of(classifier, X_test, y_test))
    return {name: np.mean(scores, axis=0) for name, scores in found.items()}


def print_differences(found: dict[str, dict[str, np.ndarray]], index: int, decimals: int) -> None:
    """Print the differences of all settings from the defaults, a column per data set.

    Parameters
    ----------
    found : dict of str to dict of str to ndarray of shape (2,)
        Score and log loss by data set and setting.
    index : int
        0 for the score, 1 for the log loss.
    decimals : int
    """
    settings = list(dict.fromkeys(setting for of_set in found.values() for setting in of_set))
    name = ("points", "log loss")[index]
    heads = [*(short(of_set) for of_set in found), "mean"]
    print(f"\n{name + ' from the default':<24}" + "".join(f"{head:>9}" for head in heads))
    for setting in settings:
        if setting == DEFAULT:
            continue
        away = [
            float(of_set[setting][index] - of_set[DEFAULT][index]) if setting in of_set else np.nan
            for of_set in found.values()
        ]
        cells = [*away, float(np.nanmean(away))]
        shown = ["" if np.isnan(cell) else f"{cell:+.{decimals}f}" for cell in cells]
        print(f"{setting:<24}" + "".join(f"{cell:>9}" for cell in shown))
        claim = "points from the default", "log loss minus that of the default"
        record(f"{setting}, {claim[index]}", cells[-1])


def short(name: str) -> str:
    """Return a name of a data set that fits in a column."""
    return name.replace("AG News, ", "AG ").replace("GoEmotions", "GoEmo.")


def main() -> None:
    folder = agnews_folder()
    readers = sets_of(folder)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="+", choices=list(readers), default=list(readers))
    options = parser.parse_args()
    found: dict[str, dict[str, np.ndarray]] = {}
    print(f"{'data set':<24}{'rows':>9}{'score':>9}{'log loss':>10}{'seconds':>9}   score is")
    for name in options.sets:
        start = time.perf_counter()
        rows = readers[name]()
        found[name] = compare(rows)
        score, loss = found[name][DEFAULT]
        print(
            f"{name:<24}{len(rows[0][0]):>9,}{score:>9.2f}{loss:>10.4f}"
            f"{time.perf_counter() - start:>9.0f}   "
            f"{'accuracy' if rows[0][1].ndim == 1 else 'macro-F1'}",
            flush=True,
        )
    print_differences(found, 0, 2)
    print_differences(found, 1, 4)


if __name__ == "__main__":
    main()
