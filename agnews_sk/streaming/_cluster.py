"""Run the tasks of blocks one after the other, or on the workers of a Dask cluster."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from agnews_sk import __version__
from agnews_sk._core.optional import import_optional

# What is done, and how many blocks or ranges are done and in all, None if that is not known yet.
Report = Callable[[str, int, int | None], None]
# As `map`: results in the order of the items.
Run = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]

# Tasks at the scheduler for each thread of a worker: one that runs, and one that waits.
_TASKS_PER_THREAD = 2
_FEWEST_TASKS = 8


class Cluster:
    """A `map` whose tasks run on the workers of a Dask cluster.

    The function is sent once, with all that it holds, as a task that the others depend on, so that
    Dask can compute it again if the worker that has it dies. So many tasks are at the scheduler
    that each worker has one to go on with; results are taken in the order of the items.

    Parameters
    ----------
    client : dask.distributed.Client
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._sent: list[Any] = []
        self._tasks: deque[Any] = deque()

    def __call__(self, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        """Yield the results of a function, in the order of the items.

        Parameters
        ----------
        function : callable
            Can be pickled.
        items : iterable
            Small.

        Yields
        ------
        object
        """
        self.cancel()  # what an earlier call left, if its results were not all taken
        left = iter(items)
        sent = self._client.submit(_itself, function, pure=False)
        self._sent.append(sent)
        tasks = self._tasks
        most = max(_FEWEST_TASKS, _TASKS_PER_THREAD * sum(self._client.nthreads().values()))
        while True:
            while len(tasks) < most and (item := next(left, _END)) is not _END:
                tasks.append(self._client.submit(_call, sent, item, pure=False))
            if not tasks:
                self._sent.clear()
                return
            found = tasks[0].result()
            tasks.popleft()
            yield found

    def cancel(self) -> None:
        """Cancel the tasks that no one waits for any more."""
        if left := [*self._tasks, *self._sent]:
            self._client.cancel(left)
        self._tasks.clear()
        self._sent.clear()


_END = object()


def in_order(
    run: Run, function: Callable[[Any], Any], items: Sequence[Any], report: Callable[[Any], None]
) -> Iterator[tuple[Any, Any]]:
    """Yield items with their results, and report each before its result is waited for.

    Parameters
    ----------
    run : callable
        As `map`.
    function : callable
    items : sequence
    report : callable
        Called with the item.

    Yields
    ------
    item, result
    """
    results = iter(run(function, items))
    for item in items:
        report(item)
        yield item, next(results)


def _itself(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return the function, which is then an object of the cluster."""
    return function


def _call(function: Callable[[Any], Any], item: Any) -> Any:
    return function(item)


@contextmanager
def running_on(client: Any, folder: Path, files: Sequence[Path]) -> Iterator[Run]:
    """Yield a `map`: the plain one without a client, otherwise one over a cluster.

    Parameters
    ----------
    client : dask.distributed.Client or None
    folder : pathlib.Path
        Of the run, which is there.
    files : sequence of pathlib.Path
        Files of rows.

    Yields
    ------
    callable
        As `map`.

    Raises
    ------
    ValueError
        If a worker lacks the folder or a file, or has other versions of libraries.
    """
    if client is None:
        yield map
        return
    _check_workers(client, folder, files)
    cluster = Cluster(client)
    dask = import_optional("dask", extra="dask", needed_by="fit_files(client=)")
    # What the tasks of a stage hold is sent once, and may well be megabytes of n-grams.
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TiB"}):
        try:
            yield cluster
        finally:
            cluster.cancel()


def check_client(client: Any, work_folder: Any) -> None:
    """Raise an error for what is no client, or without a folder that the workers can share.

    Parameters
    ----------
    client : dask.distributed.Client or None
    work_folder : str, path or None

    Raises
    ------
    ImportError
        If Dask is not installed.
    TypeError
        If it is something else.
    ValueError
        If there is no work folder.
    """
    if client is None:
        return
    distributed = import_optional("distributed", extra="dask", needed_by="fit_files(client=)")
    if not isinstance(client, distributed.Client) or client.asynchronous:
        kind = type(client).__name__
        raise TypeError(
            "client must be a dask.distributed.Client that is not asynchronous, got "
            f"{'an asynchronous one' if isinstance(client, distributed.Client) else kind}; "
            "connect with Client('tcp://scheduler:8786')."
        )
    if work_folder is None:
        raise ValueError(
            "work_folder must be a folder that all workers see under the same path where client= "
            "is given, got None; name one on a disk that they share."
        )


class _Seen(NamedTuple):
    """What a worker is and sees.

    Attributes
    ----------
    versions : dict of str to str
        Of the libraries that vocabulary and hashes depend on.
    missing : str
        The first path that is not there, or of another size; empty if there is none.
    """

    versions: dict[str, str]
    missing: str


def _seen(sizes: dict[str, int | None]) -> _Seen:
    """Return what this process is and sees.

    Parameters
    ----------
    sizes : dict of str to int or None
        Bytes of files by path; None for a folder.

    Returns
    -------
    _Seen
    """
    missing = next((path for path, size in sizes.items() if _size(path) != size), "")
    return _Seen({"agnews_sk": __version__, "polars": pl.__version__}, missing)


def _size(path: str) -> int | None:
    """Return the bytes of a file, None for a folder, and -1 where there is nothing."""
    if os.path.isdir(path):
        return None
    return os.path.getsize(path) if os.path.exists(path) else -1


def _check_workers(client: Any, folder: Path, files: Sequence[Path]) -> None:
    """Raise a ValueError that names a worker which cannot take part.

    Workers that join later are not checked; their tasks fail where they lack a file.

    Parameters
    ----------
    client : dask.distributed.Client
    folder : pathlib.Path
    files : sequence of pathlib.Path

    Raises
    ------
    ValueError
    """
    sizes = {str(path): path.stat().st_size for path in files} | {str(folder): None}
    here = _seen(sizes)
    for address, there in client.run(_seen, sizes, on_error="return").items():
        if isinstance(there, BaseException):
            raise ValueError(
                f"the worker {address} cannot take part: {there!r:.300}; install the same version "
                "of agnews_sk on all workers."
            ) from there
        if there.versions != here.versions:
            raise ValueError(
                f"the worker {address} must have the versions {here.versions}, got "
                f"{there.versions}; install the same on all workers."
            )
        if there.missing:
            raise ValueError(
                f"the worker {address} does not see {there.missing}, or another one under this "
                "path; put rows and work_folder on a disk that all workers share."
            )
