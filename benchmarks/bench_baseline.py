"""Raw CSV to 5,000 predictions, whole processes: our baseline, fastText and scikit-learn.

Each side is a new process that imports what it needs, reads the same files, prepares the texts in
its own way, trains, predicts the test rows and prints its accuracy. The time of the whole process
is measured.

Run: AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_baseline.py [--repeats 3]

FOLDER holds train.csv, train_joined.csv (optional) and test.csv. fastText is compiled from source
and has its own constraints, so it runs in the Python that FASTTEXT_PYTHON names, which `make bench`
creates.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from record import record

EMBEDDINGS = "ours with embeddings"
SIDES = (
    "ours",
    "ours with characters",
    EMBEDDINGS,
    "fasttext",
    "fasttext, published",
    "scikit-learn",
)
BARS = {"fasttext": ">= 1", "fasttext, published": ">= 1", "scikit-learn": ">= 12"}


def run_ours(folder: Path, *, characters: bool = False, embeddings: bool = False) -> float:
    import numpy as np
    from rows import read_labelled

    from agnews_sk import load_agnews, make_tfidf_pipeline
    from agnews_sk.classifiers import EmbeddingBagClassifier
    from agnews_sk.cleaning import ColumnJoiner

    parts = [read_labelled(path) for path in train_files(folder)]
    texts = np.concatenate([ColumnJoiner().fit_transform(X) for X, _ in parts])
    labels = np.concatenate([y for _, y in parts])
    frame, y_test = load_agnews(folder / "test.csv", return_X_y=True)
    X_test = ColumnJoiner().fit_transform(frame)
    pipeline = make_tfidf_pipeline(characters=characters)
    if embeddings:
        pipeline.set_params(classify=EmbeddingBagClassifier(random_state=0))
    pipeline.fit(texts, labels)
    return pipeline.score(X_test, y_test)


PUBLISHED = {"dim": 10, "lr": 0.25, "bucket": 10_000_000}


def run_fasttext(folder: Path, settings: dict) -> float:
    """Train with bigrams, 5 epochs, 2 threads.

    `PUBLISHED` are the further settings of Joulin et al. 2016 for AG News; without them, fastText's
    defaults (100 dimensions).
    """
    import re

    import fasttext

    punctuation = re.compile(r"([.!?,'/()\"])")

    def prepared(rows):
        return [(c, punctuation.sub(r" \1 ", text.lower().replace("\\", " "))) for c, text in rows]

    train = prepared(row for path in train_files(folder) for row in read_csv(path))
    test = prepared(read_csv(folder / "test.csv"))
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.writelines(f"__label__{label} {text}\n" for label, text in train)
        file.flush()
        model = fasttext.train_supervised(
            file.name,
            wordNgrams=2,
            epoch=5,
            thread=2,
            verbose=0,
            **settings,
        )
    predicted, _ = model.predict([text for _, text in test])
    hits = sum(p[0] == f"__label__{label}" for p, (label, _) in zip(predicted, test))
    return hits / len(test)


def run_sklearn(folder: Path) -> float:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    train = [row for path in train_files(folder) for row in read_csv(path)]
    test = list(read_csv(folder / "test.csv"))
    pipeline = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(max_iter=1000))
    pipeline.fit([text for _, text in train], [label for label, _ in train])
    return pipeline.score([text for _, text in test], [label for label, _ in test])


def train_files(folder: Path) -> list[Path]:
    return [p for p in (folder / "train.csv", folder / "train_joined.csv") if p.exists()]


def read_csv(path: Path):
    import csv

    with path.open(encoding="utf-8", newline="") as file:
        for label, *texts in csv.reader(file):
            yield label, " ".join(texts)


def run_side(side: str, folder: Path) -> float:
    if side.startswith("fasttext"):
        return run_fasttext(folder, PUBLISHED if side.endswith("published") else {})
    if side == "scikit-learn":
        return run_sklearn(folder)
    return run_ours(
        folder, characters=side == "ours with characters", embeddings=side == EMBEDDINGS
    )


def measure(side: str, python: str) -> tuple[float, float]:
    start = time.perf_counter()
    done = subprocess.run(
        [python, __file__, "--run", side], capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"{side} failed:\n{done.stderr}")
    return seconds, json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=list(SIDES))
    parser.add_argument("--run", choices=SIDES, help="be one side")
    options = parser.parse_args()
    if not Path(os.environ.get("AGNEWS_SK_DATA", "")).joinpath("train.csv").is_file():
        sys.exit("Set AGNEWS_SK_DATA to a folder with train.csv and test.csv: AG News rows.")
    folder = Path(os.environ["AGNEWS_SK_DATA"])
    if options.run:
        print(json.dumps(run_side(options.run, folder)))
        return

    fasttext = os.environ.get("FASTTEXT_PYTHON", sys.executable)
    pythons = {side: fasttext for side in SIDES if side.startswith("fasttext")}
    found: dict[str, list[tuple[float, float]]] = {side: [] for side in options.sides}
    for repeat in range(options.repeats):
        for side in options.sides:
            found[side].append(measure(side, pythons.get(side, sys.executable)))
            print(f"repeat {repeat + 1}, {side}: {found[side][-1][0]:.2f} s", file=sys.stderr)
    ours = median(seconds for seconds, _ in found[options.sides[0]])
    print(f"{'side':<22} {'median s':>9} {'min':>7} {'max':>7} {'x ours':>7} {'accuracy':>9}")
    for side, runs in found.items():
        seconds = [s for s, _ in runs]
        accuracy = median(a for _, a in runs)
        print(
            f"{side:<22} {median(seconds):9.2f} {min(seconds):7.2f} {max(seconds):7.2f} "
            f"{median(seconds) / ours:7.2f} {accuracy:9.4f}"
        )
        first = found[options.sides[0]]
        ratios = [theirs / ours for (ours, _), (theirs, _) in zip(first, runs)]
        record(
            f"CSV to predictions, {options.sides[0]}, speedup over {side}",
            ratios,
            bar=BARS.get(side, ""),
        )
        record(f"CSV to predictions, accuracy of {side}", accuracy)
    if EMBEDDINGS in found:
        compare_embeddings(found)


def compare_embeddings(found: dict[str, list[tuple[float, float]]]) -> None:
    """Print and record accuracy and time of averaged embeddings relative to fastText's."""
    own = found[EMBEDDINGS]
    for side in [side for side in found if side.startswith("fasttext")]:
        gain = median(a for _, a in own) - median(a for _, a in found[side])
        ratios = [ours / theirs for (ours, _), (theirs, _) in zip(own, found[side])]
        print(f"embeddings and {side}: accuracy {gain:+.4f}, {median(ratios):.2f} x its time")
        record(f"embeddings, accuracy minus that of {side}", gain, bar=">= 0.003")
        record(f"embeddings, seconds relative to {side}", ratios, bar="<= 1.5")


if __name__ == "__main__":
    main()
