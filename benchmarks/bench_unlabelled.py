"""Few labels and many unlabelled texts: accuracy and CPU seconds of self-training and pretraining.

Run: AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_unlabelled.py [agnews] [bbc] [chinese]
    [pretraining]

From AG News, 200 rows with labels, the other rows of train.csv without, and 2,000 test rows. The
other data sets are read from folders next to the AG News rows, where they exist: `long/bbc.csv` (50
labels) and `languages/zh_train.csv` (200 labels). Each seed draws other labelled rows. Texts are
embedded once, by MiniLM, and the seconds do not include that.

scikit-learn's SelfTrainingClassifier gets the same vectors or n-grams, with its default threshold.

"pretraining" trains MiniLM further on 5,000 texts of AG News, by `pretrain_encoder` with its
defaults, and compares embeddings by the encoder before and after, with 32 and 100 labels.
"""

import argparse
import csv
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
from record import record
from rows import agnews_folder, read_labelled
from sklearn.ensemble import VotingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.semi_supervised import SelfTrainingClassifier

from agnews_sk import (
    CalibratedLogisticRegression,
    SelfTrainedClassifier,
    TextCache,
    make_embedding_pipeline,
    make_tfidf_pipeline,
    pretrain_encoder,
)

BARS = {"agnews": ">= 0.88 (aim 0.89)"}
LABELS = {"agnews": 200, "bbc": 50, "chinese": 200}
N_TEST = 2000
FEW_LABELS, N_POOL, N_PRETRAINING = (32, 100), 600, 5000
C = 1.0  # of the embedding pipeline; a strong penalty averages over errors of pseudo-labels


class TheirSelfTraining:
    """scikit-learn's self-training on features of all rows; unlabelled ones have the label -1."""

    def __init__(self, features: Any, C: float) -> None:
        self.features = features
        self.C = C

    def fit(self, texts: list[str], y: np.ndarray, X_unlabelled: list[str]) -> "TheirSelfTraining":
        """Fit the features and the classifier on labelled and unlabelled texts."""
        self.classes_, codes = np.unique(y, return_inverse=True)
        X = self.features.fit([*texts, *X_unlabelled]).transform([*texts, *X_unlabelled])
        self.classifier_ = SelfTrainingClassifier(LogisticRegression(C=self.C, max_iter=1000))
        self.classifier_.fit(X, np.concatenate([codes, np.full(len(X_unlabelled), -1)]))
        return self

    def score(self, texts: list[str], y: np.ndarray) -> float:
        """Return the accuracy."""
        predicted = self.classes_[self.classifier_.predict(self.features.transform(texts))]
        return float(np.mean(predicted == y))


class WithoutUnlabelled:
    """A classifier that is fitted on the labelled rows alone."""

    def __init__(self, classifier: Any) -> None:
        self.classifier = classifier

    def fit(self, texts: list[str], y: np.ndarray, X_unlabelled: list[str]) -> Any:
        """Fit on the labelled texts."""
        return self.classifier.fit(texts, y)


def classifiers_of_vectors(cache: TextCache) -> dict[str, Callable[[], Any]]:
    """Return the classifiers by name for texts that a pretrained model can embed."""

    def embedding(**params: Any) -> Any:
        return make_embedding_pipeline(embed__cache=cache, **params)

    def both() -> Any:
        views = [("tfidf", make_tfidf_pipeline()), ("embedding", embedding(classify__C=C))]
        return VotingClassifier(views, voting="soft")

    def trained(estimator: Any, **params: Any) -> Any:
        return SelfTrainedClassifier(estimator, max_rounds=1, random_state=0, **params)

    return {
        "TF-IDF, labelled rows": lambda: WithoutUnlabelled(make_tfidf_pipeline()),
        "embeddings, labelled rows": lambda: WithoutUnlabelled(embedding()),
        "embeddings, scikit-learn": lambda: TheirSelfTraining(embedding()[:-1], 10),
        "embeddings, self-trained": lambda: trained(embedding(classify__C=C)),
        "TF-IDF, from embeddings": lambda: trained(
            make_tfidf_pipeline(), embedder=embedding()[:-1]
        ),
        "both, from embeddings": lambda: trained(both(), embedder=embedding()[:-1]),
    }


def classifiers_of_words() -> dict[str, Callable[[], Any]]:
    """Return the classifiers by name for texts of any language."""
    characters = TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True)
    return {
        "TF-IDF, labelled rows": lambda: WithoutUnlabelled(make_tfidf_pipeline()),
        "TF-IDF, scikit-learn": lambda: TheirSelfTraining(characters, 10),
        "TF-IDF, self-trained": lambda: SelfTrainedClassifier(
            make_tfidf_pipeline(), random_state=0
        ),
    }


def read_agnews(folder: Path) -> tuple[list[str], np.ndarray, list[str], np.ndarray]:
    """Return the texts and labels of all training rows, and of 2,000 test rows."""
    parts = []
    for name in ("train.csv", "test.csv"):
        frame, y = read_labelled(folder / name)
        parts += [frame.fillna("").agg(" ".join, axis=1).tolist(), y]
    texts, y, texts_test, y_test = parts
    chosen = np.random.default_rng(7).permutation(len(y_test))[:N_TEST]
    return texts, y, [texts_test[i] for i in chosen], y_test[chosen]


def read_csv(path: Path, n_test: int) -> tuple[list[str], np.ndarray, list[str], np.ndarray]:
    """Return texts and labels of a file of labels and texts, with random rows as test rows."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file) if row != ["label", "text"]]
    order = np.random.default_rng(7).permutation(len(rows))
    texts, y = [rows[i][1] for i in order], np.array([rows[i][0] for i in order])
    return texts[n_test:], y[n_test:], texts[:n_test], y[:n_test]


def run(
    name: str,
    data: tuple[list[str], np.ndarray, list[str], np.ndarray],
    classifiers: dict[str, Callable[[], Any]],
    n_seeds: int,
) -> None:
    """Fit every classifier for every seed, and print and record the means."""
    texts, y, texts_test, y_test = data
    n_labels = LABELS[name]
    print(f"\n{name}: {n_labels} labels, {len(y) - n_labels:,} unlabelled, {len(y_test):,} test")
    found: dict[str, list[tuple[float, float]]] = {key: [] for key in classifiers}
    for seed in range(n_seeds):
        order = np.random.default_rng(seed).permutation(len(y))
        labelled, others = order[:n_labels], order[n_labels:]
        for key, make in classifiers.items():
            start = time.process_time()
            fitted = make().fit(
                [texts[i] for i in labelled],
                y[labelled],
                X_unlabelled=[texts[i] for i in others],
            )
            seconds = time.process_time() - start
            found[key].append((float(fitted.score(texts_test, y_test)), seconds))
    print(f"{'':<28}{'accuracy':>10}{'sd':>8}{'CPU s':>8}")
    for key, runs in found.items():
        scores, seconds = zip(*runs, strict=True)
        spread = stdev(scores) if n_seeds > 1 else 0.0
        print(f"{key:<28}{mean(scores):>10.4f}{spread:>8.4f}{mean(seconds):>8.1f}", flush=True)
        bar = BARS.get(name, "") if key.startswith("TF-IDF, from") else ""
        record(f"{name}, {n_labels} labels: {key}, accuracy", scores, bar=bar)


def run_pretraining(
    data: tuple[list[str], np.ndarray, list[str], np.ndarray], n_texts: int, n_seeds: int
) -> None:
    """Train the encoder further, and print and record accuracies before and after."""
    texts, y, texts_test, y_test = data
    order = np.random.default_rng(7).permutation(len(y))
    pool, others = order[:N_POOL], order[N_POOL : N_POOL + n_texts]
    print(f"\npretraining: {n_texts:,} unlabelled, {len(y_test):,} test, {n_seeds} seeds")
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        unlabelled = [texts[i] for i in others]
        encoder = pretrain_encoder(unlabelled, Path(folder) / "encoder", random_state=0)
        print(f"trained in {time.process_time() - start:.0f} CPU s", flush=True)
        print(f"{'':<36}{'accuracy':>10}{'sd':>8}")
        for name, model in (("before", None), ("after", encoder)):
            embedder = make_embedding_pipeline(model)[:-1]
            X = embedder.fit([texts[i] for i in pool]).transform([texts[i] for i in pool])
            X_test = embedder.transform(texts_test)
            for n_labels in FEW_LABELS:
                scores = []
                for seed in range(n_seeds):
                    rows = np.random.default_rng(seed).permutation(N_POOL)[:n_labels]
                    classifier = CalibratedLogisticRegression(random_state=0)
                    scores.append(classifier.fit(X[rows], y[pool[rows]]).score(X_test, y_test))
                key = f"pretraining, {n_labels} labels: {name}"
                print(f"{key:<36}{mean(scores):>10.4f}{stdev(scores):>8.4f}", flush=True)
                record(f"{key}, accuracy", scores)


def main() -> None:
    """Run the data sets that are there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="data sets, all by default")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--unlabelled", type=int, help="most rows of AG News to take")
    options = parser.parse_args()
    names = options.names or [*LABELS, "pretraining"]
    folder, cache = agnews_folder(), TextCache()
    if "agnews" in names:
        texts, y, *test = read_agnews(folder)
        n = options.unlabelled or len(y)
        data = (texts[:n], y[:n], *test)
        embed(cache, data[0] + data[2])
        run("agnews", data, classifiers_of_vectors(cache), options.seeds)
    if "pretraining" in names:
        n = options.unlabelled or N_PRETRAINING
        run_pretraining(read_agnews(folder), n, max(options.seeds, 2))
    bbc = folder.parent / "long" / "bbc.csv"
    if "bbc" in names and bbc.is_file():
        data = read_csv(bbc, 1000)
        embed(cache, data[0] + data[2])
        run("bbc", data, classifiers_of_vectors(cache), options.seeds)
    chinese = folder.parent / "languages" / "zh_train.csv"
    if "chinese" in names and chinese.is_file():
        run("chinese", read_csv(chinese, N_TEST), classifiers_of_words(), options.seeds)


def embed(cache: TextCache, texts: list[str]) -> None:
    """Put the vectors of texts into the cache, and print the seconds."""
    start = time.process_time()
    embedder = make_embedding_pipeline(embed__cache=cache)[:-1]
    embedder.fit(texts).transform(texts)
    print(f"embedded {len(texts):,} texts in {time.process_time() - start:.0f} CPU s", flush=True)


if __name__ == "__main__":
    main()
