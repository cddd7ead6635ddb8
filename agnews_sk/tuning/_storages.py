"""Open the storages of studies."""

import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import optuna
from optuna.exceptions import ExperimentalWarning, StorageInternalError
from optuna.storages import BaseStorage, InMemoryStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalRedisBackend

from agnews_sk._core.home import home_folder
from agnews_sk._core.optional import import_optional
from agnews_sk.tuning._journal import open_journal

_GRPC_PORT = 13000
# Packages whose errors mean that a server cannot be reached.
_DRIVERS = {"grpc", "redis", "sqlalchemy"}
# To reach a proxy: it may have been started together with the workers.
_CONNECT_SECONDS = 20.0


def open_storage(storage: str | BaseStorage | None, study_name: str | None = None) -> BaseStorage:
    """Open the storage of a study.

    Parameters
    ----------
    storage : str, optuna storage or None
        `journal:PATH`, a file that several processes may append to; `sqlite:///PATH`,
        `postgresql://...` and other databases; `redis://...`; `grpc://HOST:PORT`, Optuna's proxy.
        None is this process's memory, or, if the study has a name, a journal file of that name
        in the folder `studies` of `AGNEWS_SK_HOME`.
    study_name : str, optional

    Returns
    -------
    optuna.storages.BaseStorage

    Raises
    ------
    ImportError
        If a driver is not installed.
    OSError
        If it cannot be opened, or its server cannot be reached.
    ValueError
        If it is none of these, or the file at PATH is not a journal; the file is left unchanged.

    Examples
    --------
    >>> from agnews_sk.tuning import open_storage
    >>> type(open_storage(None)).__name__
    'InMemoryStorage'
    """
    if storage is None:
        return InMemoryStorage() if study_name is None else open_journal(_home_file(study_name))
    if not isinstance(storage, str):
        return storage
    scheme, _, rest = storage.partition(":")
    if scheme == "journal":
        path = rest.removeprefix("//")
        if not path:
            raise ValueError(
                f"storage must be journal:PATH with the path of a file, got {storage!r}."
            )
        return open_journal(Path(path).expanduser())
    if scheme in ("redis", "rediss"):
        return _redis(storage)
    if scheme == "grpc":
        return _grpc(storage)
    if scheme in ("postgresql", "postgresql+psycopg2"):
        import_optional("psycopg2", extra="postgres", needed_by=f"storage={scheme}://...")
        storage = f"postgresql+psycopg2:{rest}"  # without a driver, SQLAlchemy 2.1 wants psycopg 3
    return _database(storage)


def _home_file(study_name: str) -> Path:
    """Return the journal of a study in the folder `studies` of `AGNEWS_SK_HOME`."""
    return home_folder() / "studies" / f"{study_name}.journal"


def _redis(url: str) -> JournalStorage:
    """Open the journal that a Redis server keeps, and read it."""
    redis = import_optional("redis", extra="redis", needed_by=f"storage={_shown(url)!r}")
    try:
        with _without_experimental_warnings():
            return JournalStorage(JournalRedisBackend(url))
    except redis.RedisError as error:
        raise OSError(f"storage={_shown(url)!r} cannot be opened: {error}") from error


def _grpc(url: str) -> BaseStorage:
    """Connect to Optuna's proxy."""
    import_optional("grpc", extra="grpc", needed_by=f"storage={url!r}")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or _GRPC_PORT
    except ValueError:  # the port is no number
        host = None
    if not host:
        raise ValueError(f"storage must be grpc://HOST:PORT, got {url!r}.")
    with _without_experimental_warnings():
        proxy = optuna.storages.GrpcStorageProxy(host=host, port=port)
    try:
        proxy.wait_server_ready(timeout=_CONNECT_SECONDS)
    except ConnectionError as error:
        raise OSError(
            f"storage={url!r} cannot be opened: no gRPC proxy of Optuna answered within "
            f"{_CONNECT_SECONDS:.0f} seconds."
        ) from error
    return proxy


def _shown(url: str) -> str:
    """Return a URL without its password."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    user, _, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user.partition(':')[0]}:***@{host}").geturl()


@contextmanager
def _without_experimental_warnings() -> Iterator[None]:
    """Suppress the warnings of Optuna that its storage may change: its version is our matter."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        yield


def _database(url: str, n_tries: int = 4) -> RDBStorage:
    """Open a database, and retry if another worker creates its tables at the same time."""
    from sqlalchemy.exc import ArgumentError, DBAPIError

    options = {"connect_args": {"timeout": 60}} if url.startswith("sqlite") else {}
    for i in range(n_tries):
        try:
            return RDBStorage(url, engine_kwargs=options)
        except DBAPIError as error:
            if i == n_tries - 1:
                shown = _shown(url).replace("+psycopg2", "")
                message = f"storage={shown!r} cannot be opened: {error.orig}"
                raise OSError(message) from error
            time.sleep(0.5)
        except ArgumentError as error:
            raise ValueError(
                f"storage must be journal:PATH or the URL of a database, got {url!r}."
            ) from error
    raise AssertionError


def is_lost_connection(error: BaseException) -> bool:
    """Return whether a storage could not be reached, as opposed to an error of a trial.

    A trial's own code may use such servers too, so the error must come from within a storage.

    Parameters
    ----------
    error : BaseException

    Returns
    -------
    bool
    """
    packages = {kind.__module__.partition(".")[0] for kind in type(error).__mro__}
    of_server = isinstance(error, OSError | StorageInternalError) or packages & _DRIVERS
    frames = traceback.walk_tb(error.__traceback__)
    return bool(of_server) and any(
        frame.f_globals.get("__name__", "").startswith("optuna.storages.") for frame, _ in frames
    )
