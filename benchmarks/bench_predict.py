"""How fast texts in memory and rows of files are predicted, and the memory that files take.

In memory, the TF-IDF pipeline and scikit-learn's pipeline of the same n-grams predict the labels of
many raw texts, in turns. Then rows of `AGNEWS_SK_DATA` are repeated, each with a number, into
Parquet files of two sizes; each is predicted in a separate process, whose peak memory is measured.

    python benchmarks/bench_predict.py --rows 200000 2000000
    python benchmarks/bench_predict.py memory --texts 200000
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
from bench_one_text import make_sides
from memory import peak_bytes
from record import record
from sklearn.exceptions import ConvergenceWarning

from agnews_sk import make_tfidf_pipeline
from agnews_sk.bulk import predict_files
from agnews_sk.cleaning import ColumnJoiner
from agnews_sk.datasets import load_train_test
from agnews_sk.persistence import save

ROWS_PER_GROUP = 20_000
REPEATS = 5
# Of how many texts scikit-learn predicts one, so that it takes no longer.
FEWER = 5


def predict_in_memory(rows, n_rows, n_texts):
    """Print and record how many raw texts in memory get a label in a second, on both sides."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    join = ColumnJoiner().fit(rows.X_train)
    chosen = np.random.default_rng(0).permutation(len(rows.X_train))[:n_rows]
    texts, labels = join.transform(rows.X_train)[chosen], np.asarray(rows.y_train)[chosen]
    sides = [side.fit(texts, labels) for side in make_sides(characters=False)]
    new = join.transform(rows.X_test)
    new = [f"{new[i % len(new)]} {i}" for i in range(n_texts)]  # raw, and no two are equal
    rates = np.empty((REPEATS, 2, 2))  # per second, by the clock and of the processor
    for repeat in range(REPEATS):
        for i, (side, some) in enumerate(zip(sides, (new, new[: n_texts // FEWER]))):
            start = np.array([time.perf_counter(), time.process_time()])
            side.predict(some)
            taken = np.array([time.perf_counter(), time.process_time()]) - start
            rates[repeat, i] = len(some) / taken
    for name, (by_clock, by_cpu) in zip(("ours", "scikit-learn"), np.median(rates, axis=0)):
        print(
            f"{n_texts:,} raw texts in memory, {name}: {by_clock:,.0f} texts/s, {by_cpu:,.0f} per "
            "second of the processor",
            flush=True,
        )
    record("raw texts in memory to labels, texts/s", rates[:, 0, 0], bar=">= 150000")
    record("raw texts in memory to labels, scikit-learn, texts/s", rates[:, 1, 0])
    record(
        "raw texts in memory to labels, times as fast as scikit-learn",
        rates[:, 0, 0] / rates[:, 1, 0],
    )


def generate(stories, n_rows, path):
    """Write a Parquet file of this many rows, one row group at a time."""
    writer = None
    for start in range(0, n_rows, ROWS_PER_GROUP):
        numbers = pl.int_range(start, min(start + ROWS_PER_GROUP, n_rows), eager=True)
        frame = stories[(numbers % len(stories)).to_numpy()].with_columns(id=numbers)
        frame = frame.with_columns(title=pl.format("{} {}", "title", "id"))
        table = frame.to_arrow()
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    writer.close()


def predict_here(model, source, output):
    """Predict, and print seconds and peak memory as JSON."""
    start = time.perf_counter()
    report = predict_files(model, source, output, keep=["id"])
    print(json.dumps([report.n_predicted, time.perf_counter() - start, peak_bytes()]))


def predict_from_files(rows, sizes, model):
    """Print and record how fast files of some sizes are predicted, and with how much memory."""
    stories = pl.from_pandas(rows.X_test)
    first = None
    with tempfile.TemporaryDirectory() as folder:
        model = model or save(
            make_tfidf_pipeline().fit(rows.X_train, rows.y_train), Path(folder) / "model"
        )
        for n_rows in sizes:
            source, output = Path(folder) / "rows.parquet", Path(folder) / "labels.parquet"
            generate(stories, n_rows, source)
            command = [sys.executable, __file__, "--here", str(model), str(source), str(output)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            n_predicted, seconds, peak = json.loads(done.stdout.splitlines()[-1])
            ids = pl.scan_parquet(output).select(pl.col("id").n_unique()).collect().item()
            first = first or peak
            print(
                f"{n_predicted:,} rows ({ids:,} ids) in {seconds:.1f} s, "
                f"{n_predicted / seconds:,.0f} rows/s, peak {peak / 2**20:.0f} MiB, "
                f"{peak / first:.2f} times the first",
                flush=True,
            )
        record(
            f"bulk prediction, peak memory of {n_rows:,} rows, relative to the smallest file",
            peak / first,
            bar="<= 1.2",
        )
        record(f"bulk prediction of {n_rows:,} rows, rows/s", n_predicted / seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", help="memory, files; both by default")
    parser.add_argument("--rows", type=int, nargs="+", default=[200_000, 2_000_000])
    parser.add_argument("--train-rows", type=int, default=52_990, help="for texts in memory")
    parser.add_argument("--texts", type=int, default=200_000)
    parser.add_argument("--model", help="a saved model, instead of fitting one")
    parser.add_argument("--here", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.here:
        predict_here(*args.here)
        return
    rows = load_train_test()
    print(rows.source, rows.notice or "")
    parts = args.parts or ["memory", "files"]
    if "memory" in parts:
        predict_in_memory(rows, args.train_rows, args.texts)
    if "files" in parts:
        predict_from_files(rows, args.rows, args.model)


if __name__ == "__main__":
    main()
