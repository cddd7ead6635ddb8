"""Time of predicting one text, of many different ones, beside scikit-learn.

The TF-IDF pipeline, with words alone and with characters too, and scikit-learn's `TfidfVectorizer`
of the same n-grams with `LogisticRegression`, are fitted on the same rows and asked for one text at
a time, in turns. Uses the rows of `AGNEWS_SK_DATA`, or rows of `make_news` if it is not set.

Run: AGNEWS_SK_DATA=FOLDER python benchmarks/bench_one_text.py
"""

import argparse
import time
import warnings
from statistics import median

import numpy as np
from record import record
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union

from agnews_sk import make_tfidf_pipeline
from agnews_sk._core.home import data_path
from agnews_sk.cleaning import ColumnJoiner
from agnews_sk.datasets import load_train_test, make_news

WORDS = {"ngram_range": (1, 2), "min_df": 3e-5, "sublinear_tf": True}
CHARACTERS = {"analyzer": "char_wb", "ngram_range": (2, 5), "min_df": 1e-4, "sublinear_tf": True}
METHODS = ("predict", "predict_proba")


def read_rows(n_rows, n_texts):
    """Return training texts, their labels and the texts to predict."""
    if data_path():
        rows = load_train_test()
        join = ColumnJoiner().fit(rows.X_train)
        texts, labels = join.transform(rows.X_train), np.asarray(rows.y_train)
        chosen = np.random.default_rng(0).permutation(len(texts))[:n_rows]
        return texts[chosen], labels[chosen], join.transform(rows.X_test)[:n_texts]
    rows = make_news(n_rows + n_texts, random_state=0)
    texts = ColumnJoiner().fit_transform(rows.data)
    return texts[:n_rows], np.asarray(rows.target)[:n_rows], texts[n_rows:]


def make_sides(characters):
    """Return our pipeline and scikit-learn's."""
    theirs = [TfidfVectorizer(**WORDS), *([TfidfVectorizer(**CHARACTERS)] if characters else [])]
    classifier = LogisticRegression(max_iter=30)  # predicts as fast as after more steps
    theirs = make_pipeline(make_union(*theirs), classifier)
    return make_tfidf_pipeline(characters=characters), theirs


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--texts", type=int, default=500)
    args = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    texts, labels, new = read_rows(args.rows, args.texts)
    print(f"{len(texts):,} training texts, {len(new)} texts one at a time; milliseconds")
    print(f"{'':<37}{'ours':>8}{'p99':>8}{'sklearn':>9}{'p99':>8}{'CPU':>8}{'sklearn':>9}")
    for characters, name in ((False, "words"), (True, "words and characters")):
        sides = [side.fit(texts, labels) for side in make_sides(characters)]
        for method in METHODS:
            calls = [getattr(side, method) for side in sides]
            milliseconds = in_turns(calls, new)  # (n_texts, n_sides, 2)
            show(f"{name}, {method}", milliseconds)


def in_turns(calls, texts):
    """Return the milliseconds of each call on each text, by the clock and of the processor."""
    for call in calls:
        call([texts[0]])  # what is built on first use
    found = np.empty((len(texts), len(calls), 2))
    for i, text in enumerate(texts):
        for side, call in enumerate(calls):
            start = np.array([time.perf_counter(), time.process_time()])
            call([text])
            found[i, side] = [time.perf_counter(), time.process_time()] - start
    return 1e3 * found


def show(name, milliseconds):
    (ours, our_cpu), (theirs, their_cpu) = np.median(milliseconds, axis=0)
    our_tail, their_tail = np.quantile(milliseconds[..., 0], 0.99, axis=0)
    print(
        f"{name:<37}{ours:>8.2f}{our_tail:>8.2f}{theirs:>9.2f}{their_tail:>8.2f}"
        f"{our_cpu:>8.2f}{their_cpu:>9.2f}",
        flush=True,
    )
    # By the quarter of the texts, which tells how far the machine was quiet.
    quarters = [median(part[:, 0, 0]) for part in np.array_split(milliseconds, 4)]
    record(f"one text, {name}, ms", quarters, bar="<= 1")
    record(f"one text, {name}, scikit-learn, ms", theirs)


if __name__ == "__main__":
    main()
