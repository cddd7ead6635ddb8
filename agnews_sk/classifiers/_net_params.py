"""Which parameters of skorch's net `net_params` takes."""

from typing import Any

TAKEN = (
    "batch_size",
    "callbacks",
    "criterion",
    "device",
    "lr",
    "max_epochs",
    "optimizer",
    "torch_load_kwargs",
    "use_caching",
    "verbose",
)
_WITH_PARTS = ("criterion", "optimizer")
# What does the same, for those that are not taken.
_INSTEAD = {
    "compile": "compile",
    "dataset": "X, as texts or token ids",
    "iterator_train": "batch_size, tokens_per_batch",
    "iterator_valid": "batch_size, tokens_per_batch",
    "module": "the parameters of the classifier",
    "optimizer__lr": "learning_rate",
    "optimizer__param_groups": "layer_decay, weight_decay",
    "optimizer__weight_decay": "weight_decay",
    "train_split": "validation_fraction, or X_val and y_val of fit",
    "warm_start": "warm_start",
}


def check_net_params(classifier: Any) -> None:
    """Refuse what our training does not read, and what is said twice.

    Parameters
    ----------
    classifier : TextNetClassifier

    Raises
    ------
    TypeError
        If the callbacks are no list.
    ValueError
        If a key is none of those taken, or another parameter says the same.
    """
    net_params = classifier.net_params or {}
    for name in net_params:
        if not _is_taken(name):
            raise ValueError(
                f"net_params has {name!r}, which the training does not read{_way_out(name)}; it "
                f"takes {', '.join(TAKEN)}, and criterion__* and optimizer__* for their parameters."
            )
    callbacks = net_params.get("callbacks")
    if not isinstance(callbacks, (list, tuple, type(None))):
        raise TypeError(f"net_params['callbacks'] must be a list, got {callbacks!r}.")
    if callbacks and classifier.callbacks:
        raise ValueError("callbacks are given twice, in callbacks and in net_params; join them.")
    if "criterion" in net_params:
        _check_loss_is_not_set(classifier)


def _is_taken(name: Any) -> bool:
    if name in TAKEN:
        return True
    stem, _, rest = str(name).partition("__")
    return stem in _WITH_PARTS and bool(rest) and name not in _INSTEAD


def _way_out(name: Any) -> str:
    instead = _INSTEAD.get(name) or _INSTEAD.get(str(name).partition("__")[0])
    return f" (what does the same: {instead})" if instead else ""


def _check_loss_is_not_set(classifier: Any) -> None:
    smoothing = classifier.label_smoothing
    if classifier.loss != "cross_entropy" or smoothing:
        raise ValueError(
            f"net_params has a criterion, and loss={classifier.loss!r} and "
            f"label_smoothing={smoothing!r} are of ours; give one of them."
        )
