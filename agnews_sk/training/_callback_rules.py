"""Which callbacks of skorch are compatible with which parameters; others raise an error."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from skorch.callbacks import (
    BatchScoring,
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    EpochTimer,
    GradientNormClipping,
    Initializer,
    InputShapeSetter,
    LoadInitState,
    LRScheduler,
    MlflowLogger,
    NeptuneLogger,
    ParamMapper,
    PassthroughScoring,
    PrintLog,
    ProgressBar,
    SacredLogger,
    TensorBoard,
    Unfreezer,
    WandbLogger,
)
from torch.optim.lr_scheduler import ReduceLROnPlateau

_HOOKS = [name for name in vars(Callback) if name.startswith("on_")]
# They show or store what others recorded, and do not affect training.
_WATCHERS = (
    EpochTimer,
    MlflowLogger,
    NeptuneLogger,
    PrintLog,
    ProgressBar,
    SacredLogger,
    TensorBoard,
    WandbLogger,
)
_OF_VALIDATION = {"valid_loss", "valid_accuracy"}


@dataclass(frozen=True)
class Rule:
    """A kind of callback that is not compatible with some parameters of a classifier.

    Attributes
    ----------
    kind : type or tuple of type
    applies : callable of (callback, classifier) to bool
    reason : str
        Follows the callback's name; formatted with the parameters of the classifier.
    """

    kind: Any
    applies: Callable[[Any, Any], Any]
    reason: str


_RULES = [
    Rule(
        InputShapeSetter,
        lambda callback, classifier: True,
        "rebuilds the module for its input, which is token ids of any length; leave it out.",
    ),
    Rule(
        LRScheduler,
        lambda callback, classifier: classifier.schedule != "constant" or classifier.warmup,
        "sets the learning rate, and so do schedule={schedule!r} and warmup={warmup!r}; leave it "
        "to the callback with schedule='constant' and warmup=0, or leave the callback out.",
    ),
    Rule(
        LRScheduler,
        lambda callback, classifier: callback.step_every == "batch" and classifier.accumulate > 1,
        "would step every batch, and the optimizer every accumulate={accumulate} batches; set "
        "step_every='epoch' or accumulate=1.",
    ),
    Rule(
        GradientNormClipping,
        lambda callback, classifier: (
            classifier.gradient_clip is not None and callback.gradient_clip_value is not None
        ),
        "clips gradients, and so does gradient_clip={gradient_clip!r}; leave it to the callback "
        "with gradient_clip=None, or leave the callback out.",
    ),
    Rule(
        ParamMapper,
        lambda callback, classifier: (
            classifier.gradual_unfreezing and not isinstance(callback, Initializer)
        ),
        "chooses the trained parameters, as gradual_unfreezing=True does; set only one of them.",
    ),
    Rule(
        Unfreezer,
        lambda callback, classifier: classifier.freeze is not None or classifier.lora is not None,
        "cannot train what freeze={freeze!r} and lora={lora!r} keep from the optimizer; freeze "
        "with the callback Freezer instead, or leave the callback out.",
    ),
    Rule(
        LoadInitState,
        lambda callback, classifier: classifier.checkpoint_dir is not None,
        "and checkpoint_dir={checkpoint_dir!r} both resume a training run; set only one of them.",
    ),
    Rule(
        BatchScoring,
        lambda callback, classifier: classifier.loss == "contrastive" and callback.on_train,
        "would score training batches before loss={loss!r} has fitted the output layer; use "
        "EpochScoring with use_caching=False.",
    ),
    Rule(
        EpochScoring,
        lambda callback, classifier: (
            classifier.loss == "contrastive"
            and callback.on_train
            and _keeps_predictions(callback, classifier)
        ),
        "would score predictions for training batches from before loss={loss!r} has fitted the "
        "output layer; set use_caching=False, so that it predicts at the end of each epoch.",
    ),
    Rule(
        BatchScoring,
        lambda callback, classifier: classifier.devices > 1 and callback.on_train,
        "would score training batches, whose predictions are on devices={devices} devices; use "
        "EpochScoring with use_caching=False.",
    ),
    Rule(
        EpochScoring,
        lambda callback, classifier: (
            classifier.devices > 1
            and callback.on_train
            and _keeps_predictions(callback, classifier)
        ),
        "would score predictions for training batches, which are on devices={devices} devices; set "
        "use_caching=False, so that it predicts at the end of each epoch.",
    ),
    Rule(
        LoadInitState,
        lambda callback, classifier: classifier.ema_decay is not None,
        "would resume from averaged weights, with ema_decay={ema_decay!r}; resume with "
        "checkpoint_dir, or set ema_decay=None.",
    ),
]


def own_callbacks(classifier: Any) -> list[Any]:
    """Return the skorch callbacks of a classifier, from `callbacks` or `net_params`.

    Parameters
    ----------
    classifier : TextNetClassifier

    Returns
    -------
    list of callback, class of callback, or (str, callback)
    """
    return list(classifier.callbacks or (classifier.net_params or {}).get("callbacks") or [])


def deciding_callbacks(classifier: Any) -> list[Any]:
    """Return an identification of the callbacks that may affect training.

    Parameters
    ----------
    classifier : TextNetClassifier

    Returns
    -------
    list
        Of each its name, its class and, if it is an instance, its parameters. What it learns in
        training, by convention in names with a trailing underscore, is left out.
    """
    named = [
        item if isinstance(item, (tuple, list)) else ("", item)
        for item in own_callbacks(classifier)
    ]
    return [
        (name, callback if isinstance(callback, type) else (type(callback), _parameters(callback)))
        for name, callback in named
        if callback not in _WATCHERS and type(callback) not in _WATCHERS
    ]


def _parameters(callback: Any) -> dict[str, Any]:
    """Return the attributes of a callback, apart from those that it learns in training."""
    return {name: value for name, value in vars(callback).items() if not name.endswith("_")}


def check_callbacks(classifier: Any, *, validates: bool) -> None:
    """Reject objects that are not callbacks, and callbacks without the intended effect.

    Parameters
    ----------
    classifier : TextNetClassifier
    validates : bool
        Whether there are rows to validate on.

    Raises
    ------
    TypeError
        If something is not a callback of skorch.
    ValueError
        If a callback conflicts with the parameters of the classifier.
    """
    for position, item in enumerate(own_callbacks(classifier)):
        callback = _as_callback(item, position)
        for rule in _RULES:
            if isinstance(callback, rule.kind) and rule.applies(callback, classifier):
                reason = rule.reason.format(**classifier.get_params(deep=False))
                raise ValueError(f"{type(callback).__name__} {reason}")
        if not validates and _needs_validation(callback):
            raise ValueError(
                f"{type(callback).__name__} needs validation rows; set validation_fraction, "
                "or pass X_val and y_val to fit. A scoring callback may set on_train=True instead."
            )


def _as_callback(item: Any, position: int) -> Any:
    """Return the callback of an entry of `callbacks`.

    Parameters
    ----------
    item : callback, class of callback, or (str, either)
        Anything else is rejected.
    position : int
        Of the item in the list, for the message.

    Returns
    -------
    skorch callback

    Raises
    ------
    TypeError
        If it lacks one of the hooks that skorch calls.
    """
    callback = item[1] if isinstance(item, (tuple, list)) and len(item) == 2 else item
    if isinstance(callback, type) and issubclass(callback, Callback):
        callback = callback()
    if not all(callable(getattr(callback, hook, None)) for hook in _HOOKS):
        raise TypeError(_no_callback(callback, position))
    return callback


def _no_callback(value: Any, position: int) -> str:
    """Return the message for an entry that is not a callback of skorch."""
    name = value.__name__ if isinstance(value, type) else type(value).__name__
    return (
        f"callbacks must hold callbacks of skorch, got {name} at position {position}; "
        "pass those of scikit-learn to set_callbacks, and wrap schedulers of torch in "
        "skorch.callbacks.LRScheduler."
    )


def _needs_validation(callback: Any) -> bool:
    """Return whether a callback reads a score of validation rows."""
    if isinstance(callback, (BatchScoring, EpochScoring, PassthroughScoring)):
        return not callback.on_train
    if isinstance(callback, WandbLogger):
        return callback.save_model
    if isinstance(callback, LRScheduler) and not _is_plateau(callback.policy):
        return False
    if isinstance(callback, (Checkpoint, EarlyStopping, LRScheduler)):
        monitor = callback.monitor
        return isinstance(monitor, str) and monitor.removesuffix("_best") in _OF_VALIDATION
    return False


def _keeps_predictions(callback: Any, classifier: Any) -> bool:
    """Return whether a scoring callback scores what the batches of an epoch gave."""
    of_net = (classifier.net_params or {}).get("use_caching", "auto")
    return bool(callback.use_caching if of_net == "auto" else of_net)


def _is_plateau(policy: Any) -> bool:
    """Return whether a policy of `LRScheduler` is the one that monitors a loss."""
    return policy == "ReduceLROnPlateau" or (
        isinstance(policy, type) and issubclass(policy, ReduceLROnPlateau)
    )
