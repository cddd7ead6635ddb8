"""The middleware limits the body and the time of a request, for any application."""

import asyncio
from types import SimpleNamespace

import pytest
from fastapi import HTTPException

from agnews_sk.serving import Limits
from agnews_sk.serving._guard import Guard
from agnews_sk.serving._metrics import Metrics

LIMITS = Limits(max_body_bytes=10, max_seconds=0.05)


def start(status=200):
    return {"type": "http.response.start", "status": status, "headers": []}


def body(content=b"ok"):
    return {"type": "http.response.body", "body": content}


async def respond(scope, receive, send):
    await send(start())
    await send(body())


async def read_all(scope, receive, send):
    while (await receive()).get("more_body"):
        pass
    await respond(scope, receive, send)


async def hang(scope, receive, send):
    await receive()
    await asyncio.sleep(10)


async def fail(scope, receive, send):
    raise RuntimeError("secret detail")


def ask(app, *parts, method="POST", headers=(), stopping=False, metrics=None):
    """Send a request of these parts of a body; return its status, its headers and its body."""
    scope = {
        "type": "http", "method": method, "path": "/predict", "headers": list(headers),
        "app": SimpleNamespace(state=SimpleNamespace(stopping=stopping)),
        "route": SimpleNamespace(path="/predict"),
    }  # fmt: skip
    waiting = [
        {"type": "http.request", "body": part, "more_body": i < len(parts) - 1}
        for i, part in enumerate(parts)
    ]
    sent = []

    async def receive():
        if not waiting:
            await asyncio.sleep(10)
        return waiting.pop(0)

    async def send(message):
        sent.append(message)

    asyncio.run(Guard(app, limits=LIMITS, metrics=metrics or Metrics())(scope, receive, send))
    content = b"".join(message.get("body", b"") for message in sent)
    return sent[0]["status"], dict(sent[0]["headers"]), content


def test_a_request_within_the_limits_passes():
    assert ask(read_all, b"12345", b"67890") == (200, {}, b"ok")


@pytest.mark.parametrize(
    ("parts", "headers"),
    [([b"123456", b"78901"], []), ([b""], [(b"content-length", b"11")])],
    ids=["sent", "declared"],
)
def test_a_body_that_is_too_large_is_rejected_before_all_of_it_is_read(parts, headers):
    async def rejected(scope, receive, send):
        with pytest.raises(HTTPException, match="413: the body is larger than 10 bytes") as caught:
            await read_all(scope, receive, send)
        assert caught.value.headers == {"Connection": "close"}
        await respond(scope, receive, send)

    assert ask(rejected, *parts, headers=headers)[0] == 200


@pytest.mark.parametrize(
    ("parts", "status", "connection"), [([b"1"], 503, None), ([], 408, b"close")]
)
def test_a_request_that_takes_too_long_is_ended(parts, status, connection):
    found, headers, content = ask(hang, *parts)
    assert found == status
    assert headers[b"retry-after"] == b"1"
    assert headers.get(b"connection") == connection
    assert b"the request took too long" in content


def test_an_error_is_logged_and_its_details_are_not_sent(caplog):
    status, _, content = ask(fail, b"")
    assert status == 500
    assert b"secret" not in content
    assert "secret detail" in caplog.text


def test_a_response_that_has_started_is_not_replaced():
    async def start_and_fail(scope, receive, send):
        await respond(scope, receive, send)
        raise RuntimeError("late")

    assert ask(start_and_fail, b"") == (200, {}, b"ok")


def test_head_gets_the_response_of_get_without_a_body():
    async def echo(scope, receive, send):
        await send(start())
        await send(body(scope["method"].encode()))

    methods = []

    async def record(scope, receive, send):
        methods.append(scope["method"])
        await echo(scope, receive, send)

    assert ask(record, b"", method="HEAD") == (200, {}, b"")
    assert methods == ["GET"]


def test_a_service_that_stops_closes_connections_after_the_response():
    assert ask(respond, b"", stopping=True)[1] == {b"connection": b"close"}


def test_responses_are_counted_by_route_and_timed():
    metrics = Metrics()
    ask(respond, b"", metrics=metrics)
    ask(fail, b"", metrics=metrics)
    found = metrics.render().decode()
    assert 'requests_total{path="/predict",status="200"} 1.0' in found
    assert 'requests_total{path="/predict",status="500"} 1.0' in found
    assert "request_seconds_count 2.0" in found


def test_other_messages_than_http_pass_unseen():
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["type"])

    asyncio.run(Guard(app, limits=LIMITS, metrics=Metrics())({"type": "lifespan"}, None, None))
    assert seen == ["lifespan"]
