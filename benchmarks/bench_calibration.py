"""How well the baseline's probabilities are calibrated with few rows and with many.

Run: AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_calibration.py

FOLDER holds train.csv and test.csv of AG News, and train_joined.csv with further training rows
(optional). For each number of rows of train.csv, drawn three times, and for all training rows once,
it prints the accuracy, the mean confidence and the expected calibration error (15 bins) on the test
rows, and the log loss beside that of the best temperature, chosen on the test rows themselves.
"""

from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from record import record
from rows import agnews_folder, read_labelled
from scipy.optimize import minimize_scalar
from scipy.special import softmax
from sklearn.metrics import log_loss

from agnews_sk import make_tfidf_pipeline
from agnews_sk.cleaning import ColumnJoiner
from agnews_sk.reporting import ReliabilityDisplay

N_ROWS = (100, 300, 800, 3_000, 10_000, 30_000)
N_DRAWS = 3
BARS = {800: "<= 0.05"}
# With all training rows.
BARS_OF_ALL = {"accuracy": ">= 0.922", "calibration error": "<= 0.02", "log loss": "<= 0.255"}


def best_loss(margins: np.ndarray, y: np.ndarray) -> float:
    """Return the log loss of the best temperature."""
    return minimize_scalar(
        lambda log_t: log_loss(y, softmax(margins / np.exp(log_t), axis=1)),
        bounds=(-5, 5),
        method="bounded",
    ).fun


def measure(X: Any, y: np.ndarray, X_test: Any, y_test: np.ndarray) -> dict[str, float]:
    """Fit the default pipeline, and print and return its scores."""
    pipeline = make_tfidf_pipeline().fit(X, y)
    y_proba = pipeline.predict_proba(X_test)
    display = ReliabilityDisplay.from_predictions(y_test, y_proba, classes=pipeline.classes_)
    plt.close(display.figure_)
    found = {
        "accuracy": pipeline.score(X_test, y_test),
        "calibration error": display.calibration_error,
        "log loss": log_loss(y_test, y_proba),
    }
    print(
        f"{len(y):>6} {found['accuracy']:9.4f} {y_proba.max(axis=1).mean():11.4f} "
        f"{found['calibration error']:6.4f} {found['log loss']:9.4f} "
        f"{best_loss(pipeline.decision_function(X_test), y_test):7.4f}",
        flush=True,
    )
    return found


def main() -> None:
    matplotlib.use("Agg")
    folder = agnews_folder()
    paths = [folder / name for name in ("train.csv", "train_joined.csv", "test.csv")]
    (X, y), *others = (read_labelled(path) for path in paths if path.exists())
    X_test, y_test = others[-1]
    print(f"{len(y_test):,} test rows, {N_DRAWS} random samples of the training rows")
    print("  rows  accuracy  confidence  error  log loss    best")
    for n in (n for n in N_ROWS if n <= len(y)):
        orders = [np.random.default_rng(seed).permutation(len(y))[:n] for seed in range(N_DRAWS)]
        found = [measure(X.iloc[rows], y[rows], X_test, y_test) for rows in orders]
        errors = [one["calibration error"] for one in found]
        record(f"calibration error, {n:,} rows", errors, bar=BARS.get(n, ""))
    parts = [(X, y), *others[:-1]]
    texts = np.concatenate([ColumnJoiner().fit_transform(part) for part, _ in parts])
    labels = np.concatenate([names for _, names in parts])
    found = measure(texts, labels, ColumnJoiner().fit_transform(X_test), y_test)
    for name, value in found.items():
        record(f"default baseline, {name}, {len(labels):,} rows", value, bar=BARS_OF_ALL[name])


if __name__ == "__main__":
    main()
