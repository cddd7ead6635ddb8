"""One user at a time of the random numbers that torch has for the whole process."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_lock = threading.RLock()


@contextmanager
def seeded_torch(seed: int | None = None) -> Iterator[None]:
    """Seed torch within it, alone among threads, and leave its random state as it was.

    Parameters
    ----------
    seed : int, optional
        None goes on with the numbers that would come next.

    Notes
    -----
    New weights and dropout draw from a generator that all threads of a process share: two
    trainings at once would take each other's numbers. The second one waits. On a CPU it loses
    little, since the first one's matrix products already run on every core.

    Examples
    --------
    >>> import torch
    >>> from agnews_sk.nn import seeded_torch
    >>> with seeded_torch(3):
    ...     first = torch.rand(2)
    >>> with seeded_torch(3):
    ...     again = torch.rand(2)
    >>> torch.equal(first, again)
    True
    """
    with _lock, torch.random.fork_rng():
        if seed is not None:
            torch.manual_seed(seed)
        yield


def _forget_other_threads() -> None:
    """Free the lock in a forked process, which has none of the threads that may hold it."""
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_forget_other_threads)
