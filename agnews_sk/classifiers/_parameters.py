"""The parameters that all torch classifiers share: names, defaults and ranges."""

from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import Any, ClassVar

from agnews_sk._core.validation import Interval, RealNotInt, StrOptions
from agnews_sk.tokenization import CHUNK_OVERLAP, MAX_CHUNKS, MOST_CHUNKS, TRUNCATIONS

POSITIVE_INT = Interval(Integral, 1, None, closed="left")
NOT_NEGATIVE_INT = Interval(Integral, 0, None, closed="left")
POSITIVE = Interval(Real, 0, None, closed="neither")
NOT_NEGATIVE = Interval(Real, 0, None, closed="left")
SHARE = Interval(Real, 0, 1, closed="left")

GIB = 2**30


@dataclass(kw_only=True, eq=False, repr=False)
class NetParameters:
    """Base of the classifiers that train a net: its fields are constructor parameters.

    A subclass is a dataclass too, and gives its own parameters, or other defaults, as fields. The
    constructor that `dataclasses` writes stores all of them, has all of them in its signature, and
    is what `get_params` and `clone` read. The docstring of each public class describes all of its
    parameters; a test keeps the descriptions of the shared ones equal, and their defaults true.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "max_epochs": [POSITIVE_INT, None],
        "max_steps": [POSITIVE_INT, None],
        "batch_size": [POSITIVE_INT],
        "tokens_per_batch": [POSITIVE_INT, None],
        "accumulate": [POSITIVE_INT],
        "learning_rate": [POSITIVE],
        "optimizer": [StrOptions({"adamw", "adam", "sgd", "adafactor"})],
        "weight_decay": [NOT_NEGATIVE],
        "l1": [NOT_NEGATIVE],
        "layer_decay": [Interval(Real, 0, 1, closed="right")],
        "warmup": [Interval(RealNotInt, 0, 1, closed="left"), NOT_NEGATIVE_INT],
        "schedule": [StrOptions({"constant", "linear", "cosine"})],
        "gradient_clip": [POSITIVE, None],
        "ema_decay": [Interval(Real, 0, 1, closed="neither"), None],
        "dropout": [SHARE, None],
        "loss": [StrOptions({"cross_entropy", "focal", "contrastive"})],
        "focal_gamma": [NOT_NEGATIVE],
        "label_smoothing": [SHARE],
        "class_weight": [StrOptions({"balanced"}), dict, None],
        "threshold": [Interval(Real, 0, 1, closed="both"), StrOptions({"f1"})],
        "freeze": [StrOptions({"embeddings", "encoder"}), NOT_NEGATIVE_INT, None],
        "gradual_unfreezing": ["boolean"],
        "max_cache_bytes": [NOT_NEGATIVE_INT],
        "lora": [POSITIVE_INT, dict, None],
        "pooling": [StrOptions({"mean", "max", "first", "attention"}), None],
        "max_length": [POSITIVE_INT],
        "truncation": [StrOptions(set(TRUNCATIONS))],
        "chunk_pooling": [StrOptions({"mean", "max", "attention"})],
        "chunk_overlap": [Interval(RealNotInt, 0, 0.5, closed="both"), NOT_NEGATIVE_INT],
        "max_chunks": [Interval(Integral, 1, MOST_CHUNKS, closed="both")],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither"), None],
        "patience": [POSITIVE_INT, None],
        "checkpoint_dir": [str, Path, None],
        "precision": [StrOptions({"auto", "fp32", "bf16"})],
        "compile": ["boolean"],
        "device": [str],
        "devices": [POSITIVE_INT],
        "warm_start": ["boolean"],
        "callbacks": [list, None],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
        "net_params": [dict, None],
    }

    max_epochs: int | None = None
    max_steps: int | None = None
    batch_size: int = 32
    tokens_per_batch: int | None = None
    accumulate: int = 1
    learning_rate: float = 1e-4
    optimizer: str = "adamw"
    weight_decay: float = 0.01
    l1: float = 0.0
    layer_decay: float = 1.0
    warmup: float | int = 0.1
    schedule: str = "linear"
    gradient_clip: float | None = 1.0
    ema_decay: float | None = None
    dropout: float | None = None
    loss: str = "cross_entropy"
    focal_gamma: float = 2.0
    label_smoothing: float = 0.0
    class_weight: str | dict[Any, float] | None = None
    threshold: float | str = "f1"
    freeze: str | int | None = None
    gradual_unfreezing: bool = False
    max_cache_bytes: int = 4 * GIB
    lora: int | dict[str, Any] | None = None
    pooling: str | None = None
    max_length: int = 128
    truncation: str = "head"
    chunk_pooling: str = "mean"
    chunk_overlap: float | int = CHUNK_OVERLAP
    max_chunks: int = MAX_CHUNKS
    validation_fraction: float | None = None
    patience: int | None = None
    checkpoint_dir: str | Path | None = None
    precision: str = "auto"
    compile: bool = False
    device: str = "auto"
    devices: int = 1
    warm_start: bool = False
    callbacks: list[Any] | None = None
    verbose: int = 0
    random_state: Any = None
    net_params: dict[str, Any] | None = None
