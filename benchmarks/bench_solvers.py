"""Linear solvers on the TF-IDF matrix of the baseline: seconds, accuracy and log loss.

Run: AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_solvers.py

FOLDER holds train.csv, train_joined.csv (optional) and test.csv. `newton-cholesky` is omitted: it
would build a matrix of features by features.
"""

import time
import warnings

import numpy as np
from record import record
from rows import agnews_folder, read_labelled
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import LinearSVC

from agnews_sk import load_agnews, make_tfidf_pipeline
from agnews_sk.classifiers import CalibratedLinearSVC
from agnews_sk.cleaning import ColumnJoiner

SOLVERS = {
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


def main() -> None:
    folder = agnews_folder()
    files = [p for p in (folder / "train.csv", folder / "train_joined.csv") if p.exists()]
    parts = [read_labelled(path) for path in files]
    texts = np.concatenate([ColumnJoiner().fit_transform(X) for X, _ in parts])
    y = np.concatenate([labels for _, labels in parts])
    frame, y_test = load_agnews(folder / "test.csv", return_X_y=True)
    steps = make_tfidf_pipeline()[2:-1]
    X = steps.fit_transform(texts)
    X_test = steps.transform(ColumnJoiner().fit_transform(frame))

    print(f"{len(y):,} training rows, {len(y_test):,} test rows, {X.shape[1]:,} features")
    print(f"{'solver':<34} {'seconds':>8} {'x ours':>7} {'accuracy':>9} {'log loss':>9}")
    ours = None
    for name, solver in SOLVERS.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            start = time.perf_counter()
            solver.fit(X, y)
            seconds = time.perf_counter() - start
        ours = ours or seconds
        loss = log_loss(y_test, solver.predict_proba(X_test))
        print(
            f"{name:<34} {seconds:8.2f} {seconds / ours:7.2f} "
            f"{solver.score(X_test, y_test):9.4f} {loss:9.4f}",
            flush=True,
        )
        record(f"CalibratedLinearSVC, speedup over {name}", seconds / ours)


if __name__ == "__main__":
    main()
