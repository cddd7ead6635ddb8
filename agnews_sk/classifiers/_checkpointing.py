"""The checkpoint of a fit: named for everything that decides its result."""

from typing import Any

import numpy as np
from torch import nn

from agnews_sk._core.content import content_digest
from agnews_sk.training import Checkpoint, TextRows, deciding_callbacks

# They affect resuming or the display, but not the result.
_NOT_IN_NAME = {"callbacks", "checkpoint_dir", "device", "devices", "random_state", "verbose"}


def open_checkpoint(
    classifier: Any,
    *,
    origin: str,
    warm_module: nn.Module | None,
    datasets: list[TextRows | None],
    groups: np.ndarray | None,
    seed: int,
) -> tuple[Checkpoint | None, int]:
    """Return where to save a fit, and the random seed of the fit that was interrupted there.

    The file is named for the parameters, the data, the weights at the beginning and the kind of
    the classifier, so that another fit in the same folder has another file.

    Parameters
    ----------
    classifier : TextNetClassifier
        With `classes_`.
    origin : str
        Digest of pretrained weights, or the empty string.
    warm_module : torch.nn.Module or None
        Module of a warm start, whose weights are digested.
    datasets : list of TextRows or None
        Training and validation rows, before rows are held out: without a `random_state` each run
        holds out others.
    groups : ndarray of shape (n_samples,) or None
    seed : int
        Drawn for this fit. It is part of the name if `random_state` is set; otherwise it differs
        in each run, and a resumed fit uses that of the interrupted one.

    Returns
    -------
    checkpoint : Checkpoint or None
        None without `checkpoint_dir`.
    seed : int
    """
    if classifier.checkpoint_dir is None:
        return None, seed
    settings = _deciding_settings(classifier)
    if classifier.random_state is not None:
        settings["seed"] = seed
    rows = [d and (d.values, d.text_offsets, d.labels) for d in datasets]
    weights = [] if warm_module is None else [p.detach() for p in warm_module.parameters()]
    kind = type(classifier).__name__, classifier.classes_.tolist(), origin
    name = content_digest([kind, settings, rows, groups, weights])
    checkpoint = Checkpoint(classifier.checkpoint_dir, name)
    state = checkpoint.load("cpu")
    return checkpoint, seed if state is None else state["seed"]


def _deciding_settings(classifier: Any) -> dict[str, Any]:
    """Return the parameters that decide the result of a fit.

    Parameters
    ----------
    classifier : TextNetClassifier

    Returns
    -------
    dict of str to object
        Callbacks that only watch are left out, as are parameters that only concern speed.
    """
    params = classifier.get_params(deep=False)
    settings = {name: value for name, value in params.items() if name not in _NOT_IN_NAME}
    net_params = {k: v for k, v in (classifier.net_params or {}).items() if k != "callbacks"}
    return {**settings, "net_params": net_params, "callbacks": deciding_callbacks(classifier)}
