"""Students of recorded soft labels beside the same classifiers fitted to labels: accuracy, texts/s.

    AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_distil.py
    AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_distil.py --sets --without-agnews

The teacher of AG News is MPNet, whose probabilities of three quarters of the training rows, each
predicted by a model that was not trained on it, are recorded; the other rows keep their labels.
The weight of characters was chosen on a fifth of the training rows. `--rows` takes some rows.

`--sets` distils TF-IDF from logistic regression on frozen embeddings of MiniLM, fitted out of fold,
on the folders `long`, `goemotions` and `languages` beside that of AG News: BBC articles, comments
with one emotion, and Chinese headlines. Of each, a part teaches without its labels.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from bench_transformers import read_rows
from record import record
from rows import other_sets
from sklearn.base import clone

from agnews_sk import (
    DistilledClassifier,
    TextCache,
    make_embedding_pipeline,
    make_tfidf_pipeline,
)
from agnews_sk._core.content import content_digest
from agnews_sk.ensembles import make_soft_labels

SOFT_LABELS = Path(__file__).parent / "recorded" / "mpnet_soft_labels.npz"
REPEATS = 3
WORDS = {"characters": False}
BOTH = {"characters": True, "vectorize__character_weight": 0.7}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rows", type=int, default=10**9, help="training rows of AG News")
    parser.add_argument("--sets", action="store_true", help="other data sets too")
    parser.add_argument("--without-agnews", action="store_true")
    options = parser.parse_args()
    if not options.without_agnews:
        compare_on_agnews(options.rows)
    if options.sets:
        compare_on_sets()


def compare_on_agnews(n_rows: int) -> None:
    """Print accuracy and texts/s on AG News, of students and of the same fitted to labels."""
    rows = read_rows()
    texts, y = rows.train[:n_rows], rows.y_train[:n_rows]
    soft_labels = recorded_soft_labels(rows.train, rows.y_train)[:n_rows]
    print(f"{len(y):,} training rows, {len(rows.y_test):,} test rows")
    print(f"{'':<22}{'labels':>9}{'student':>9}{'points':>8}{'fit, s':>8}{'texts/s':>10}")
    for name, params in {"words": WORDS, "words and characters": BOTH}.items():
        pipeline = make_tfidf_pipeline(**params)
        plain = pipeline.fit(texts, y).score(rows.test, rows.y_test)
        student = DistilledClassifier(clone(pipeline))
        start = time.perf_counter()
        student.fit(texts, y, soft_labels=soft_labels)
        seconds = time.perf_counter() - start
        accuracy = student.score(rows.test, rows.y_test)
        speeds = texts_per_second(student, rows.test)
        print(
            f"{name:<22}{plain:>9.4f}{accuracy:>9.4f}{100 * (accuracy - plain):>+8.2f}"
            f"{seconds:>8.1f}{np.median(speeds):>10,.0f}",
            flush=True,
        )
        record(f"student of MPNet, {name}, accuracy", accuracy, bar=">= 0.932")
        record(f"student of MPNet, {name}, points above labels", 100 * (accuracy - plain))
        record(f"student of MPNet, {name}, texts/s", speeds, bar=">= 100000")


def recorded_soft_labels(texts: list[str], y: np.ndarray) -> np.ndarray:
    """Return the recorded probabilities; of rows without any, the label."""
    with np.load(SOFT_LABELS) as stored:
        found, digest = stored["train"].astype(np.float64), str(stored["train_digest"])
        classes = stored["classes"].tolist()
    if content_digest(texts) != digest:
        sys.exit(f"{SOFT_LABELS.name} is of other rows than those of AGNEWS_SK_DATA.")
    missing = np.isnan(found[:, 0])
    found[missing] = y[missing, None] == np.array(classes, dtype=object)
    return found / found.sum(axis=1, keepdims=True)


def texts_per_second(classifier: Any, texts: list[str]) -> list[float]:
    """Return the texts/s of some predictions."""
    speeds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        classifier.predict(texts)
        speeds.append(len(texts) / (time.perf_counter() - start))
    return speeds


def compare_on_sets() -> None:
    """Print the accuracies of labels, student and teacher on other data sets."""
    print(f"\n{'':<20}{'classes':>8}{'labels':>9}{'student':>9}{'unlabelled':>12}{'teacher':>9}")
    for part in other_sets():
        teacher = make_embedding_pipeline(embed__cache=TextCache())
        soft_labels, of_unlabelled = make_soft_labels(teacher, part.X, part.y, part.unlabelled)
        tested = part.X_test, part.y_test
        alone = make_tfidf_pipeline().fit(part.X, part.y).score(*tested)
        student = DistilledClassifier(make_tfidf_pipeline())
        taught = student.fit(part.X, part.y, soft_labels=soft_labels).score(*tested)
        student.fit(
            part.X,
            part.y,
            part.unlabelled,
            soft_labels=soft_labels,
            soft_labels_unlabelled=of_unlabelled,
        )
        more = student.score(*tested)
        of_teacher = teacher.fit(part.X, part.y).score(*tested)
        print(
            f"{part.name:<20}{len(set(part.y)):>8}{alone:>9.4f}{taught:>9.4f}{more:>12.4f}"
            f"{of_teacher:>9.4f}",
            flush=True,
        )
        record(f"student of embeddings, {part.name}, points above labels", 100 * (taught - alone))
        record(
            f"student of embeddings, {part.name}, unlabelled texts, points above labels",
            100 * (more - alone),
        )


if __name__ == "__main__":
    main()
