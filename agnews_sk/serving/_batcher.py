"""Join what concurrent requests ask into batches, and predict them in one thread."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

Predict = Callable[[list[str]], np.ndarray]


class QueueFullError(Exception):
    """More texts wait than may."""


class _Waiting(NamedTuple):
    texts: Sequence[str]
    answer: asyncio.Future
    since: float


class MicroBatcher:
    """Answer many small requests with few calls of a model.

    While the model works, requests gather. Once it is free, a batch leaves when it has as many
    texts as were answered and waiting a moment ago, so that clients that ask again at once are
    joined instead of taking turns; or when it is full; or after `max_wait`. A request is never
    split, so that one larger than a batch is a batch of its own.

    Parameters
    ----------
    predict : callable
        From a list of texts to an array with one row a text.
    max_texts : int, default=64
        Texts of a batch; 1 predicts each request alone.
    max_wait : float, default=0.001
        Seconds that a request may wait for others to join it while the model is free.
    max_waiting : int, default=2_048
        Texts that may wait.
    on_batch : callable, optional
        Called with the number of texts of each batch.

    Notes
    -----
    If a batch fails, its requests are predicted one by one, so that only the one to blame fails.

    Examples
    --------
    >>> import asyncio
    >>> import numpy as np
    >>> from agnews_sk.serving._batcher import MicroBatcher
    >>> async def ask():
    ...     batcher = MicroBatcher(lambda texts: np.array([[len(text)] for text in texts]))
    ...     batcher.start()
    ...     answers = await asyncio.gather(batcher.predict(["a"]), batcher.predict(["bb", "c"]))
    ...     await batcher.close()
    ...     return [answer.tolist() for answer in answers]
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
        self._queue: deque[_Waiting] = deque()
        self._n_queued = 0
        self._arrived = asyncio.Event()
        self._n_enough = 1
        self._enough_waiting = asyncio.Event()
        self._free_since = 0.0
        self._runner: asyncio.Task | None = None
        self._closing = False
        self.n_waiting = 0

    def start(self) -> None:
        """Begin to answer; to be called in the event loop."""
        self._closing = False
        self._arrived, self._enough_waiting = asyncio.Event(), asyncio.Event()  # of this loop
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="model")
        self._runner = asyncio.create_task(self._run())

    @property
    def running(self) -> bool:
        """Whether requests are answered."""
        return self._runner is not None and not self._runner.done()

    async def predict(self, texts: Sequence[str]) -> np.ndarray:
        """Return the model's answer to these texts.

        Parameters
        ----------
        texts : sequence of str of shape (n_texts,)

        Returns
        -------
        ndarray of shape (n_texts, n_outputs)

        Raises
        ------
        QueueFullError
            If too many texts wait already.
        """
        self._count(len(texts))
        loop = asyncio.get_running_loop()
        answer = loop.create_future()
        self._queue.append(_Waiting(texts, answer, loop.time()))
        self._n_queued += len(texts)
        self._arrived.set()
        if self._n_queued >= self._n_enough:
            self._enough_waiting.set()
        try:
            return await answer
        finally:
            self.n_waiting -= len(texts)

    async def run(self, function: Callable[[Sequence[str]], Any], texts: Sequence[str]) -> Any:
        """Return what a function says of texts, called between batches in the model's thread.

        Parameters
        ----------
        function : callable
        texts : sequence of str of shape (n_texts,)

        Returns
        -------
        Whatever the function returns.

        Raises
        ------
        QueueFullError
            If too many texts wait already.
        """
        self._count(len(texts))
        try:
            return await self._in_thread(function, texts)
        finally:
            self.n_waiting -= len(texts)

    async def close(self) -> None:
        """Answer what waits, and stop."""
        self._closing = True
        self._arrived.set()
        self._enough_waiting.set()
        if self._runner is not None:
            await self._runner
            self._thread.shutdown()

    def _count(self, n_texts: int) -> None:
        if self.n_waiting and self.n_waiting + n_texts > self._max_waiting:
            raise QueueFullError(f"{self.n_waiting} texts wait already.")
        self.n_waiting += n_texts

    def _in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        return asyncio.get_running_loop().run_in_executor(self._thread, _called, function, *args)

    async def _run(self) -> None:
        while await self._something_waits():
            await self._let_others_join()
            batch = self._next_batch()
            await self._answer(batch)
            self._expect(sum(len(waiting.texts) for waiting in batch) + self._n_queued)

    async def _something_waits(self) -> bool:
        while not self._queue and not self._closing:
            self._arrived.clear()
            await self._arrived.wait()
        return bool(self._queue)

    async def _let_others_join(self) -> None:
        begin = max(self._queue[0].since, self._free_since)
        left = begin + self._max_wait - asyncio.get_running_loop().time()
        if left > 0 and not self._enough_waiting.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._enough_waiting.wait(), left)

    def _expect(self, n_texts: int) -> None:
        """Let the next batch leave as soon as it has as many texts."""
        self._n_enough = min(n_texts, self._max_texts)
        self._free_since = asyncio.get_running_loop().time()
        if self._n_queued < self._n_enough and not self._closing:
            self._enough_waiting.clear()

    def _next_batch(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        n_texts = 0
        while self._queue and (not batch or n_texts + len(self._queue[0].texts) <= self._max_texts):
            waiting = self._queue.popleft()
            self._n_queued -= len(waiting.texts)
            if not waiting.answer.done():  # a client that left has cancelled it
                batch.append(waiting)
                n_texts += len(waiting.texts)
        return batch

    async def _answer(self, batch: list[_Waiting]) -> None:
        if not batch:
            return
        texts = [text for waiting in batch for text in waiting.texts]
        self._on_batch(len(texts))
        try:
            answers = await self._in_thread(self._predict, texts)
        except Exception as error:
            if len(batch) == 1:
                _give(batch[0].answer, error=error)
                return
            for waiting in batch:
                await self._answer([waiting])
            return
        start = 0
        for waiting in batch:
            _give(waiting.answer, answers[start : start + len(waiting.texts)])
            start += len(waiting.texts)


def _called(function: Callable[..., Any], *args: Any) -> Any:
    try:
        return function(*args)
    except BaseException as error:
        # A panic of a library written in Rust, which derives from BaseException alone, would end
        # more than the request that is to blame; no future takes a StopIteration.
        if isinstance(error, Exception) and not isinstance(error, StopIteration):
            raise
        raise RuntimeError(f"the model failed: {type(error).__name__}") from error


def _give(answer: asyncio.Future, value: Any = None, *, error: Exception | None = None) -> None:
    if answer.done():
        return
    if error is not None:
        answer.set_exception(error)
    else:
        answer.set_result(value)
