"""A cascade of the baseline and fine-tuned MiniLM beside MiniLM alone: accuracy, speed, promise.

    AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_cascade.py
    AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_cascade.py --rows 8000
    AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_cascade.py --sets

Both are fitted on the same rows of AG News, and thresholds are chosen on 10,000 other training
rows. Accuracy and speed are those of the test rows, from texts to labels, both sides in turns.

For the promise, all rows that were not fitted on are put together; 200 times a random draw of
2,000 of them chooses the threshold, and the loss on all the others is compared with what was
promised. With `--rows` there are many others, so that their own loss is nearly the true one.

`--sets` does the same on BBC articles, comments with one emotion and Chinese headlines, whose
thresholds are chosen on the labels of other rows for a loss of one point.
"""

import argparse
import time
from typing import Any

import numpy as np
from record import record
from rows import agnews_folder, other_sets, read_labelled
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.frozen import FrozenEstimator

from agnews_sk import CascadeClassifier, make_finetune_pipeline, make_tfidf_pipeline
from agnews_sk.cleaning import ColumnJoiner, TextCleaner

N_HELD_OUT = 10_000
PROMISES = (
    {"max_loss": 0.001},
    {"max_loss": 0.002},
    {"max_loss": 0.005},
    {"max_loss": 0.01},
    {"max_loss": 0.02},
    {"max_passed": 0.2},
    {"max_passed": 0.15},
    {"max_passed": 0.1},
)
MAX_LOSS_OF_SETS = 0.01
N_CHOOSE, N_SPLITS = 2_000, 200
REPEATS = 3


class Known(ClassifierMixin, BaseEstimator):
    """Looks probabilities up by the number of the row, so that splits need no prediction."""

    def __init__(self, y_proba: np.ndarray) -> None:
        self.y_proba = y_proba

    def fit(self, X: np.ndarray, y: np.ndarray) -> "Known":
        """Learn the classes."""
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the given probabilities of these rows."""
        return self.y_proba[X[:, 0]]

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the most probable class of these rows."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, help="rows to fit on; by default all others")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--sets", action="store_true", help="other data sets instead")
    options = parser.parse_args()
    if options.sets:
        compare_on_sets()
    else:
        compare_on_agnews(options.rows, options.epochs)


def compare_on_agnews(n_rows: int | None, n_epochs: int) -> None:
    """Print accuracy and speed on AG News, and how often the promise is broken."""
    (texts, y), (held_texts, held_y), (more_texts, more_y), (test_texts, test_y) = read_rows(n_rows)
    print(f"{len(y):,} rows to fit on, {len(held_y):,} to choose on, {len(test_y):,} test rows")
    fitted = {}
    for name, pipeline in {
        "tfidf": make_tfidf_pipeline(random_state=0),
        "finetune": make_finetune_pipeline(classify__max_epochs=n_epochs, classify__random_state=0),
    }.items():
        start = time.perf_counter()
        fitted[name] = pipeline.fit(texts, y)
        print(f"{name} fitted in {time.perf_counter() - start:.0f} s", flush=True)
    parts = [(name, FrozenEstimator(pipeline)) for name, pipeline in fitted.items()]
    compare_speed(fitted, parts, held_texts, held_y, test_texts, test_y)
    check_promise(
        [fitted[name].predict_proba([*held_texts, *more_texts, *test_texts]) for name in fitted],
        np.concatenate([held_y, more_y, test_y]),
    )


def compare_on_sets() -> None:
    """Print accuracy and speed of both parts and of their cascade on other data sets."""
    heads = ("classes", 9), ("tfidf", 8), ("MiniLM", 8), ("cascade", 9), ("passed on", 11)
    heads += (("x MiniLM", 10),)
    print(f"{'':<20}" + "".join(f"{head:>{width}}" for head, width in heads))
    for part in other_sets():
        cheap = make_tfidf_pipeline(random_state=0).fit(part.X, part.y)
        dear = make_finetune_pipeline(classify__random_state=0).fit(part.X, part.y)
        parts = [("cheap", FrozenEstimator(cheap)), ("dear", FrozenEstimator(dear))]
        cascade = CascadeClassifier(parts, max_loss=MAX_LOSS_OF_SETS)
        cascade.fit(part.unlabelled, part.y_unlabelled)
        accuracy, seconds = {}, {}
        for name, classifier in {"cheap": cheap, "dear": dear, "cascade": cascade}.items():
            start = time.perf_counter()
            accuracy[name] = float(np.mean(classifier.predict(part.X_test) == part.y_test))
            seconds[name] = time.perf_counter() - start
        ratio = seconds["dear"] / seconds["cascade"]
        print(
            f"{part.name:<20}{len(cascade.classes_):>9}{accuracy['cheap']:>8.4f}"
            f"{accuracy['dear']:>8.4f}{accuracy['cascade']:>9.4f}{cascade.passed_[-1]:>11.1%}"
            f"{ratio:>10.1f}",
            flush=True,
        )
        lost = accuracy["dear"] - accuracy["cascade"]
        record(f"cascade, {part.name}, accuracy lost against MiniLM", lost)
        record(f"cascade, {part.name}, times as fast as MiniLM", ratio)


def read_rows(n_rows: int | None) -> list[tuple[list[str], np.ndarray]]:
    """Return texts and labels to fit on, to choose thresholds on, of other rows, and to test on."""
    folder = agnews_folder()
    texts, labels = [], []
    for name in ("train.csv", "train_joined.csv"):
        if (folder / name).exists():
            X, y = read_labelled(folder / name)
            texts += TextCleaner().fit_transform(ColumnJoiner().fit_transform(X)).tolist()
            labels.append(y)
    y = np.concatenate(labels)
    order = np.random.default_rng(0).permutation(len(y))
    held_out, others = order[:N_HELD_OUT], order[N_HELD_OUT:]
    n_rows = len(others) if n_rows is None else n_rows
    parts = others[:n_rows], held_out, others[n_rows:]
    X, y_test = read_labelled(folder / "test.csv")
    test = TextCleaner().fit_transform(ColumnJoiner().fit_transform(X)).tolist()
    return [*(([texts[i] for i in rows], y[rows]) for rows in parts), (test, y_test)]


def compare_speed(
    fitted: dict[str, Any],
    parts: list[tuple[str, Any]],
    held_texts: list[str],
    held_y: np.ndarray,
    texts: list[str],
    y: np.ndarray,
) -> None:
    """Print accuracy and texts/s of each classifier alone, and of cascades."""
    sides = dict(fitted)
    for promise in PROMISES:
        cascade = CascadeClassifier(parts, **promise).fit(held_texts, held_y)
        name, limit = next(iter(promise.items()))
        sides[f"cascade, {name}={limit}"] = cascade
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    accuracy = {}
    for _ in range(REPEATS):
        for name, classifier in sides.items():
            start = time.perf_counter()
            predicted = classifier.predict(texts)
            seconds[name].append(time.perf_counter() - start)
            accuracy[name] = float(np.mean(predicted == y))
    print(f"\n{'':<26}{'accuracy':>9}{'texts/s':>10}{'x MiniLM':>10}{'passed on':>11}")
    for name, taken in seconds.items():
        ratios = [alone / own for alone, own in zip(seconds["finetune"], taken)]
        passed = getattr(sides[name], "passed_", None)
        print(
            f"{name:<26}{accuracy[name]:>9.4f}{len(texts) / np.median(taken):>10,.0f}"
            f"{np.median(ratios):>10.1f}" + ("" if passed is None else f"{passed[-1]:>11.1%}"),
            flush=True,
        )
        if passed is not None:
            lost = accuracy["finetune"] - accuracy[name]
            bar, fast = ("<= 0.001", ">= 5") if name.endswith("passed=0.15") else ("", "")
            record(f"{name}, accuracy lost against MiniLM", lost, bar=bar)
            record(f"{name}, times as fast as MiniLM", ratios, bar=fast)


def check_promise(found: list[np.ndarray], y: np.ndarray) -> None:
    """Print in how many random splits the loss on other rows exceeds the promised one."""
    numbers = np.arange(len(y))[:, None]
    parts = [
        (name, FrozenEstimator(Known(y_proba).fit(numbers, y)))
        for name, y_proba in zip(("cheap", "dear"), found)
    ]
    right = parts[-1][1].predict(numbers) == y
    print(f"\npromised loss   exceeded in {N_SPLITS} splits   mean loss   passed on")
    for max_loss in (0.005, 0.01, 0.02):
        losses, passed = [], []
        for seed in range(N_SPLITS):
            order = np.random.default_rng(seed).permutation(len(y))
            chosen, others = order[:N_CHOOSE], order[N_CHOOSE:]
            cascade = CascadeClassifier(parts, max_loss=max_loss).fit(numbers[chosen], y[chosen])
            own = cascade.predict(numbers[others]) == y[others]
            losses.append(float(np.mean(right[others]) - np.mean(own)))
            passed.append(cascade.passed_[-1])
        exceeded = float(np.mean(np.array(losses) > max_loss))
        print(
            f"{max_loss:>13}{exceeded:>24.1%}{np.mean(losses):>12.4f}{np.mean(passed):>12.1%}",
            flush=True,
        )
        record(f"cascade, promised loss {max_loss}, exceeded", exceeded, bar="<= 0.05")


if __name__ == "__main__":
    main()
