"""Linear solvers on the TF-IDF matrix of the baseline: seconds, accuracy, log loss, objective.

Run: AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_solvers.py [classifiers] [objectives]
     AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_solvers.py sparse

`classifiers` compares classifiers with probabilities. `objectives` compares logistic regressions
without calibration with scikit-learn's of the same penalty: seconds, and the objective relative to
scikit-learn's optimum; `sparse` does so with an L1 norm, where each pass of scikit-learn takes
minutes, and runs only if it is named. Weights of classes are not part of the matrix.

FOLDER holds train.csv, train_joined.csv (optional) and test.csv. `newton-cholesky` is omitted: it
would build a matrix of features by features.
"""

import argparse
import time
import warnings
from functools import partial
from typing import Any

import numpy as np
from record import record
from rows import agnews_folder, read_labelled
from scipy.special import logsumexp
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import LinearSVC

from agnews_sk import load_agnews, make_tfidf_pipeline
from agnews_sk.classifiers import CalibratedLinearSVC, CalibratedLogisticRegression
from agnews_sk.cleaning import ColumnJoiner

OURS = "CalibratedLogisticRegression"
SOLVERS = {
    OURS: CalibratedLogisticRegression(random_state=0),
    "CalibratedLinearSVC": CalibratedLinearSVC(random_state=0),
    "LinearSVC, CalibratedClassifierCV": CalibratedClassifierCV(
        LinearSVC(C=0.5, tol=0.1, random_state=0), cv=3, method="temperature", ensemble=False
    ),
    "liblinear, one-vs-rest": OneVsRestClassifier(
        LogisticRegression(C=10, solver="liblinear", dual=True, tol=0.1, random_state=0)
    ),
    "sag, 20 passes": LogisticRegression(C=10, solver="sag", max_iter=20, random_state=0),
    "saga, 20 passes": LogisticRegression(C=10, solver="saga", max_iter=20, random_state=0),
    "newton-cg, tol 0.01": LogisticRegression(C=10, solver="newton-cg", tol=1e-2),
    "lbfgs, 100 iterations": LogisticRegression(C=10, max_iter=100),
}


# C, share of the L1 norm, and the solver of scikit-learn with its settings.
Penalties = list[tuple[float, float, dict[str, Any]]]
L2: Penalties = [(C, 0.0, {"tol": 1e-4, "max_iter": 1000}) for C in (1.0, 3.0, 10.0)]
L1: Penalties = [(10.0, share, {"solver": "saga", "max_iter": 3}) for share in (0.5, 1.0)]
REPEATS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", help=", ".join(PARTS))
    parts = parser.parse_args().parts or ["classifiers", "objectives"]
    rows = read_matrices()
    for part in parts:
        PARTS[part](*rows)


def read_matrices() -> tuple[Any, np.ndarray, Any, np.ndarray]:
    """Return the matrix and labels of the training rows, and of the test rows."""
    folder = agnews_folder()
    files = [p for p in (folder / "train.csv", folder / "train_joined.csv") if p.exists()]
    parts = [read_labelled(path) for path in files]
    texts = np.concatenate([ColumnJoiner().fit_transform(X) for X, _ in parts])
    y = np.concatenate([labels for _, labels in parts])
    frame, y_test = load_agnews(folder / "test.csv", return_X_y=True)
    steps = make_tfidf_pipeline(vectorize__words__supervised=False, characters=False)[2:-1]
    X = steps.fit_transform(texts)
    print(f"{len(y):,} training rows, {len(y_test):,} test rows, {X.shape[1]:,} features")
    return X, y, steps.transform(ColumnJoiner().fit_transform(frame)), y_test


def timed(solver: Any, X: Any, y: np.ndarray) -> float:
    """Fit, and return the seconds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        start = time.perf_counter()
        solver.fit(X, y)
    return time.perf_counter() - start


def compare_classifiers(X: Any, y: np.ndarray, X_test: Any, y_test: np.ndarray) -> None:
    """Print seconds, accuracy and log loss of each classifier."""
    print(f"\n{'solver':<34} {'seconds':>8} {'x ours':>7} {'accuracy':>9} {'log loss':>9}")
    ours = None
    for name, solver in SOLVERS.items():
        seconds = timed(solver, X, y)
        ours = ours or seconds
        loss = log_loss(y_test, solver.predict_proba(X_test))
        print(
            f"{name:<34} {seconds:8.2f} {seconds / ours:7.2f} "
            f"{solver.score(X_test, y_test):9.4f} {loss:9.4f}",
            flush=True,
        )
        record(f"{OURS}, speedup over {name}", seconds / ours)


def compare_objectives(
    X: Any, y: np.ndarray, X_test: Any, y_test: np.ndarray, penalties: Penalties = L2
) -> None:
    """Print how close we get to scikit-learn's objectives, in which share of the time."""
    print(
        f"\n{'C':>4} {'L1':>4} {'ours s':>8} {'theirs s':>9} {'ratio':>6} {'steps':>6} "
        f"{'objective':>10} {'accuracy':>9} {'theirs':>7}"
    )
    for C, l1_ratio, settings in penalties:
        theirs = LogisticRegression(C=C, l1_ratio=l1_ratio, random_state=0, **settings)
        seconds = timed(theirs, X, y)
        ours = CalibratedLogisticRegression(C=C, l1_ratio=l1_ratio, calibration_fraction=None)
        ratios = [seconds / timed(ours, X, y) for _ in range(REPEATS)]
        excess = objective(ours, X, y, C, l1_ratio) / objective(theirs, X, y, C, l1_ratio) - 1
        accuracy = ours.score(X_test, y_test), theirs.score(X_test, y_test)
        ratio = float(np.median(ratios))
        print(
            f"{C:4g} {l1_ratio:4g} {seconds / ratio:8.2f} {seconds:9.2f} {ratio:6.1f} "
            f"{ours.n_iter_:6d} {excess:+10.2%} {accuracy[0]:9.4f} {accuracy[1]:7.4f}",
            flush=True,
        )
        name = f"logistic regression, C={C:g}, L1 share {l1_ratio:g}"
        record(f"{name}, times as fast as scikit-learn", ratios, bar=">= 5" if l1_ratio else ">= 8")
        record(f"{name}, objective above scikit-learn's", excess, bar="<= 0.01")
        record(f"{name}, accuracy minus scikit-learn's", accuracy[0] - accuracy[1], bar=">= -0.001")


def objective(fitted: Any, X: Any, y: np.ndarray, C: float, l1_ratio: float) -> float:
    """Return the sum of the log losses and the penalty."""
    margins = np.asarray(X @ fitted.coef_.T) + fitted.intercept_
    codes = np.searchsorted(fitted.classes_, y)
    loss = (logsumexp(margins, axis=1) - margins[np.arange(len(codes)), codes]).sum()
    penalty = (1 - l1_ratio) * (fitted.coef_**2).sum() / 2 + l1_ratio * np.abs(fitted.coef_).sum()
    return float(loss + penalty / C)


PARTS = {
    "classifiers": compare_classifiers,
    "objectives": compare_objectives,
    "sparse": partial(compare_objectives, penalties=L1),
}

if __name__ == "__main__":
    main()
