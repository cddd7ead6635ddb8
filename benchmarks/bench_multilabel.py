"""Several labels per row on GoEmotions: F1 and seconds of our pipelines and of scikit-learn.

Run: AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_multilabel.py [--repeats 3]
     .venv/bin/python benchmarks/bench_multilabel.py --data GOEMOTIONS --finetune
     .venv/bin/python benchmarks/bench_multilabel.py --data GOEMOTIONS --finetune --rows 500

GOEMOTIONS holds train.tsv, test.tsv (text, positions of labels joined by commas, id) and
labels.txt (names); by default it is the folder `goemotions` next to the AG News rows. Seconds are
those of `fit` from raw texts, thresholds included.

`--finetune` fine-tunes a pretrained model instead, by default MiniLM, on a GPU in mixed precision
if torch finds one; without one it takes hours. Its thresholds are chosen on a tenth of the training
rows, which is not trained on. `--rows` takes the first rows only, to try a command, and records
nothing.
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
from agnews_sk._core.device import choose_device
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
    """Return the texts and the label positions of a file."""
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
    """Return the fitted classifier, and the seconds of its fit."""
    start = time.perf_counter()
    fitted = classifier.fit(texts, y)
    return fitted, time.perf_counter() - start


def show_names(found: dict[str, float]) -> None:
    """Print the names of the scores, above the lines of `show`."""
    print(f"{'':<14}", *(f"{column:>16}" for column in found))


def show(name: str, found: dict[str, float]) -> None:
    """Print the scores of a classifier in one line."""
    print(f"{name:<14}", *(f"{found[column]:>16.4f}" for column in found), flush=True)


def parse() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of GoEmotions")
    parser.add_argument("--rows", type=int, help="training and test rows to take, all by default")
    parser.add_argument("--repeats", type=int, default=3)
    fine_tuning = parser.add_argument_group("fine-tuning")
    fine_tuning.add_argument("--finetune", action="store_true", help="fine-tune a model instead")
    fine_tuning.add_argument("--model", help="folder or Hub name; MiniLM by default")
    fine_tuning.add_argument("--epochs", type=int, default=5)
    fine_tuning.add_argument("--learning-rate", type=float, default=2e-4)
    fine_tuning.add_argument("--batch-size", type=int, default=32)
    fine_tuning.add_argument("--max-length", type=int, default=64)
    fine_tuning.add_argument("--pooling", default="mean", help="of the vectors of tokens")
    fine_tuning.add_argument("--device", default="auto")
    fine_tuning.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def main() -> None:
    """Read the rows, fit, and print the scores on the test rows."""
    options = parse()
    folder = options.data or Path(data_path() or "").parent / "goemotions"
    if not (folder / "train.tsv").is_file():
        sys.exit("Pass --data, or set AGNEWS_SK_DATA to a folder next to goemotions/.")
    names = (folder / "labels.txt").read_text(encoding="utf-8").split()
    encoder = MultiLabelBinarizer(classes=range(len(names))).fit([])
    parts = [read(folder / f"{part}.tsv") for part in ("train", "test")]
    (texts, y), (texts_test, y_test) = [[rows[: options.rows] for rows in part] for part in parts]
    Y, Y_test = encoder.transform(y), encoder.transform(y_test)
    print(f"{len(texts):,} training rows, {len(texts_test):,} test rows, {Y.shape[1]} labels")
    if options.finetune:
        finetune(options, texts, Y, texts_test, Y_test)
    else:
        compare(options, texts, Y, texts_test, Y_test)


def compare(
    options: argparse.Namespace,
    texts: list[str],
    Y: np.ndarray,
    texts_test: list[str],
    Y_test: np.ndarray,
) -> None:
    """Fit our baseline and scikit-learn's in turn, and print their scores and seconds."""
    results: dict[str, list[dict[str, float]]] = {"ours": [], "scikit-learn": []}
    for repeat in range(options.repeats):
        fits = {
            "ours": timed(make_tfidf_pipeline(), texts, Y),
            "scikit-learn": timed(TunedThresholds(), texts, Y),
        }
        for name, (fitted, seconds) in fits.items():
            results[name].append(measure(fitted, seconds, texts_test, Y_test))
        if repeat == 0:
            show_names(results["ours"][0])
        for name, found in results.items():
            show(name, found[-1])
    ours, theirs = results["ours"], results["scikit-learn"]
    speedups = [b["seconds"] / a["seconds"] for a, b in zip(ours, theirs)]
    print(f"ours is {median(speedups):.1f} times as fast")
    if options.rows is None:
        record("GoEmotions, TF-IDF, macro-F1", ours[0]["macro-F1"], bar=BARS["macro-F1"])
        record("GoEmotions, scikit-learn, macro-F1", theirs[0]["macro-F1"])
        record("GoEmotions, TF-IDF, speedup over scikit-learn", speedups, bar=BARS["speedup"])


def finetune(
    options: argparse.Namespace,
    texts: list[str],
    Y: np.ndarray,
    texts_test: list[str],
    Y_test: np.ndarray,
) -> None:
    """Fine-tune on nine tenths of the rows, choose thresholds on the others, and print scores."""
    pipeline = make_finetune_pipeline(
        options.model,
        classify__max_epochs=options.epochs,
        classify__learning_rate=options.learning_rate,
        classify__batch_size=options.batch_size,
        classify__max_length=options.max_length,
        classify__pooling=options.pooling,
        classify__validation_fraction=0.1,
        classify__device=options.device,
        classify__random_state=options.seed,
        classify__verbose=int(sys.stderr.isatty()),
    )
    settings = {name: value for name, value in vars(options).items() if name != "data"}
    print(f"fine-tuning on {choose_device(options.device)}: {settings}", flush=True)
    found = measure(*timed(pipeline, texts, Y), texts_test, Y_test)
    columns = ["epoch", "train_loss", "valid_loss", "valid_accuracy", "dur"]
    print(pipeline[-1].history_[columns].to_string(index=False))
    show_names(found)
    show("fine-tuned", found)
    if options.rows is None and options.model is None:
        record("GoEmotions, MiniLM fine-tuned, macro-F1", found["macro-F1"], bar=BARS["fine-tuned"])


if __name__ == "__main__":
    main()
