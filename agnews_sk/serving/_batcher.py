"""Combine concurrent requests into batches, and predict them in one thread."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

Predict = Callable[[list[str]], np.ndarray]


class QueueFullError(Exception):
    """More texts wait for the model than are allowed."""


class _Pending(NamedTuple):
    """A request that waits for its predictions.

    Attributes
    ----------
    texts : sequence of str
    result : asyncio.Future
        Receives the predictions, or the error.
    since : float
        Time at which it arrived, by the clock of the event loop.
    """

    texts: Sequence[str]
    result: asyncio.Future
    since: float


class MicroBatcher:
    """Predict many small requests with few calls of a model.

    While the model works, requests gather. Once it is free, a batch starts when one of these holds:
    it has as many texts as were predicted and waiting a moment ago, so that clients that send their
    next request at once are combined instead of taking turns; it is full; or `max_wait` has passed.
    A request is never split: one larger than a batch is its own batch.

    Parameters
    ----------
    predict : callable
        From a list of texts to an array with one row per text.
    max_texts : int, default=64
        Number of texts per batch; 1 predicts each request alone.
    max_wait : float, default=0.001
        Seconds that a request may wait for others while the model is free.
    max_waiting : int, default=2_048
        Number of texts that may wait.
    on_batch : callable, optional
        Called with the number of texts of each batch.

    Notes
    -----
    If a batch fails, its requests are predicted one by one, so that only those fail that cannot be
    predicted.

    Examples
    --------
    >>> import asyncio
    >>> import numpy as np
    >>> from agnews_sk.serving._batcher import MicroBatcher
    >>> async def ask():
    ...     batcher = MicroBatcher(lambda texts: np.array([[len(text)] for text in texts]))
    ...     batcher.start()
    ...     results = await asyncio.gather(batcher.predict(["a"]), batcher.predict(["bb", "c"]))
    ...     await batcher.close()
    ...     return [result.tolist() for result in results]
    >>> asyncio.run(ask())
    [[[1]], [[2], [1]]]
    """

    def __init__(
        self,
        predict: Predict,
        *,
        max_texts: int = 64,
        max_wait: float = 0.001,
        max_waiting: int = 2_048,
        on_batch: Callable[[int], None] | None = None,
    ) -> None:
        self._predict = predict
        self._max_texts = max_texts
        self._max_wait = max_wait
        self._max_waiting = max_waiting
        self._on_batch = on_batch or (lambda n_texts: None)
        self._queue: deque[_Pending] = deque()
        self._n_queued = 0
        self._arrived = asyncio.Event()
        self._n_target = 1
        self._target_reached = asyncio.Event()
        self._free_since = 0.0
        self._runner: asyncio.Task | None = None
        self._closing = False
        self.n_waiting = 0

    def start(self) -> None:
        """Start predicting; call it within the event loop."""
        self._closing = False
        self._arrived, self._target_reached = asyncio.Event(), asyncio.Event()  # of this loop
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="model")
        self._runner = asyncio.create_task(self._run())

    @property
    def running(self) -> bool:
        """Whether requests are predicted."""
        return self._runner is not None and not self._runner.done()

    async def predict(self, texts: Sequence[str]) -> np.ndarray:
        """Return the model's predictions of texts.

        Parameters
        ----------
        texts : sequence of str of shape (n_texts,)

        Returns
        -------
        ndarray of shape (n_texts, n_outputs)

        Raises
        ------
        QueueFullError
            If too many texts are already waiting.
        """
        self._count(len(texts))
        loop = asyncio.get_running_loop()
        result = loop.create_future()
        self._queue.append(_Pending(texts, result, loop.time()))
        self._n_queued += len(texts)
        self._arrived.set()
        if self._n_queued >= self._n_target:
            self._target_reached.set()
        try:
            return await result
        finally:
            self.n_waiting -= len(texts)

    async def run(self, function: Callable[[Sequence[str]], Any], texts: Sequence[str]) -> Any:
        """Call a function with texts in the model's thread, between two batches.

        Parameters
        ----------
        function : callable
        texts : sequence of str of shape (n_texts,)

        Returns
        -------
        object
            What the function returns.

        Raises
        ------
        QueueFullError
            If too many texts are already waiting.
        """
        self._count(len(texts))
        try:
            return await self._in_thread(function, texts)
        finally:
            self.n_waiting -= len(texts)

    async def close(self) -> None:
        """Predict the waiting requests, then stop."""
        self._closing = True
        self._arrived.set()
        self._target_reached.set()
        if self._runner is not None:
            await self._runner
            self._thread.shutdown()

    def _count(self, n_texts: int) -> None:
        """Count texts as waiting, or reject them if too many wait.

        If nothing waits, any number of texts is taken, or a large request could never be predicted.

        Raises
        ------
        QueueFullError
        """
        if self.n_waiting and self.n_waiting + n_texts > self._max_waiting:
            raise QueueFullError(f"{self.n_waiting} texts are already waiting.")
        self.n_waiting += n_texts

    def _in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        """Return an awaitable of a call in the model's thread."""
        return asyncio.get_running_loop().run_in_executor(self._thread, _call, function, *args)

    async def _run(self) -> None:
        """Predict batch after batch until the batcher is closed and nothing waits."""
        while await self._wait_for_requests():
            await self._wait_for_others()
            batch = self._next_batch()
            await self._predict_batch(batch)
            self._set_target(sum(len(waiting.texts) for waiting in batch) + self._n_queued)

    async def _wait_for_requests(self) -> bool:
        """Wait for a request; return False if the batcher is closed and none is left."""
        while not self._queue and not self._closing:
            self._arrived.clear()
            await self._arrived.wait()
        return bool(self._queue)

    async def _wait_for_others(self) -> None:
        """Wait until the batch has its target size, for at most `max_wait` from its first request.

        Time during which the model worked does not count.
        """
        begin = max(self._queue[0].since, self._free_since)
        left = begin + self._max_wait - asyncio.get_running_loop().time()
        if left > 0 and not self._target_reached.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._target_reached.wait(), left)

    def _set_target(self, n_texts: int) -> None:
        """Let the next batch start as soon as it has this number of texts.

        Parameters
        ----------
        n_texts : int
            Texts that were just predicted or wait already: as many are likely to come again.
        """
        self._n_target = min(n_texts, self._max_texts)
        self._free_since = asyncio.get_running_loop().time()
        if self._n_queued < self._n_target and not self._closing:
            self._target_reached.clear()

    def _next_batch(self) -> list[_Pending]:
        """Take the requests of the next batch from the queue; skip those of clients that left.

        Returns
        -------
        list of _Pending
            At least one request if the queue is not empty, and as many more as fit into
            `max_texts`. Empty if all clients in the queue have left.
        """
        batch: list[_Pending] = []
        n_texts = 0
        while self._queue and (not batch or n_texts + len(self._queue[0].texts) <= self._max_texts):
            waiting = self._queue.popleft()
            self._n_queued -= len(waiting.texts)
            if not waiting.result.done():  # a client that left has cancelled it
                batch.append(waiting)
                n_texts += len(waiting.texts)
        return batch

    async def _predict_batch(self, batch: list[_Pending]) -> None:
        """Predict a batch and give each request its rows; if it fails, predict one by one."""
        if not batch:
            return
        texts = [text for waiting in batch for text in waiting.texts]
        self._on_batch(len(texts))
        try:
            predicted = await self._in_thread(self._predict, texts)
        except Exception as error:
            if len(batch) == 1:
                _resolve(batch[0].result, error=error)
                return
            for waiting in batch:
                await self._predict_batch([waiting])
            return
        start = 0
        for waiting in batch:
            _resolve(waiting.result, predicted[start : start + len(waiting.texts)])
            start += len(waiting.texts)


def _call(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function and turn errors that would end the service into errors of one request.

    Parameters
    ----------
    function : callable
    *args
        Its arguments.

    Raises
    ------
    RuntimeError
        From an error that is no Exception, such as a panic of Rust code, or from StopIteration.
    """
    try:
        return function(*args)
    except BaseException as error:
        # A panic of a library written in Rust derives from BaseException only and would end more
        # than one request; a future rejects StopIteration.
        if isinstance(error, Exception) and not isinstance(error, StopIteration):
            raise
        raise RuntimeError(f"the model failed: {type(error).__name__}") from error


def _resolve(future: asyncio.Future, value: Any = None, *, error: Exception | None = None) -> None:
    """Give a waiting request its result or its error, unless its client has left.

    Parameters
    ----------
    future : asyncio.Future
    value : object, optional
    error : Exception, optional
        Set instead of the value.
    """
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(value)
