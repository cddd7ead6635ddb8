"""ONNX graphs of networks and of linear classifiers."""

import copy
import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
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
        return program.model_proto.SerializeToString()


def in_8_bits(content: bytes, batches: Sequence[Mapping[str, np.ndarray]]) -> bytes:
    """Return a graph with its constant matrices, and what they are multiplied by, in 8 bits.

    Matrices have one scale a column. What is multiplied by them has one scale a product, set once
    and for all by the range that is seen on some batches: were it set batch by batch, as
    onnxruntime's dynamic quantization does, an answer would depend on the texts beside it.

    Parameters
    ----------
    content : bytes
    batches : sequence of mapping of str to ndarray
        Inputs of the graph.

    Returns
    -------
    bytes
    """
    import onnx

    with _quiet():
        model = _dynamic(onnx.load_model_from_string(content))
    dynamic = [node for node in model.graph.node if node.op_type == "DynamicQuantizeLinear"]
    ranges = _ranges(model, sorted({node.input[0] for node in dynamic}), batches)
    for node in dynamic:
        low, high = ranges[node.input[0]]
        _, scale_name, zero_name = node.output
        scale = np.float32((high - low) / 255 or 1.0)
        zero = np.uint8(np.clip(np.rint(-low / scale), 0, 255))
        for name, value in ((scale_name, scale), (zero_name, zero)):
            model.graph.initializer.append(onnx.numpy_helper.from_array(np.array(value), name))
        node.op_type = "QuantizeLinear"
        node.input.extend([scale_name, zero_name])
        del node.output[1:]
    return model.SerializeToString()


def _dynamic(model: Any) -> Any:
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory() as folder:
        quantize_dynamic(
            model,
            Path(folder) / "int8.onnx",
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            weight_type=QuantType.QInt8,
            extra_options={"MatMulConstBOnly": True},
        )
        return onnx.load(Path(folder) / "int8.onnx")


def _ranges(
    model: Any, names: list[str], batches: Sequence[Mapping[str, np.ndarray]]
) -> dict[str, tuple[float, float]]:
    """Return the least and the largest value of tensors within a graph, and zero among them."""
    import onnx
    from onnxruntime import InferenceSession

    probe = copy.deepcopy(model)
    for name in names:
        kind = onnx.TensorProto.FLOAT
        probe.graph.output.append(onnx.helper.make_tensor_value_info(name, kind, None))
    session = InferenceSession(probe.SerializeToString(), providers=["CPUExecutionProvider"])
    low, high = np.zeros(len(names)), np.zeros(len(names))
    for batch in batches:
        values = session.run(names, dict(batch))
        low = np.minimum(low, [value.min() for value in values])
        high = np.maximum(high, [value.max() for value in values])
    return dict(zip(names, zip(low, high)))


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
