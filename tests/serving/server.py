"""A service in a thread or in processes of its own, on a free port of this machine."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

import uvicorn

from agnews_sk.serving._connections import BacklogSocket
from agnews_sk.serving._workers import make_server


def wait_until_ready(address: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(f"{address}/ready", timeout=5).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


@contextmanager
def in_thread(app):
    """Yield the address of an application that runs in a thread."""
    sock = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{sock.getsockname()[1]}"
    wait_until_ready(address)
    yield address
    server.should_exit = True
    thread.join(20)


@contextmanager
def as_served(app, limits):
    """Yield port and server of an application that runs in a thread as `serve` runs it."""
    server = make_server(lambda: app, limits)
    door = BacklogSocket(socket.create_server(("127.0.0.1", 0)), 2_048)
    port = door.getsockname()[1]
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
    thread.start()
    wait_until_ready(f"http://127.0.0.1:{port}")
    try:
        yield port, server
    finally:
        server.should_exit = True
        thread.join(20)
    assert not thread.is_alive()


@contextmanager
def in_processes(*arguments: str, **options):
    """Yield port and process of `agnews-sk serve`, and end it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "agnews_sk", "serve", *arguments, "--port", str(port)]
    process = subprocess.Popen(
        command, start_new_session=True, stdout=subprocess.DEVNULL, **options
    )
    try:
        wait_until_ready(f"http://127.0.0.1:{port}")
        yield port, process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)
