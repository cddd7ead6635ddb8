"""Time and memory of NgramVectorizer and scikit-learn's TfidfVectorizer on the same rows.

Uses the rows of `AGNEWS_SK_DATA` (train.csv and, if there, train_joined.csv of a folder), or
synthetic rows if it is not set. Every matrix is compared array for array. Peak memory is measured
in a separate process, minus the memory before the fit. The last table measures scaling on rows of
`make_news`; `--no-growth` omits it.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
from record import record
from sklearn.feature_extraction.text import TfidfVectorizer

from agnews_sk._core.home import data_path
from agnews_sk.cleaning import ColumnJoiner
from agnews_sk.datasets import load_agnews, make_news
from agnews_sk.tokenization import Vocabulary, WordTokenizer
from agnews_sk.vectorization import NgramVectorizer

REPEATS = 5
BARS = {
    "words (1, 2) fit_transform": ">= 15",
    "words (1, 2) transform": ">= 12",
    "char_wb (3, 5) fit_transform": ">= 4",
    "char_wb (3, 5) transform": ">= 4",
}
VECTORIZERS = {"ours": NgramVectorizer, "scikit-learn": TfidfVectorizer}
SETTINGS = {
    "words (1, 2)": {"ngram_range": (1, 2)},
    "char_wb (3, 5)": {"ngram_range": (3, 5), "analyzer": "char_wb"},
}
GROWTH = (100_000, 1_000_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--no-growth", action="store_true")
    parser.add_argument("--weigh", nargs=3, metavar=("SIDE", "SETTING", "PARQUET"))
    arguments = parser.parse_args()
    if arguments.weigh:
        print(json.dumps(weigh(*arguments.weigh)))
        return
    texts, origin = read_texts()
    print(f"{len(texts):,} texts, {origin}")
    print(
        f"Python {platform.python_version()}, polars {pl.__version__}, "
        f"{pl.thread_pool_size()} threads, {os.cpu_count()} cores, median of {REPEATS}\n"
    )
    print(f"{'':<32}{'ours':>9}{'sklearn':>10}{'ratio':>8}{'CPU ratio':>11}{'same matrix':>13}")
    for setting in SETTINGS:
        compare_times(setting, texts)
        compare_peaks(setting, texts)
    compare_chain(texts)
    if not arguments.no_growth:
        show_growth()


def read_texts() -> tuple[list[str], str]:
    folder = data_path()
    if not folder:
        rows = make_news(50_000, random_state=0).data
        return joined(rows), "synthetic; set AGNEWS_SK_DATA to a folder with train.csv"
    texts = joined(load_agnews(folder).data)
    more = Path(folder, "train_joined.csv")
    if more.exists():
        texts += joined(load_agnews(more).data)
    return texts, f"read from {folder}"


def joined(rows: Any) -> list[str]:
    return ColumnJoiner().fit_transform(rows).tolist()


def compare_times(setting: str, texts: list[str]) -> None:
    ours, theirs = (make(**SETTINGS[setting]) for make in VECTORIZERS.values())
    for method in ("fit_transform", "transform"):
        sides = getattr(ours, method), getattr(theirs, method)
        (left, right), seconds = in_turns(sides, texts)
        print_line(f"{setting} {method}", seconds, same_arrays(left, right))


def compare_chain(texts: list[str]) -> None:
    """Time the three steps that end in the columns of ids, by frequency and not by name."""

    def ours(texts: list[str]) -> Any:
        ids = Vocabulary().fit_transform(WordTokenizer(lowercase=True).transform(texts))
        return NgramVectorizer(ngram_range=(1, 2)).fit_transform(ids)

    theirs = TfidfVectorizer(ngram_range=(1, 2)).fit_transform
    (left, right), seconds = in_turns((ours, theirs), texts)
    # Other column order, same rows: first-met order within rows is shared.
    same = np.array_equal(left.data, right.data) and np.array_equal(left.indptr, right.indptr)
    print_line("tokens, ids, words (1, 2)", seconds, same)


def compare_peaks(setting: str, texts: list[str]) -> None:
    ours, theirs = (in_fresh_process(side, setting, texts)["megabytes"] for side in VECTORIZERS)
    print(f"{setting + ' peak':<32}{ours:>6.0f} MB{theirs:>7.0f} MB{theirs / ours:>8.1f}")
    record(f"{setting}, peak memory of scikit-learn relative to ours", theirs / ours, bar=">= 1")


def show_growth() -> None:
    print(f"\n{'rows of make_news, words (1, 2)':<32}{'us per row':>12}{'kB per row':>12}")
    per_row = []
    for n in GROWTH:
        texts = joined(make_news(n, random_state=0).data)
        found = in_fresh_process("ours", "words (1, 2)", texts)
        per_row.append((1e6 * found["seconds"] / n, 1e3 * found["megabytes"] / n))
        print(f"{n:<32,}{per_row[-1][0]:>12.2f}{per_row[-1][1]:>12.2f}")
    time_ratio, memory_ratio = (large / small for small, large in zip(*per_row))
    print(f"{'ratio':<32}{time_ratio:>12.2f}{memory_ratio:>12.2f}")
    record(
        "words (1, 2), time per row at 1,000,000 rows relative to 100,000", time_ratio, bar="<= 1.3"
    )
    record(
        "words (1, 2), memory per row at 1,000,000 rows relative to 100,000",
        memory_ratio,
        bar="<= 1.3",
    )


def in_fresh_process(side: str, setting: str, texts: list[str]) -> dict[str, float]:
    with TemporaryDirectory() as folder:
        path = Path(folder, "texts.parquet")
        pl.DataFrame({"text": texts}).write_parquet(path)
        command = [sys.executable, __file__, "--weigh", side, setting, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def weigh(side: str, setting: str, path: str) -> dict[str, float]:
    """Fit once and return the time and the growth of peak memory."""
    texts = pl.read_parquet(path)["text"].to_list()
    Path("/proc/self/clear_refs").write_text("5")  # resets the peak
    before = resident("VmRSS")
    start = time.perf_counter()
    VECTORIZERS[side](**SETTINGS[setting]).fit_transform(texts)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "megabytes": (resident("VmHWM") - before) / 1e6}


def resident(field: str) -> int:
    """Bytes that this process holds now (VmRSS) or held at most (VmHWM); Linux.

    `getrusage` would not do: its peak begins with that of the process that started this one.
    """
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.split(f"{field}:")[1].split()[0])


def in_turns(
    sides: Sequence[Callable[[list[str]], Any]], texts: list[str]
) -> tuple[list[Any], np.ndarray]:
    """Return each side's last result, and its seconds.

    Returns
    -------
    results : list
    seconds : ndarray of shape (n_repeats, n_sides, 2)
        By the clock, and of the processor.
    """
    results: list[Any] = [None] * len(sides)
    seconds = np.empty((REPEATS, len(sides), 2))
    for repeat in range(REPEATS):
        for i, side in enumerate(sides):
            results[i] = None  # the last repeat's matrix is freed before the next is made
            start = np.array([time.perf_counter(), time.process_time()])
            results[i] = side(texts)
            seconds[repeat, i] = [time.perf_counter(), time.process_time()] - start
    return results, seconds


def same_arrays(left: Any, right: Any) -> bool:
    parts = ("data", "indices", "indptr")
    same = all(np.array_equal(getattr(left, part), getattr(right, part)) for part in parts)
    assert same, "the matrices differ"
    return same


def print_line(name: str, seconds: np.ndarray, same: bool) -> None:
    ours, theirs = np.median(seconds, axis=0)
    ratio, cpu_ratio = theirs / ours
    print(
        f"{name:<32}{ours[0]:>7.2f} s{theirs[0]:>8.2f} s{ratio:>8.1f}{cpu_ratio:>11.1f}"
        f"{'yes' if same else 'NO':>13}"
    )
    ratios = seconds[:, 1, 0] / seconds[:, 0, 0]
    record(f"{name}, speedup over scikit-learn", ratios, bar=BARS.get(name, ""))


if __name__ == "__main__":
    main()
