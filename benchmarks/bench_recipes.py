"""Accuracy of fine-tuned MiniLM and MPNet by recipe: with labels, from a teacher, on few rows.

    AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_recipes.py minilm
    AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_recipes.py student
    AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_recipes.py mpnet
    AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_recipes.py pairs --rows 2000

- `minilm`: on all training rows of AG News, three epochs, with averaged weights.
- `student`: the same from the recorded probabilities of MPNet, see `bench_distil.py`.
- `mpnet`: MPNet and MiniLM on 8,000 rows, two epochs.
- `pairs`: MiniLM, one epoch, with title and description joined or as a pair of segments, on 8,000
  rows or `--rows`.

Texts are averaged over their tokens, as both models were pretrained.
"""

import argparse
import time
from typing import Any

import numpy as np
from bench_distil import recorded_soft_labels
from bench_transformers import MAX_LENGTH, Rows, describe_machine, read_rows
from record import record
from rows import agnews_folder
from scipy.stats import binomtest
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from agnews_sk import DistilledClassifier, make_finetune_pipeline
from agnews_sk.classifiers import FineTunedTransformerClassifier
from agnews_sk.datasets import load_train_test
from agnews_sk.evaluation._exact import share_interval
from agnews_sk.tokenization import PretrainedTokenizer

SHARED = {"pooling": "mean", "max_length": MAX_LENGTH, "random_state": 0}
MINILM = {**SHARED, "max_epochs": 3, "ema_decay": 0.999}
MPNET = {**SHARED, "model": "all-mpnet-base-v2", "learning_rate": 5e-5, "layer_decay": 0.9}
N_FEW = 8_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("part", choices=("minilm", "student", "mpnet", "pairs"))
    parser.add_argument("--rows", type=int, default=10**9, help="of all training rows")
    options = parser.parse_args()
    print(describe_machine())
    if options.part == "pairs":
        compare_pairs(min(N_FEW, options.rows))
        return
    rows = read_rows()
    texts, y = rows.train[: options.rows], rows.y_train[: options.rows]
    if options.part == "minilm":
        fitted = fit("MiniLM, labels", pipeline(MINILM), texts, y)
        evaluate("MiniLM, labels", fitted, rows, bar=">= 0.942")
    elif options.part == "student":
        soft_labels = recorded_soft_labels(rows.train, rows.y_train)[: options.rows]
        student = DistilledClassifier(pipeline(MINILM))
        fitted = fit("MiniLM, from MPNet", student, texts, y, soft_labels=soft_labels)
        evaluate("MiniLM, from MPNet", fitted, rows, bar=">= 0.945")
    else:
        few = rows.draw(min(N_FEW, options.rows))
        for name, params, bar in (
            (f"MiniLM, {N_FEW:,} rows", SHARED, ""),
            (f"MPNet, {N_FEW:,} rows", MPNET, ">= 0.922"),
        ):
            fitted = fit(name, pipeline({**params, "max_epochs": 2}), *few)
            evaluate(name, fitted, rows, bar=bar)


def compare_pairs(n_rows: int) -> None:
    """Print the accuracy with title and description joined, and as a pair, of the same rows."""
    data = load_train_test(agnews_folder())
    X, _, y, _ = train_test_split(
        data.X_train, data.y_train, train_size=n_rows, stratify=data.y_train, random_state=0
    )
    rows = Rows(X, y, data.X_test, data.y_test)
    right = []
    for name, text_pair in (("joined", False), ("as a pair", True)):
        params = {f"classify__{key}": value for key, value in {**SHARED, "max_epochs": 1}.items()}
        fitted = fit(name, make_finetune_pipeline(text_pair=text_pair, **params), X, y)
        right.append(evaluate(f"MiniLM, {n_rows:,} rows, {name}", fitted, rows, bar=""))
    joined, paired = (int((one & ~other).sum()) for one, other in (right, right[::-1]))
    p_value = binomtest(paired, joined + paired).pvalue if joined + paired else 1.0
    print(
        f"right by one only: {joined} joined, {paired} as a pair; exact McNemar test p = "
        f"{p_value:.2f}"
    )


def pipeline(params: dict[str, Any]) -> Any:
    """Return a tokenizer and a classifier with these parameters."""
    tokenizer = PretrainedTokenizer(model=params.get("model"), max_length=MAX_LENGTH)
    return make_pipeline(tokenizer, FineTunedTransformerClassifier(**params))


def fit(name: str, classifier: Any, texts: list[str], y: Any, **more: Any) -> Any:
    """Fit, and print the seconds."""
    start = time.perf_counter()
    classifier.fit(texts, y, **more)
    print(f"{name}: fitted in {time.perf_counter() - start:.0f} s", flush=True)
    return classifier


def evaluate(name: str, classifier: Any, rows: Rows, bar: str) -> np.ndarray:
    """Print accuracy with its interval, log loss and texts/s, and return which rows are right."""
    n_test = len(rows.y_test)
    start = time.perf_counter()
    found = classifier.predict_proba(rows.test)
    speed = n_test / (time.perf_counter() - start)
    right = classifier.classes_[found.argmax(axis=1)] == rows.y_test
    n_right = int(right.sum())
    low, high = share_interval(n_right, n_test, 0.95)
    loss = log_loss(rows.y_test, found, labels=classifier.classes_)
    print(
        f"{name}: accuracy {n_right / n_test:.4f} ({low:.4f} to {high:.4f}), log loss {loss:.4f}, "
        f"{speed:,.0f} texts/s",
        flush=True,
    )
    record(f"{name}, accuracy", n_right / n_test, bar=bar)
    record(f"{name}, log loss", loss)
    return right


if __name__ == "__main__":
    main()
