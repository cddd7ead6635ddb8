"""
Do many workers predict the same as one process?
================================================

Four files are predicted in this process and on the workers of a Dask cluster. The cluster runs on
this machine; `Client("tcp://scheduler:8786")` connects to another one, whose workers must see the
same folders.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import polars as pl

from agnews_sk import make_tfidf_pipeline
from agnews_sk.bulk import predict_files
from agnews_sk.datasets import load_train_test
from agnews_sk.persistence import save


def main():
    """Predict the same files twice."""
    rows = load_train_test()
    pipeline = make_tfidf_pipeline().fit(rows.X_train[:1500], rows.y_train[:1500])
    stories = pl.from_pandas(rows.X_test[:800][["title", "description"]])

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = save(pipeline, folder / "model")
        for i in range(4):
            stories[i * 200 : (i + 1) * 200].write_parquet(folder / f"stories-{i}.parquet")
        files = f"{folder}/stories-*.parquet"

        here = predict_files(model, files, folder / "here.csv")
        predicted = pl.read_csv(here.output)
        print(predicted.select("line", "predicted").head(3))
        counts = predicted.group_by("predicted").len().sort("predicted")
        plt.bar(counts["predicted"], counts["len"])
        plt.ylabel(f"of {len(predicted)} texts")
        plt.show()
        try:
            from distributed import Client
        except ImportError:
            print("The workers need agnews_sk[dask].")
            return
        with Client(n_workers=2, threads_per_worker=1, dashboard_address=None) as client:
            there = predict_files(model, files, folder / "there.csv", client=client)
        same = here.output.read_bytes() == there.output.read_bytes()
        print(
            f"{there.n_predicted} rows of {there.n_files} files: the outputs are "
            f"{'the same, byte for byte' if same else 'not the same'}."
        )


# Workers are processes that import this file.
if __name__ == "__main__":
    main()
