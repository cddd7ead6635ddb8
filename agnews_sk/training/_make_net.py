"""Make the net of a classifier from its parameters."""

from typing import Any

import numpy as np
import torch
from torch import nn

from agnews_sk._core.device import choose_device
from agnews_sk.nn import FocalLoss, MultiLabelLoss, bucket_batches
from agnews_sk.training._callback_rules import own_callbacks
from agnews_sk.training._callbacks import ProgressLine
from agnews_sk.training._hardware import use_bfloat16
from agnews_sk.training._net import TextNet
from agnews_sk.training._pairs import balanced_batches
from agnews_sk.training._rows import TextRows, epoch_rng
from agnews_sk.training._schedules import ConstantSchedule, make_schedule
from agnews_sk.training._settings import TrainingSettings

OPTIMIZERS: dict[str, tuple[Any, dict[str, Any]]] = {
    "adamw": (torch.optim.AdamW, {"fused": True}),
    "adam": (torch.optim.Adam, {"fused": True}),
    "sgd": (torch.optim.SGD, {"fused": True, "momentum": 0.9}),
    "adafactor": (torch.optim.Adafactor, {}),
}
# With `max_epochs=None`: few rows are passed over more often, until there are enough steps.
MIN_EPOCHS, MIN_STEPS = 2, 50
# A step on all pairs of a batch learns more from it.
MIN_STEPS_OF_PAIRS = 30


def make_net(
    classifier: Any,
    module: nn.Module,
    train: TextRows,
    valid: TextRows | None = None,
    seed: int = 0,
    *,
    fits_head: bool = False,
) -> TextNet:
    """Return the net of a classifier, not initialized.

    Parameters
    ----------
    classifier : TextNetClassifier
        Its parameters, `classes_`, `label_format_` and `model_input_` are read.
    module : torch.nn.Module
    train : TextRows
    valid : TextRows, optional
    seed : int, default=0
        Random seed of the order of the batches.
    fits_head : bool, default=False
        Whether training begins with an output layer fitted on the outputs of the layers below.

    Returns
    -------
    TextNet
    """
    net_params = classifier.net_params or {}
    device = choose_device(net_params.get("device", classifier.device))
    optimizer, keywords = OPTIMIZERS[classifier.optimizer]
    if classifier.optimizer == "sgd" and classifier.gradual_unfreezing:
        # The fused version requires a momentum for all parameters or for none.
        keywords = {**keywords, "fused": False}
    several = getattr(classifier, "label_format_", None) is not None
    criterion, loss_keywords = _loss(classifier, several)
    n_epochs = _n_epochs(classifier, train, seed)
    settings = _settings(classifier, train, valid, seed, device, n_epochs, fits_head)
    params = {
        "settings": settings,
        "n_classes": len(classifier.classes_),
        "pad_id": classifier.model_input_.pad_id,
        **({"several_labels": True, "predict_nonlinearity": torch.sigmoid} if several else {}),
        "criterion": criterion,
        **{f"criterion__{name}": value for name, value in loss_keywords.items()},
        "optimizer": optimizer,
        **{f"optimizer__{name}": value for name, value in keywords.items()},
        "lr": classifier.learning_rate,
        # There are at least as many steps as epochs.
        "max_epochs": classifier.max_steps or n_epochs,
        "batch_size": classifier.batch_size,
        "train_split": None,
    }
    # An optimizer or criterion of the user does not take the default keywords.
    kept = {k: v for k, v in params.items() if k.split("__")[0] not in net_params}
    of_progress = [ProgressLine()] if classifier.verbose else []
    callbacks = {"callbacks": [*own_callbacks(classifier), *of_progress]}
    return TextNet(module, **{**kept, **net_params, **callbacks, "device": device})


def _loss(classifier: Any, several: bool) -> tuple[Any, dict[str, Any]]:
    """Return the class of the criterion, and its keywords.

    It gives one loss per row or, of several labels, per label of a row.
    """
    smoothing = {"label_smoothing": classifier.label_smoothing}
    if several:
        gamma = classifier.focal_gamma if classifier.loss == "focal" else 0.0
        return MultiLabelLoss, {"gamma": gamma, **smoothing}
    if classifier.loss == "focal":
        return FocalLoss, {"gamma": classifier.focal_gamma, **smoothing}
    return nn.CrossEntropyLoss, {"reduction": "none", **smoothing}


def _settings(
    classifier: Any,
    train: TextRows,
    valid: TextRows | None,
    seed: int,
    device: str,
    n_epochs: int,
    fits_head: bool,
) -> TrainingSettings:
    """Return the parameters that only the training loop reads.

    Parameters
    ----------
    classifier : TextNetClassifier
    train : TextRows
        Its number and lengths decide the number of steps, and so the schedule.
    valid : TextRows or None
    seed : int
        Orders the batches.
    device : str
        Decides what `precision="auto"` means.
    n_epochs : int
    fits_head : bool

    Returns
    -------
    TrainingSettings
    """
    return TrainingSettings(
        schedule=_schedule(classifier, train, seed, n_epochs),
        max_steps=classifier.max_steps,
        seed=seed,
        tokens_per_batch=classifier.tokens_per_batch,
        accumulate=classifier.accumulate,
        weight_decay=classifier.weight_decay,
        l1=classifier.l1,
        layer_decay=classifier.layer_decay,
        gradient_clip=classifier.gradient_clip,
        ema_decay=classifier.ema_decay,
        bfloat16=use_bfloat16(classifier.precision, device),
        weighted=any(rows is not None and rows.weight is not None for rows in (train, valid)),
        patience=_patience(classifier, valid, n_epochs),
        freeze=classifier.freeze,
        gradual_unfreezing=classifier.gradual_unfreezing,
        max_cache_bytes=classifier.max_cache_bytes,
        compile=classifier.compile,
        devices=classifier.devices,
        fits_head=fits_head,
        contrastive=classifier.loss == "contrastive",
    )


def _patience(classifier: Any, valid: TextRows | None, n_epochs: int) -> int | None:
    """Return `patience`, or a quarter of the epochs where their number is chosen too."""
    given = _max_epochs(classifier) or classifier.max_steps
    if classifier.patience is not None or valid is None or given is not None:
        return classifier.patience
    return -(-n_epochs // 4)


def _max_epochs(classifier: Any) -> int | None:
    """Return `max_epochs`, or what replaces it in `net_params`."""
    return (classifier.net_params or {}).get("max_epochs", classifier.max_epochs)


def _schedule(
    classifier: Any, train: TextRows, seed: int, n_epochs: int
) -> ConstantSchedule | None:
    """Return the learning-rate schedule; None if the rate never changes, so that callbacks may."""
    if classifier.schedule == "constant" and not classifier.warmup:
        return None
    n_steps = classifier.max_steps
    if n_steps is None:
        n_steps = _n_steps(classifier, train, seed, n_epochs)
    return make_schedule(classifier.schedule, n_steps, classifier.warmup)


def _n_epochs(classifier: Any, train: TextRows, seed: int) -> int:
    """Return `max_epochs`, or if it is None as many epochs as have enough steps.

    Parameters
    ----------
    classifier : TextNetClassifier
    train : TextRows
    seed : int
        As for `_n_steps`.

    Returns
    -------
    int
    """
    max_epochs = _max_epochs(classifier)
    if max_epochs is not None:
        return max_epochs
    least = MIN_STEPS_OF_PAIRS if classifier.loss == "contrastive" else MIN_STEPS
    return max(MIN_EPOCHS, -(-least // _n_steps(classifier, train, seed, 1)))


def _n_steps(classifier: Any, train: TextRows, seed: int, n_epochs: int) -> int:
    """Return the number of optimizer steps in the first epochs.

    Parameters
    ----------
    classifier : TextNetClassifier
    train : TextRows
    seed : int
        Random seed of the batches: with `tokens_per_batch`, or texts of several chunks, their
        number depends on it.
    n_epochs : int

    Returns
    -------
    int
    """
    net_params = classifier.net_params or {}
    batch_size = net_params.get("batch_size", classifier.batch_size)
    if classifier.tokens_per_batch is None and train.chunk_offsets is None:
        return n_epochs * -(-len(train) // (batch_size * classifier.accumulate))
    # Batches by tokens or chunks vary in number from epoch to epoch.
    n_batches = [
        len(_batches(classifier, train, batch_size, epoch_rng(seed, epoch)))
        for epoch in range(n_epochs)
    ]
    return sum(-(-n // classifier.accumulate) for n in n_batches)


def _batches(
    classifier: Any, train: TextRows, batch_size: int, rng: np.random.Generator
) -> list[np.ndarray]:
    """Return the batches that the net draws for an epoch."""
    if classifier.loss == "contrastive":
        return balanced_batches(train, batch_size, rng)
    return bucket_batches(
        train.lengths,
        batch_size,
        rng,
        tokens_per_batch=classifier.tokens_per_batch,
        n_chunks=train.n_chunks,
    )
