import asyncio
import threading
import time

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="the serve extra is not installed")

from hypothesis import given, settings
from hypothesis import strategies as st

from agnews_sk.serving._batcher import MicroBatcher, QueueFullError


def lengths(texts):
    return np.array([[len(text)] for text in texts])


async def answers_of(batcher, requests):
    batcher.start()
    responses = await asyncio.gather(*map(batcher.predict, requests))
    await batcher.close()
    return [response[:, 0].tolist() for response in responses]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.lists(st.text(max_size=3), min_size=1, max_size=5), min_size=1, max_size=12),
    st.integers(1, 8),
)
def test_each_request_gets_its_own_rows_and_batches_are_bounded(requests, max_texts):
    sizes = []
    batcher = MicroBatcher(lengths, max_texts=max_texts, on_batch=sizes.append)
    found = asyncio.run(answers_of(batcher, requests))
    assert found == [[len(text) for text in request] for request in requests]
    assert sum(sizes) == sum(map(len, requests))
    assert max(sizes) <= max(max_texts, *map(len, requests))
    assert batcher.n_waiting == 0


def test_requests_that_arrive_while_the_model_works_share_a_batch():
    gate, sizes = threading.Event(), []

    def slow(texts):
        gate.wait(10)
        return lengths(texts)

    async def ask():
        batcher = MicroBatcher(slow, max_wait=0, on_batch=sizes.append)
        batcher.start()
        first = asyncio.create_task(batcher.predict(["a"]))
        while not sizes:
            await asyncio.sleep(0)
        others = [asyncio.create_task(batcher.predict(["b"])) for _ in range(5)]
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(first, *others)
        await batcher.close()

    asyncio.run(ask())
    assert sizes == [1, 5]


def test_clients_that_send_their_next_request_at_once_share_a_batch():
    sizes = []

    async def client(batcher, delay):
        await asyncio.sleep(delay)
        for _ in range(6):
            await batcher.predict(["a"])

    def slow(texts):
        time.sleep(0.02)
        return lengths(texts)

    async def ask():
        batcher = MicroBatcher(slow, max_wait=0.5, on_batch=sizes.append)
        batcher.start()
        await batcher.predict(["warm"])
        # The second arrives during the response to the first: without waiting, they alternate.
        await asyncio.gather(client(batcher, 0), client(batcher, 0.01))
        await batcher.close()

    asyncio.run(ask())
    assert sizes == [1, 1, 2, 2, 2, 2, 2, 1]


def test_a_single_client_waits_once_for_clients_that_have_left():
    async def ask():
        batcher = MicroBatcher(lengths, max_wait=1)
        batcher.start()
        await batcher.predict(["a"] * 64)
        for _ in range(20):
            await batcher.predict(["a"])
        await batcher.close()

    asyncio.run(asyncio.wait_for(ask(), 15))


def test_close_predicts_the_waiting_requests():
    async def ask():
        batcher = MicroBatcher(lengths, max_wait=60)
        batcher.start()
        await batcher.predict(["a"] * 4)  # so that three are not enough to leave
        waiting = [asyncio.create_task(batcher.predict(["abc"])) for _ in range(3)]
        await asyncio.sleep(0)
        closing = asyncio.create_task(batcher.close())
        found = await asyncio.wait_for(asyncio.gather(*waiting), 15)
        await closing
        return [response.tolist() for response in found]

    assert asyncio.run(ask()) == [[[3]]] * 3


def test_a_client_that_leaves_frees_its_place_and_costs_no_prediction():
    asked = []

    def note(texts):
        asked.extend(texts)
        return lengths(texts)

    async def ask():
        batcher = MicroBatcher(note, max_wait=0.01, max_waiting=2)
        batcher.start()
        leaving = asyncio.create_task(batcher.predict(["gone"]))
        staying = asyncio.create_task(batcher.predict(["here"]))
        await asyncio.sleep(0)
        with pytest.raises(QueueFullError, match="2 texts are already waiting"):
            await batcher.predict(["too much"])
        leaving.cancel()
        await staying
        await batcher.close()

    asyncio.run(ask())
    assert asked == ["here"]


def test_a_request_that_fails_the_model_fails_alone():
    sizes = []

    def picky(texts):
        if "bad" in texts:
            raise ValueError("a bad text")
        return lengths(texts)

    async def ask():
        batcher = MicroBatcher(picky, on_batch=sizes.append)
        batcher.start()
        asked = [batcher.predict([text]) for text in ("a", "bad", "abc")]
        responses = await asyncio.gather(*asked, return_exceptions=True)
        await batcher.close()
        return responses

    first, failed, last = asyncio.run(ask())
    assert (first.tolist(), str(failed), last.tolist()) == ([[1]], "a bad text", [[3]])
    assert sizes[0] == 3


def test_a_closed_batcher_can_be_started_again():
    batcher = MicroBatcher(lengths)
    for _ in range(2):
        assert asyncio.run(answers_of(batcher, [["ab"]])) == [[2]]
