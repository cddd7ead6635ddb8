"""Parity of ONNX exports with the original, and their speed in texts/s.

Each pipeline is fitted on rows of `AGNEWS_SK_DATA`, exported in float32 and, if it is a network,
in 8 bits, and compared on the test rows. Speeds are the best of several alternating rounds, on
raw texts.

    python benchmarks/bench_onnx.py --families finetune
"""

import argparse
import tempfile
import time
from pathlib import Path

from record import record

from agnews_sk import (
    make_embedding_pipeline,
    make_finetune_pipeline,
    make_tfidf_pipeline,
    make_transformer_pipeline,
)
from agnews_sk.datasets import load_train_test
from agnews_sk.onnx import OnnxClassifier, export_onnx

# Families, and how many rows each is fitted on.
FAMILIES = {
    "tfidf": (make_tfidf_pipeline, {}, 30_000),
    "characters": (make_tfidf_pipeline, {"characters": True}, 10_000),
    "scratch": (make_transformer_pipeline, {"random_state": 0, "classify__max_epochs": 3}, 10_000),
    "embedding": (make_embedding_pipeline, {}, 2_000),
    "finetune": (
        make_finetune_pipeline,
        {"classify__random_state": 0, "classify__max_epochs": 1},
        3_000,
    ),
}
NETWORKS = ("scratch", "embedding", "finetune")


def best_speeds(models, texts, rounds):
    seconds = dict.fromkeys(models, float("inf"))
    for _ in range(rounds):
        for name, model in models.items():
            start = time.perf_counter()
            model.predict_proba(texts)
            seconds[name] = min(seconds[name], time.perf_counter() - start)
    return {name: len(texts) / value for name, value in seconds.items()}


def report(family, name, parity):
    print(
        f"  {name:10} max |dp| {parity.max_difference:.2g}, {parity.n_changed} of "
        f"{parity.n_rows} labels changed, accuracy {parity.accuracy:.4f} -> "
        f"{parity.exported_accuracy:.4f} ({parity.exported_accuracy - parity.accuracy:+.4f})",
        flush=True,
    )
    claim = f"{family} in ONNX, {name}"
    exact = name == "fp32"
    difference = f"{claim}, largest difference of a probability"
    record(difference, parity.max_difference, bar="<= 1e-4" if exact else "")
    changed = f"{claim}, changed labels of {parity.n_rows:,}"
    record(changed, parity.n_changed, bar="0 except ties" if exact else "")
    gained = parity.exported_accuracy - parity.accuracy
    record(f"{claim}, change of accuracy", gained, bar=">= -0.003")


def measure(family, rows, args):
    make, params, n_train = FAMILIES[family]
    n_train = min(n_train, len(rows.X_train))
    pipeline = make(**params).fit(rows.X_train[:n_train], rows.y_train[:n_train])
    print(f"{family}, fitted on {n_train} rows", flush=True)
    X, y = rows.X_test[: args.test_rows], rows.y_test[: args.test_rows]
    models = {"original": pipeline}
    with tempfile.TemporaryDirectory() as folder:
        for quantize in (None, "int8") if family in NETWORKS else (None,):
            name = quantize or "fp32"
            path = Path(folder) / name
            # Any drop is allowed here, and printed.
            parity = export_onnx(pipeline, path, X=X, y=y, quantize=quantize, max_accuracy_drop=1.0)
            report(family, name, parity)
            models[name] = OnnxClassifier.from_path(path)
            n_bytes = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
            print(f"  {name:10} {n_bytes / 2**20:.1f} MiB")
        speeds = best_speeds(models, X[: args.timed_rows], args.rounds)
    for name, speed in speeds.items():
        print(f"  {name:10} {speed:8.0f} texts/s, {speed / speeds['original']:.2f} x the original")
        if name != "original":
            bar = ">= 1.5" if name == "int8" else ""
            record(
                f"{family}, {name}, speedup over the original", speed / speeds["original"], bar=bar
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", nargs="+", choices=FAMILIES, default=list(FAMILIES))
    parser.add_argument("--test-rows", type=int, default=5_000)
    parser.add_argument("--timed-rows", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    rows = load_train_test()
    print(rows.source, rows.notice)
    for family in args.families:
        measure(family, rows, args)


if __name__ == "__main__":
    main()
