"""Fixtures of the searches: a small pipeline, and a PostgreSQL server for the tests."""

import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from sklearn.linear_model import LogisticRegression

from agnews_sk.datasets import make_news
from agnews_sk.pipeline import make_tfidf_pipeline


@pytest.fixture(scope="session")
def news():
    """Ninety generated stories and their labels."""
    return make_news(90, random_state=0, return_X_y=True)


@pytest.fixture
def pipeline():
    return make_tfidf_pipeline(classify=LogisticRegression(), vectorize__words__min_df=1)


@pytest.fixture(scope="module")
def postgresql():
    """The URL of an empty database, served until the tests end."""
    pytest.importorskip("psycopg2", reason="the postgres extra is not installed")
    folder = _server_binaries()
    if folder is None:
        pytest.skip("there is no PostgreSQL server on this machine")
    user = _server_user()
    data = Path(tempfile.mkdtemp(prefix="agnews-sk-postgresql-"))
    if user is not None:
        os.chown(data, pwd.getpwnam(user).pw_uid, -1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {"user": user, "cwd": data, "stdout": subprocess.DEVNULL}
    subprocess.run(
        [folder / "initdb", "-D", data / "db", "-U", "tester", "-A", "trust", "-N"],
        check=True,
        **options,
    )
    server = subprocess.Popen(
        [folder / "postgres", "-D", data / "db", "-k", data, "-h", "127.0.0.1", "-p", str(port)],
        stderr=subprocess.DEVNULL,
        **options,
    )
    try:
        _wait_until_ready(folder, port)
        yield f"postgresql+psycopg2://tester@127.0.0.1:{port}/postgres"
    finally:
        server.send_signal(signal.SIGINT)  # without waiting for clients to leave
        server.wait()
        shutil.rmtree(data)


def _server_binaries():
    found = [shutil.which("postgres"), *sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"))]
    return next((Path(path).parent for path in reversed(found) if path), None)


def _server_user():
    """Return the user to run the server as: it does not run as root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _wait_until_ready(folder, port):
    for _ in range(300):
        asked = [folder / "pg_isready", "-h", "127.0.0.1", "-p", str(port), "-q"]
        if subprocess.run(asked, check=False).returncode == 0:
            return
        time.sleep(0.1)
    raise RuntimeError("the PostgreSQL server did not start")
