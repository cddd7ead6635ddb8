"""Save fitted pipelines, load them without trust, and export them."""

from agnews_sk.persistence._card import ModelCard
from agnews_sk.persistence._errors import ArtifactError, VersionWarning
from agnews_sk.persistence._hub import from_hub, push_to_hub
from agnews_sk.persistence._onnx_classifier import OnnxClassifier
from agnews_sk.persistence._onnx_export import export_onnx
from agnews_sk.persistence._parity import ParityError, ParityReport
from agnews_sk.persistence._save_load import load, save

__all__ = [
    "ArtifactError",
    "ModelCard",
    "OnnxClassifier",
    "ParityError",
    "ParityReport",
    "VersionWarning",
    "export_onnx",
    "from_hub",
    "load",
    "push_to_hub",
    "save",
]
