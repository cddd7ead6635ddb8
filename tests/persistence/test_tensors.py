"""Weights survive a safetensors file, whose header is not trusted."""

import json

import numpy as np
import pytest

from agnews_sk.persistence import ArtifactError
from agnews_sk.persistence._tensors import dump_tensors, load_tensors

WEIGHTS = {
    "half": np.array([[1.5, -2.0]], dtype=np.float16),
    "single": np.arange(6, dtype=np.float32).reshape(2, 3),
    "double": np.array(0.1),
    "empty": np.zeros((0, 4), dtype=np.float32),
    "ids": np.array([2**40, -1]),
    "mask": np.array([True, False]),
}


def forge(content, change):
    """Change the header of a safetensors file, a dict by name of the tensor."""
    n_header = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + n_header])
    change(header)
    written = json.dumps(header).encode()
    return len(written).to_bytes(8, "little") + written + content[8 + n_header :]


def load(content):
    return load_tensors(content, "model.safetensors")


def test_arrays_survive_a_round_trip():
    loaded = load(dump_tensors(WEIGHTS))
    assert loaded.keys() == WEIGHTS.keys()
    for name, expected in WEIGHTS.items():
        np.testing.assert_array_equal(loaded[name], expected, strict=True)


def test_loaded_arrays_are_views_that_cannot_be_written():
    content = dump_tensors(WEIGHTS)
    loaded = load(content)["single"]
    assert not loaded.flags.owndata
    assert not loaded.flags.writeable


@pytest.mark.parametrize("n_bytes", [0, 7, 8, 40, -1], ids=str)
def test_a_truncated_file_is_rejected(n_bytes):
    content = dump_tensors(WEIGHTS)[:n_bytes]
    with pytest.raises(ArtifactError, match=r"^model\.safetensors "):
        load(content)


def test_bytes_after_the_last_tensor_are_rejected():
    with pytest.raises(ArtifactError, match="has 3 bytes after its last tensor"):
        load(dump_tensors(WEIGHTS) + b"abc")


@pytest.mark.parametrize(
    "forged",
    [
        {"shape": [3, 3]},
        {"shape": [2**40, 2**40]},
        {"shape": [-2, -3]},
        {"data_offsets": [0, 24]},
        {"dtype": "F64"},
    ],
    ids=["larger", "huge", "negative", "overlapping", "wider"],
)
def test_a_header_that_does_not_describe_its_bytes_is_rejected(forged):
    content = forge(dump_tensors(WEIGHTS), lambda header: header["single"].update(forged))
    with pytest.raises(ArtifactError, match=r"model\.safetensors (has the tensor|is damaged)"):
        load(content)


def test_unknown_dtypes_are_rejected():
    content = forge(dump_tensors(WEIGHTS), lambda header: header["half"].update(dtype="BF16"))
    with pytest.raises(ArtifactError, match="damaged or forged: 'BF16'"):
        load(content)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_rejected(number):
    content = dump_tensors({"w": np.array([1.0, number])})
    with pytest.raises(ArtifactError, match="has weights in 'w' that are not finite"):
        load(content)
