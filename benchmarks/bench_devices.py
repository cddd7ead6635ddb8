"""Fine-tune MiniLM in one process and in two, on the same global batches: weights and predictions.

The two processes share the batches over gloo, on one CPU. Dropout is off, without which each
process draws numbers of its own.

    AGNEWS_SK_DATA=FOLDER python benchmarks/bench_devices.py
"""

import argparse
import time

import numpy as np
import torch
from record import record
from rows import agnews_folder, read_labelled

from agnews_sk import make_finetune_pipeline

TOLERANCE = 1e-3


def fitted(rows, labels, **params):
    """Fine-tune without dropout, and return the pipeline and the seconds."""
    settings = {"dropout": 0.0, "precision": "fp32", "random_state": 0, "device": "cpu", **params}
    pipeline = make_finetune_pipeline(**{f"classify__{k}": v for k, v in settings.items()})
    start = time.perf_counter()
    pipeline.fit(rows, labels)
    return pipeline, time.perf_counter() - start


def weights(pipeline):
    """Return all weights as one vector."""
    module = pipeline.named_steps["classify"].net_.module_
    return torch.cat([p.detach().reshape(-1).double() for p in module.parameters()])


def difference(a, b):
    """Return the norm of the difference of two vectors, relative to that of the first."""
    return ((a - b).norm() / a.norm()).item()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--test-rows", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=1)
    options = parser.parse_args()
    folder = agnews_folder()
    X, y = read_labelled(folder / "train.csv")
    rng = np.random.default_rng(0)
    taken = rng.permutation(len(y))[: options.rows]
    X, y = X.iloc[taken], y[taken]
    X_test, y_test = read_labelled(folder / "test.csv")
    X_test, y_test = X_test[: options.test_rows], y_test[: options.test_rows]

    shared = {"max_epochs": options.epochs}
    one, seconds_one = fitted(X, y, **shared)
    two, seconds_two = fitted(X, y, devices=2, **shared)
    relative = difference(weights(one), weights(two))
    answers = one.predict(X_test), two.predict(X_test)
    same = 100 * np.mean(answers[0] == answers[1])
    print(f"{len(y):,} rows, {options.epochs} epochs, {torch.get_num_threads()} threads in all")
    print(f"one process: {seconds_one:.1f} s, accuracy {np.mean(answers[0] == y_test):.4f}")
    print(f"two processes: {seconds_two:.1f} s, accuracy {np.mean(answers[1] == y_test):.4f}")
    print(f"weights: relative difference {relative:.2e}; same predictions {same:.2f} %")
    record("two processes, relative difference of weights", relative, bar=f"<= {TOLERANCE}")
    record(f"two processes, same predictions of {len(y_test):,}, %", same, bar=">= 99.5")


if __name__ == "__main__":
    main()
