"""Export fitted pipelines to ONNX, and predict with them without torch."""

from agnews_sk._core.public import publish
from agnews_sk.onnx._classifier import OnnxClassifier
from agnews_sk.onnx._export import export_onnx
from agnews_sk.onnx._load_model import load_model, model_sha256
from agnews_sk.onnx._parity import ParityError, ParityReport

__all__ = ["OnnxClassifier", "ParityError", "ParityReport", "export_onnx", "load_model"]

publish(__name__)
