"""A process that computes the gradients of its share of each batch, on one of several devices."""

import multiprocessing
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn

from agnews_sk.nn import RaggedLoader
from agnews_sk.training._collectives import (
    add_up_gradients,
    joined,
    state_tensors,
    take_over,
    trained_parameters,
)
from agnews_sk.training._gradients import Gradients
from agnews_sk.training._layer_cache import LayerCache
from agnews_sk.training._rows import TextRows

if TYPE_CHECKING:
    from agnews_sk.training._net import TextNet

JOB = "job"  # name of the file that holds a `Job`
END_STEP, STOP = "end step", "stop"


@dataclass(frozen=True)
class Job:
    """What a process needs for a whole training run.

    Attributes
    ----------
    net : TextNet
        A copy without optimizer, callbacks and history.
    train : TextRows
        All training rows; the process maps them into its memory from the file.
    cache : dict of str to Any
        Parameters of its `LayerCache`.
    device : str
        Of each process, with its rank in place of `{rank}`.
    n_threads : int
        Of torch.
    """

    net: "TextNet"
    train: TextRows
    cache: dict[str, Any]
    device: str
    n_threads: int


@dataclass(frozen=True)
class Share:
    """A process's share of a batch, and the state of the net to compute it in.

    Attributes
    ----------
    rows : ndarray of int of shape (n_own,)
        May be empty.
    share : float
        Share of these rows in the loss of the step.
    of_batch : float
        Share of these rows in the batch.
    seed : int
        Random seed of dropout.
    trained : list of bool
        Whether each parameter requires a gradient.
    training : list of bool
        Whether each part of the module is in training mode.
    weights : {"all", "trained", "none"}
        Which weights come from rank 0 first, at the beginning of a step.
    """

    rows: np.ndarray
    share: float
    of_batch: float
    seed: int
    trained: list[bool]
    training: list[bool]
    weights: str


def loader_of(net: "TextNet", train: TextRows) -> RaggedLoader:
    """Return a loader of any rows, which has no batches of its own."""
    return RaggedLoader(train, net.batch_size, pad_id=net.pad_id, batches=[])


def add_share(
    add: Callable[..., tuple[Tensor | None, Tensor]],
    loader: RaggedLoader,
    order: Share,
    device: str,
) -> Tensor:
    """Add the gradients of a share of a batch, and return its part of the batch's loss.

    Parameters
    ----------
    add : callable
        `Gradients.add`.
    loader : RaggedLoader
    order : Share
    device : str

    Returns
    -------
    Tensor of shape ()
    """
    if not len(order.rows):
        return torch.zeros((), device=device)
    inputs, labels = loader.batch(order.rows)
    _, loss = add(order.rows, inputs, labels, order.share)
    return loss * order.of_batch


def work(rank: int, n_processes: int, folder: str, connection: Connection) -> None:
    """Compute shares until told to stop: the target of the processes of ranks above 0.

    Parameters
    ----------
    rank : int
    n_processes : int
    folder : str
        Holds a `Job`.
    connection : multiprocessing.connection.Connection
        Gets None when ready, and the time and text of an error; brings the orders.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends rank 0, which ends this process
    threading.Thread(target=_end_with_parent, args=(folder,), daemon=True).start()
    # Errors are reported before the group ends, which the others notice at once.
    with ExitStack() as stack, _reporting(connection):
        worker = _Worker(joblib.load(Path(folder) / JOB, mmap_mode="r"), rank)
        connection.send(None)
        stack.enter_context(joined(Path(folder), rank, n_processes, worker.device))
        while (order := connection.recv()) != STOP:
            worker.follow(order)


@contextmanager
def _reporting(connection: Connection) -> Iterator[None]:
    """Within the block, send the time and text of an error, and end the process with status 1."""
    try:
        yield
    except Exception as error:
        connection.send((time.time(), f"{type(error).__name__}: {error}"))
        raise SystemExit(1) from error


def _end_with_parent(folder: str) -> None:
    """End this process when its parent ends, in any way, and delete the folder of the run.

    A parent that is killed cannot delete it; otherwise it ends this process first.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)


class _Worker:
    """One process's copy of a net.

    Parameters
    ----------
    job : Job
    rank : int
        Its number, from 1.
    """

    def __init__(self, job: Job, rank: int) -> None:
        torch.set_num_threads(job.n_threads)
        self._net = net = job.net
        net.device = job.device.format(rank=rank)
        if torch.device(net.device).type == "cuda":
            torch.cuda.set_device(net.device)
        for part in (net.module_, net.criterion_):
            if isinstance(part, nn.Module):
                part.to(net.device)
        cache = LayerCache(net.module_, dataset=job.train, **job.cache)
        self._gradients = Gradients(net, cache, None)
        self._loader = loader_of(net, job.train)

    @property
    def device(self) -> str:
        """Its device."""
        return self._net.device

    def follow(self, order: Share | str) -> None:
        """Compute a share of a batch, or add up the gradients of a step."""
        if isinstance(order, Share):
            self._compute(order)
        else:
            add_up_gradients(trained_parameters(self._net))

    def _compute(self, order: Share) -> None:
        """Add the gradients of a share of a batch to those of this process."""
        net = self._net
        parameters = [parameter for _, parameter in net.get_all_learnable_params()]
        for parameter, trained in zip(parameters, order.trained, strict=True):
            parameter.requires_grad_(trained)
        for module, training in zip(net.module_.modules(), order.training, strict=True):
            module.training = training
        if order.weights != "none":
            for parameter in parameters:
                parameter.grad = None
            everything = order.weights == "all"
            take_over(state_tensors(net) if everything else trained_parameters(net))
        torch.manual_seed(order.seed)
        loss = add_share(self._gradients.add, self._loader, order, net.device)
        dist.reduce(loss, dst=0)
