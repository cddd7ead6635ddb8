"""What the processes of one training run do together: meet, add gradients, take over weights."""

import os
import re
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import torch
import torch.distributed as dist
from torch import Tensor, nn

if TYPE_CHECKING:
    from agnews_sk.training._net import TextNet

_INTERFACES = ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME")


@contextmanager
def on_loopback() -> Iterator[None]:
    """Within the block, new process groups use the loopback interface only.

    Environment variables that are set already are kept. On Windows nothing is set, since torch
    finds an interface by the name of the host there.
    """
    named = [] if sys.platform == "win32" else [name for _, name in socket.if_nameindex()]
    loopback = [name for name in named if re.fullmatch(r"lo\d*", name)]
    added = {name: loopback[0] for name in _INTERFACES if loopback and name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


@contextmanager
def joined(folder: Path, rank: int, n_processes: int, device: str) -> Iterator[None]:
    """Within the block, this process is one of a group.

    Parameters
    ----------
    folder : pathlib.Path
        Where the processes find each other, by a file: no port has to be free.
    rank : int
    n_processes : int
    device : str
        Of this process. Tensors on a CPU go through gloo, those on GPUs through NCCL.
    """
    store = dist.FileStore(str(folder / "store"), n_processes)
    backend = "gloo" if torch.device(device).type == "cpu" else "cpu:gloo,cuda:nccl"
    dist.init_process_group(backend, store=store, rank=rank, world_size=n_processes)
    try:
        yield
    finally:
        dist.destroy_process_group()


def state_tensors(net: "TextNet") -> list[Tensor]:
    """Return all that a net computes with: parameters and buffers, of the criterion too."""
    parts = [part for part in (net.module_, net.criterion_) if isinstance(part, nn.Module)]
    return [tensor for part in parts for tensor in part.state_dict().values()]


def trained_parameters(net: "TextNet") -> list[Tensor]:
    """Return the parameters of a net that are trained now."""
    return [p for _, p in net.get_all_learnable_params() if p.requires_grad]


@torch.no_grad()
def take_over(tensors: Sequence[Tensor]) -> None:
    """Copy the values of tensors from rank 0 to all other ranks.

    Parameters
    ----------
    tensors : sequence of Tensor
        Of the same shapes in the same order on each rank.
    """
    for _, group in groupby(tensors, lambda tensor: tensor.dtype):
        same = list(group)
        flat = _flat(same)
        dist.broadcast(flat, src=0)
        if dist.get_rank() > 0:
            for tensor, values in zip(same, _parts(flat, same), strict=True):
                tensor.copy_(values)


@torch.no_grad()
def add_up_gradients(parameters: Sequence[Tensor]) -> None:
    """Set the gradients on rank 0 to the sums of those of all ranks.

    A parameter that no rank has a gradient of keeps none, so that an optimizer leaves it out.

    Parameters
    ----------
    parameters : sequence of Tensor
        The same in the same order on each rank.
    """
    has_gradient = torch.tensor([p.grad is not None for p in parameters], dtype=torch.uint8)
    # On the CPU: it fails at once if a process has ended, before a GPU waits for it.
    dist.all_reduce(has_gradient, dist.ReduceOp.MAX)
    used = [p for p, has in zip(parameters, has_gradient.tolist(), strict=True) if has]
    if not used:
        return
    flat = _flat([torch.zeros_like(p) if p.grad is None else p.grad for p in used])
    dist.reduce(flat, dst=0)
    if dist.get_rank() == 0:
        for parameter, gradient in zip(used, _parts(flat, used), strict=True):
            parameter.grad = gradient


def _flat(tensors: Sequence[Tensor]) -> Tensor:
    """Return tensors of one type one after the other, of shape (n_elements,)."""
    return torch.cat([tensor.reshape(-1) for tensor in tensors])


def _parts(flat: Tensor, like: Sequence[Tensor]) -> list[Tensor]:
    """Return the parts of `_flat` in the shapes of the tensors that it joined."""
    parts = flat.split([tensor.numel() for tensor in like])
    return [part.view(tensor.shape) for part, tensor in zip(parts, like, strict=True)]
