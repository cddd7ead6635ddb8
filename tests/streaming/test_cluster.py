"""Blocks are worked on by the processes of a Dask cluster, with the result of one process."""

import os
import signal
from itertools import count

import polars as pl
import pytest

from agnews_sk import make_tfidf_pipeline
from agnews_sk.sampling import DuplicateFilter
from agnews_sk.streaming import _cluster
from agnews_sk.streaming._cluster import Cluster, _check_workers, _Seen
from tests.streaming.conftest import (
    as_frame,
    assert_same_model,
    assert_same_vocabulary,
    make_quick,
    train,
)

distributed = pytest.importorskip("distributed", reason="the dask extra is not installed")

pytestmark = pytest.mark.filterwarnings("ignore:the fit stopped after 3 steps")


@pytest.fixture(scope="module")
def client():
    """A client of two worker processes on this machine."""
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def files(news, tmp_path_factory):
    """Rows in files of three formats; those of Parquet are read in parts."""
    folder, frame = tmp_path_factory.mktemp("files"), as_frame(news[0][:700], news[1][:700])
    frame[:400].write_parquet(folder / "a.parquet", row_group_size=90)
    frame[400:550].write_csv(folder / "b.csv")
    pl.concat([frame[550:], frame[:30]]).write_ndjson(folder / "c.jsonl")
    return sorted(folder.iterdir())


def make_pipeline():
    """Return a pipeline that drops duplicates and is calibrated, with few passes over the rows."""
    return make_tfidf_pipeline(
        filter=DuplicateFilter(),
        vectorize__units="both",
        classify__calibration_fraction=0.5,
        classify__max_iter=3,
    )


@pytest.fixture(scope="module")
def here(files):
    """What one process fits."""
    return train(make_pipeline(), files, rows_per_block=100)


def test_vocabulary_and_model_are_those_of_one_process(client, files, here, tmp_path):
    seen = []
    found = train(
        make_pipeline(), files, rows_per_block=100, client=client, work_folder=tmp_path / "work",
        progress=lambda *done: seen.append(done),
    )  # fmt: skip
    assert_same_vocabulary(found, here)
    assert_same_model(found, here)
    assert ("reading rows", 8, None) in seen
    assert [done for done in seen if done[0] == "weighing n-grams"] == [
        ("weighing n-grams", i, 8) for i in range(8)
    ]
    assert not (tmp_path / "work").exists()


def test_a_killed_worker_does_not_end_the_run(client, files, here, tmp_path):
    killed = []

    def kill_one(stage, n_done, n_blocks):
        places = ("weighing n-grams", "fitting on all rows: pass 2")
        if n_done == 2 and len(killed) < 2 and stage.startswith(places[len(killed)]):
            killed.append(next(iter(client.run(os.getpid).values())))
            os.kill(killed[-1], signal.SIGKILL)

    found = train(
        make_pipeline(), files, rows_per_block=100, client=client, work_folder=tmp_path / "work",
        progress=kill_one,
    )  # fmt: skip
    assert len(killed) == 2
    assert not set(killed) & set(client.run(os.getpid).values())
    assert_same_vocabulary(found, here)
    assert_same_model(found, here)


@pytest.mark.parametrize(
    ("place", "done"),
    [
        ("finding n-grams (word)", "finding n-grams (word)"),
        ("fitting on all rows: pass 3", "fitting on all rows: pass 2"),
    ],
)
def test_a_run_is_resumed_with_a_cluster_and_without(client, files, here, tmp_path, place, done):
    def stop(stage, n_done, n_blocks):
        if stage.startswith(place) and n_done == 4:
            raise KeyboardInterrupt

    options = {"rows_per_block": 100, "work_folder": tmp_path / "work"}
    with pytest.raises(KeyboardInterrupt):
        train(make_pipeline(), files, client=client, progress=stop, **options)
    assert not client.futures  # the tasks that were sent ahead are cancelled
    seen = []
    found = train(make_pipeline(), files, progress=lambda *d: seen.append(d), **options)
    assert "reading rows" not in {stage for stage, _, _ in seen}
    assert (done, 0, 8) not in [(stage.split(",")[0], *numbers) for stage, *numbers in seen]
    assert_same_model(found, here)


def test_the_error_of_a_block_names_file_and_line(client, tmp_path):
    for name, last in (("a", "cup,b"), ("b", "no label,")):
        rows = ["text,label", *["oil up,a", "cup won,b"] * 20, last]
        (tmp_path / f"{name}.csv").write_text("\n".join(rows) + "\n")
    options = {"text": "text", "rows_per_block": 10, "client": client}
    paths = sorted(tmp_path.glob("*.csv"))
    with pytest.raises(ValueError, match=r"b\.csv, line 42: label is missing"):
        train(make_quick(), paths, work_folder=tmp_path / "work", **options)


def test_what_is_no_client_and_a_folder_of_one_process_are_refused(client, file, tmp_path):
    with pytest.raises(TypeError, match=r"client must be a dask\.distributed\.Client.*got str"):
        train(make_quick(), file, client="tcp://scheduler:8786", work_folder=tmp_path / "w")
    with pytest.raises(ValueError, match="work_folder must be a folder that all workers see"):
        train(make_quick(), file, client=client)


class FakeClient:
    """A client whose tasks run at once, and whose workers say what they are told to."""

    def __init__(self, said=None):
        self.said, self.waiting, self.most = said, set(), 0
        self.names = count()

    def nthreads(self):
        return {"one": 5, "two": 5}

    def submit(self, function, *args, pure):
        future = FakeFuture(self, function, args, next(self.names))
        self.waiting.add(future)
        self.most = max(self.most, len(self.waiting))
        return future

    def cancel(self, futures):
        self.waiting -= set(futures)

    def run(self, function, *args, on_error):
        return {"tcp://worker": self.said}


class FakeFuture:
    def __init__(self, client, function, args, name):
        self.client, self.function, self.args, self.name = client, function, args, name

    def result(self):
        self.client.waiting.discard(self)
        args = [arg.result() if isinstance(arg, FakeFuture) else arg for arg in self.args]
        return self.function(*args)


def test_results_are_in_order_and_few_tasks_are_sent_ahead():
    client = FakeClient()
    cluster = Cluster(client)
    assert list(cluster(abs, range(-100, 0))) == list(range(100, 0, -1))
    assert client.most == 1 + 20  # two for each thread, and the function
    results = cluster(abs, range(-100, 0))
    assert next(results) == 100
    assert len(client.waiting) >= 19
    assert list(cluster(abs, [-7])) == [7]
    cluster.cancel()
    assert not client.waiting


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (ModuleNotFoundError("No module named 'agnews_sk'"), "cannot take part: ModuleNotFound"),
        (_Seen({"agnews_sk": "0"}, ""), r"must have the versions .*got \{'agnews_sk': '0'\}"),
        ("file", r"does not see .*a\.csv, or another one under this path"),
    ],
    ids=["package", "versions", "files"],
)
def test_a_worker_that_cannot_take_part_is_named(tmp_path, said, message):
    path = tmp_path / "a.csv"
    path.write_text("text,label\n")
    assert _cluster._seen({str(tmp_path): None, str(path): 11}).missing == ""
    if said == "file":
        said = _cluster._seen({str(tmp_path): None, str(path): 12})
    with pytest.raises(ValueError, match=f"the worker tcp://worker {message}"):
        _check_workers(FakeClient(said), tmp_path, [path])
