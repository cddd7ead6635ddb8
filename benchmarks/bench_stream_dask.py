"""Train on files on a Dask cluster of this machine: time with one worker process and with two.

Rows of `make_news` are written as a Parquet file, and trained on with one and with two workers of
one thread each, in turn. The models are compared with each other and with that of one process
without a cluster.

    python benchmarks/bench_stream_dask.py --rows 1000000
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

# A worker is one core, whatever libraries start: set before any is imported, for the workers too.
THREADS = ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
os.environ.update(dict.fromkeys(THREADS, "1"))

import numpy as np  # noqa: E402
from bench_stream import TEXT, generate  # noqa: E402
from distributed import Client, LocalCluster  # noqa: E402
from record import record  # noqa: E402

from agnews_sk import make_tfidf_pipeline  # noqa: E402
from agnews_sk.streaming import fit_files  # noqa: E402


def train(source, folder, client=None):
    """Return a model, and the seconds that it and each stage took."""
    begin, stages = time.perf_counter(), {}

    def note(stage, n_done, n_blocks):
        stages.setdefault(stage.split(":")[0], time.perf_counter() - begin)

    pipeline = fit_files(
        make_tfidf_pipeline(classify__n_jobs=1),
        source,
        text=TEXT,
        label="label",
        work_folder=folder / "model.parts",
        client=client,
        progress=note,
    )
    seconds = time.perf_counter() - begin
    ends = [*list(stages.values())[1:], seconds]
    return pipeline, seconds, {name: end - stages[name] for name, end in zip(stages, ends)}


def train_on(n_workers, source, folder):
    """Train on so many workers, which are started before the time begins and have run a task."""
    with (
        LocalCluster(
            n_workers=n_workers,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=None,
            memory_limit=0,
        ) as cluster,
        Client(cluster) as client,
    ):
        client.run(make_tfidf_pipeline)
        return train(source, folder, client)


def difference(one, other):
    """Return whether vocabularies are identical, and the largest relative difference of models."""
    names = [model["vectorize"].get_feature_names_out() for model in (one, other)]
    if not np.array_equal(*names):
        return False, float("inf")
    coefs = [model["classify"].coef_ for model in (one, other)]
    return True, float(np.abs(coefs[0] - coefs[1]).max() / np.abs(coefs[0]).max())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    seconds = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "rows.parquet"
        generate(args.rows, source)
        alone, without, _ = train(source, folder)
        print(f"{args.rows:,} rows, without a cluster: {without:.1f} s", flush=True)
        same, worst = True, 0.0
        for _ in range(args.repeats):
            for n_workers, found in seconds.items():
                model, took, stages = train_on(n_workers, source, folder)
                found.append(took)
                is_same, apart = difference(alone, model)
                same, worst = same and is_same, max(worst, apart)
                print(f"{n_workers} workers: {took:.1f} s", flush=True)
                for stage, part in stages.items():
                    print(f"    {stage}: {part:.1f} s", flush=True)
    ratios = [two / one for one, two in zip(seconds[1], seconds[2])]
    print(
        f"two workers take {np.median(ratios):.2f} of the time of one; vocabulary "
        f"{'identical' if same else 'DIFFERENT'}, coefficients at most {worst:.1e} apart"
    )
    record("training from files, two Dask workers, time relative to one", ratios, bar="<= 0.65")
    record("training from files, Dask, vocabulary is that of one process", float(same), bar=">= 1")
    record("training from files, Dask, coefficients apart, relative", worst, bar="<= 1e-6")


if __name__ == "__main__":
    main()
