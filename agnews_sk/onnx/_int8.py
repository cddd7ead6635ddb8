"""Networks in 8 bits: their constant matrices, and what these are multiplied by."""

import copy
from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from typing import Any

import numpy as np

_RUNTIME = "com.microsoft"  # the domain of the operators that onnxruntime adds


def in_8_bits(content: bytes, batches: Sequence[Mapping[str, np.ndarray]]) -> bytes:
    """Return a graph with its constant matrices, and what they are multiplied by, in 8 bits.

    Matrices have one scale a column. What is multiplied by them has one scale, set once and for
    all by the range that is seen on some batches: were it set batch by batch, as onnxruntime's
    dynamic quantization does, an answer would depend on the texts beside it.

    Parameters
    ----------
    content : bytes
    batches : sequence of mapping of str to ndarray
        Inputs of the graph.

    Returns
    -------
    bytes

    Notes
    -----
    A product, its scale and the bias added to it are one node, `MatMulIntegerToFloat` of
    onnxruntime, so that sums of 32 bits are never written to memory.
    """
    import onnx
    from onnx.helper import make_node

    model = onnx.load_model_from_string(content)
    graph = model.graph
    constants = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
    matrices = {name: array for name, array in constants.items() if array.ndim == 2}
    products = {
        node.output[0]: node
        for node in graph.node
        if node.op_type == "MatMul" and node.input[1] in matrices
    }
    vectors = {name for name, array in constants.items() if array.ndim == 1}
    sums = _biased(graph, products, vectors)
    merged = {output for _, output in sums.values()}
    ranges = _ranges(model, sorted({node.input[0] for node in products.values()}), batches)

    added: dict[str, np.ndarray] = {}
    nodes = []
    for node in graph.node:
        if node.output[0] in merged:
            continue
        if node.output[0] not in products:
            nodes.append(node)
            continue
        source, matrix = node.input
        if f"{source}_scale" not in added:
            added |= _scale_of_range(source, *ranges[source])
            scaled = [source, f"{source}_scale", f"{source}_zero"]
            nodes.append(make_node("QuantizeLinear", scaled, [f"{source}_int8"]))
        if f"{matrix}_scale" not in added:
            added |= _columns_in_8_bits(matrix, matrices[matrix])
        factors = [f"{source}_int8", f"{matrix}_int8", f"{source}_scale", f"{matrix}_scale"]
        bias, output = sums.get(node.output[0], ("", node.output[0]))
        inputs = [*factors, f"{source}_zero", "", bias]
        nodes.append(make_node("MatMulIntegerToFloat", inputs, [output], domain=_RUNTIME))

    used = {name for node in nodes for name in node.input}
    kept = [one for one in graph.initializer if one.name in used]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend(kept)
    graph.initializer.extend(onnx.numpy_helper.from_array(a, name) for name, a in added.items())
    model.opset_import.append(onnx.helper.make_opsetid(_RUNTIME, 1))
    return model.SerializeToString()


def _biased(
    graph: Any, products: Container[str], vectors: Container[str]
) -> dict[str, tuple[str, str]]:
    """Return, for products whose only use is that a bias is added, the bias and the sum."""
    uses = defaultdict(list)
    for node in graph.node:
        for name in set(node.input):
            if name in products:
                uses[name].append(node)
    sums = {}
    for product, nodes in uses.items():
        if [node.op_type for node in nodes] == ["Add"]:
            (bias,) = set(nodes[0].input) - {product}
            if bias in vectors:
                sums[product] = bias, nodes[0].output[0]
    return sums


def _scale_of_range(name: str, low: float, high: float) -> dict[str, np.ndarray]:
    scale = np.float32((high - low) / 255 or 1.0)
    zero = np.uint8(np.clip(np.rint(-low / scale), 0, 255))
    return {f"{name}_scale": np.array(scale), f"{name}_zero": np.array(zero)}


def _columns_in_8_bits(name: str, matrix: np.ndarray) -> dict[str, np.ndarray]:
    scale = np.abs(matrix).max(axis=0) / 127
    scale[scale == 0] = 1.0
    rounded = np.rint(matrix / scale).astype(np.int8)
    return {f"{name}_int8": rounded, f"{name}_scale": scale.astype(np.float32)}


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
