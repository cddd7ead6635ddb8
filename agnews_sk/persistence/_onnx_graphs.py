"""ONNX graphs of networks and of linear classifiers."""

import copy
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

_OPSET = 18
_BLOCK = 64


def linear_graph(matrix: np.ndarray, bias: np.ndarray) -> bytes:
    """Return the graph of a linear classifier over sparse rows.

    It takes `columns`, int64 of shape (batch, width), and `values`, float64 of the same shape: the
    cells of each row that are not zero, filled up with zeros. It returns logits.

    Parameters
    ----------
    matrix : ndarray of shape (n_columns, n_classes)
    bias : ndarray of shape (n_classes,)

    Returns
    -------
    bytes
    """
    from onnx import TensorProto, helper, numpy_helper

    constants = {
        "matrix": np.ascontiguousarray(matrix, dtype=np.float64),
        "bias": np.asarray(bias, dtype=np.float64),
        "last": np.array([2], dtype=np.int64),
        "width": np.array([1], dtype=np.int64),
    }
    nodes = [
        helper.make_node("Gather", ["matrix", "columns"], ["weights"], axis=0),
        helper.make_node("Unsqueeze", ["values", "last"], ["column"]),
        helper.make_node("Mul", ["weights", "column"], ["terms"]),  # (batch, width, n_classes)
        helper.make_node("ReduceSum", ["terms", "width"], ["sums"], keepdims=0),
        helper.make_node("Add", ["sums", "bias"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "linear",
        [
            helper.make_tensor_value_info("columns", TensorProto.INT64, ["batch", "length"]),
            helper.make_tensor_value_info("values", TensorProto.DOUBLE, ["batch", "length"]),
        ],
        [helper.make_tensor_value_info("logits", TensorProto.DOUBLE, ["batch", len(bias)])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    opset = helper.make_opsetid("", _OPSET)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=10)
    return model.SerializeToString()


def module_graph(module: Any, *, int8: bool) -> bytes:
    """Return the graph of a torch module from `input_ids` and `attention_mask` to logits.

    Parameters
    ----------
    module : torch.nn.Module
        It stays as it is.
    int8 : bool
        Keep matrices in 8 bits.

    Returns
    -------
    bytes
    """
    import torch

    from agnews_sk.persistence._onnx_modules import Logits

    whole = Logits(copy.deepcopy(module).cpu()).eval()
    ids = torch.ones(2, 7, dtype=torch.long)
    mask = torch.ones(2, 7, dtype=torch.long)
    mask[1, 5:] = 0
    free = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    with _quiet(), torch.no_grad():
        program: Any = torch.onnx.export(
            whole,
            (ids, mask),
            dynamo=True,
            input_names=["input_ids", "attention_mask"],
            output_names=["logits"],
            dynamic_shapes={"input_ids": free, "attention_mask": free},
            verbose=False,
        )
        content = program.model_proto.SerializeToString()
        return _in_8_bits(content) if int8 else content


def _in_8_bits(content: bytes) -> bytes:
    """Return the graph with its constant matrices in 8 bits, a scale every 64 weights.

    What is multiplied by them is brought to 8 bits in blocks too, row by row, so that a text's
    answer does not depend on the texts beside it, as it does with one scale a batch.
    """
    import onnx
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    quantizer = MatMulNBitsQuantizer(
        onnx.load_model_from_string(content),
        bits=8,
        block_size=_BLOCK,
        is_symmetric=True,
        accuracy_level=4,  # multiply in 8 bits, not only store
    )
    quantizer.process()
    return quantizer.model.model.SerializeToString()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter and the quantizer from advising."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
