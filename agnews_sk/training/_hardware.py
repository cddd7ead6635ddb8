"""The precision of training, fast inference on CPUs, memory errors and random states."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode

# Parts of the messages of errors of other types: of a CPU, and of another process.
_OUT_OF_MEMORY = ("can't allocate memory", torch.OutOfMemoryError.__name__)


def use_bfloat16(precision: str, device: str) -> bool:
    """Return whether training multiplies matrices in bfloat16.

    Parameters
    ----------
    precision : {"auto", "bf16", "fp32"}
        "auto" is bfloat16 where the hardware computes it, and does not emulate it.
    device : str

    Returns
    -------
    bool
    """
    if precision != "auto":
        return precision == "bf16"
    if torch.device(device).type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capabilities = torch.cpu.get_capabilities()
    return capabilities.get("avx512_bf16", False) or capabilities.get("amx_bf16", False)


class OneDnnLinear(TorchFunctionMode):
    """Within it, float32 linear layers on a CPU run in oneDNN, without gradients.

    torch sends them to the BLAS it was built with; on AMD processors oneDNN takes about two
    thirds of the time. Results differ by rounding only.
    """

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func is F.linear and not kwargs and _is_plain(args[0]):
            bias = args[2] if len(args) > 2 else None
            return torch.ops.mkldnn._linear_pointwise(args[0], args[1], bias, "none", [], "")
        return func(*args, **(kwargs or {}))


def _is_plain(x: torch.Tensor) -> bool:
    """Return whether a tensor is one that oneDNN's kernel takes."""
    return x.device.type == "cpu" and x.dtype == torch.float32


@contextmanager
def fast_inference(device: str, *, compiled: bool = False) -> Iterator[None]:
    """Compute without gradients within the block, on a CPU by oneDNN where torch has it.

    Parameters
    ----------
    device : str
    compiled : bool, default=False
        A compiled module chooses its kernels itself.
    """
    on_cpu = torch.device(device).type == "cpu" and not compiled
    onednn = on_cpu and hasattr(torch.ops.mkldnn, "_linear_pointwise")
    with torch.inference_mode():
        if onednn:
            with OneDnnLinear():
                yield
        else:
            yield


def without_waiting(tensor: torch.Tensor, device: str | torch.device) -> torch.Tensor:
    """Return a tensor on a device, by a copy that does not wait for running kernels.

    Parameters
    ----------
    tensor : torch.Tensor
        One in the processor's memory goes through pinned memory, from which alone such copies are.
    device : str or torch.device

    Returns
    -------
    torch.Tensor
    """
    if torch.device(device).type == tensor.device.type == "cpu":
        return tensor
    pinned = tensor.pin_memory() if tensor.device.type == "cpu" else tensor
    return pinned.to(device, non_blocking=True)


@contextmanager
def explain_out_of_memory(advice: str) -> Iterator[None]:
    """Turn torch's out-of-memory errors, on any device, into a MemoryError with advice.

    That of another process comes as a RuntimeError with its name.
    """
    try:
        yield
    except RuntimeError as error:
        is_one = isinstance(error, torch.OutOfMemoryError)
        if is_one or any(text in str(error) for text in _OUT_OF_MEMORY):
            raise MemoryError(f"The device ran out of memory; {advice}.") from error
        raise


def random_state_of(device: str) -> dict[str, torch.Tensor]:
    """Return the state of the generators that training draws from: the CPU's and the device's."""
    state = {"cpu": torch.get_rng_state()}
    if torch.device(device).type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def set_random_state(device: str, state: dict[str, torch.Tensor]) -> None:
    """Set the generators to the state that `random_state_of` returned."""
    torch.set_rng_state(state["cpu"].cpu())
    if "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"].cpu(), device)
