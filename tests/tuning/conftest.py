"""Fixtures of the searches: a small pipeline, and servers for shared studies."""

import shutil

import optuna
import pytest
from sklearn.linear_model import LogisticRegression

from agnews_sk.datasets import make_news
from agnews_sk.pipeline import make_tfidf_pipeline
from agnews_sk.tuning import open_storage
from tests.servers import find_postgresql, grpc_proxy, postgresql_server, redis_server

SERVERS = ["postgresql", "redis", "grpc"]


@pytest.fixture(scope="session")
def news():
    """Ninety generated stories and their labels."""
    return make_news(90, random_state=0, return_X_y=True)


@pytest.fixture
def pipeline():
    """Counts words only, and is not calibrated, which is fast."""
    return make_tfidf_pipeline(
        characters=False, classify=LogisticRegression(), vectorize__words__min_df=1
    )


@pytest.fixture(scope="session")
def postgresql():
    """The URL of an empty database, served until the tests end."""
    pytest.importorskip("psycopg2", reason="the postgres extra is not installed")
    folder = find_postgresql()
    if folder is None:
        pytest.skip("there is no PostgreSQL server on this machine")
    with postgresql_server(folder) as url:
        yield url


@pytest.fixture(scope="session")
def redis_binary():
    pytest.importorskip("redis", reason="the redis extra is not installed")
    return shutil.which("redis-server") or pytest.skip("there is no Redis server on this machine")


@pytest.fixture(scope="session")
def redis(redis_binary, tmp_path_factory):
    """The URL of an empty Redis, served until the tests end."""
    with redis_server(redis_binary, tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(scope="session")
def grpc(tmp_path_factory):
    """The URL of Optuna's gRPC proxy over an empty database, served until the tests end."""
    pytest.importorskip("grpc", reason="the grpc extra is not installed")
    with grpc_proxy(f"sqlite:///{tmp_path_factory.mktemp('grpc') / 'studies.sqlite'}") as url:
        yield url


@pytest.fixture(params=["journal", "sqlite", *SERVERS])
def storage(request, tmp_path):
    """The URL of a storage without the study `shared`."""
    if request.param in SERVERS:
        url = request.getfixturevalue(request.param)
        yield url
        optuna.delete_study(study_name="shared", storage=open_storage(url))
        return
    yield {
        "journal": f"journal:{tmp_path / 'study.journal'}",
        "sqlite": f"sqlite:///{tmp_path / 'study.sqlite'}",
    }[request.param]
