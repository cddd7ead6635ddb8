"""Build the ONNX graphs of networks and of linear classifiers."""

import copy
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

_OPSET = 18


def linear_graph(
    matrix: np.ndarray,
    bias: np.ndarray,
    output: np.ndarray | None = None,
    output_bias: np.ndarray | None = None,
) -> bytes:
    """Return the graph of a linear classifier on sparse rows, or of one with a hidden layer.

    Its inputs are the nonzero cells of each row: `columns`, int64 of shape (batch, length), and
    `values`, float64 of the same shape and 0 where padded. Its output are logits, float64 of shape
    (batch, n_classes).

    Parameters
    ----------
    matrix : ndarray of shape (n_columns, n_classes)
        Coefficients; with an `output`, of shape (n_columns, n_hidden).
    bias : ndarray of shape (n_classes,)
        Intercepts; with an `output`, of shape (n_hidden,).
    output : ndarray of shape (n_hidden, n_classes), optional
        What the rectified sums are multiplied by.
    output_bias : ndarray of shape (n_classes,), optional
        Intercepts, with an `output`.

    Returns
    -------
    bytes
        Serialized ONNX model.

    Notes
    -----
    Gathering the rows of `matrix` that a text needs and summing them, weighted, is the product of
    a sparse row and a dense matrix, for which ONNX has no operator. Sums are in float64, as in
    scikit-learn, so that probabilities agree to rounding.
    """
    from onnx import TensorProto, helper, numpy_helper

    constants = {
        "matrix": np.ascontiguousarray(matrix, dtype=np.float64),
        "bias": np.asarray(bias, dtype=np.float64),
        "last": np.array([2], dtype=np.int64),  # axes of the nodes below
        "length": np.array([1], dtype=np.int64),
    }
    nodes = [
        # (batch, length, n_classes)
        helper.make_node("Gather", ["matrix", "columns"], ["rows"], axis=0),
        # (batch, length, 1)
        helper.make_node("Unsqueeze", ["values", "last"], ["factors"]),
        # (batch, length, n_classes)
        helper.make_node("Mul", ["rows", "factors"], ["terms"]),
        # (batch, n_classes)
        helper.make_node("ReduceSum", ["terms", "length"], ["sums"], keepdims=0),
        helper.make_node("Add", ["sums", "bias"], ["logits" if output is None else "hidden"]),
    ]
    if output is not None:
        bias = np.asarray(output_bias, dtype=np.float64)
        constants |= {"output": np.asarray(output, dtype=np.float64), "output_bias": bias}
        nodes += [
            helper.make_node("Relu", ["hidden"], ["rectified"]),
            # (batch, n_classes)
            helper.make_node("MatMul", ["rectified", "output"], ["products"]),
            helper.make_node("Add", ["products", "output_bias"], ["logits"]),
        ]
    graph = helper.make_graph(
        nodes,
        "linear",
        [
            helper.make_tensor_value_info("columns", TensorProto.INT64, ["n_texts", "n_cells"]),
            helper.make_tensor_value_info("values", TensorProto.DOUBLE, ["n_texts", "n_cells"]),
        ],
        [helper.make_tensor_value_info("logits", TensorProto.DOUBLE, ["n_texts", len(bias)])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    opset = helper.make_opsetid("", _OPSET)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=10)
    return model.SerializeToString()


def module_graph(module: Any, *, has_chunks: bool = False) -> bytes:
    """Return the graph of a torch module from `input_ids` and `attention_mask` to logits.

    Both inputs are int64 of shape (batch, length); batch and length may differ in each call. With
    `has_chunks` there is a third, `chunks` of shape (n_texts, most), and one row of logits per
    text.

    Parameters
    ----------
    module : torch.nn.Module
        It is copied, not changed.
    has_chunks : bool, default=False
        Whether rows are chunks, see `agnews_sk.nn.ChunkPooling`.

    Returns
    -------
    bytes
        Serialized ONNX model.
    """
    import torch

    from agnews_sk.onnx._modules import Logits

    whole = Logits(copy.deepcopy(module).cpu()).eval()
    # Any sizes above 1 work: torch.export specializes on 0 and 1, and on nothing else here.
    mask = torch.ones(5, 7, dtype=torch.long)
    mask[1, 5:] = 0
    inputs = {"input_ids": torch.ones(5, 7, dtype=torch.long), "attention_mask": mask}
    if has_chunks:
        inputs["chunks"] = torch.tensor([[0, 1], [2, 3], [4, -1]])
    dynamic = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    with _quiet(), torch.no_grad():
        program: Any = torch.onnx.export(
            whole,
            tuple(inputs.values()),
            dynamo=True,
            input_names=list(inputs),
            output_names=["logits"],
            dynamic_shapes=dict.fromkeys(inputs, dynamic),
            verbose=False,
        )
    return _without_origin(program.model_proto)


def _without_origin(model: Any) -> bytes:
    """Return a model without the stack traces of its nodes, which name files of this machine."""
    for node in (*model.graph.node, *model.graph.value_info, *model.graph.initializer):
        node.ClearField("doc_string")
        node.ClearField("metadata_props")
    model.graph.ClearField("metadata_props")
    model.ClearField("metadata_props")
    return model.SerializeToString()


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the advice that torch's exporter logs and warns of."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
