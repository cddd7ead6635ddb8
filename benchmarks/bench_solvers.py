"""Linear solvers on the TF-IDF matrix of the baseline: seconds, accuracy, log loss, objective.

Run: AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_solvers.py [classifiers] [objectives]
     AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_solvers.py sparse [--seconds 90]

`classifiers` compares classifiers with probabilities. `objectives` compares logistic regressions
without calibration with scikit-learn's of the same penalty: seconds, and the objective relative to
scikit-learn's optimum. Weights of classes are not part of the matrix.

`sparse` compares penalties with an L1 norm, on 10,000 rows and on all, and takes several minutes.
scikit-learn's only solver of these is saga. It is fitted with 1, 2, 4, ... passes until its
objective is at most 1 % above ours, or until all its fits took as long as `--seconds`. The seconds
printed for it are those of the last fit that was not there yet: a lower bound of what it needs.

FOLDER holds train.csv, train_joined.csv (optional) and test.csv. `newton-cholesky` is omitted: it
would build a matrix of features by features.
"""

import argparse
import time
import warnings
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


CS = (1.0, 3.0, 10.0)
REPEATS = 3
# Rows, C and shares of the L1 norm; and how far above our objective saga may stop.
ROWS_OF_SPARSE, C_OF_SPARSE, SHARES = 10_000, 10.0, (0.5, 1.0)
CLOSE = 1.01


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", help=", ".join(PARTS))
    parser.add_argument(
        "--seconds", type=float, default=90, help="of saga, for each penalty (default 90)"
    )
    parser.add_argument(
        "--rows", type=int, nargs="+", help="numbers of rows of `sparse` instead of 10,000 and all"
    )
    options = parser.parse_args()
    rows = read_matrices()
    for part in options.parts or ["classifiers", "objectives"]:
        PARTS[part](*rows, options)


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


def compare_classifiers(
    X: Any, y: np.ndarray, X_test: Any, y_test: np.ndarray, _: argparse.Namespace
) -> None:
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
    X: Any, y: np.ndarray, X_test: Any, y_test: np.ndarray, _: argparse.Namespace
) -> None:
    """Print how close we get to scikit-learn's objectives, in which share of the time."""
    print(
        f"\n{'C':>4} {'ours s':>8} {'theirs s':>9} {'ratio':>6} {'steps':>6} "
        f"{'objective':>10} {'accuracy':>9} {'theirs':>7}"
    )
    for C in CS:
        theirs = LogisticRegression(C=C, tol=1e-4, max_iter=1000)
        seconds = timed(theirs, X, y)
        ours = CalibratedLogisticRegression(C=C, calibration_fraction=None)
        ratios = [seconds / timed(ours, X, y) for _ in range(REPEATS)]
        excess = objective(ours, X, y, C) / objective(theirs, X, y, C) - 1
        accuracy = ours.score(X_test, y_test), theirs.score(X_test, y_test)
        ratio = float(np.median(ratios))
        print(
            f"{C:4g} {seconds / ratio:8.2f} {seconds:9.2f} {ratio:6.1f} "
            f"{ours.n_iter_:6d} {excess:+10.2%} {accuracy[0]:9.4f} {accuracy[1]:7.4f}",
            flush=True,
        )
        name = f"logistic regression, C={C:g}, L1 share 0"
        record(f"{name}, times as fast as scikit-learn", ratios, bar=">= 8")
        record(f"{name}, objective above scikit-learn's", excess, bar="<= 0.01")
        record(f"{name}, accuracy minus scikit-learn's", accuracy[0] - accuracy[1], bar=">= -0.001")


def compare_sparse(
    X: Any, y: np.ndarray, X_test: Any, y_test: np.ndarray, options: argparse.Namespace
) -> None:
    """Print by how much longer saga takes to get near our objective, or at least takes."""
    print(
        f"\n{'rows':>7} {'L1':>4} {'ours s':>7} {'saga s':>8} {'passes':>8} {'ratio':>8} "
        f"{'saga above ours':>16} {'not 0':>7} {'accuracy':>9}"
    )
    order = np.random.default_rng(0).permutation(len(y))
    for n_rows in options.rows or [ROWS_OF_SPARSE, len(y)]:
        some = order[:n_rows]
        # saga goes over all features after each pass, so that those of no row would slow it down.
        features = np.unique(X[some].indices)
        rows = X[some][:, features], y[some]
        for share in SHARES:
            penalty = {"C": C_OF_SPARSE, "l1_ratio": share}
            ours = CalibratedLogisticRegression(**penalty, calibration_fraction=None)
            seconds = [timed(ours, *rows) for _ in range(REPEATS)]
            of_saga, passes, excess = fit_saga(ours, *rows, penalty, options.seconds)
            ratios = [of_saga / own for own in seconds]
            bound = f"> {np.median(ratios):.1f}"
            print(
                f"{n_rows:7,} {share:4g} {np.median(seconds):7.2f} {of_saga:8.2f} {passes:>8} "
                f"{bound:>8} {excess:+16.2%} {(ours.coef_ != 0).mean():7.1%} "
                f"{ours.score(X_test[:, features], y_test):9.4f}",
                flush=True,
            )
            name = f"logistic regression, {n_rows:,} rows, L1 share {share:g}"
            record(f"{name}, at least so many times as fast as saga", ratios, bar=">= 5")
            record(f"{name}, objective of saga above ours", excess, bar=">= -0.01")


def fit_saga(
    ours: Any, X: Any, y: np.ndarray, penalty: dict[str, float], most_seconds: float
) -> tuple[float, str, float]:
    """Fit saga with more and more passes until it is near our objective, or time is over.

    Returns
    -------
    seconds : float
        Of the last fit that was not near our objective, or of the only one.
    passes : str
        Of this one, "> 4", or "1" if one pass was enough.
    excess : float
        Objective of the last fit relative to ours, minus 1.
    """
    goal = objective(ours, X, y, **penalty)
    total, lower, passes = 0.0, 0.0, 1
    while True:
        saga = LogisticRegression(solver="saga", max_iter=passes, tol=0, random_state=0, **penalty)
        seconds = timed(saga, X, y)
        total += seconds
        excess = objective(saga, X, y, **penalty) / goal - 1
        is_near = excess <= CLOSE - 1
        if is_near and passes == 1:
            return seconds, "1", excess
        if is_near:
            return lower, f"> {passes // 2}", excess
        # A fit of twice the passes takes about twice the time.
        if total + 2 * seconds > most_seconds:
            return seconds, f"> {passes}", excess
        lower, passes = seconds, 2 * passes


def objective(fitted: Any, X: Any, y: np.ndarray, C: float, l1_ratio: float = 0.0) -> float:
    """Return the sum of the log losses and the penalty."""
    margins = np.asarray(X @ fitted.coef_.T) + fitted.intercept_
    codes = np.searchsorted(fitted.classes_, y)
    loss = (logsumexp(margins, axis=1) - margins[np.arange(len(codes)), codes]).sum()
    penalty = (1 - l1_ratio) * (fitted.coef_**2).sum() / 2 + l1_ratio * np.abs(fitted.coef_).sum()
    return float(loss + penalty / C)


PARTS = {
    "classifiers": compare_classifiers,
    "objectives": compare_objectives,
    "sparse": compare_sparse,
}

if __name__ == "__main__":
    main()
