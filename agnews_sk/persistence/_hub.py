"""Save models to the Hugging Face Hub, and load them from there."""

import tempfile
from pathlib import Path
from typing import Any

from agnews_sk.persistence._card import ModelCard
from agnews_sk.persistence._reading import FILE_NAMES
from agnews_sk.persistence._save_load import load, save
from agnews_sk.persistence._trusted_types import Trusted


def push_to_hub(
    model: Any,
    repo_id: str,
    *,
    card: ModelCard | None = None,
    private: bool = True,
    token: str | None = None,
    endpoint: str | None = None,
    message: str = "Save the model",
) -> str:
    """Save a fitted pipeline to a repository of the Hugging Face Hub.

    Parameters
    ----------
    model : estimator
        As for `save`.
    repo_id : str
        "owner/name"; the repository is created if it does not exist.
    card : ModelCard, optional
        Content of README.md, which is the page of the repository.
    private : bool, default=True
        Whether a new repository is visible to its owner only.
    token : str, optional
        Access token; by default that of `hf auth login`.
    endpoint : str, optional
        Address of another hub.
    message : str, default="Save the model"
        Message of the commit.

    Returns
    -------
    str
        Address of the commit.
    """
    import huggingface_hub as hub

    api = hub.HfApi(endpoint=endpoint, token=token)
    with tempfile.TemporaryDirectory() as folder:
        saved = save(model, Path(folder) / "model", card=card)
        api.create_repo(repo_id, private=private, exist_ok=True)
        # Delete files of an earlier model, which would make `load` reject this one.
        commit = api.upload_folder(
            repo_id=repo_id,
            folder_path=saved,
            commit_message=message,
            delete_patterns=_patterns(),
        )
    return str(commit)


def from_hub(
    repo_id: str,
    *,
    revision: str | None = None,
    trusted: Trusted = (),
    token: str | None = None,
    endpoint: str | None = None,
) -> Any:
    """Load a pipeline from a repository of the Hugging Face Hub.

    Only files that a saved model can have are downloaded, and they are checked as by `load`.

    Parameters
    ----------
    repo_id : str
        "owner/name".
    revision : str, optional
        Branch, tag or commit. Only a commit cannot be changed afterwards.
    trusted : sequence of str, type or callable, optional
        As for `load`.
    token : str, optional
        Access token; by default that of `hf auth login`.
    endpoint : str, optional
        Address of another hub.

    Returns
    -------
    estimator

    Raises
    ------
    ArtifactError
        If what was downloaded is damaged, incomplete or forged.
    """
    import huggingface_hub as hub

    with tempfile.TemporaryDirectory() as folder:
        # Not into the Hub's cache, which holds links that `load` does not follow.
        hub.snapshot_download(
            repo_id,
            revision=revision,
            local_dir=folder,
            allow_patterns=_patterns(),
            token=token,
            endpoint=endpoint,
        )
        return load(folder, trusted=trusted)


def _patterns() -> list[str]:
    """Return the patterns of the file names of a saved model, at the root and in folders."""
    return [pattern for name in FILE_NAMES for pattern in (name, f"*/{name}")]
