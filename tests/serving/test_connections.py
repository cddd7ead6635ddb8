"""Connections that send nothing, too slowly, or do not read do not block others."""

import http.client
import logging
import resource
import socket
import threading
import time
from contextlib import ExitStack, contextmanager

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="the serve extra is not installed")

from agnews_sk.serving import Limits, create_app
from agnews_sk.serving._connections import RateLimit, max_open_connections
from agnews_sk.serving._models import WARM_UP
from agnews_sk.serving._workers import make_server
from tests.serving.server import as_served, in_processes

QUICK = {"max_header_seconds": 0.3, "max_seconds": 0.6}
HEAD = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


class Stub:
    """A classifier whose predictions have the length and the duration that a test sets."""

    def __init__(self, n_labels=2, act=lambda texts: None):
        self.classes_ = np.array([f"{i:0100}" for i in range(n_labels)])
        self._act = act

    def predict_proba(self, texts):
        if texts != [WARM_UP]:
            self._act(texts)
        return np.full((len(texts), len(self.classes_)), 1 / len(self.classes_))


@contextmanager
def served(model=None, **limits):
    limits = Limits(**limits)
    with as_served(create_app(model or Stub(), limits=limits), limits) as (port, server):
        yield port, server


def connect(port, sent=b""):
    connection = socket.create_connection(("127.0.0.1", port), 10)
    connection.sendall(sent)
    return connection


def health(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/health", headers={"Connection": "close"})
    return connection.getresponse().status


def read_to_the_end(connection, seconds=5):
    """Return what comes until the other side closes; fail if it does not."""
    connection.settimeout(seconds)
    found = b""
    try:
        while more := connection.recv(2**16):
            found += more
    except ConnectionResetError:
        pass
    return found


def test_the_event_loop_is_the_one_that_limits_how_many_connections_it_accepts():
    # uvicorn would choose uvloop where it is installed.
    assert make_server(Stub, Limits()).config.loop == "asyncio"


def wait_for(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert condition()


# What a client sends before it stops, and what it receives.
BEGUN = {
    "nothing": (b"", b""),
    "line": (b"GET /health HT", b""),
    "headers": (b"GET /health HTTP/1.1\r\nHost: x\r\n", b""),
    "idle": (b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n", b"200 OK"),
    "second": (b"GET /health HTTP/1.1\r\nHost: x\r\n\r\nGET /hea", b"200 OK"),
    "body": (HEAD + b"Content-Length: 100\r\n\r\n{", b"408 Request Timeout"),
    "chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{", b"408 Request Timeout"),
    "unread": (HEAD.replace(b"POST", b"GET") + b"Content-Length: 9\r\n\r\n{", b"405 Method"),
}


def test_clients_that_stop_sending_are_disconnected_within_seconds():
    with served(**QUICK) as (port, server), ExitStack() as stack:
        clients = {
            name: stack.enter_context(connect(port, sent)) for name, (sent, _) in BEGUN.items()
        }
        heard = {name: read_to_the_end(client) for name, client in clients.items()}
        assert {name: BEGUN[name][1] in heard[name] for name in BEGUN} == dict.fromkeys(BEGUN, True)
        assert [name for name, (_, response) in BEGUN.items() if not response and heard[name]] == []
        assert not server.server_state.connections


# What a client sends before it continues with a byte now and then.
TRICKLED = {
    "first": b"GET /health HTTP/1.1\r\nX: ",
    "second": b"GET /health HTTP/1.1\r\nHost: x\r\n\r\nGET /health HTTP/1.1\r\nX: ",
    "body": HEAD + b"Content-Length: 1000\r\n\r\n",
    "unread": HEAD.replace(b"POST", b"GET") + b"Content-Length: 1000\r\n\r\n",
}


def test_clients_that_send_single_bytes_are_disconnected_too():
    with served(**QUICK) as (port, _), ExitStack() as stack:
        clients = {
            name: stack.enter_context(connect(port, sent)) for name, sent in TRICKLED.items()
        }
        deadline = time.monotonic() + 5
        while clients and time.monotonic() < deadline:
            for name, client in list(clients.items()):
                try:
                    client.sendall(b"x")
                except ConnectionError:
                    del clients[name]
            time.sleep(0.05)
        assert clients == {}


def test_a_client_that_does_not_read_its_response_is_disconnected_and_the_service_can_stop():
    body = b'{"texts": [' + b", ".join([b'"a"'] * 200) + b"]}"
    request = HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    with served(Stub(n_labels=1_000), **QUICK) as (port, server):
        unread = socket.socket()
        unread.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        with unread:
            unread.connect(("127.0.0.1", port))
            unread.sendall(request)
            wait_for(lambda: server.server_state.connections)
            wait_for(lambda: not server.server_state.connections)


def test_the_connection_that_waited_longest_is_closed_if_there_are_too_many():
    with served(max_connections=8) as (port, server), ExitStack() as stack:
        idle = [stack.enter_context(connect(port)) for _ in range(30)]
        assert health(port) == 200
        assert len(server.server_state.connections) <= 8
        assert read_to_the_end(idle[0]) == b""
        idle[-1].sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"200 OK" in read_to_the_end(idle[-1])


def test_a_new_connection_gets_503_while_all_others_are_responded_to():
    gate = threading.Event()
    body = b'{"text": "oil"}'
    request = HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    model = Stub(act=lambda texts: gate.wait(10))
    with served(model, max_connections=8) as (port, server), ExitStack() as stack:
        asking = [stack.enter_context(connect(port, request)) for _ in range(8)]
        wait_for(lambda: len(server.server_state.tasks) == 8)
        with connect(port) as crowded:
            assert b"503 Service Unavailable" in read_to_the_end(crowded)
        gate.set()
        assert all(b"200 OK" in read_to_the_end(one) for one in asking)


@pytest.mark.parametrize("limit", [64, 256, 1_024, 100_000])
def test_connections_are_fewer_than_the_files_that_may_be_open(limit):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < limit:
        pytest.skip("this process may not open so many files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    try:
        found = max_open_connections(4_096)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert 8 <= found <= max(8, limit - 64)
    assert found <= 4_096


def test_1100_idle_connections_neither_block_others_nor_fill_the_log(saved, tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2_048:
        pytest.skip("this process may not open so many files")
    with ExitStack() as stack:
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2_048), hard))
        log = tmp_path / "log.txt"
        port, _ = stack.enter_context(
            in_processes(
                str(saved),
                stderr=stack.enter_context(log.open("wb")),
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1_024, 1_024)),
            )
        )
        before = log.stat().st_size
        for i in range(1_100):
            # Half of them start a request, and never complete it.
            stack.enter_context(connect(port, b"GET /health HTTP/1.1\r\n" if i % 2 else b""))
        start = time.monotonic()
        assert health(port) == 200
        assert time.monotonic() - start < 10
        time.sleep(1)  # the time that asyncio would take to try again, and to log it
        assert log.stat().st_size - before < 100_000


def test_a_line_of_code_logs_a_few_records_and_then_how_many_were_dropped(caplog):
    log = logging.getLogger("agnews_sk.tests.rate")
    limit = RateLimit(most=2, seconds=10)
    log.addFilter(limit)
    records = [
        log.makeRecord(log.name, logging.WARNING, "a.py", line, "bad %s", ("bytes",), None)
        for line in (1, 1, 1, 1, 2, 1)
    ]
    for record, created in zip(records, (0, 1, 2, 3, 3, 11)):
        record.created = created
        log.handle(record)
    assert caplog.messages == ["bad bytes"] * 3 + ["bad bytes (2 more like it before)"]


def test_invalid_requests_do_not_fill_the_log(capfd):
    with served() as (port, _):
        for _ in range(50):
            with connect(port, b"\x16\x03\x01 no HTTP\r\n\r\n") as connection:
                assert b"400" in read_to_the_end(connection)
    assert 1 <= len(capfd.readouterr().err.splitlines()) <= 6
