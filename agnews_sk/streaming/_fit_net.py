"""Train a network on the token ids of files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from agnews_sk._core.labels import EncodedLabels
from agnews_sk._core.mapped import mapped_in
from agnews_sk.streaming._cluster import Report
from agnews_sk.streaming._folder import WorkFolder
from agnews_sk.streaming._ids import StoredIds

TRAINING = "training the network"  # the stage, as it is reported


def fit_net(
    classifier: Any, ids: StoredIds, classes: np.ndarray, folder: WorkFolder, report: Report
) -> None:
    """Fit a network on stored ids, as its `fit` does on ids in memory.

    What `fit` derives from the ids, such as truncated ones or those of a part of the rows, is kept
    in files too, which vanish with the arrays.

    Parameters
    ----------
    classifier : TextNetClassifier
    ids : StoredIds
    classes : ndarray of shape (n_classes,)
    folder : WorkFolder
    report : callable
    """
    ids.write()
    report(TRAINING, 0, None)
    with mapped_in(folder.stage("arrays").path):
        classifier.fit(ids.column(), EncodedLabels(classes, ids.codes()))


@contextmanager
def checkpoints_in(classifier: Any, folder: Path | None) -> Iterator[None]:
    """Within the block, let a network save its training to a folder, unless it has one already.

    Parameters
    ----------
    classifier : classifier
        Any other is left as it is.
    folder : pathlib.Path or None
        None saves nothing.

    Yields
    ------
    None
    """
    if folder is None or getattr(classifier, "checkpoint_dir", "") is not None:
        yield
        return
    classifier.set_params(checkpoint_dir=folder)
    try:
        yield
    finally:
        classifier.set_params(checkpoint_dir=None)
