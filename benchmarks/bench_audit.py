"""How many injected errors an audit finds in real rows, and how long it takes.

The injected errors are 200 copies, 200 copies with one word changed, 200 flipped labels, 100 test
rows among the training rows and 50 rows with HTML. A flipped label counts as found if it is among
the first 200 of the audit. AG News has label errors of its own, which lower this precision, the
more so the more rows there are. Precision and recall of one draw of rows and errors vary by several
points, so that there are several draws.

Run: AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_audit.py [--rows 10000] [--draws 1]
"""

import argparse
import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from record import record
from rows import agnews_folder, read_labelled

from agnews_sk.auditing import audit
from agnews_sk.cleaning import ColumnJoiner

BARS = {
    "recall of exact_duplicates": ">= 0.99",
    "recall of exact_leakage": ">= 0.99",
    "recall of near_duplicates": ">= 0.95",
    "precision@200 of label errors": ">= 0.6",
    "seconds": "<= 30",
}


def load(folder: Path, *names: str) -> tuple[np.ndarray, np.ndarray]:
    parts = [read_labelled(folder / name) for name in names if (folder / name).exists()]
    texts = np.concatenate([ColumnJoiner().fit_transform(X) for X, _ in parts])
    return texts, np.concatenate([y for _, y in parts])


def with_changed_word(text: str, rng: np.random.Generator) -> str:
    words = text.split()
    words[rng.integers(len(words))] = f"other{rng.integers(1000)}"
    return " ".join(words)


def plant(
    texts: np.ndarray,
    labels: np.ndarray,
    test: np.ndarray,
    test_labels: np.ndarray,
    rng: np.random.Generator,
):
    """Return the rows with injected errors, and the positions of each kind of error."""
    long = np.flatnonzero([len(text.split()) >= 30 for text in texts])
    chosen = rng.permutation(long)[:650]
    copied, near, flipped, marked = np.split(chosen, [200, 400, 600])
    texts, labels = texts.copy(), labels.copy()
    changed = [with_changed_word(texts[i], rng) for i in near]
    classes = np.unique(labels)
    for i in flipped:
        labels[i] = rng.choice(classes[classes != labels[i]])
    for i in marked:
        texts[i] = f'<a href="http://news.example.com/">{texts[i]}</a> <br>'
    leaked = rng.choice(len(test), 100, replace=False)
    n = len(texts)
    faults = {
        "exact_duplicates": n + np.arange(200),
        "near_duplicates": n + 200 + np.arange(200),
        "exact_leakage": n + 400 + np.arange(100),
        "label_errors": flipped,
        "html_tags": marked,
    }
    added = np.array([*texts[copied], *changed, *test[leaked]], dtype=object)
    new_labels = np.concatenate([labels[copied], labels[near], test_labels[leaked]])
    return np.concatenate([texts, added]), np.concatenate([labels, new_labels]), faults


def sized(texts: np.ndarray, labels: np.ndarray, n: int, rng: np.random.Generator):
    """Draw n rows; rows beyond the available ones are copies with a new word after every third."""
    rows = rng.permutation(len(texts))[:n]
    extra = rng.integers(len(texts), size=max(n - len(texts), 0))
    made = [
        " ".join(f"{w} {w}{i}" if k % 3 == 0 else w for k, w in enumerate(texts[j].split()))
        for i, j in enumerate(extra)
    ]
    return np.array([*texts[rows], *made], dtype=object), np.append(labels[rows], labels[extra])


def show(stage: str) -> None:
    print(f"  {stage}", file=sys.stderr)


def measure(
    n_rows: int,
    train: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    seed: int,
) -> dict[str, float]:
    """Audit rows with injected errors; print and return what is found of them."""
    rng = np.random.default_rng(seed)
    texts, labels, faults = plant(*sized(*train, n_rows, rng), *test, rng)
    start = time.perf_counter()
    report = audit(texts, labels, test[0], progress=show)
    measured = {"seconds": time.perf_counter() - start}
    print(f"{len(texts):,} rows and {len(test[0]):,} test rows: {measured['seconds']:.1f} s")
    for name, planted in faults.items():
        found = report[name].rows
        measured[f"recall of {name}"] = recall = np.isin(planted, found).mean()
        print(f"  {name:<17} recall {recall:.3f}, {len(found):,} rows found")
    first = report["label_errors"].rows[:200]
    precision = np.isin(first, faults["label_errors"]).mean()
    print(f"  label_errors      precision@200 {precision:.3f}", flush=True)
    return {**measured, "precision@200 of label errors": precision}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 52_990, 120_000])
    parser.add_argument("--draws", type=int, default=3, help="of rows and errors")
    options = parser.parse_args()
    folder = agnews_folder()
    train = load(folder, "train.csv", "train_joined.csv")
    test = load(folder, "test.csv")
    for n_rows in options.rows:
        # Rows beyond the real ones are copies, which one draw suffices for.
        n_draws = options.draws if n_rows <= len(train[1]) else 1
        measured: dict[str, list[float]] = defaultdict(list)
        for seed in range(n_draws):
            for name, value in measure(n_rows, train, test, seed).items():
                measured[name].append(value)
        for name, values in measured.items():
            record(f"audit of {n_rows:,} rows, {name}", values, bar=BARS.get(name, ""))


if __name__ == "__main__":
    main()
