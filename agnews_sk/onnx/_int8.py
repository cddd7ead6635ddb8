"""Quantize the matrix products of an exported network to 8-bit integers.

A product of activations `x` with a constant matrix `w` becomes

    x @ w + b  ~  (x_int8 - x_zero) @ w_int8 * x_scale * w_scale + b

with `x_int8` in uint8, `w_int8` in int8 and sums in int32. Activations are asymmetric (one scale
and one zero point per tensor), as their range seldom centres on zero. Weights are symmetric (no
zero point) with one scale per column, as the columns of a matrix differ in range. This is the
scheme of Jacob et al. (2018), "Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference", with the sums scaled in float.
"""

import copy
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

_RUNTIME_DOMAIN = "com.microsoft"  # of the operators that onnxruntime adds to ONNX
_UINT8_MAX = 255  # largest activation
_INT8_MAX = 127  # largest weight; -128 is not used, so that the range is symmetric


class _Product(NamedTuple):
    """A matrix product with a constant matrix, and the bias that is fused into it.

    Attributes
    ----------
    activation : str
        Tensor that is multiplied, of shape (..., n_in).
    weight : str
        Constant of shape (n_in, n_out).
    bias : str
        Constant of shape (n_out,), or `""` if none is fused.
    result : str
        Output of the product in the float graph.
    output : str
        Output of the product with its bias; `result` if none is fused.
    """

    activation: str
    weight: str
    bias: str
    result: str
    output: str


def quantize_int8(content: bytes, batches: Sequence[Mapping[str, np.ndarray]]) -> bytes:
    """Return a graph whose products with constant matrices are computed in 8-bit integers.

    Only `MatMul` nodes are quantized. `Gemm` nodes, such as the classifier behind the pooling of an
    embedding, stay in float: they are a small share of the work and decide the result.

    Parameters
    ----------
    content : bytes
        Serialized ONNX model.
    batches : sequence of mapping of str to ndarray
        Inputs of the graph, on which the range of each activation is measured.

    Returns
    -------
    bytes
        Serialized ONNX model with the same inputs and outputs.

    Notes
    -----
    The scale of an activation is fixed once, from the range measured on `batches`. The dynamic
    quantization of onnxruntime derives it from each batch instead, so that a prediction would
    depend on the other texts of the batch.

    Product, scales and bias are one node, `MatMulIntegerToFloat` of onnxruntime, so that the int32
    sums are never written to memory.
    """
    import onnx

    model = onnx.load_model_from_string(content)
    constants = {one.name: onnx.numpy_helper.to_array(one) for one in model.graph.initializer}
    products = _find_products(model.graph, constants)
    ranges = _measure_ranges(model, sorted({one.activation for one in products}), batches)
    quantized: dict[str, np.ndarray] = {}
    for one in products:
        quantized |= _activation_constants(one.activation, *ranges[one.activation])
        quantized |= _weight_constants(one.weight, constants[one.weight])
    _replace_graph(model, _quantized_nodes(model.graph, products), quantized)
    return model.SerializeToString()


def _find_products(graph: Any, constants: Mapping[str, np.ndarray]) -> list[_Product]:
    """Return the products with a constant matrix, in the order of the graph."""
    results = {
        node.output[0]: node
        for node in graph.node
        # Attention multiplies two activations, and stays in float.
        if node.op_type == "MatMul" and constants.get(node.input[1], np.empty(0)).ndim == 2
    }
    vectors = {name for name, array in constants.items() if array.ndim == 1}
    biases = _fusable_biases(graph, results.keys(), vectors)
    products = []
    for result, node in results.items():
        activation, weight = node.input
        bias, output = biases.get(result, ("", result))
        products.append(_Product(activation, weight, bias, result, output))
    return products


def _fusable_biases(
    graph: Any, results: Collection[str], vectors: Collection[str]
) -> dict[str, tuple[str, str]]:
    """Return, by product, the bias that can be fused into it and the name of the sum.

    A bias can be fused if adding it is the only use of the product: any other use would need the
    product without the bias, which the fused node does not output.
    """
    uses = defaultdict(list)
    for node in graph.node:
        for name in set(node.input) & set(results):
            uses[name].append(node)
    fusable = {}
    for result, nodes in uses.items():
        if [node.op_type for node in nodes] == ["Add"]:
            (added,) = set(nodes[0].input) - {result}
            if added in vectors:
                fusable[result] = added, nodes[0].output[0]
    return fusable


def _measure_ranges(
    model: Any, names: list[str], batches: Sequence[Mapping[str, np.ndarray]]
) -> dict[str, tuple[float, float]]:
    """Return the smallest and the largest value of each activation, zero always included.

    Zero must be representable exactly, as padding and ReLU produce it: so every range includes it.
    """
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
    return dict(zip(names, zip(low.tolist(), high.tolist())))


def _activation_constants(name: str, low: float, high: float) -> dict[str, np.ndarray]:
    """Return the scale and the zero point of an activation, both scalars.

    Values from `low` to `high` are mapped to 0 to 255; `QuantizeLinear` clips those outside. An
    activation that is always zero gets the scale 1, as a scale must not be zero.
    """
    scale = np.float32((high - low) / _UINT8_MAX or 1.0)
    zero = np.uint8(np.clip(np.rint(-low / scale), 0, _UINT8_MAX))
    return {f"{name}_scale": np.array(scale), f"{name}_zero": np.array(zero)}


def _weight_constants(name: str, matrix: np.ndarray) -> dict[str, np.ndarray]:
    """Return a matrix in int8, of shape (n_in, n_out), and its scales, of shape (n_out,).

    The largest absolute value of each column becomes 127; a column of zeros gets the scale 1.
    """
    scale = np.abs(matrix).max(axis=0) / _INT8_MAX  # (n_out,)
    scale[scale == 0] = 1.0
    rounded = np.rint(matrix / scale).astype(np.int8)  # (n_in, n_out)
    return {f"{name}_int8": rounded, f"{name}_scale": scale.astype(np.float32)}


def _quantized_nodes(graph: Any, products: Sequence[_Product]) -> list[Any]:
    """Return the nodes of a graph with its products in 8 bits and fused biases left out.

    An activation that several products share, such as the input of query, key and value, is
    quantized once, before the first of them.
    """
    by_result = {one.result: one for one in products}
    fused = {one.output for one in products} - by_result.keys()
    ready: set[str] = set()
    nodes = []
    for node in graph.node:
        product = by_result.get(node.output[0])
        if product is not None:
            if product.activation not in ready:
                ready.add(product.activation)
                nodes.append(_quantize_node(product.activation))
            nodes.append(_product_node(product))
        elif node.output[0] not in fused:
            nodes.append(node)
    return nodes


def _quantize_node(activation: str) -> Any:
    """Return the node that rounds an activation to uint8."""
    from onnx.helper import make_node

    inputs = [activation, f"{activation}_scale", f"{activation}_zero"]
    return make_node("QuantizeLinear", inputs, [f"{activation}_int8"])


def _product_node(product: _Product) -> Any:
    """Return the node that multiplies in 8 bits, scales the sums and adds the bias."""
    from onnx.helper import make_node

    x, w = product.activation, product.weight
    weight_zero = ""  # left out: weights are symmetric
    inputs = [f"{x}_int8", f"{w}_int8", f"{x}_scale", f"{w}_scale", f"{x}_zero", weight_zero]
    return make_node(
        "MatMulIntegerToFloat", [*inputs, product.bias], [product.output], domain=_RUNTIME_DOMAIN
    )


def _replace_graph(model: Any, nodes: Sequence[Any], added: Mapping[str, np.ndarray]) -> None:
    """Give a model these nodes and the constants that they use, and drop unused float matrices."""
    import onnx

    graph = model.graph
    used = {name for node in nodes for name in node.input}
    kept = [one for one in graph.initializer if one.name in used]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend(kept)
    graph.initializer.extend(onnx.numpy_helper.from_array(a, name) for name, a in added.items())
    model.opset_import.append(onnx.helper.make_opsetid(_RUNTIME_DOMAIN, 1))
