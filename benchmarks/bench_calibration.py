"""How well the baseline's probabilities are calibrated with few rows and with many.

Run: AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_calibration.py

FOLDER holds train.csv and test.csv of AG News. For each number of training rows, drawn three times,
it prints the accuracy, the mean confidence and the expected calibration error on the test rows,
and the log loss beside that of the best temperature, chosen on the test rows themselves.
"""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from record import record
from rows import agnews_folder
from scipy.optimize import minimize_scalar
from scipy.special import softmax
from sklearn.metrics import log_loss

from agnews_sk import load_agnews, make_tfidf_pipeline
from agnews_sk.reporting import ReliabilityDisplay

N_ROWS = (100, 300, 800, 3_000, 10_000, 30_000)
N_DRAWS = 3
BARS = {800: "<= 0.05"}


def best_loss(margins: np.ndarray, y: np.ndarray) -> float:
    """Return the log loss of the best temperature."""
    return minimize_scalar(
        lambda log_t: log_loss(y, softmax(margins / np.exp(log_t), axis=1)),
        bounds=(-5, 5),
        method="bounded",
    ).fun


def main() -> None:
    matplotlib.use("Agg")
    folder = agnews_folder()
    X, y = load_agnews(folder / "train.csv", return_X_y=True)
    X_test, y_test = load_agnews(folder / "test.csv", return_X_y=True)
    print(f"{len(y_test):,} test rows, {N_DRAWS} random samples of the training rows")
    print("  rows  accuracy  confidence  error  log loss    best")
    for n in (n for n in N_ROWS if n <= len(y)):
        errors = []
        for seed in range(N_DRAWS):
            rows = np.random.default_rng(seed).permutation(len(y))[:n]
            pipeline = make_tfidf_pipeline().fit(X.iloc[rows], y[rows])
            y_proba = pipeline.predict_proba(X_test)
            display = ReliabilityDisplay.from_predictions(
                y_test, y_proba, classes=pipeline.classes_
            )
            plt.close(display.figure_)
            errors.append(display.calibration_error)
            print(
                f"{n:>6} {pipeline.score(X_test, y_test):9.4f} {y_proba.max(axis=1).mean():11.4f} "
                f"{errors[-1]:6.4f} {log_loss(y_test, y_proba):9.4f} "
                f"{best_loss(pipeline.decision_function(X_test), y_test):7.4f}",
                flush=True,
            )
        record(f"calibration error, {n:,} rows", errors, bar=BARS.get(n, ""))


if __name__ == "__main__":
    main()
