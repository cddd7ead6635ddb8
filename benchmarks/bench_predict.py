"""How fast files are predicted, and how memory use depends on their size.

Rows of `AGNEWS_SK_DATA` are repeated, each with a number, into Parquet files of two sizes; each is
predicted in a separate process, whose peak memory is measured.

    python benchmarks/bench_predict.py --rows 200000 2000000
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
from record import record

from agnews_sk import make_tfidf_pipeline
from agnews_sk.bulk import predict_files
from agnews_sk.datasets import load_train_test
from agnews_sk.persistence import save

ROWS_PER_GROUP = 20_000


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
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps([report.n_predicted, time.perf_counter() - start, peak]))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[200_000, 2_000_000])
    parser.add_argument("--model", help="a saved model, instead of fitting one")
    parser.add_argument("--here", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.here:
        predict_here(*args.here)
        return
    rows = load_train_test()
    print(rows.source, rows.notice or "")
    stories = pl.from_pandas(rows.X_test)
    first = None
    with tempfile.TemporaryDirectory() as folder:
        model = args.model or save(
            make_tfidf_pipeline().fit(rows.X_train, rows.y_train), Path(folder) / "model"
        )
        for n_rows in args.rows:
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


if __name__ == "__main__":
    main()
