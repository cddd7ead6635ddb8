"""Seconds and peak memory of fits at five shapes of data: our baseline and scikit-learn.

Run: AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_shapes.py [shapes]

| shape | rows | words per row | labels |
|---|---|---|---|
| articles | 1,557 | 400 | 5 classes |
| classes | 5,320 | 45 | 14 classes |
| labels | 43,410 | 13 | 28 labels, one or several per row |
| many_classes | 20,000 | 45 | 500 classes |
| many_rows | 1,000,000 | 35 | 4 classes |

`articles` are those of BBC and `labels` those of GoEmotions, if the folder beside FOLDER has
`long/bbc.csv` and `goemotions/`; the others, and these without the files, are rows of `make_news`,
with made-up words of their class behind each story if there are other classes than its four.

Each side is a new process that fits on raw texts; the memory is the growth of its peak. Our side is
`make_tfidf_pipeline()`: cleaning, TF-IDF with weights by class, and a logistic regression whose
calibration on held-out rows is included. Those of scikit-learn are `TfidfVectorizer` with the same
n-grams and LinearSVC, which has no probabilities, or LogisticRegression by its default solver,
neither of them calibrated; with several labels per row, one per label. Where LogisticRegression
would take too long it is stopped early, so that its ratio is a lower bound: after 50 steps on a
million rows, and with 500 classes, where its default solver needs 20 GB, after 20 passes of saga.
"""

import argparse
import json
import pickle
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from record import record
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_union
from sklearn.svm import LinearSVC

from agnews_sk import make_tfidf_pipeline
from agnews_sk._core.home import data_path
from agnews_sk.datasets import make_news

TEST_ROWS = 5_000  # at most
BARS = {"LinearSVC": ">= 3", "LogisticRegression": ">= 10"}
FEW_ROWS, REPEATS = 10_000, 3
STOPPED: dict[str, dict[str, Any]] = {
    "many_rows": {"max_iter": 50},
    "many_classes": {"solver": "saga", "max_iter": 20, "random_state": 0},
}
Rows = tuple[np.ndarray, np.ndarray]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shapes", nargs="*", help=", ".join(SHAPES))
    parser.add_argument("--fit", nargs=3, metavar=("SIDE", "SHAPE", "FILE"))
    options = parser.parse_args()
    if options.fit:
        print(json.dumps(SIDES[options.fit[0]](*options.fit[1:])))
        return
    columns = (
        ("seconds", 10),
        ("x ours", 8),
        ("CPU s", 10),
        ("x ours", 8),
        ("MB", 8),
        ("score", 8),
    )
    titles = "".join(f"{name:>{width}}" for name, width in columns)
    print(f"{'':<14}{'rows':>10}{'side':>20}{titles}  counted")
    for shape in options.shapes or SHAPES:
        compare(shape)


def compare(shape: str) -> None:
    """Fit both sides in turn on the rows of a shape, and print seconds, memory and scores."""
    n_rows, make = SHAPES[shape]
    texts, y = make()
    ours, theirs = [], []
    with TemporaryDirectory() as folder:
        path = Path(folder, "rows.pickle")
        path.write_bytes(pickle.dumps((texts[: n_rows + TEST_ROWS], y[: n_rows + TEST_ROWS])))
        for _ in range(REPEATS if n_rows < FEW_ROWS else 1):
            ours.append(in_process("ours", shape, path))
            counted = ours[0]["counted"]
            theirs.append(in_process(f"scikit-learn, {counted}", shape, path))
    own = [one["ours"] for one in ours]
    show(shape, n_rows, "ours", own, own, counted)
    for side in ("LinearSVC", "LogisticRegression"):
        found = [one[side] for one in theirs]
        stopped = side == "LogisticRegression" and shape in STOPPED
        ratios = show(shape, n_rows, side, found, own, "stopped early" if stopped else "")
        limit = ", at least" if stopped else ""
        record(f"{shape.replace('_', ' ')}, speedup over {side}{limit}", ratios, bar=BARS[side])
    memory = [their["megabytes"] / our["megabytes"] for our, their in zip(ours, theirs)]
    print(f"{shape:<14}peak memory of LinearSVC relative to ours: {median(memory):.2f}", flush=True)
    name = f"{shape.replace('_', ' ')}, peak memory of LinearSVC relative to ours"
    record(name, memory, bar=">= 1")


def show(
    shape: str, n_rows: int, side: str, found: list[Any], own: list[Any], note: str
) -> list[float]:
    """Print the medians of a side, and return its seconds relative to ours."""
    seconds, cpu, score, megabytes = (median(column) for column in zip(*found))
    ratios = [theirs[0] / ours[0] for ours, theirs in zip(own, found)]
    of_cpu = [theirs[1] / ours[1] for ours, theirs in zip(own, found)]
    print(
        f"{shape:<14}{n_rows:>10,}{side:>20}{seconds:>10.2f}{median(ratios):>8.1f}{cpu:>10.2f}"
        f"{median(of_cpu):>8.1f}{megabytes:>8.0f}{score:>8.4f}  {note}",
        flush=True,
    )
    return ratios


def in_process(side: str, shape: str, path: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, "--fit", side, shape, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{side} failed at {shape}:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


# The sides


def fit_ours(shape: str, path: str) -> dict[str, Any]:
    texts, y, n_rows = *pickle.loads(Path(path).read_bytes()), SHAPES[shape][0]
    make_tfidf_pipeline().fit(texts[:50], y[:50])  # loads what is loaded once
    pipeline = make_tfidf_pipeline()
    before = reset_peak()
    times = timed(pipeline.fit, texts[:n_rows], y[:n_rows])[1]
    megabytes = (resident("VmHWM") - before) / 1e6
    found = score(y[n_rows:], pipeline.predict(texts[n_rows:]))
    counted = pipeline["vectorize"].units_
    return {"ours": (*times, found, megabytes), "megabytes": megabytes, "counted": counted}


def fit_sklearn(units: str, shape: str, path: str) -> dict[str, Any]:
    """Fit both classifiers on one matrix, whose seconds count for both."""
    texts, y, n_rows = *pickle.loads(Path(path).read_bytes()), SHAPES[shape][0]
    words = {"ngram_range": (1, 2), "min_df": 3e-5, "sublinear_tf": True}
    vectorizer: Any = TfidfVectorizer(**words)
    if units == "both":
        characters = {**words, "ngram_range": (2, 5), "min_df": 1e-4, "analyzer": "char_wb"}
        vectorizer = make_union(vectorizer, TfidfVectorizer(**characters))
    before = reset_peak()
    X, of_matrix = timed(vectorizer.fit_transform, texts[:n_rows])
    classifiers = {
        "LinearSVC": LinearSVC(random_state=0),
        "LogisticRegression": LogisticRegression(C=10, **STOPPED.get(shape, {"max_iter": 1000})),
    }
    found: dict[str, Any] = {}
    for name, classifier in classifiers.items():
        fitted = OneVsRestClassifier(classifier) if y.ndim == 2 else classifier
        _, times = timed(fitted.fit, X, y[:n_rows])
        megabytes = (resident("VmHWM") - before) / 1e6
        found.setdefault("megabytes", megabytes)
        scored = score(y[n_rows:], fitted.predict(vectorizer.transform(texts[n_rows:])))
        found[name] = (*(times + of_matrix), scored, megabytes)
        del fitted
    return found


def timed(function: Callable[..., Any], *arguments: Any) -> tuple[Any, np.ndarray]:
    """Return a result, and its seconds by the clock and of the processor."""
    start = np.array([time.perf_counter(), time.process_time()])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = function(*arguments)
    return found, np.array([time.perf_counter(), time.process_time()]) - start


def score(y: np.ndarray, predicted: np.ndarray) -> float:
    """Return the accuracy, with several labels per row the micro-averaged F1."""
    if y.ndim == 2:
        return float(f1_score(y, predicted, average="micro"))
    return float(accuracy_score(y, predicted))


def reset_peak() -> int:
    """Forget the peak of this process, and return the bytes that it holds now; Linux."""
    Path("/proc/self/clear_refs").write_text("5")
    return resident("VmRSS")


def resident(field: str) -> int:
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.split(f"{field}:")[1].split()[0])


SIDES: dict[str, Callable[[str, str], dict[str, Any]]] = {
    "ours": fit_ours,
    "scikit-learn, words": lambda shape, path: fit_sklearn("words", shape, path),
    "scikit-learn, both": lambda shape, path: fit_sklearn("both", shape, path),
}

# The rows


def articles() -> Rows:
    path = Path(data_path() or "").parent / "long" / "bbc.csv"
    if not path.is_file():
        return made_up(2_225, 5, stories=11)
    frame = pd.read_csv(path).sample(frac=1, random_state=0)
    return frame["text"].to_numpy(dtype=object), frame["label"].to_numpy(dtype=object)


def labels() -> Rows:
    folder = Path(data_path() or "").parent / "goemotions"
    if not (folder / "train.tsv").is_file():
        texts, y = made_up(48_410, 28)
        indicator = (y[:, None] == np.unique(y)).astype(int)
        also = np.random.default_rng(0).random(len(y)) < 0.15
        return texts, indicator | np.roll(indicator, 1, axis=1) * also[:, None]
    rows = [
        line.split("\t")
        for part in ("train", "test")
        for line in (folder / f"{part}.tsv").read_text(encoding="utf-8").splitlines()
    ]
    y = np.zeros((len(rows), 28), dtype=int)
    for indicator, row in zip(y, rows):
        indicator[list(map(int, row[1].split(",")))] = 1
    return np.array([row[0] for row in rows], dtype=object), y


def many_rows() -> Rows:
    X, y = make_news(1_000_000 + TEST_ROWS, random_state=0, return_X_y=True)
    return joined(X), y


def made_up(n_rows: int, n_classes: int, stories: int = 1) -> Rows:
    """Return stories of `make_news`, each with 8 words of a class behind it.

    A class has 40 words of its own, drawn by Zipf's law; one word in four is that of another class.
    """
    rng = np.random.default_rng(n_classes)
    news = joined(make_news(n_rows * stories, random_state=n_classes).data)
    classes = rng.integers(n_classes, size=n_rows)
    shape = (n_rows, 8 * stories)
    stray = rng.random(shape) < 0.25
    about = np.where(stray, rng.integers(n_classes, size=shape), classes[:, None])
    weight = 1 / np.arange(3, 43)
    rank = rng.choice(40, p=weight / weight.sum(), size=shape)
    texts = [
        " ".join([*story, *(f"topic{c}word{r}" for c, r in zip(of_class, of_rank))])
        for story, of_class, of_rank in zip(news.reshape(n_rows, stories), about, rank)
    ]
    return np.array(texts, dtype=object), np.array([f"class {c}" for c in classes], dtype=object)


def joined(X: Any) -> np.ndarray:
    X = X.fillna("")
    return (X["title"] + " " + X["description"]).to_numpy(dtype=object)


# Rows to fit on, and all rows.
SHAPES: dict[str, tuple[int, Callable[[], Rows]]] = {
    "articles": (1_557, articles),
    "classes": (5_320, lambda: made_up(6_650, 14)),
    "labels": (43_410, labels),
    "many_classes": (20_000, lambda: made_up(25_000, 500)),
    "many_rows": (1_000_000, many_rows),
}

if __name__ == "__main__":
    main()
