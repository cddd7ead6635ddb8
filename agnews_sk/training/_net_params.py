"""Which parameters of skorch's net `net_params` takes, and what values they may have."""

import copy
import inspect
from numbers import Integral
from typing import Any

import torch
import torch.nn.functional as F
from sklearn.utils._param_validation import validate_parameter_constraints
from torch import nn

from agnews_sk._core.validation import Interval, StrOptions

# Each with the corresponding parameters of the classifiers; the first has its range.
_SAME = {
    "batch_size": ("batch_size", "tokens_per_batch"),
    "callbacks": ("callbacks",),
    "criterion": ("loss", "focal_gamma", "label_smoothing"),
    "criterion__gamma": ("focal_gamma",),
    "criterion__label_smoothing": ("label_smoothing",),
    "device": ("device",),
    "lr": ("learning_rate",),
    "max_epochs": ("max_epochs", "max_steps"),
    "optimizer": ("optimizer",),
    "verbose": ("verbose",),
}
_CONSTRAINTS = {
    "callbacks": [list, tuple, None],
    "criterion": [callable],
    "max_epochs": [Interval(Integral, 1, None, closed="left")],
    "optimizer": [callable],
    "torch_load_kwargs": [dict, None],
    "use_caching": ["boolean", StrOptions({"auto"})],
}
TAKEN = tuple(sorted({*_CONSTRAINTS, *(name for name in _SAME if "__" not in name)}))
_WITH_PARTS = ("criterion", "optimizer")
# Parameters of the classifiers that replace keys that are not accepted.
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
    """Reject `net_params` that have no effect, are out of range, or contradict other parameters.

    Parameters
    ----------
    classifier : TextNetClassifier

    Raises
    ------
    ValueError
        If a key is none of those taken, a value is out of the range of the classifier's parameter
        that corresponds to it, or that parameter is set too.
    """
    net_params = classifier.net_params or {}
    for name in net_params:
        if not _is_taken(name):
            raise ValueError(
                f"net_params has {name!r}, which training does not use{_way_out(name)}; it "
                f"takes {', '.join(TAKEN)}, and criterion__* and optimizer__* for their parameters."
            )
    for name, value in net_params.items():
        _check_value(name, value, classifier)
    for name in net_params:
        _check_set_once(name, classifier)


def check_takes_logits(criterion: Any) -> None:
    """Reject a criterion that would silently misread logits as log-probabilities.

    Parameters
    ----------
    criterion : callable
        Initialized.

    Raises
    ------
    ValueError
        If it takes log-probabilities.
    """
    if isinstance(criterion, nn.NLLLoss):
        raise ValueError(
            f"the criterion {type(criterion).__name__} of net_params takes log-probabilities, but "
            "the module returns logits; use torch.nn.CrossEntropyLoss."
        )


@torch.no_grad()
def check_is_mean_over_rows(criterion: Any, n_classes: int, *, several: bool, device: str) -> None:
    """Reject a criterion whose losses of the shares of a batch do not add up to that of the batch.

    Parameters
    ----------
    criterion : callable
        Initialized. It is called with three rows, in evaluation mode.
    n_classes : int
    several : bool
        Whether rows have several labels.
    device : str

    Raises
    ------
    ValueError
    """
    criterion = copy.deepcopy(criterion)
    if isinstance(criterion, nn.Module):
        criterion.eval()
    logits = torch.arange(3.0 * n_classes, device=device).sin().reshape(3, n_classes)
    target = torch.arange(3, device=device) % n_classes
    target = F.one_hot(target, n_classes).float() if several else target
    whole, first, others = (
        criterion(logits[rows], target[rows]).mean() for rows in (slice(3), slice(1), slice(1, 3))
    )
    if not torch.isclose(whole, first / 3 + others * 2 / 3, rtol=1e-4, equal_nan=True):
        raise ValueError(
            f"the criterion {type(criterion).__name__} of net_params is not a mean over the rows "
            "of a batch, so that devices cannot share a batch; let it give one loss per row, "
            "use class_weight instead of a weight of its own, or set devices=1."
        )


def _is_taken(name: Any) -> bool:
    """Return whether training reads this key of `net_params`."""
    if name in TAKEN:
        return True
    stem, _, rest = str(name).partition("__")
    return stem in _WITH_PARTS and bool(rest) and name not in _INSTEAD


def _way_out(name: Any) -> str:
    """Return the part of a message that names the parameter to use instead, if there is one."""
    instead = _INSTEAD.get(name) or _INSTEAD.get(str(name).partition("__")[0])
    return f" (use {instead} instead)" if instead else ""


def _check_value(name: str, value: Any, classifier: Any) -> None:
    """Reject a value outside the range of the corresponding parameter of the classifier."""
    constraint = _CONSTRAINTS.get(name)
    if constraint is None and not _is_of_a_criterion_of_the_user(name, classifier):
        ours = _SAME.get(name, (name,))[0]
        constraint = classifier._parameter_constraints.get(ours)
    if constraint is None:
        return
    if name == "batch_size" and value == -1:
        raise ValueError(
            "net_params has batch_size=-1, which means all rows in one batch in skorch; pass their "
            "number."
        )
    validate_parameter_constraints({name: constraint}, {name: value}, caller_name="net_params")


def _is_of_a_criterion_of_the_user(name: str, classifier: Any) -> bool:
    """Return whether a key is a parameter of a criterion that the user defined."""
    return name.startswith("criterion__") and "criterion" in classifier.net_params


def _check_set_once(name: str, classifier: Any) -> None:
    """Reject a key if the corresponding parameter of the classifier is set too."""
    if _is_of_a_criterion_of_the_user(name, classifier):
        return
    defaults = inspect.signature(type(classifier)).parameters
    for ours in _SAME.get(name, ()):
        value = getattr(classifier, ours)
        if not _is_default(value, defaults[ours].default):
            raise ValueError(
                f"net_params[{name!r}]={classifier.net_params[name]!r} and {ours}={value!r} set "
                "the same thing; set only one of them."
            )


def _is_default(value: Any, default: Any) -> bool:
    """Return whether a value is a default; 1 is not True, and 1.0 is not 1."""
    return value is default or (type(value) is type(default) and bool(value == default))
