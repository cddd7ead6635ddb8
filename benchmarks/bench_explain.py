"""How exact explanations are, and how long they take, for each family.

Each pipeline is trained on the same rows and explains the same test rows. The completeness error is
a share of the largest change of any class's score.

Run: AGNEWS_SK_DATA=FOLDER .venv/bin/python benchmarks/bench_explain.py [--rows 2000 --texts 20]
"""

import argparse
import time

import numpy as np
from record import record

from agnews_sk import (
    make_embedding_pipeline,
    make_finetune_pipeline,
    make_tfidf_pipeline,
    make_transformer_pipeline,
)
from agnews_sk._core.validation import take_rows
from agnews_sk.datasets import load_train_test
from agnews_sk.inspection import explain


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=600)
    parser.add_argument("--texts", type=int, default=10)
    options = parser.parse_args()
    data = load_train_test()
    rng = np.random.default_rng(0)
    chosen = rng.permutation(len(data.y_train))[: options.rows]
    X, y = take_rows(data.X_train, chosen), data.y_train[chosen]
    texts = data.X_test[: options.texts]
    pipelines = {
        "tfidf": make_tfidf_pipeline(),
        "tfidf with characters": make_tfidf_pipeline(characters=True),
        "from scratch": make_transformer_pipeline(random_state=0, classify__max_epochs=15),
        "frozen encoder": make_embedding_pipeline(),
        "fine-tuned": make_finetune_pipeline(classify__max_epochs=1, classify__random_state=0),
    }
    print(data.source, data.notice)
    print(f"{'pipeline':<22} {'method':<10} {'s per text':>10} {'largest error':>14} {'median':>9}")
    for name, pipeline in pipelines.items():
        pipeline.fit(X, y)
        start = time.perf_counter()
        found = explain(pipeline, texts)
        seconds = (time.perf_counter() - start) / len(texts)
        error = found.error
        print(
            f"{name:<22} {found.method:<10} {seconds:10.3f} {error.max():14.1e} "
            f"{np.median(error):9.1e}"
        )
        record(f"explaining, largest error of completeness, {name}", error.max(), bar="< 0.05")


if __name__ == "__main__":
    main()
