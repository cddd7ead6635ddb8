"""Which networks can be trained on the token ids of files."""

import sys
from typing import Any


def is_net(step: Any) -> bool:
    """Return whether a step is a network over token ids, without loading torch.

    Parameters
    ----------
    step : object

    Returns
    -------
    bool
    """
    if "torch" not in sys.modules:  # which the classes of networks load
        return False
    from agnews_sk.classifiers import TextNetClassifier

    return isinstance(step, TextNetClassifier)


def check_net(classifier: Any) -> None:
    """Raise an error for parameters that `fit` rejects, or that need more than the ids of batches.

    Parameters
    ----------
    classifier : TextNetClassifier

    Raises
    ------
    TypeError, ValueError, RuntimeError
    """
    from agnews_sk.classifiers import check_before_rows

    check_before_rows(classifier)
    if classifier.loss == "contrastive":
        raise ValueError(
            "loss must not be 'contrastive' where files are read block by block: its output layer "
            "is fitted on the vectors of all rows, in memory; choose 'cross_entropy' or 'focal', "
            "or call pipeline.fit on a sample of the rows."
        )
    if classifier.warm_start:
        raise ValueError(
            "warm_start must be False where files are read block by block, got True: the pipeline "
            "is trained as a new one; to start from trained weights, pass their folder as model=."
        )
