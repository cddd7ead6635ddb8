"""Exclusive use of torch's global random generators."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_lock = threading.RLock()


@contextmanager
def seeded_torch(seed: int | None = None) -> Iterator[None]:
    """Seed torch within the block, for one thread at a time, and restore its random state.

    Parameters
    ----------
    seed : int, optional
        None continues from the current state.

    Notes
    -----
    New weights and dropout draw from generators that all threads of a process share: two
    concurrent training runs would not be repeatable. The second waits. On a CPU it loses little,
    since the matrix products of the first one already run on every core.

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
    # Named, since torch warns where there are several and none is.
    devices = range(torch.cuda.device_count())
    with _lock, torch.random.fork_rng(devices=devices):
        if seed is not None:
            torch.manual_seed(seed)
        yield


def _forget_other_threads() -> None:
    """Make a new lock in a forked process, where the thread that held the old one is missing."""
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_forget_other_threads)
