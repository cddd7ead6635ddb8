"""Several labels per row on GoEmotions: F1 and seconds of our pipelines and of scikit-learn.

Run: AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_multilabel.py [--repeats 3]
     .venv/bin/python benchmarks/bench_multilabel.py --data GOEMOTIONS [--finetune EPOCHS]

GOEMOTIONS holds train.tsv, test.tsv (text, positions of labels joined by commas, id) and
labels.txt (names); by default it is the folder `goemotions` next to the AG News rows. Seconds are
those of `fit` from raw texts, thresholds included. `--finetune` fine-tunes MiniLM instead, which
takes hours without a GPU.
"""

import argparse
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from record import record
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    f1_score,
    label_ranking_average_precision_score,
    log_loss,
    precision_recall_curve,
)
from sklearn.model_selection import train_test_split
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MultiLabelBinarizer

from agnews_sk import make_finetune_pipeline, make_tfidf_pipeline
from agnews_sk._core.home import data_path

HELD_OUT = 0.15  # of the training rows, for scikit-learn's thresholds
BARS = {"macro-F1": ">= 0.46", "speedup": ">= 3", "fine-tuned": ">= 0.49"}


class TunedThresholds:
    """scikit-learn's one-vs-rest logistic regression, thresholds tuned on a part of the rows."""

    def fit(self, texts: list[str], Y: np.ndarray) -> "TunedThresholds":
        """Fit on most rows, and tune the thresholds on the others."""
        fitted, out = train_test_split(np.arange(len(texts)), test_size=HELD_OUT, random_state=0)
        self.pipeline_: Pipeline = make_pipeline(
            TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
            OneVsRestClassifier(LogisticRegression(C=10, solver="liblinear")),
        ).fit([texts[i] for i in fitted], Y[fitted])
        y_proba = self.pipeline_.predict_proba([texts[i] for i in out])
        self.thresholds_ = np.array(
            [best_threshold(true, p) for true, p in zip(Y[out].T, y_proba.T)]
        )
        return self

    def predict_proba(self, texts: list[str]) -> np.ndarray:
        """Return the probability of each label."""
        return self.pipeline_.predict_proba(texts)


def best_threshold(true: np.ndarray, probability: np.ndarray) -> float:
    """Return the threshold with the highest F1 of a label."""
    precision, recall, thresholds = precision_recall_curve(true, probability)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(thresholds[f1[:-1].argmax()])


def read(path: Path) -> tuple[list[str], list[list[int]]]:
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    return [row[0] for row in rows], [[int(i) for i in row[1].split(",")] for row in rows]


def measure(fitted: Any, seconds: float, texts: list[str], Y: np.ndarray) -> dict[str, float]:
    """Return the scores of a fitted classifier at its thresholds and at 0.5."""
    y_proba = fitted.predict_proba(texts)
    thresholds = getattr(fitted, "thresholds_", None)
    if thresholds is None:
        thresholds = fitted[-1].thresholds_
    predicted = y_proba >= thresholds
    return {
        "seconds": seconds,
        "macro-F1": f1_score(Y, predicted, average="macro"),
        "micro-F1": f1_score(Y, predicted, average="micro"),
        "samples F1": f1_score(Y, predicted, average="samples", zero_division=1),
        "macro-F1 at 0.5": f1_score(Y, y_proba >= 0.5, average="macro", zero_division=0),
        "ranking": label_ranking_average_precision_score(Y, y_proba),
        "log loss": np.mean([log_loss(y, p, labels=[0, 1]) for y, p in zip(Y.T, y_proba.T)]),
    }


def timed(classifier: Any, texts: list[str], y: Any) -> tuple[Any, float]:
    start = time.perf_counter()
    fitted = classifier.fit(texts, y)
    return fitted, time.perf_counter() - start


def show(name: str, found: dict[str, float]) -> None:
    print(f"{name:<14}", *(f"{found[column]:>16.4f}" for column in found), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of GoEmotions")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--finetune", type=int, metavar="EPOCHS", help="fine-tune MiniLM instead")
    options = parser.parse_args()
    folder = options.data or Path(data_path() or "").parent / "goemotions"
    if not (folder / "train.tsv").is_file():
        sys.exit("Pass --data, or set AGNEWS_SK_DATA to a folder next to goemotions/.")
    texts, y = read(folder / "train.tsv")
    texts_test, y_test = read(folder / "test.tsv")
    encoder = MultiLabelBinarizer().fit(y)
    Y, Y_test = encoder.transform(y), encoder.transform(y_test)
    print(f"{len(texts):,} training rows, {len(texts_test):,} test rows, {Y.shape[1]} labels")
    if options.finetune is not None:
        finetune(options.finetune, texts, y, texts_test, Y_test)
        return
    results: dict[str, list[dict[str, float]]] = {"ours": [], "scikit-learn": []}
    for repeat in range(options.repeats):
        fits = {
            "ours": timed(make_tfidf_pipeline(), texts, y),
            "scikit-learn": timed(TunedThresholds(), texts, Y),
        }
        for name, (fitted, seconds) in fits.items():
            results[name].append(measure(fitted, seconds, texts_test, Y_test))
        if repeat == 0:
            print(f"{'':<14}", *(f"{column:>16}" for column in results["ours"][0]))
        for name, found in results.items():
            show(name, found[-1])
    ours, theirs = results["ours"], results["scikit-learn"]
    speedups = [b["seconds"] / a["seconds"] for a, b in zip(ours, theirs)]
    print(f"ours is {median(speedups):.1f} times as fast")
    record("GoEmotions, TF-IDF, macro-F1", ours[0]["macro-F1"], bar=BARS["macro-F1"])
    record("GoEmotions, scikit-learn, macro-F1", theirs[0]["macro-F1"])
    record("GoEmotions, TF-IDF, speedup over scikit-learn", speedups, bar=BARS["speedup"])


def finetune(
    epochs: int, texts: list[str], y: list[list[int]], texts_test: list[str], Y_test: np.ndarray
) -> None:
    """Fine-tune MiniLM on all rows, thresholds chosen on a tenth of them, and print its scores."""
    pipeline = make_finetune_pipeline(
        classify__max_epochs=epochs,
        classify__validation_fraction=0.1,
        classify__random_state=0,
        classify__max_length=64,
    )
    found = measure(*timed(pipeline, texts, y), texts_test, Y_test)
    print(f"{'':<14}", *(f"{column:>16}" for column in found))
    show("fine-tuned", found)
    record("GoEmotions, MiniLM fine-tuned, macro-F1", found["macro-F1"], bar=BARS["fine-tuned"])


if __name__ == "__main__":
    main()
