"""Long texts divided into chunks, against the same texts cut at 128 tokens.

    python benchmarks/bench_long_texts.py made_up
    python benchmarks/bench_long_texts.py embedding --data bbc.csv
    python benchmarks/bench_long_texts.py fine_tuning --data bbc.csv --epochs 2 --freeze 3

`made_up` needs no data: stories of four classes behind 200 words that say nothing about the class,
so that cutting is at chance. The other parts read a CSV with the columns `label` and `text`, by
default `long/bbc.csv` beside the folder in `AGNEWS_SK_DATA`, and evaluate both sides on the same
5 x 2 folds, with equal texts in the same fold. The interval of the difference is that of the
corrected resampled t-test, as in `compare_classifiers`.

Each fold is written to `benchmarks/out/long_texts/` when it is done; the same command continues
with those that are missing. `--folds 2` stops after two.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from record import record
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import StratifiedGroupKFold

from agnews_sk import (
    TextCache,
    make_embedding_pipeline,
    make_finetune_pipeline,
    make_transformer_pipeline,
)
from agnews_sk._core.content import content_digest
from agnews_sk._core.home import data_path
from agnews_sk.datasets import make_news
from agnews_sk.evaluation._statistics import corrected_t_test
from agnews_sk.tokenization import PretrainedTokenizer

OUT = Path(__file__).parent / "out" / "long_texts"
MAX_LENGTH = 128
N_REPEATS, N_FOLDS = 5, 2
# Both sides take as many optimizer steps: a batch holds about as many texts.
TEXTS_PER_BATCH = 8
NEUTRAL = [
    *("the", "of", "and", "to", "in", "a", "that", "is", "was", "for", "it", "with", "as", "on"),
    *("be", "at", "by", "this", "had", "not", "are", "but", "from", "or", "have", "an", "they"),
    *("which", "one", "you", "were", "all", "there", "would", "their", "we", "him", "been", "has"),
    *("when", "who", "will", "more", "no", "if", "out", "so", "said", "what", "up", "its", "about"),
]
Sides = dict[str, Any]


def main() -> None:
    options = read_options()
    for part in options.parts:
        print(f"\n{part.replace('_', ' ')}", flush=True)
        PARTS[part](options)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("parts", nargs="+", choices=list(PARTS))
    parser.add_argument("--data", type=Path, help="CSV with the columns label and text")
    parser.add_argument("--folds", type=int, default=N_REPEATS * N_FOLDS)
    parser.add_argument("--epochs", type=int, default=2, help="of fine-tuning")
    parser.add_argument("--freeze", type=int, default=3, help="layers that are not fine-tuned")
    return parser.parse_args()


# Made-up texts


def made_up_texts(n_texts: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return stories behind 200 neutral words and before 50 more, and their classes."""
    rng = np.random.default_rng(seed)
    X, y = make_news(n_texts, random_state=seed, return_X_y=True)
    stories = [f"{title} {text}" for title, text in X.fillna("").itertuples(index=False)]
    before, after = (rng.choice(NEUTRAL, size=(n_texts, n)) for n in (200, 50))
    texts = [f"{' '.join(a)} {s} {' '.join(b)}" for a, s, b in zip(before, stories, after)]
    return np.array(texts, dtype=object), np.asarray(y)


def measure_made_up(options: argparse.Namespace) -> None:
    (X, y), (X_test, y_test) = made_up_texts(1_200, 0), made_up_texts(400, 1)
    scratch = {"classify__d_model": 64, "classify__max_epochs": 8, "random_state": 0}
    makers: dict[str, Callable[..., Any]] = {
        "from scratch": lambda **p: make_transformer_pipeline(**scratch, **in_step("classify", p)),
        "frozen MiniLM": lambda **p: make_embedding_pipeline(**in_step("embed", p)),
    }
    print(f"  {len(y):,} training and {len(y_test)} test texts; accuracy by chance 0.25")
    for name, make in makers.items():
        for side, params in sides().items():
            start = time.perf_counter()
            accuracy = make(**params).fit(X, y).score(X_test, y_test)
            seconds = time.perf_counter() - start
            print(f"  {name:<14}{side:<9}{accuracy:.3f}  {seconds:6.1f} s", flush=True)
            bar = "<= 0.35" if side == "cut" else ">= 0.8"
            record(f"made-up long texts, accuracy of {name}, {side}", accuracy, bar=bar)


def in_step(step: str, params: dict[str, Any]) -> dict[str, Any]:
    return {f"{step}__{name}": value for name, value in params.items()}


def sides() -> dict[str, dict[str, Any]]:
    cut = {"max_length": MAX_LENGTH, "truncation": "head"}
    return {"cut": cut, "chunked": {**cut, "truncation": "chunk"}}


# Articles


def measure_embedding(options: argparse.Namespace) -> None:
    X, y = read_texts(options)
    cache = TextCache()
    pipelines = {
        side: make_embedding_pipeline(embed__cache=cache, **in_step("embed", params))
        for side, params in sides().items()
    }
    run_folds("embedding", pipelines, X, y, options)


def measure_fine_tuning(options: argparse.Namespace) -> None:
    X, y = read_texts(options)
    tokens = PretrainedTokenizer(max_length=1_000_000).fit_transform(X).list.len().to_numpy()
    n_chunks = 1 + np.ceil((tokens - MAX_LENGTH).clip(min=0) / (0.875 * MAX_LENGTH))
    batch_size = {"cut": TEXTS_PER_BATCH, "chunked": round(TEXTS_PER_BATCH * n_chunks.mean())}
    shared = {"max_epochs": options.epochs, "freeze": options.freeze, "random_state": 0}
    pipelines = {
        side: make_finetune_pipeline(
            **in_step("classify", {**shared, **params, "batch_size": batch_size[side]})
        )
        for side, params in sides().items()
    }
    print(f"  {n_chunks.mean():.1f} chunks per text; batch_size {batch_size}")
    run_folds("fine_tuning", pipelines, X, y, options)


def read_texts(options: argparse.Namespace) -> tuple[np.ndarray, np.ndarray]:
    path = options.data or Path(data_path() or "").parent / "long" / "bbc.csv"
    if not path.is_file():
        sys.exit(f"{path} does not exist: pass a CSV with the columns label and text by --data.")
    frame = pd.read_csv(path)
    n_words = frame["text"].str.split().str.len()
    print(f"  {len(frame):,} texts of {n_words.mean():.0f} words in the mean, {path.name}")
    return frame["text"].to_numpy(dtype=object), frame["label"].to_numpy(dtype=object)


def folds_of(X: np.ndarray, y: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    groups = pd.factorize(X)[0]
    for repeat in range(N_REPEATS):
        splitter = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=repeat)
        yield from splitter.split(X, y, groups)


def run_folds(
    part: str, pipelines: Sides, X: np.ndarray, y: np.ndarray, options: argparse.Namespace
) -> None:
    """Evaluate both sides on each fold that is not on disk, and print what is known of all."""
    settings = [part, sides(), TEXTS_PER_BATCH]
    if part == "fine_tuning":
        settings += [options.epochs, options.freeze]
    kind = content_digest([settings, X.tolist(), y.tolist()])[:12]
    folder = OUT / f"{part}-{kind}"
    folder.mkdir(parents=True, exist_ok=True)
    done = []
    for number, (train, test) in enumerate(folds_of(X, y)):
        path = folder / f"{number}.json"
        if not path.exists() and number < options.folds:
            found = evaluate(pipelines, X, y, train, test)
            path.write_text(json.dumps(found) + "\n")
        if path.exists():
            done.append(json.loads(path.read_text()))
            scores = done[-1]["accuracy"]
            print(f"  fold {number}: {scores}, {done[-1]['seconds']} s", flush=True)
    show(part, done)


def evaluate(
    pipelines: Sides, X: np.ndarray, y: np.ndarray, train: np.ndarray, test: np.ndarray
) -> dict[str, Any]:
    scores: dict[str, Any] = {"accuracy": {}, "macro_f1": {}, "seconds": {}}
    for side, pipeline in pipelines.items():
        start = time.perf_counter()
        found = pipeline.fit(X[train], y[train]).predict(X[test])
        scores["seconds"][side] = round(time.perf_counter() - start, 1)
        scores["accuracy"][side] = round(accuracy_score(y[test], found), 5)
        scores["macro_f1"][side] = round(f1_score(y[test], found, average="macro"), 5)
    return {**scores, "n_train": len(train), "n_test": len(test)}


def show(part: str, done: list[dict[str, Any]]) -> None:
    print(f"\n  {len(done)} of {N_REPEATS * N_FOLDS} folds")
    print(f"  {'':<10}{'cut':>9}{'chunked':>9}{'difference':>12}  95 % interval        p")
    share = float(np.mean([fold["n_test"] / fold["n_train"] for fold in done]))
    for score in ("accuracy", "macro_f1"):
        cut, chunked = (np.array([f[score][side] for f in done]) for side in ("cut", "chunked"))
        test = corrected_t_test(chunked - cut, share)
        print(
            f"  {score:<10}{cut.mean():9.4f}{chunked.mean():9.4f}{test.difference:+12.4f}  "
            f"{test.low:+.4f} to {test.high:+.4f}  {test.p_value:.2g}"
        )
        named = f"long texts, {part.replace('_', ' ')}, {score}"
        record(f"{named}, chunked minus cut", chunked - cut, bar="> 0")
        record(f"{named}, end of the interval of the difference", test.low, bar="> 0")
    n_better = sum(f["accuracy"]["chunked"] > f["accuracy"]["cut"] for f in done)
    print(f"  chunked is more accurate in {n_better} of {len(done)} folds")


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "made_up": measure_made_up,
    "embedding": measure_embedding,
    "fine_tuning": measure_fine_tuning,
}

if __name__ == "__main__":
    main()
