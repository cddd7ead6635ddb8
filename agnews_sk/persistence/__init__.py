"""Save fitted pipelines, load them without trust, and export them."""

from agnews_sk.persistence._card import ModelCard
from agnews_sk.persistence._errors import ArtifactError, VersionWarning
from agnews_sk.persistence._save_load import load, save

__all__ = ["ArtifactError", "ModelCard", "VersionWarning", "load", "save"]
