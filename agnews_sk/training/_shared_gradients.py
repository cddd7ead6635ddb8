"""Gradients of batches that are shared between several devices, as rank 0 computes them."""

import multiprocessing
import pickle
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import torch
import torch.distributed as dist
from skorch.history import History
from torch import Tensor

from agnews_sk._core.device import choose_device
from agnews_sk.training._collectives import (
    add_up_gradients,
    joined,
    on_loopback,
    state_tensors,
    take_over,
    trained_parameters,
)
from agnews_sk.training._device_processes import DeviceProcesses
from agnews_sk.training._device_worker import END_STEP, JOB, Job, Share, add_share, loader_of
from agnews_sk.training._gradients import Gradients
from agnews_sk.training._layer_cache import LayerCache
from agnews_sk.training._loop_state import LoopState
from agnews_sk.training._rows import TextRows

if TYPE_CHECKING:
    from agnews_sk.training._net import TextNet


class SharedGradients(Gradients):
    r"""Sums of the gradients that several devices compute, each of its share of every batch.

    This process is rank 0, and computes a share too. It alone has the loop, the optimizer, the
    callbacks, the history and the checkpoint: the other processes get the weights before each
    step, and the rows of their share.

    Parameters
    ----------
    net : TextNet
        Initialized.
    cache : LayerCache
    train : TextRows
    loop : LoopState
        The number of the step seeds dropout.

    Notes
    -----
    A batch of :math:`n` rows with weights :math:`w_i` has the loss
    :math:`\frac{1}{n} \sum_i w_i \ell_i`. A device with :math:`m` of the rows computes
    :math:`\frac{m}{n} \cdot \frac{1}{m} \sum_i w_i \ell_i` over them; the sum over all devices is
    that loss, and so are the gradients.
    """

    def __init__(self, net: "TextNet", cache: LayerCache, train: TextRows, loop: LoopState) -> None:
        super().__init__(net, cache, None)
        self._train = train
        self._loop = loop
        self._loader = loader_of(net, train)
        self._n_devices = net.settings.devices
        self._processes: DeviceProcesses | None = None
        self._n_batches = 0  # of the current step
        self._weights_due = "all"  # before the next batch: "all", "trained" or "none"

    @contextmanager
    def running(self) -> Iterator[None]:
        """Start the other processes, and end them after the block or when it fails."""
        _check_no_group(self._n_devices)
        n_threads = torch.get_num_threads()
        on_cpu = torch.device(self._net.device).type == "cpu"
        of_each = max(n_threads // self._n_devices, 1) if on_cpu else n_threads
        torch.set_num_threads(of_each)
        try:
            with ExitStack() as stack:
                folder = Path(stack.enter_context(_temporary_folder()))
                self._write_job(of_each, folder / JOB)
                stack.enter_context(on_loopback())
                self._processes = DeviceProcesses(self._n_devices, folder)
                stack.enter_context(self._processes.running())
                with self._processes.explaining():
                    stack.enter_context(joined(folder, 0, self._n_devices, self._net.device))
                yield
        finally:
            torch.set_num_threads(n_threads)

    def check(self) -> None:
        """Raise a RuntimeError that names the rank if another process has ended."""
        self._others.check()

    def begin_epoch(self) -> None:
        """Send all weights before the next step: a callback may have changed frozen ones too."""
        self._weights_due = "all"

    def own_rows(self, rows: np.ndarray) -> np.ndarray:
        """Return those rows of a batch that rank 0 computes."""
        return self._shares(rows)[0]

    def add(
        self, rows: np.ndarray, inputs: dict[str, Tensor], labels: dict[str, Tensor], share: float
    ) -> tuple[Tensor | None, Tensor]:
        """Let each device add the gradients of its share of a batch; see `Gradients`."""
        net = self._net
        orders = self._orders(rows, share)
        with self._others.explaining():
            self._others.send(orders[1:])
            if self._weights_due != "none":
                everything = self._weights_due == "all"
                take_over(state_tensors(net) if everything else trained_parameters(net))
        self._weights_due = "none"
        self._n_batches += 1
        loss = add_share(super().add, self._loader, orders[0], net.device)
        with self._others.explaining():
            dist.reduce(loss, dst=0)
        return None, loss

    def end_step(self) -> None:
        """Add up the gradients of all devices."""
        with self._others.explaining():
            self._others.send([END_STEP] * (self._n_devices - 1))
            add_up_gradients(trained_parameters(self._net))
        self._weights_due, self._n_batches = "trained", 0

    @property
    def _others(self) -> DeviceProcesses:
        """The other processes, within `running`."""
        assert self._processes is not None
        return self._processes

    def _shares(self, rows: np.ndarray) -> list[np.ndarray]:
        """Return the rows of a batch that each device computes.

        Parameters
        ----------
        rows : ndarray of int of shape (batch,)
            Sorted by length, so that every n-th row gives shares of about the same lengths.

        Returns
        -------
        list of ndarray of int
        """
        n = self._n_devices
        if self._cache.is_on:  # the outputs for a row are cached on one device
            return [rows[rows % n == rank] for rank in range(n)]
        return [rows[rank::n] for rank in range(n)]

    def _orders(self, rows: np.ndarray, share: float) -> list[Share]:
        """Return what each device has to compute of a batch."""
        net = self._net
        trained = [parameter.requires_grad for _, parameter in net.get_all_learnable_params()]
        training = [module.training for module in net.module_.modules()]
        place = net.settings.seed, self._loop.step, self._n_batches
        orders = []
        for rank, own in enumerate(self._shares(rows)):
            of_batch = len(own) / len(rows)
            # Not the state of a generator: a training run that resumes draws the same numbers.
            seed = int(np.random.SeedSequence([*place, rank]).generate_state(1)[0])
            orders.append(
                Share(own, share * of_batch, of_batch, seed, trained, training, self._weights_due)
            )
        return orders

    def _write_job(self, n_threads: int, path: Path) -> None:
        """Write what the other processes need to a file."""
        try:
            joblib.dump(self._job(n_threads), path)
        except (AttributeError, TypeError, pickle.PicklingError) as error:
            raise ValueError(
                f"devices={self._n_devices} sends the model and the criterion to other processes, "
                f"and one of them cannot be pickled: {error}; define its class at the top of a "
                "module, without lambda functions."
            ) from error

    def _job(self, n_threads: int) -> Job:
        """Return what the other processes need, without what only rank 0 has."""
        net = self._net
        copy = type(net).__new__(type(net))
        # Not by `copy.copy`, which would copy the weights and call what pickles callbacks.
        copy.__dict__.update(vars(net))
        copy.__dict__.update(
            module=type(net.module_),
            callbacks=None,
            callbacks_=[],
            optimizer=None,
            optimizer_=None,
            history_=History(),
            virtual_params_={},
            settings=replace(net.settings, schedule=None),
            device="cpu",
        )
        on_cpu = torch.device(net.device).type == "cpu"
        device = "cpu" if on_cpu else "cuda:{rank}"
        return Job(copy, self._train, self._cache.settings, device, n_threads)


def _temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder for the files of one training run."""
    # Windows deletes no file that a process has mapped.
    return tempfile.TemporaryDirectory(prefix="agnews_sk-", ignore_cleanup_errors=True)


def check_devices(classifier: Any) -> None:
    """Reject a number of devices that there are not, or that other parameters conflict with.

    Parameters
    ----------
    classifier : TextNetClassifier

    Raises
    ------
    ValueError
        If `devices` is above 1, and there are fewer GPUs, the device is neither a CPU nor "cuda",
        or another parameter conflicts with it.
    RuntimeError
        If torch has no `torch.distributed`, or this process may not start others.
    """
    n = classifier.devices
    if n == 1:
        return
    for name, (value, reason) in _CONFLICTS.items():
        if getattr(classifier, name) == value:
            raise ValueError(f"devices={n} cannot be combined with {name}={value!r}: {reason}.")
    device = choose_device((classifier.net_params or {}).get("device", classifier.device))
    _check_device(n, device)
    if not dist.is_available() or (device == "cuda" and not dist.is_nccl_available()):
        missing = "torch.distributed" if device == "cpu" else "torch.distributed with NCCL"
        raise RuntimeError(f"devices={n} needs {missing}, which this build of torch lacks.")
    if multiprocessing.current_process().daemon:
        raise RuntimeError(
            f"devices={n} starts processes, but this one is a daemon, as those of "
            "multiprocessing.Pool are, which may start none; use joblib or concurrent.futures."
        )


def _check_no_group(n: int) -> None:
    """Raise a RuntimeError if this process is in a group already, not of a fit in a thread."""
    if dist.is_initialized():
        raise RuntimeError(
            f"devices={n} starts its own processes, but this process is in a group of "
            "torch.distributed already; start the program without torchrun."
        )


def _check_device(n: int, device: str) -> None:
    """Raise a ValueError if there are no `n` devices of a kind."""
    if device not in ("cpu", "cuda"):
        raise ValueError(
            f"devices={n} needs device='cuda', for the first GPUs, or 'cpu', got {device!r}."
        )
    if device == "cuda" and n > torch.cuda.device_count():
        raise ValueError(
            f"devices={n} needs as many GPUs, and torch finds {torch.cuda.device_count()}; lower "
            "devices, or set CUDA_VISIBLE_DEVICES."
        )


_CONFLICTS: dict[str, tuple[Any, str]] = {
    "loss": ("contrastive", "its loss compares all texts of a batch with each other"),
    "compile": (True, "each process would compile the model; train with compile=False"),
}
