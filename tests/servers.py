"""Servers of the system's packages, started for a test on a free port and stopped after it."""

import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SECONDS = 60


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_until_listening(port: int, server: subprocess.Popen, seconds: float) -> None:
    """Wait until a port of this machine accepts connections, as long as its server runs."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up and server.poll() is None:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"{server.args[0]} does not listen; its exit status is {server.poll()}")


@contextmanager
def running(
    command: list, port: int, *, seconds: float = SECONDS, **options
) -> Iterator[subprocess.Popen]:
    """Run a server until the block ends; without waiting for clients to leave."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(command, **quiet, **options)
    try:
        wait_until_listening(port, server, seconds)
        yield server
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def find_postgresql() -> Path | None:
    """Return the folder of the binaries of the newest PostgreSQL, or None."""
    found = [shutil.which("postgres"), *sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"))]
    return next((Path(path).parent for path in reversed(found) if path), None)


@contextmanager
def postgresql_server(folder: Path) -> Iterator[str]:
    """Serve an empty database, and yield its URL."""
    user = _server_user()
    data = Path(tempfile.mkdtemp(prefix="agnews-sk-postgresql-"))
    if user is not None:
        os.chown(data, pwd.getpwnam(user).pw_uid, -1)
    options = {"user": user, "cwd": data}
    subprocess.run(
        [folder / "initdb", "-D", data / "db", "-U", "tester", "-A", "trust", "-N"],
        check=True,
        stdout=subprocess.DEVNULL,
        **options,
    )
    port = free_port()
    address = ["-k", data, "-h", "127.0.0.1", "-p", str(port)]
    try:
        with running([folder / "postgres", "-D", data / "db", *address], port, **options):
            _wait_until_ready(folder, port)
            yield f"postgresql://tester@127.0.0.1:{port}/postgres"
    finally:
        shutil.rmtree(data)


def _server_user() -> str | None:
    """Return the user to run the server as: it does not run as root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _wait_until_ready(folder: Path, port: int) -> None:
    for _ in range(300):
        asked = [folder / "pg_isready", "-h", "127.0.0.1", "-p", str(port), "-q"]
        if subprocess.run(asked, check=False).returncode == 0:
            return
        time.sleep(0.1)
    raise RuntimeError("the PostgreSQL server did not start")


@contextmanager
def redis_server(binary: str, folder: Path, port: int | None = None) -> Iterator[str]:
    """Serve an empty Redis, or the one that this folder keeps, and yield its URL."""
    port = port or free_port()
    kept = ["--dir", str(folder), "--appendonly", "yes", "--appendfsync", "always"]
    command = [binary, "--port", str(port), "--bind", "127.0.0.1", *kept]
    with running(command, port):
        _wait_until_loaded(port)
        yield f"redis://127.0.0.1:{port}/0"


def _wait_until_loaded(port: int) -> None:
    """Wait until Redis answers: until it has read what its folder keeps, it returns an error."""
    give_up = time.monotonic() + SECONDS
    while time.monotonic() < give_up:
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"PING\r\n")
            if client.recv(64).startswith(b"+PONG"):
                return
        time.sleep(0.05)
    raise RuntimeError("the Redis server did not finish loading")


@contextmanager
def grpc_proxy(database: str, port: int | None = None) -> Iterator[str]:
    """Serve a database by Optuna's gRPC proxy, and yield its URL."""
    port = port or free_port()
    code = (
        "from optuna.storages import get_storage, run_grpc_proxy_server as serve; "
        f"serve(get_storage({database!r}), host='127.0.0.1', port={port})"
    )
    with running([sys.executable, "-c", code], port):
        yield f"grpc://127.0.0.1:{port}"
