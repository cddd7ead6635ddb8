"""Export fitted pipelines to ONNX, and predict with them without torch."""

from agnews_sk._core.public import publish
from agnews_sk.onnx._classifier import OnnxClassifier
from agnews_sk.onnx._export import export_onnx
from agnews_sk.onnx._open_model import model_sha256, open_model
from agnews_sk.onnx._parity import ParityError, ParityReport

__all__ = ["OnnxClassifier", "ParityError", "ParityReport", "export_onnx", "open_model"]

publish(__name__)
