"""The classifier of embeddings against scikit-learn's logistic regression, by number of labels.

Run: AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_embeddings.py

FOLDER holds train.csv and test.csv of AG News. The texts are embedded once, by the default model of
`make_embedding_pipeline`. For each number of labelled rows, drawn five times, it prints the mean
accuracy, log loss and processor seconds of the pipeline's classifier and of scikit-learn's, on
2,000 test rows.
"""

import time
import warnings
from typing import Any

import numpy as np
from record import record
from rows import agnews_folder
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from threadpoolctl import threadpool_limits

from agnews_sk import load_agnews, make_embedding_pipeline

N_LABELS = (32, 100, 400, 1_000, 4_000)
N_DRAWS, N_POOL, N_TEST = 5, 6_000, 2_000
OURS = "make_embedding_pipeline"
PIPELINE = make_embedding_pipeline(classify__n_jobs=1)
CLASSIFIERS = {
    OURS: PIPELINE[-1],
    "LogisticRegression()": LogisticRegression(max_iter=1000),
    "LogisticRegression(C=10)": LogisticRegression(C=10, max_iter=1000),
}


def embedded(name: str, n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return vectors and labels of random rows of a file."""
    X, y = load_agnews(agnews_folder() / name, return_X_y=True)
    rows = np.random.default_rng(0).permutation(len(y))[:n_rows]
    return PIPELINE[:-1].fit_transform(X.iloc[rows]), y[rows]


def measure(
    classifier: Any, X: np.ndarray, y: np.ndarray, X_test: np.ndarray, y_test: np.ndarray
) -> tuple[float, float, float]:
    """Fit, and return accuracy, log loss and processor seconds of the fit."""
    start = time.process_time()
    fitted = clone(classifier).fit(X, y)
    seconds = time.process_time() - start
    loss = log_loss(y_test, fitted.predict_proba(X_test), labels=fitted.classes_)
    return fitted.score(X_test, y_test), loss, seconds


def main() -> None:
    X, y = embedded("train.csv", N_POOL)
    X_test, y_test = embedded("test.csv", N_TEST)
    print(f"{len(y_test):,} test rows, means of {N_DRAWS} random samples of the training rows")
    print(f"{'labels':>6}  {'classifier':<26} {'accuracy':>8} {'log loss':>8} {'seconds':>8}")
    for n in N_LABELS:
        found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in CLASSIFIERS}
        for seed in range(N_DRAWS):
            rows = np.random.default_rng(seed).permutation(len(y))[:n]
            for name, classifier in CLASSIFIERS.items():
                found[name].append(measure(classifier, X[rows], y[rows], X_test, y_test))
        for name, values in found.items():
            accuracy, loss, seconds = np.mean(values, axis=0)
            print(f"{n:>6}  {name:<26} {accuracy:8.4f} {loss:8.4f} {seconds:8.3f}", flush=True)
        ours, default, _ = (np.array(values) for values in found.values())
        gain = ours[:, 0] - default[:, 0]
        record(f"embeddings, {n:,} labels, accuracy minus scikit-learn's", gain, bar=">= -0.003")
        record(
            f"embeddings, {n:,} labels, log loss over scikit-learn's", ours[:, 1] / default[:, 1]
        )


if __name__ == "__main__":
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        main()
