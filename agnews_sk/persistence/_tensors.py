"""Weights as safetensors; the header is checked before a byte of it is used.

A safetensors file is the length of its header as 8 bytes, the header in JSON, which has the dtype,
shape and offsets of each tensor, and the tensors one after the other.
"""

import json
import math
from collections.abc import Mapping

import numpy as np

from agnews_sk.persistence._errors import ArtifactError, artifact_errors

_MAX_HEADER_BYTES = 2**25
_DTYPES = {
    "BOOL": np.bool_,
    "F16": np.float16,
    "F32": np.float32,
    "F64": np.float64,
    "I32": np.int32,
    "I64": np.int64,
    "U8": np.uint8,
}


def dump_tensors(tensors: Mapping[str, np.ndarray]) -> bytes:
    """Return arrays as the content of a safetensors file.

    Parameters
    ----------
    tensors : mapping of str to ndarray

    Returns
    -------
    bytes
    """
    from safetensors.numpy import save

    return save(dict(tensors))


def load_tensors(content: bytes, name: str) -> dict[str, np.ndarray]:
    """Return the arrays of a safetensors file.

    Parameters
    ----------
    content : bytes
    name : str
        Name of the file for messages.

    Returns
    -------
    dict of str to ndarray
        Read-only views of `content`, so that large weights are not copied.

    Raises
    ------
    ArtifactError
        If the header is longer than the file; if tensors overlap, leave a gap, exceed the file or
        do not have the size of their shape, so that readers could disagree about their bytes; or
        if a weight is NaN or infinite.
    """
    with artifact_errors(name):
        n_header = int.from_bytes(content[:8], "little")
        if len(content) < 8 or n_header > min(_MAX_HEADER_BYTES, len(content) - 8):
            raise ArtifactError(
                f"{name} has a header of {n_header} bytes in a file of {len(content)}; it is "
                "truncated or not a safetensors file."
            )
        header = json.loads(content[8 : 8 + n_header])
        header.pop("__metadata__", None)
        data = memoryview(content)[8 + n_header :]
        tensors, end = {}, 0
        for key, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
            dtype, shape = np.dtype(_DTYPES[entry["dtype"]]), tuple(map(int, entry["shape"]))
            start, stop = entry["data_offsets"]
            if (
                start != end
                or stop - start != math.prod(shape) * dtype.itemsize
                or stop > len(data)
            ):
                raise ArtifactError(
                    f"{name} has the tensor {key!r} at offsets that do not follow the one before."
                )
            tensors[key] = np.frombuffer(data[start:stop], dtype).reshape(shape)
            end = stop
        if end != len(data):
            raise ArtifactError(f"{name} has {len(data) - end} bytes after its last tensor.")
        for key, tensor in tensors.items():
            if tensor.dtype.kind == "f" and not np.isfinite(tensor).all():
                raise ArtifactError(f"{name} has weights in {key!r} that are not finite.")
        return tensors
