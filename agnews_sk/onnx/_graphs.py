"""ONNX graphs of networks and of linear classifiers."""

import copy
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

_OPSET = 18


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


def module_graph(module: Any) -> bytes:
    """Return the graph of a torch module from `input_ids` and `attention_mask` to logits.

    Parameters
    ----------
    module : torch.nn.Module
        It stays as it is.

    Returns
    -------
    bytes
    """
    import torch

    from agnews_sk.onnx._modules import Logits

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
    return _without_origin(program.model_proto)


def _without_origin(model: Any) -> bytes:
    """Return a graph that does not tell which lines of which files it was made from."""
    for node in (*model.graph.node, *model.graph.value_info, *model.graph.initializer):
        node.ClearField("doc_string")
        node.ClearField("metadata_props")
    model.graph.ClearField("metadata_props")
    model.ClearField("metadata_props")
    return model.SerializeToString()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter from advising."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
