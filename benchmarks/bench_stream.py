"""Train on files of any size: memory and time by the number of rows, and accuracy beside `fit`.

Rows of `make_news` are written as Parquet files of two sizes. Each is trained on in a process of
its own, whose peak memory is measured; then `fit` is trained on the first rows of the largest file.
All are scored on fresh rows. With `real`, rows of `AGNEWS_SK_DATA` are trained on from a file and
in memory: without calibration, and as by default, where `fit` draws the rows to calibrate on and is
repeated with several random states. With `nets`, a tiny network is fine-tuned on files of two sizes
and in memory; its memory is that of the process without pages of mapped files.

    python benchmarks/bench_stream.py --rows 2000000 20000000
    AGNEWS_SK_DATA=FOLDER python benchmarks/bench_stream.py real
    python benchmarks/bench_stream.py nets --rows 100000 400000
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
from memory import peak_bytes, peak_of_own
from record import record

from agnews_sk import load, make_finetune_pipeline, make_news, make_tfidf_pipeline, save
from agnews_sk.streaming import fit_files

ROWS_PER_GROUP = 2**17
TEXT = ["title", "description"]
FRESH_SEED = 2**31 - 1
N_DRAWS = 5  # random states of `fit`


def generate(n_rows, path):
    """Write a Parquet file of this many rows, each group with a random seed of its own."""
    writer = None
    for seed, start in enumerate(range(0, n_rows, ROWS_PER_GROUP)):
        size = min(ROWS_PER_GROUP, n_rows - start)
        X, y = make_news(size, random_state=seed, return_X_y=True)
        table = as_frame(X, y).to_arrow()
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    writer.close()


def as_frame(X, y):
    """Return rows and labels as one frame."""
    return pl.from_pandas(X.reset_index(drop=True)).with_columns(label=pl.Series(values=list(y)))


def train_here(way, source, model, n_rows):
    """Train by a way, save the model, and print seconds and peak memory as JSON."""
    begin, stages, work = time.perf_counter(), {}, Path(model).with_suffix(".parts")

    def note(stage, n_done, n_blocks):
        if (name := stage.split(":")[0]) not in stages:
            stages[name] = time.perf_counter() - begin, peak_bytes(), folder_bytes(work)

    if way == "fit":
        rows = pl.scan_parquet(source).head(int(n_rows)).collect()
        begin = time.perf_counter()
        pipeline = make_tfidf_pipeline().fit(rows[TEXT], rows["label"])
    else:
        pipeline = fit_files(
            make_tfidf_pipeline(),
            source,
            text=TEXT,
            label="label",
            work_folder=work,
            progress=note,
        )
    seconds = time.perf_counter() - begin
    peak = peak_bytes()
    at_end = seconds, peak, folder_bytes(work)
    save(pipeline, model)
    print(json.dumps([seconds, peak, [*stages.items(), ("", at_end)]]))


def folder_bytes(folder):
    """Return the bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def train(way, source, model, n_rows):
    """Train in a process of its own; return the model, seconds, peak bytes and stages."""
    command = [sys.executable, __file__, "--here", way, str(source), str(model), str(n_rows)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return load(model), *json.loads(done.stdout.splitlines()[-1])


def show_stages(stages):
    """Print how long each stage took, and at its end the peak of memory and the work folder."""
    for (name, (start, *_)), (_, (end, peak, on_disk)) in pairwise(stages):
        print(
            f"    {name}: {end - start:.1f} s, peak {peak / 2**20:.0f} MiB, "
            f"work folder {on_disk / 2**20:,.0f} MiB",
            flush=True,
        )


def compare_sizes(sizes, n_fit, n_fresh):
    """Print and record time, memory and accuracy by the number of rows."""
    X, y = make_news(n_fresh, random_state=FRESH_SEED, return_X_y=True)
    first = None
    heads = ("rows", 12), ("way", 12), ("s", 9), ("us/row", 9), ("peak MiB", 10)
    heads += ("n-grams", 10), ("accuracy", 10)
    print("".join(f"{head:>{width}}" for head, width in heads), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "rows.parquet"
        for n_rows in sizes:
            generate(n_rows, source)
            model, seconds, peak, stages = train("files", source, Path(folder) / "model", n_rows)
            accuracy = show(n_rows, "fit_files", model, seconds, peak, X, y)
            show_stages(stages)
            first = first or (seconds / n_rows, peak)
        record(f"training from files, {n_rows:,} rows, peak MiB", peak / 2**20, bar="<= 2048")
        record(
            f"training from files, {n_rows:,} rows, peak memory relative to {sizes[0]:,}",
            peak / first[1],
            bar="<= 1.15",
        )
        record(
            f"training from files, {n_rows:,} rows, time per row relative to {sizes[0]:,}",
            seconds / n_rows / first[0],
            bar="<= 1.2",
        )
        record(f"training from files, {n_rows:,} rows, us per row", 1e6 * seconds / n_rows)
        if n_fit:
            n_fit = min(n_fit, n_rows)
            model, seconds, peak, _ = train("fit", source, Path(folder) / "fit", n_fit)
            in_memory = show(n_fit, "fit", model, seconds, peak, X, y)
            record(
                f"training from files, {n_rows:,} rows, accuracy above fit on {n_fit:,}, points",
                100 * (accuracy - in_memory),
                bar=">= 0",
            )


def show(n_rows, way, model, seconds, peak, X, y):
    """Print a line of the table, and return the accuracy."""
    accuracy, n_grams = model.score(X, y), model["classify"].n_features_in_
    print(
        f"{n_rows:>12,}{way:>12}{seconds:>9.1f}{1e6 * seconds / n_rows:>9.1f}{peak / 2**20:>10.0f}"
        f"{n_grams:>10,}{accuracy:>10.4f}",
        flush=True,
    )
    return accuracy


def compare_real():
    """Print and record how far models of real rows are apart, from a file and in memory."""
    from bench_transformers import read_rows  # torch would add to the memory of `train_here`

    rows = read_rows()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "rows.parquet"
        pl.DataFrame({"text": rows.train, "label": list(rows.y_train)}).write_parquet(source)
        compare_uncalibrated(rows, source)
        compare_draws(rows, source)


def compare_uncalibrated(rows, source):
    """Compare what is not random: the vocabulary, and coefficients of all rows."""
    pipeline = make_tfidf_pipeline(classify__calibration_fraction=None)
    ours = fit_files(pipeline, source, text="text", label="label")
    theirs = pipeline.fit(rows.train, rows.y_train)
    names = [one["vectorize"].get_feature_names_out() for one in (ours, theirs)]
    same = np.array_equal(*names)
    coef = [one["classify"].coef_ for one in (ours, theirs)]
    apart = np.linalg.norm(coef[0] - coef[1]) / np.linalg.norm(coef[1]) if same else np.nan
    agree = (ours.predict(rows.test) == theirs.predict(rows.test)).mean()
    print(
        f"{len(rows.y_train):,} rows: vocabulary of {len(names[0]):,} n-grams "
        f"{'identical' if same else 'DIFFERENT'}; without calibration "
        f"coefficients {apart:.1e} apart, {100 * agree:.2f} % of {len(rows.y_test):,} predictions "
        "equal",
        flush=True,
    )
    record("training from files, real rows, vocabulary is that of fit", float(same), bar=">= 1")
    record(
        "training from files, real rows, relative difference of uncalibrated coefficients",
        apart,
        bar="<= 1e-4",
    )


def compare_draws(rows, source):
    """Compare models as by default with those of `fit`, by the rows that it draws to calibrate."""
    ours = fit_files(make_tfidf_pipeline(), source, text="text", label="label")
    fits = [
        make_tfidf_pipeline(random_state=seed).fit(rows.train, rows.y_train)
        for seed in range(N_DRAWS)
    ]
    predicted = [one.predict(rows.test) for one in (ours, *fits)]
    accuracy, *others = [100 * (one == rows.y_test).mean() for one in predicted]
    agree = [100 * (predicted[0] == one).mean() for one in predicted[1:]]
    among = [100 * (one == other).mean() for one, other in combinations(predicted[1:], 2)]
    print(
        f"as by default: accuracy {accuracy:.2f} % from files, and {np.mean(others):.2f} % (from "
        f"{min(others):.2f} to {max(others):.2f}) by fit with {N_DRAWS} random states; "
        f"{min(agree):.2f} to {max(agree):.2f} % of predictions equal, and among those of fit "
        f"{min(among):.2f} to {max(among):.2f} %",
        flush=True,
    )
    record(
        f"training from files, real rows, accuracy apart from the mean of {N_DRAWS} fits, points",
        abs(accuracy - np.mean(others)),
        bar="<= 0.1",
    )
    record(
        "training from files, real rows, accuracy apart from fit, points", abs(accuracy - others[0])
    )
    record(
        f"training from files, real rows, range of the accuracy of {N_DRAWS} fits, points",
        max(others) - min(others),
    )


def make_tiny_model(folder):
    """Write an untrained BERT of 2 layers, 16 wide, whose tokens are words of generated news."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    X, _ = make_news(20_000, random_state=0, return_X_y=True)
    texts = pl.Series(X["description"].fillna("").tolist()).str.to_lowercase()
    words = texts.str.extract_all(r"[a-z]+").explode().drop_nulls().value_counts(sort=True)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = [*special, *words[:, 0].head(5_000)]
    vocab = Path(folder, "vocab.txt")
    vocab.write_text("\n".join(vocabulary) + "\n")
    BertTokenizerFast(vocab=str(vocab)).save_pretrained(folder)
    torch.manual_seed(0)
    size = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 32}
    config = BertConfig(vocab_size=len(vocabulary), num_hidden_layers=2, **size)
    BertForSequenceClassification(config).save_pretrained(folder)


def train_net_here(way, source, model):
    """Fine-tune a tiny model for an epoch by a way; print seconds and memory as JSON."""
    pipeline = make_finetune_pipeline(
        model,
        classify__max_epochs=1,
        classify__batch_size=256,
        classify__validation_fraction=0.05,
        classify__random_state=0,
        classify__device="cpu",
    )
    begin, stages = time.perf_counter(), {}

    def note(stage, n_done, n_blocks):
        stages.setdefault(stage, time.perf_counter() - begin)

    with peak_of_own() as own:
        if way == "fit":
            rows = pl.read_parquet(source)
            pipeline.fit(rows[TEXT], rows["label"])
        else:
            fit_files(pipeline, source, text=TEXT, label="label", progress=note)
    seconds = time.perf_counter() - begin
    print(json.dumps([seconds, *own, {**stages, "": seconds}]))


def compare_nets(sizes):
    """Print and record time and memory of a tiny network by the number of rows."""
    print(f"{'rows':>12}{'way':>12}{'s':>9}{'MiB':>9}", flush=True)
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        make_tiny_model(folder)
        source = Path(folder) / "rows.parquet"
        for n_rows in sizes:
            generate(n_rows, source)
            for way in ("fit_files", "fit"):
                command = [sys.executable, __file__, "--net", way, str(source), folder]
                done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
                seconds, own, stages = json.loads(done.stdout.splitlines()[-1])
                found[way, n_rows] = own
                print(f"{n_rows:>12,}{way:>12}{seconds:>9.1f}{own / 2**20:>9.0f}", flush=True)
                for (name, start), (_, end) in pairwise(stages.items()):
                    print(f"    {name}: {end - start:.1f} s", flush=True)
    for way in ("fit_files", "fit"):
        first, last = found[way, sizes[0]], found[way, sizes[-1]]
        if len(sizes) > 1:
            growth = (last - first) / (sizes[-1] - sizes[0])
            print(f"{way}: {growth:.0f} bytes of memory per further row", flush=True)
            record(f"network, {way}, memory per further row, bytes", growth)
        record(f"network, {way}, {sizes[-1]:,} rows, memory, MiB", last / 2**20)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", help="sizes, real, nets; the first two by default")
    parser.add_argument("--rows", type=int, nargs="+", default=[2_000_000, 20_000_000])
    parser.add_argument("--fit-rows", type=int, default=1_000_000, help="for fit; 0 leaves it out")
    parser.add_argument("--fresh-rows", type=int, default=50_000, help="to score on")
    parser.add_argument("--here", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("--net", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.here or args.net:
        train_here(*args.here) if args.here else train_net_here(*args.net)
        return
    parts = args.parts or ["real", "sizes"]
    if "real" in parts:
        compare_real()
    if "nets" in parts:
        compare_nets(args.rows)
    if "sizes" in parts:
        compare_sizes(args.rows, args.fit_rows, args.fresh_rows)


if __name__ == "__main__":
    main()
