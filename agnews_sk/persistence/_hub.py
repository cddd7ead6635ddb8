"""Save models to the Hugging Face hub, and load them from there."""

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
    """Save a fitted pipeline to a repository of the Hugging Face hub.

    Parameters
    ----------
    model : estimator
        As `save` takes it.
    repo_id : str
        "owner/name"; the repository is made if it is not there.
    card : ModelCard, optional
        What README.md, the page of the repository, says.
    private : bool, default=True
        Whether a new repository is seen by its owner only.
    token : str, optional
        As huggingface_hub takes it; without one, that of `hf auth login`.
    endpoint : str, optional
        Address of another hub.
    message : str, default="Save the model"
        Of the commit.

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
        # What an earlier model had and this one lacks would make it one that `load` refuses.
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
    """Load a pipeline from a repository of the Hugging Face hub.

    Only the files of a saved model are fetched, and they are checked as `load` checks them.

    Parameters
    ----------
    repo_id : str
        "owner/name".
    revision : str, optional
        Branch, tag or commit. A commit is the one that cannot be changed afterwards.
    trusted : sequence of str, type or callable, optional
        As `load` takes it.
    token : str, optional
        As huggingface_hub takes it.
    endpoint : str, optional
        Address of another hub.

    Returns
    -------
    estimator

    Raises
    ------
    ArtifactError
        If what was fetched is damaged, incomplete or forged.
    """
    import huggingface_hub as hub

    with tempfile.TemporaryDirectory() as folder:
        # Into a folder of its own: the hub's cache holds links, which `load` does not follow.
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
