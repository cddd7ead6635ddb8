"""Static vectors against TF-IDF and the encoder that they come from: accuracy and speed.

    AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_static.py
    AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_static.py --sets BBC Chinese --seeds 0

FOLDER holds train.csv and test.csv of AG News; articles of the BBC, comments of GoEmotions with one
of its ten most frequent emotions, and Chinese headlines are those of the folders `long`,
`goemotions` and `languages` beside it, where they are there. For each set and number of labels, it
prints the mean accuracy over draws of the labelled rows, on at most 2,000 test rows, of

    TF-IDF          make_tfidf_pipeline()
    static          make_embedding_pipeline(static=True)
    static 256      the same, with 256 principal components
    joined          static vectors and TF-IDF of words side by side
    embeddings      make_embedding_pipeline()

and then the texts/s of predictions of AG News in one thread. MODEL2VEC_PYTHON names a Python that
has model2vec[distill]; its side is then measured too: MiniLM distilled with its defaults, and the
same classifier.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from record import record
from rows import agnews_folder
from sklearn.model_selection import train_test_split
from sklearn.pipeline import FeatureUnion
from threadpoolctl import threadpool_limits

from agnews_sk import TextCache, make_embedding_pipeline, make_tfidf_pipeline
from agnews_sk._core.pretrained import resolve_pretrained
from agnews_sk.classifiers import CalibratedLogisticRegression
from agnews_sk.cleaning import ColumnJoiner, TextCleaner
from agnews_sk.datasets import load_train_test
from agnews_sk.vectorization import NgramVectorizer, StaticEmbedder

N_POOL, N_TEST, N_EMOTIONS = 6_000, 2_000, 10
LABELS = (100, 400, 1_000, 4_000)
# Fewest texts and seconds that a speed is measured on.
N_TEXTS, SECONDS = 500, 3.0
MODEL2VEC = """
import sys, time
import numpy as np
from model2vec import StaticModel
from model2vec.distill import distill
folder, vectors = sys.argv[1:]
texts = open(folder + "/texts.txt").read().splitlines()
model = distill(sys.argv[3], device="cpu")
model.encode(texts[:100], use_multiprocessing=False)
start = time.process_time()
found = model.encode(texts, use_multiprocessing=False)
print(time.process_time() - start)
np.save(vectors, found)
"""


class Rows(NamedTuple):
    """Texts and labels to draw from, and to test on."""

    pool: np.ndarray
    y_pool: np.ndarray
    test: np.ndarray
    y_test: np.ndarray


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--labels", nargs="+", type=int, default=list(LABELS))
    parser.add_argument("--sides", nargs="+", choices=list(SIDES), default=list(SIDES))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    options = parser.parse_args()
    folder = agnews_folder()
    with threadpool_limits(1):
        for name in options.sets:
            rows = SETS[name](folder)
            if rows is not None:
                measure_accuracy(name, rows, options)
        measure_speed(agnews(folder), options.sides)


def joined() -> Any:
    """Return the pipeline of static vectors and TF-IDF of words and word pairs."""
    words = NgramVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    return make_tfidf_pipeline(
        vectorize=FeatureUnion([("static", StaticEmbedder()), ("words", words)])
    )


_CACHE = TextCache()
SIDES: dict[str, Callable[[], Any]] = {
    "TF-IDF": make_tfidf_pipeline,
    "static": lambda: make_embedding_pipeline(static=True),
    "static 256": lambda: make_embedding_pipeline(static=True, embed__n_components=256),
    "joined": joined,
    "embeddings": lambda: make_embedding_pipeline(embed__cache=_CACHE),
}


def measure_accuracy(name: str, rows: Rows, options: argparse.Namespace) -> None:
    """Print and record the mean accuracies of the sides on one set."""
    seeds = options.seeds
    print(f"\n{name}: {len(rows.test):,} test rows, {len(seeds)} draws", flush=True)
    shown = [*options.sides, *other_sides()]
    print(f"{'labels':>6} ", *(f"{side:>11}" for side in shown), flush=True)
    theirs = model2vec_vectors(rows) if other_sides() else None
    for n_labels in options.labels:
        if n_labels > 0.9 * len(rows.pool):
            continue
        means = []
        drawn = [draw(rows, n_labels, seed) for seed in seeds]
        for side in options.sides:
            found = [
                SIDES[side]().fit(rows.pool[d], rows.y_pool[d]).score(rows.test, rows.y_test)
                for d in drawn
            ]
            means.append(np.mean(found))
            record(f"{name}, {n_labels:,} labels, accuracy of {side}", found)
        if theirs is not None:
            pool, test = theirs
            classifier = CalibratedLogisticRegression(random_state=0)
            found = [
                classifier.fit(pool[d], rows.y_pool[d]).score(test, rows.y_test) for d in drawn
            ]
            means.append(np.mean(found))
            record(f"{name}, {n_labels:,} labels, accuracy of model2vec", found)
        print(f"{n_labels:>6,} ", *(f"{mean:>11.4f}" for mean in means), flush=True)


def measure_speed(rows: Rows, sides: list[str]) -> None:
    """Print and record the texts/s of predictions, of whole texts and of their first 8 words."""
    drawn = draw(rows, 1_000, 0)
    short = np.array([" ".join(text.split()[:8]) for text in rows.test], dtype=object)
    print(f"\n{'texts/s':<12} {'whole':>9} {'8 words':>9} {'fit, s':>9}")
    for side in sides:
        start = time.process_time()
        pipeline = SIDES[side]().fit(rows.pool[drawn], rows.y_pool[drawn])
        seconds = time.process_time() - start
        if side == "embeddings":
            pipeline.set_params(embed__cache=None)
        speeds = [speed(pipeline, texts) for texts in (rows.test, short)]
        print(f"{side:<12} {speeds[0]:>9,.0f} {speeds[1]:>9,.0f} {seconds:>9.1f}", flush=True)
        record(f"texts/s of {side}, predictions of AG News in one thread", speeds[0])
        record(f"texts/s of {side}, predictions of 8 words in one thread", speeds[1])


def speed(pipeline: Any, texts: np.ndarray) -> float:
    """Return the texts/s of processor time of predictions, the best of several."""
    texts = texts[: N_TEXTS if "encoder_" in vars(pipeline[-2]) else None]
    best, start = np.inf, time.process_time()
    while time.process_time() - start < SECONDS:
        begin = time.process_time()
        pipeline.predict(texts)
        best = min(best, time.process_time() - begin)
    return len(texts) / best


# model2vec


def other_sides() -> list[str]:
    """Return the other library to compare with, if there is one."""
    return ["model2vec"] if os.environ.get("MODEL2VEC_PYTHON") else []


def model2vec_vectors(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Return the vectors of model2vec for the pool and the test texts."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/vectors.npy"
        texts = [text.replace("\n", " ") for text in [*rows.pool, *rows.test]]
        Path(folder, "texts.txt").write_text("\n".join(" ".join(t.split()) for t in texts))
        done = subprocess.run(
            [
                os.environ["MODEL2VEC_PYTHON"],
                "-c",
                MODEL2VEC,
                folder,
                path,
                resolve_pretrained(None),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"model2vec failed:\n{done.stderr}")
        vectors = np.load(path)
    speed = len(texts) / float(done.stdout.split()[-1])
    print(f"        (model2vec embeds {speed:,.0f} texts/s)", flush=True)
    record("texts/s of model2vec, vectors alone", speed)
    return vectors[: len(rows.pool)], vectors[len(rows.pool) :]


# Data sets


def draw(rows: Rows, n_labels: int, seed: int) -> np.ndarray:
    """Return the positions of stratified random rows of the pool."""
    every = np.arange(len(rows.pool))
    return train_test_split(every, train_size=n_labels, stratify=rows.y_pool, random_state=seed)[0]


def prepared(X: Any, y: Any, X_test: Any, y_test: Any) -> Rows:
    """Return random rows of at most the numbers above, joined and cleaned."""
    generator = np.random.default_rng(0)
    parts: list[Any] = []
    for texts, labels, n_rows in ((X, y, N_POOL), (X_test, y_test, N_TEST)):
        rows = generator.permutation(len(labels))[:n_rows]
        cleaned = TextCleaner().fit_transform(ColumnJoiner().fit_transform(texts))
        parts += [np.asarray(cleaned, dtype=object)[rows], np.asarray(labels, dtype=str)[rows]]
    return Rows(*parts)


def agnews(folder: Path) -> Rows:
    rows = load_train_test(folder)
    return prepared(rows.X_train, rows.y_train, rows.X_test, rows.y_test)


def bbc(folder: Path) -> Rows | None:
    path = folder.parent / "long" / "bbc.csv"
    if not path.exists():
        return None
    frame = pd.read_csv(path)
    train, test = train_test_split(frame, train_size=1_225, stratify=frame["label"], random_state=0)
    return prepared(train["text"], train["label"], test["text"], test["label"])


def goemotions(folder: Path) -> Rows | None:
    if not (folder.parent / "goemotions" / "train.tsv").exists():
        return None
    train, test = (
        pd.read_csv(
            folder.parent / "goemotions" / f"{part}.tsv",
            sep="\t", header=None, names=["text", "label", "id"], quoting=3, dtype=str,
        )
        for part in ("train", "test")
    )  # fmt: skip
    counts = train.loc[~train["label"].str.contains(","), "label"].value_counts()
    kept = list(counts.index[:N_EMOTIONS])
    train, test = (part[part["label"].isin(kept)] for part in (train, test))
    return prepared(train["text"], train["label"], test["text"], test["label"])


def chinese(folder: Path) -> Rows | None:
    paths = [folder.parent / "languages" / f"zh_{part}.csv" for part in ("train", "test")]
    if not all(path.exists() for path in paths):
        return None
    train, test = map(pd.read_csv, paths)
    return prepared(train["text"], train["label"], test["text"], test["label"])


SETS: dict[str, Callable[[Path], Rows | None]] = {
    "AG News": agnews,
    "BBC": bbc,
    "GoEmotions": goemotions,
    "Chinese": chinese,
}

if __name__ == "__main__":
    main()
