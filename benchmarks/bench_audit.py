"""How many injected errors an audit finds in real rows, and how long it takes.

The injected errors are 200 copies, 200 copies with one word changed, 200 flipped labels, 100 test
rows among the training rows and 50 rows with HTML. A flipped label counts as found if it is among
the first 200 of the audit. AG News has label errors of its own, which lower this precision, the
more so the more rows there are.

Run: AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_audit.py [--rows 10000]
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from record import record
from rows import agnews_folder, read_labelled

from agnews_sk.auditing import audit
from agnews_sk.cleaning import ColumnJoiner

# Targets of recall.
BARS = {"exact_duplicates": ">= 0.99", "exact_leakage": ">= 0.99", "near_duplicates": ">= 0.95"}


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 52_990, 120_000])
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    folder = agnews_folder()
    all_texts, all_labels = load(folder, "train.csv", "train_joined.csv")
    test, test_labels = load(folder, "test.csv")
    for n_rows in options.rows:
        rng = np.random.default_rng(options.seed)
        texts, labels = sized(all_texts, all_labels, n_rows, rng)
        texts, labels, faults = plant(texts, labels, test, test_labels, rng)
        start = time.perf_counter()
        report = audit(texts, labels, test, progress=show)
        seconds = time.perf_counter() - start
        print(f"{len(texts):,} rows and {len(test):,} test rows: {seconds:.1f} s")
        for name, planted in faults.items():
            found = report[name].rows
            recall = np.isin(planted, found).mean()
            print(f"  {name:<17} recall {recall:.3f}, {len(found):,} rows found")
            record(f"audit of {n_rows:,} rows, recall of {name}", recall, bar=BARS.get(name, ""))
        first = report["label_errors"].rows[:200]
        precision = np.isin(first, faults["label_errors"]).mean()
        print(f"  label_errors      precision@200 {precision:.3f}")
        record(f"audit of {n_rows:,} rows, precision@200 of label errors", precision, bar=">= 0.6")
        record(f"audit of {n_rows:,} rows, seconds", seconds, bar="<= 30")


if __name__ == "__main__":
    main()
