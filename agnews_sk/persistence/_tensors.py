"""Weights as safetensors, the header checked before the library reads it."""

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
    """Return the safetensors file of these arrays.

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
    """Return the arrays of a safetensors file; they are views of its bytes.

    Parameters
    ----------
    content : bytes
    name : str
        What messages call the file.

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    ArtifactError
        If the header is longer than the file, does not describe its bytes one tensor after the
        other, or a weight is not finite.
    """
    with artifact_errors(name):
        n_header = int.from_bytes(content[:8], "little")
        if len(content) < 8 or n_header > min(_MAX_HEADER_BYTES, len(content) - 8):
            raise ArtifactError(
                f"{name} has a header of {n_header} bytes in a file of {len(content)}; it is "
                "truncated or no safetensors file."
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
                raise ArtifactError(f"{name} has the tensor {key!r} where it does not belong.")
            tensors[key] = np.frombuffer(data[start:stop], dtype).reshape(shape)
            end = stop
        if end != len(data):
            raise ArtifactError(f"{name} has {len(data) - end} bytes behind its last tensor.")
        for key, tensor in tensors.items():
            if tensor.dtype.kind == "f" and not np.isfinite(tensor).all():
                raise ArtifactError(f"{name} has weights in {key!r} that are not finite.")
        return tensors
