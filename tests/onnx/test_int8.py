"""Quantized products agree with a slow reference, and are all quantized."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from agnews_sk.onnx._classifier import _EXACT_INT8
from agnews_sk.onnx._int8 import _activation_constants, _weight_constants, quantize_int8

RNG = np.random.default_rng(0)
W = RNG.normal(size=(6, 4)).astype(np.float32)
V = RNG.normal(size=(6, 4)).astype(np.float32)
B = RNG.normal(size=4).astype(np.float32)
X = RNG.normal(size=(8, 6)).astype(np.float32)


def make_model(nodes, outputs, **constants):
    """A model with the input `x` of shape (n, 6)."""
    graph = helper.make_graph(
        [helper.make_node(kind, inputs, [output]) for kind, inputs, output in nodes],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 6])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    opset = helper.make_opsetid("", 18)
    return helper.make_model(graph, opset_imports=[opset], ir_version=10).SerializeToString()


def run(content, x):
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry(_EXACT_INT8, "1")
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})


def nodes_of(content):
    return [node.op_type for node in onnx.load_model_from_string(content).graph.node]


def quantized_product(x, w, low, high):
    """The product in 8 bits, element by element."""
    scale = (high - low) / 255
    zero = round(-low / scale)
    product = np.zeros((len(x), w.shape[1]))
    for column in range(w.shape[1]):
        column_scale = max(abs(value) for value in w[:, column]) / 127
        for row in range(len(x)):
            total = 0
            for a, b in zip(x[row], w[:, column]):
                a_int8 = min(max(round(float(a / scale)) + zero, 0), 255)
                total += (a_int8 - zero) * round(float(b / column_scale))
            product[row, column] = total * scale * column_scale
    return product


def test_a_product_and_its_bias_agree_with_a_slow_reference():
    model = make_model(
        [("MatMul", ["x", "w"], "product"), ("Add", ["product", "b"], "y")], ["y"], w=W, b=B
    )
    (found,) = run(quantize_int8(model, [{"x": X}]), X)
    expected = quantized_product(X, W, min(X.min(), 0), max(X.max(), 0)) + B
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(found, X @ W + B, atol=0.1)


def test_a_bias_is_fused_on_either_side_of_the_sum():
    for inputs in (["product", "b"], ["b", "product"]):
        model = make_model(
            [("MatMul", ["x", "w"], "product"), ("Add", inputs, "y")], ["y"], w=W, b=B
        )
        assert nodes_of(quantize_int8(model, [{"x": X}])) == [
            "QuantizeLinear",
            "MatMulIntegerToFloat",
        ]


def test_a_bias_is_not_fused_into_a_product_with_another_use():
    model = make_model(
        [
            ("MatMul", ["x", "w"], "product"),
            ("Add", ["product", "b"], "sum"),
            ("Mul", ["product", "sum"], "y"),
        ],
        ["y"], w=W, b=B,
    )  # fmt: skip
    quantized = quantize_int8(model, [{"x": X}])
    assert nodes_of(quantized) == ["QuantizeLinear", "MatMulIntegerToFloat", "Add", "Mul"]
    np.testing.assert_allclose(run(quantized, X)[0], (X @ W) * (X @ W + B), atol=0.5)


def test_the_sum_of_two_products_is_not_a_bias():
    model = make_model(
        [
            ("MatMul", ["x", "w"], "first"),
            ("MatMul", ["x", "v"], "second"),
            ("Add", ["first", "second"], "y"),
        ],
        ["y"], w=W, v=V,
    )  # fmt: skip
    quantized = quantize_int8(model, [{"x": X}])
    # The activation that both multiply is quantized once.
    assert nodes_of(quantized) == [
        "QuantizeLinear", "MatMulIntegerToFloat", "MatMulIntegerToFloat", "Add",
    ]  # fmt: skip
    np.testing.assert_allclose(run(quantized, X)[0], X @ W + X @ V, atol=0.2)


def test_products_of_activations_stay_in_float():
    model = make_model([("Transpose", ["x"], "t"), ("MatMul", ["x", "t"], "y")], ["y"])
    assert nodes_of(quantize_int8(model, [{"x": X}])) == ["Transpose", "MatMul"]


def test_float_matrices_that_nothing_uses_are_dropped():
    model = make_model([("MatMul", ["x", "w"], "y")], ["y"], w=W)
    graph = onnx.load_model_from_string(quantize_int8(model, [{"x": X}])).graph
    assert {one.name for one in graph.initializer} == {"x_scale", "x_zero", "w_int8", "w_scale"}


def test_values_outside_the_measured_range_are_clipped():
    model = make_model([("MatMul", ["x", "w"], "y")], ["y"], w=np.eye(6, dtype=np.float32))
    quantized = quantize_int8(model, [{"x": np.array([[-1, 1, 0, 0, 0, 0]], dtype=np.float32)}])
    (found,) = run(quantized, np.full((1, 6), 50, dtype=np.float32))
    np.testing.assert_allclose(found, np.ones((1, 6)), atol=0.01)


def test_ranges_are_those_of_all_batches():
    model = make_model([("MatMul", ["x", "w"], "y")], ["y"], w=W)
    apart = quantize_int8(model, [{"x": X[:3]}, {"x": X[3:]}])
    assert apart == quantize_int8(model, [{"x": X}])


@pytest.mark.parametrize(("low", "high"), [(-1.0, 3.0), (0.0, 5.0), (-2.0, 0.0), (0.0, 0.0)])
def test_zero_is_represented_exactly(low, high):
    constants = _activation_constants("x", low, high)
    scale, zero = float(constants["x_scale"]), int(constants["x_zero"])
    assert 0 <= zero <= 255
    assert scale > 0
    assert abs((0 - zero) * scale - low) <= scale
    assert abs((255 - zero) * scale - high) <= scale or high == low


def test_columns_are_rounded_to_half_a_step_and_zero_columns_stay_zero():
    matrix = np.hstack([W, np.zeros((6, 1), dtype=np.float32)])
    constants = _weight_constants("w", matrix)
    restored = constants["w_int8"] * constants["w_scale"]
    assert (np.abs(restored - matrix) <= constants["w_scale"] / 2 + 1e-7).all()
    assert np.abs(constants["w_int8"][:, :4]).max(axis=0).tolist() == [127] * 4
    assert not restored[:, 4].any()


def test_all_products_of_an_exported_network_are_quantized_with_their_biases(exported):
    graph = onnx.load(exported["finetune int8"].path / "model.onnx").graph
    constants = {one.name for one in graph.initializer}
    of_matrices = [n for n in graph.node if n.op_type == "MatMul" and n.input[1] in constants]
    assert not of_matrices
    products = [node for node in graph.node if node.op_type == "MatMulIntegerToFloat"]
    assert len(products) > 10
    assert all(product.input[-1] in constants for product in products)  # the bias


def test_the_classifier_after_the_pooling_is_not_quantized(exported):
    graph = onnx.load(exported["embedding int8"].path / "model.onnx").graph
    assert graph.node[-1].op_type == "Gemm"
