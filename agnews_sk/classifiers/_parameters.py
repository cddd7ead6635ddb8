"""The parameters that all our torch classifiers share: names, defaults, ranges, descriptions."""

import inspect
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from agnews_sk._core.validation import Interval, RealNotInt, StrOptions

POSITIVE_INT = Interval(Integral, 1, None, closed="left")
POSITIVE = Interval(Real, 0, None, closed="neither")
NOT_NEGATIVE = Interval(Real, 0, None, closed="left")
SHARE = Interval(Real, 0, 1, closed="left")


class SharedParameters:
    """Holds the parameters that a subclass adds its own to.

    A subclass writes `__init__(self, *, own=..., **shared)` and hands `shared` on; its signature
    and its docstring, where that says `{shared}`, then list every parameter, so that
    scikit-learn, `help` and the reference see them all. A parameter that the subclass names
    itself has the subclass's default.

    Parameters
    ----------
    max_epochs : int
        Passes over the training texts.
    max_steps : int or None
        Stop after this many optimiser steps, however many epochs that is.
    batch_size : int
        Texts a step. Batches hold texts of like length, padded to their own longest one.
    tokens_per_batch : int or None
        Instead of `batch_size`: as many texts as fit into this many tokens, padding included.
    accumulate : int
        Batches whose gradients are added up before each optimiser step; memory is that of one.
    learning_rate : float
        Highest rate of the schedule.
    optimizer : {"adamw", "adam", "sgd", "adafactor"}
        "sgd" has a momentum of 0.9.
    weight_decay : float
        On matrices only, not on biases and norms.
    l1 : float
        Weight of the sum of the matrices' absolute values, added to the loss.
    layer_decay : float
        Factor of the learning rate from each layer to the one below, in (0, 1].
    warmup : float or int
        Steps over which the learning rate rises: a share of all steps, or their number.
    schedule : {"linear", "cosine", "constant"}
        How the learning rate falls afterwards; the fall ends with the last step.
    gradient_clip : float or None
        Largest norm of the gradient of one step.
    dropout : float or None
        Share of activations that training sets to zero, everywhere in the model. None is what
        the pretrained model was made with.
    loss : {"cross_entropy", "focal"}
        "focal" counts texts already told apart for less, see `agnews_sk.nn.FocalLoss`.
    focal_gamma : float
        How much less.
    label_smoothing : float
        Share of each target that goes to all classes alike, in [0, 1).
    class_weight : "balanced", dict of label to float, or None
        Weight of each class in the loss, in training and in validation; "balanced" is inverse to
        its number of texts.
    freeze : None, "embeddings", int or "encoder"
        What is not trained: nothing; the embeddings; these and the lowest k layers; all but the
        head. Frozen layers run once a text and are then read from a cache.
    gradual_unfreezing : bool
        Train the head alone in the first epoch and one layer more in each that follows, from the
        top, down to what `freeze` says.
    cache_gib : float
        Largest cache of frozen layers' outputs: texts x tokens x width x 2 bytes in "bf16", x 4
        in "fp32". If more is needed there is none, and frozen layers run in each epoch.
    lora : int, dict or None
        Train low-rank additions to the layers' matrices instead of these: their rank, or
        parameters of `peft.LoraConfig`. They are merged after training. Needs the extra `peft`.
    pooling : {"mean", "max", "first", "attention"} or None
        How one vector a token becomes one a text. None is the pretrained model's own head.
    max_length : int
        Longest text in tokens, special ones included; the model's own limit if that is smaller.
    truncation : {"head", "tail", "head+tail"}
        Which part of a longer text is kept; special tokens stay.
    validation_fraction : float or None
        Share of the rows to validate on instead of training on them, drawn class by class. Rows
        of equal ids, or of one of the `groups` of `fit`, are on one side; a class of too few rows
        is all trained on, with a warning.
    patience : int or None
        Stop after this many epochs without a lower validation loss and keep the weights of the
        best epoch. Needs `validation_fraction`, or `X_val` and `y_val` in `fit`. The loss is the
        mean over the rows, weighted by `class_weight` and the rows' `sample_weight`.
    checkpoint_dir : str, path or None
        Folder to save the state of training to, after each epoch and, without `callbacks`, every
        five minutes. The same `fit` on the same data, with the same callbacks, resumes from there,
        to the same result as if it had never stopped. Each run has a file of its own, so that a
        search may share the folder.
    precision : {"auto", "bf16", "fp32"}
        What training multiplies matrices in; "auto" is bfloat16 on hardware that has it. Weights
        and their updates are float32, and so is every prediction.
    compile : bool
        Compile the model with `torch.compile`. Frozen layers then run in each epoch.
    device : str
        A torch device; "auto" is a GPU if there is one.
    warm_start : bool
        Go on from the weights of the last `fit`, which must have had the same classes.
    callbacks : list of skorch callbacks or None
        Called besides our own; labels are their positions in `classes_`. Those that the other
        parameters would undo are refused, see the guide on transformers. `set_callbacks` takes
        those of scikit-learn.
    verbose : int
        1 shows a progress bar.
    random_state : int, RandomState or None
        Seeds new weights, dropout and the order of the batches.
    net_params : dict or None
        Parameters of `skorch.NeuralNet`, in the ranges of ours and in their place; one is refused
        if a parameter of ours says the same and is not at its default: `batch_size`, `callbacks`,
        `criterion`, `criterion__*`, `device`, `lr`, `max_epochs`, `optimizer`, `optimizer__*`,
        `torch_load_kwargs`, `use_caching` and `verbose`. A criterion takes logits. It gives one
        loss per row, or has a `reduction`; one that does neither is refused where rows have
        weights.
    """

    _parameter_constraints: dict[str, Any] = {
        "max_epochs": [POSITIVE_INT],
        "max_steps": [POSITIVE_INT, None],
        "batch_size": [POSITIVE_INT],
        "tokens_per_batch": [POSITIVE_INT, None],
        "accumulate": [POSITIVE_INT],
        "learning_rate": [POSITIVE],
        "optimizer": [StrOptions({"adamw", "adam", "sgd", "adafactor"})],
        "weight_decay": [NOT_NEGATIVE],
        "l1": [NOT_NEGATIVE],
        "layer_decay": [Interval(Real, 0, 1, closed="right")],
        "warmup": [
            Interval(RealNotInt, 0, 1, closed="left"),
            Interval(Integral, 0, None, closed="left"),
        ],
        "schedule": [StrOptions({"constant", "linear", "cosine"})],
        "gradient_clip": [POSITIVE, None],
        "dropout": [SHARE, None],
        "loss": [StrOptions({"cross_entropy", "focal"})],
        "focal_gamma": [NOT_NEGATIVE],
        "label_smoothing": [SHARE],
        "class_weight": [StrOptions({"balanced"}), dict, None],
        "freeze": [
            StrOptions({"embeddings", "encoder"}),
            Interval(Integral, 0, None, closed="left"),
            None,
        ],
        "gradual_unfreezing": ["boolean"],
        "cache_gib": [NOT_NEGATIVE],
        "lora": [POSITIVE_INT, dict, None],
        "pooling": [StrOptions({"mean", "max", "first", "attention"}), None],
        "max_length": [POSITIVE_INT],
        "truncation": [StrOptions({"head", "tail", "head+tail"})],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither"), None],
        "patience": [POSITIVE_INT, None],
        "checkpoint_dir": [str, Path, None],
        "precision": [StrOptions({"auto", "fp32", "bf16"})],
        "compile": ["boolean"],
        "device": [str],
        "warm_start": ["boolean"],
        "callbacks": [list, None],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
        "net_params": [dict, None],
    }

    def __init__(
        self,
        *,
        max_epochs=2,
        max_steps=None,
        batch_size=32,
        tokens_per_batch=None,
        accumulate=1,
        learning_rate=1e-4,
        optimizer="adamw",
        weight_decay=0.01,
        l1=0.0,
        layer_decay=1.0,
        warmup=0.1,
        schedule="linear",
        gradient_clip=1.0,
        dropout=None,
        loss="cross_entropy",
        focal_gamma=2.0,
        label_smoothing=0.0,
        class_weight=None,
        freeze=None,
        gradual_unfreezing=False,
        cache_gib=4.0,
        lora=None,
        pooling=None,
        max_length=128,
        truncation="head",
        validation_fraction=None,
        patience=None,
        checkpoint_dir=None,
        precision="auto",
        compile=False,
        device="auto",
        warm_start=False,
        callbacks=None,
        verbose=0,
        random_state=None,
        net_params=None,
    ):
        self.max_epochs = max_epochs
        self.max_steps = max_steps
        self.batch_size = batch_size
        self.tokens_per_batch = tokens_per_batch
        self.accumulate = accumulate
        self.learning_rate = learning_rate
        self.optimizer = optimizer
        self.weight_decay = weight_decay
        self.l1 = l1
        self.layer_decay = layer_decay
        self.warmup = warmup
        self.schedule = schedule
        self.gradient_clip = gradient_clip
        self.dropout = dropout
        self.loss = loss
        self.focal_gamma = focal_gamma
        self.label_smoothing = label_smoothing
        self.class_weight = class_weight
        self.freeze = freeze
        self.gradual_unfreezing = gradual_unfreezing
        self.cache_gib = cache_gib
        self.lora = lora
        self.pooling = pooling
        self.max_length = max_length
        self.truncation = truncation
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.checkpoint_dir = checkpoint_dir
        self.precision = precision
        self.compile = compile
        self.device = device
        self.warm_start = warm_start
        self.callbacks = callbacks
        self.verbose = verbose
        self.random_state = random_state
        self.net_params = net_params

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__init__" in vars(cls):
            _list_all_parameters(cls)


def _list_all_parameters(cls: type) -> None:
    """Give a subclass's constructor the signature, ranges and description of all parameters."""
    own = list(inspect.signature(cls.__init__).parameters.values())  # type: ignore[misc]
    taken = {parameter.name for parameter in own}
    inherited = inspect.signature(SharedParameters.__init__).parameters.values()
    shared = [parameter for parameter in inherited if parameter.name not in taken]
    without_kwargs = [parameter for parameter in own if parameter.kind is not parameter.VAR_KEYWORD]
    signature = inspect.Signature([*without_kwargs, *shared])
    cls.__init__.__signature__ = signature  # type: ignore[misc]
    constraints = SharedParameters._parameter_constraints
    cls._parameter_constraints = {**constraints, **vars(cls).get("_parameter_constraints", {})}  # type: ignore[attr-defined]
    cls.__doc__ = (cls.__doc__ or "").replace("    {shared}\n", _descriptions(taken))


def _descriptions(left_out: set[str]) -> str:
    """Return the entries of the shared parameters, but for those described elsewhere."""
    section = (SharedParameters.__doc__ or "").split("----------\n", 1)[1]
    entries: dict[str, str] = {}
    for line in section.splitlines(keepends=True):
        if line.startswith("    ") and not line.startswith("     "):
            name = line.split(" : ")[0].strip()
        if line.strip():
            entries[name] = entries.get(name, "") + line
    return "".join(text for name, text in entries.items() if name not in left_out)
