import http.client
import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from functools import partial

import psutil
import pytest

pytest.importorskip("fastapi", reason="the serve extra is not installed")

from agnews_sk.persistence import ArtifactError
from agnews_sk.serving import Limits, serve
from agnews_sk.serving._metrics import FOLDER_VARIABLE
from agnews_sk.serving._workers import _listen, _Workers
from tests.serving.server import in_processes

BODY, HEADERS = b'{"text": "oil"}', {"Content-Type": "application/json"}


class Load(threading.Thread):
    """A client that sends requests on one connection until the service closes it, and counts."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.answered, self.lost = port, 0, 0

    def run(self):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            connection.connect()
        except ConnectionError:
            return  # the socket is closed: never accepted
        while connection.sock is not None:
            try:
                connection.request("POST", "/predict", BODY, HEADERS)
                response = connection.getresponse()
                response.read()
            except (OSError, http.client.HTTPException):
                self.lost += 1
                return
            self.answered += response.status == 200
            self.lost += response.status != 200


@pytest.mark.parametrize("workers", ["1", pytest.param("2", marks=pytest.mark.slow)])
def test_sigterm_under_load_loses_no_request(saved, workers):
    with in_processes(str(saved), "--workers", workers) as (port, process):
        clients = [Load(port) for _ in range(8)]
        for client in clients:
            client.start()
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        for client in clients:
            client.join(20)
        assert process.wait(20) in (0, -signal.SIGTERM)
    assert all(client.answered > 0 for client in clients)
    assert [client.lost for client in clients] == [0] * 8


@pytest.mark.slow
def test_a_worker_that_dies_is_replaced_while_the_service_continues(saved):
    with in_processes(str(saved), "--workers", "2") as (port, process):
        workers = [
            one
            for one in psutil.Process(process.pid).children()
            if "resource_tracker" not in " ".join(one.cmdline())
        ]
        assert len(workers) == 2
        workers[0].kill()
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            alive = {one.pid for one in psutil.Process(process.pid).children()}
            if workers[0].pid not in alive and len(alive) == 3:
                break
            time.sleep(0.05)
        for _ in range(8):  # some of these wait for the new worker
            address = f"http://127.0.0.1:{port}/predict"
            request = urllib.request.Request(address, BODY, HEADERS)
            with urllib.request.urlopen(request, timeout=30) as response:
                assert response.status == 200
        metrics = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
    assert 'agnews_sk_requests_total{path="/predict",status="200"} 8.0' in metrics


@pytest.mark.slow
def test_workers_end_when_their_parent_is_killed(saved):
    with in_processes(str(saved), "--workers", "2") as (port, process):
        workers = psutil.Process(process.pid).children()
        process.kill()
        _, alive = psutil.wait_procs(workers, 20)
        assert alive == []
        with pytest.raises(ConnectionError, match="refused"):
            socket.create_connection(("127.0.0.1", port), 5)


@pytest.mark.parametrize("workers", ["1", pytest.param("2", marks=pytest.mark.slow)])
def test_a_model_that_cannot_be_loaded_ends_the_service_with_a_message(saved, tmp_path, workers):
    model = shutil.copytree(saved, tmp_path / "model")
    (model / "pipeline.skops").write_bytes(b"")
    arguments = ["--port", "0", "--workers", workers]
    done = subprocess.run(
        [sys.executable, "-m", "agnews_sk", "serve", model, *arguments],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode in (1, 2)
    assert "pipeline.skops has 0 bytes" in done.stderr
    assert "Traceback" not in done.stderr


def die(how):
    """End the process instead of building an application."""
    if how == "exit":
        os._exit(9)
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize(
    ("how", "reason"),
    [("kill", "by SIGKILL, perhaps for lack of memory"), ("exit", "with exit status 9")],
)
def test_a_worker_that_keeps_dying_while_it_loads_ends_the_service_with_the_reason(
    monkeypatch, tmp_path, how, reason
):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    workers = _Workers(partial(die, how), Limits(), _listen("127.0.0.1", 0, 2))
    # A fork starts at once, and dies before it uses what it has inherited.
    monkeypatch.setattr(workers, "_context", multiprocessing.get_context("fork"))
    started = []
    start = workers._start
    monkeypatch.setattr(workers, "_start", lambda sock: started.append(sock) or start(sock))
    try:
        with pytest.raises(SystemExit, match=f"died 3 times while it loaded the models, {reason}"):
            workers.run()
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert 5 <= len(started) <= 6


def test_a_port_in_use_is_reported_before_any_process_starts(saved):
    taken = socket.create_server(("127.0.0.1", 0))
    with taken, pytest.raises(OSError, match="in use"):
        serve(saved, port=taken.getsockname()[1], workers=2)
    sharing = _listen("127.0.0.1", 0, 2)
    with pytest.raises(OSError, match="in use"):
        serve(saved, port=sharing[0].getsockname()[1], workers=2)
    for sock in sharing:
        sock.close()
    with pytest.raises(ValueError, match="workers must be at least 1"):
        serve(saved, workers=0)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"host": ""}, ValueError, "host must be an address, got ''"),
        ({"host": " "}, ValueError, "host must be an address"),
        ({"host": "no such host"}, OSError, "cannot listen on 'no such host', port 0: "),
        ({"port": 70_000}, OSError, "cannot listen on '127.0.0.1', port 70000: "),
        ({"api_key": ""}, ValueError, "must not be empty, got an empty string"),
        ({"api_key": "key\n"}, ValueError, "begins or ends with whitespace"),
        ({"api_key": "a\nb"}, ValueError, "cannot be printed"),
    ],
    ids=str,
)
@pytest.mark.parametrize("workers", [1, 2])
def test_an_unusable_host_or_key_is_rejected_before_any_process_starts(
    saved, options, error, message, workers
):
    with pytest.raises(error, match=message):
        serve(saved, workers=workers, **{"port": 0, **options})


def test_a_missing_model_is_reported_before_the_port_is_bound(tmp_path):
    taken = []
    with pytest.raises(FileNotFoundError, match="neither a folder nor a zip"):
        serve({"news": tmp_path / "nowhere"}, port=0, workers=2, on_start=taken.append)
    with pytest.raises(ArtifactError, match=r"manifest\.json is missing"):
        serve(tmp_path, port=0, workers=2, on_start=taken.append)
    assert taken == []


def test_workers_have_sockets_of_one_port():
    sockets = _listen("127.0.0.1", 0, 2)
    assert len({sock.getsockname() for sock in sockets}) == 1
    for sock in sockets:
        sock.close()
