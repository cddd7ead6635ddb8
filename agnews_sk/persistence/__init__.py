"""Save fitted pipelines, and load them without trust."""

from agnews_sk._core.public import publish
from agnews_sk.persistence._card import ModelCard
from agnews_sk.persistence._errors import ArtifactError, VersionWarning, artifact_errors
from agnews_sk.persistence._hub import from_hub, push_to_hub
from agnews_sk.persistence._manifest import MANIFEST
from agnews_sk.persistence._reading import open_source, read_files
from agnews_sk.persistence._save_load import (
    load,
    model_from_files,
    parts_as_files,
    save,
    with_manifest,
)
from agnews_sk.persistence._writing import write_files

__all__ = [
    "ArtifactError",
    "ModelCard",
    "VersionWarning",
    "from_hub",
    "load",
    "push_to_hub",
    "save",
]

publish(__name__)
