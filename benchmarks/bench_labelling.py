"""How many labels active learning saves, and how often the estimate of its accuracy is right.

Run: AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_labelling.py [--seeds 5] [--C 1]

FOLDER holds train.csv and test.csv of AG News. Labelling is simulated: the true labels answer.
Rows are chosen from 10,000 training rows by each strategy, 20 at a time, and at random; the
classifier is that of the embedding pipeline on frozen embeddings of MiniLM. At every 100 labels it
is scored on the test rows, and its own estimate is compared with that score. Embeddings are kept in
a folder for temporary files.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from record import record
from rows import agnews_folder, read_labelled

from agnews_sk import TextCache, make_embedding_pipeline
from agnews_sk.labelling import ActiveLearner

POOL_ROWS, TARGET = 10_000, 0.87
STEP, BATCH, MOST_CHOSEN = 100, 20, 1_000
# The random order is followed further, in larger steps.
RANDOM_STEP, MOST_RANDOM = 200, 8_000
STRATEGIES = ("margin", "uncertainty", "diverse")


def vectors(folder: Path):
    """Return the embeddings and labels of the pool and of the test rows."""
    cache = TextCache(Path(tempfile.gettempdir()) / "agnews-sk-benchmark-embeddings")
    embed = make_embedding_pipeline(embed__cache=cache)[:-1]
    X, y = read_labelled(folder / "train.csv")
    rows = np.random.default_rng(0).permutation(len(y))[:POOL_ROWS]
    X_test, y_test = read_labelled(folder / "test.csv")
    embed.fit(X.iloc[rows[:100]], y[rows[:100]])
    return embed.transform(X.iloc[rows]), y[rows], embed.transform(X_test), y_test


def simulate(strategy: str, seed: int, data, C: float | None, *, batch: int, step: int, most: int):
    """Return numbers of labels, accuracies, and estimates of them, at each step."""
    X, y, X_test, y_test = data
    classifier = make_embedding_pipeline()["classify"]
    classifier.set_params(**({} if C is None else {"C": C}))
    learner = ActiveLearner(classifier, strategy=strategy, random_state=seed).fit(X)
    found = []
    for n in range(batch, most + 1, batch):
        rows = learner.query(batch)
        learner.teach(rows, y[rows])
        if n % step:
            continue
        estimate = learner.estimate() if strategy != "random" else None
        found.append((n, float(np.mean(learner.predict(X_test) == y_test)), estimate))
        if strategy == "random" and found[-1][1] >= TARGET + 0.01:
            break
    return found


def needed(runs) -> int | None:
    """Return the number of labels at which the mean accuracy of all runs reaches the target."""
    for steps in zip(*runs):
        if np.mean([accuracy for _, accuracy, _ in steps]) >= TARGET:
            return steps[0][0]
    return None


def covered(runs) -> tuple[int, int, float]:
    """Return in how many checkpoints the interval covers the accuracy, of how many, its width."""
    found = [(accuracy, one) for run in runs for _, accuracy, one in run if one is not None]
    inside = sum(one.low <= accuracy <= one.high for accuracy, one in found)
    return inside, len(found), float(np.mean([one.high - one.low for _, one in found]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--C", type=float, help="of the classifier, by default the pipeline's")
    options = parser.parse_args()
    data = vectors(agnews_folder())
    seeds = range(options.seeds)
    print(f"{len(data[1]):,} rows to label, {len(data[3]):,} test rows, {len(seeds)} seeds")
    start = time.process_time()
    random = [
        simulate(
            "random", seed, data, options.C, batch=RANDOM_STEP, step=RANDOM_STEP, most=MOST_RANDOM
        )
        for seed in seeds
    ]
    at_random = needed(random)
    show("random", random, at_random, time.process_time() - start)
    for strategy in STRATEGIES:
        start = time.process_time()
        runs = [
            simulate(strategy, seed, data, options.C, batch=BATCH, step=STEP, most=MOST_CHOSEN)
            for seed in seeds
        ]
        n_labels = needed(runs)
        show(strategy, runs, n_labels, time.process_time() - start)
        inside, n, width = covered(runs)
        print(f"  estimate: covers in {inside} of {n} checkpoints, mean width {width:.3f}")
        # If the random order never reaches the target, its last number is a lower bound.
        share = (n_labels or np.nan) / (at_random or MOST_RANDOM)
        bar = ("<= 0.6", ">= 0.9") if strategy == "margin" else ("", "")
        record(f"labels by {strategy}, share of those at random for {TARGET}", share, bar=bar[0])
        record(f"estimate while labelling by {strategy}, coverage", inside / n, bar=bar[1])


def show(name: str, runs, n_labels: int | None, seconds: float) -> None:
    """Print the mean accuracies of a strategy, and how many labels it needs."""
    steps = [(s[0][0], np.mean([accuracy for _, accuracy, _ in s])) for s in zip(*runs)]
    every = max(1, len(steps) // 10)
    curve = ", ".join(f"{n:,}: {accuracy:.4f}" for n, accuracy in steps[every - 1 :: every])
    print(f"{name}: {n_labels} labels for {TARGET} ({seconds:.0f} s)\n  {curve}", flush=True)


if __name__ == "__main__":
    main()
