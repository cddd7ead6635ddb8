"""Train a pretrained encoder further, on texts without labels."""

import contextlib
import json
import tempfile
import warnings
from dataclasses import dataclass, replace
from numbers import Integral, Real
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import polars as pl
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import validate_parameter_constraints
from torch import Tensor, nn

from agnews_sk._core.columnar import flat_values, row_offsets
from agnews_sk._core.content import content_digest
from agnews_sk._core.interruption import unswallowed_interrupts
from agnews_sk._core.pretrained import (
    longest_input,
    model_digest,
    quiet_transformers,
    resolve_pretrained,
)
from agnews_sk._core.validation import Interval, StrOptions, check_texts
from agnews_sk.cleaning import ColumnJoiner, TextCleaner
from agnews_sk.nn import seeded_torch
from agnews_sk.tokenization import (
    WHOLE_TEXT,
    ModelInput,
    PretrainedTokenizer,
    find_special_tokens,
)
from agnews_sk.training._checkpoint import Checkpoint
from agnews_sk.training._hardware import explain_out_of_memory
from agnews_sk.training._make_net import make_net
from agnews_sk.training._neighbors import pair_with_neighbors
from agnews_sk.training._objectives import OBJECTIVES, Objective, make_objective
from agnews_sk.training._rows import TextRows

RECORD = "pretraining.json"
_MAX_SEED = 2**31 - 1
_LEAST_TEXTS = 2
_MEMORY_ADVICE = "lower batch_size or max_length"
_POSITIVE_INT = Interval(Integral, 1, None, closed="left")


class GivenLoss(nn.Module):
    """The criterion of modules that return the loss of each text themselves."""

    def forward(self, losses: Tensor, target: Tensor) -> Tensor:
        """Return the losses, of shape (batch,)."""
        return losses


@dataclass(frozen=True, kw_only=True)
class _Options:
    """The parameters of `pretrain_encoder`, and the others that `make_net` reads."""

    objective: str
    max_epochs: int
    max_steps: int | None
    batch_size: int
    learning_rate: float
    max_length: int
    precision: str
    device: str
    verbose: int
    random_state: Any
    model_input_: ModelInput | None = None

    optimizer: ClassVar[str] = "adamw"
    weight_decay: ClassVar[float] = 0.01
    schedule: ClassVar[str] = "linear"
    warmup: ClassVar[float] = 0.1
    gradient_clip: ClassVar[float] = 1.0
    loss: ClassVar[str] = "cross_entropy"
    focal_gamma: ClassVar[float] = 0.0
    label_smoothing: ClassVar[float] = 0.0
    tokens_per_batch: ClassVar[int | None] = None
    accumulate: ClassVar[int] = 1
    l1: ClassVar[float] = 0.0
    layer_decay: ClassVar[float] = 1.0
    patience: ClassVar[None] = None
    ema_decay: ClassVar[None] = None
    freeze: ClassVar[None] = None
    gradual_unfreezing: ClassVar[bool] = False
    max_cache_bytes: ClassVar[int] = 0
    compile: ClassVar[bool] = False
    devices: ClassVar[int] = 1
    callbacks: ClassVar[None] = None
    classes_: ClassVar[tuple[int, ...]] = (0,)
    net_params: ClassVar[dict[str, Any]] = {"criterion": GivenLoss}

    def check(self) -> None:
        """Raise a ValueError if a parameter is out of range."""
        given = {name: getattr(self, name) for name in _CONSTRAINTS}
        validate_parameter_constraints(_CONSTRAINTS, given, caller_name="pretrain_encoder")

    def deciding(self, seed: int) -> dict[str, Any]:
        """Return the parameters that decide the result, with the seed if it was set."""
        kept = {name: getattr(self, name) for name in _CONSTRAINTS if name not in _NOT_DECIDING}
        return kept if self.random_state is None else {**kept, "seed": seed}


_CONSTRAINTS: dict[str, Any] = {
    "objective": [StrOptions(set(OBJECTIVES))],
    "max_epochs": [_POSITIVE_INT],
    "max_steps": [_POSITIVE_INT, None],
    "batch_size": [Interval(Integral, 2, None, closed="left")],
    "learning_rate": [Interval(Real, 0, None, closed="neither")],
    "max_length": [Interval(Integral, 3, None, closed="left")],
    "precision": [StrOptions({"auto", "fp32", "bf16"})],
    "device": [str],
    "verbose": ["verbose"],
    "random_state": ["random_state"],
}
_NOT_DECIDING = {"device", "verbose", "random_state"}


def pretrain_encoder(
    X: Any,
    folder: str | Path,
    *,
    model: str | Path | None = None,
    objective: str = "auto",
    max_epochs: int = 1,
    max_steps: int | None = None,
    batch_size: int = 32,
    learning_rate: float = 3e-5,
    max_length: int = 128,
    precision: str = "auto",
    device: str = "auto",
    verbose: int = 0,
    random_state: Any = None,
) -> Path:
    """Train a pretrained encoder further, on texts without labels, and write it to a folder.

    Every `model` parameter takes the folder: that of `SentenceEmbedder`, of the pipelines, of
    `FineTunedTransformerClassifier` and of `PretrainedTokenizer`. So it is trained once, and shared
    by the folds of a cross-validation and the trials of a search. Pass no texts that will be
    predicted to measure accuracy.

    Parameters
    ----------
    X : DataFrame or array-like of str of shape (n_samples,)
        Texts without labels, some thousands or more. Text columns of a frame are joined, and texts
        are cleaned as in the pipelines. Missing and empty texts, and repetitions, are left out.
    folder : str or path
        New or empty. If it was written by the same call before, with the same texts and the same
        parameters, nothing is trained.
    model : str, path or None, default=None
        Folder or Hub name of the encoder to begin with. None is all-MiniLM-L6-v2, from the
        `offline` extra if that is installed, otherwise from the Hub.
    objective : {"auto", "masked", "contrastive"}, default="auto"
        "masked" predicts hidden tokens, and needs a model with the head of a masked language model,
        such as BERT or RoBERTa. "contrastive" moves each text towards one of its nearest
        neighbours and away from others, and needs no head but vectors that are of use already.
        "auto" is "masked" for models that have the head and are no sentence encoders.
    max_epochs : int, default=1
        Passes over the texts.
    max_steps : int or None, default=None
        Train for this number of optimizer steps, regardless of `max_epochs`.
    batch_size : int, default=32
        Texts per batch; with "contrastive", each with a neighbour.
    learning_rate : float, default=3e-5
        Highest learning rate; it rises over the first tenth of the steps, and then falls to zero.
    max_length : int, default=128
        Tokens that are read of each text, special tokens included; the model's own limit if that is
        smaller.
    precision : {"auto", "bf16", "fp32"}, default="auto"
        Precision of matrix products; "auto" is bfloat16 on hardware that supports it.
    device : str, default="auto"
        A torch device; "auto" is an accelerator if torch finds one, else the CPU.
    verbose : int, default=0
        1 shows a progress bar.
    random_state : int, RandomState or None, default=None
        Random seed of the order of the texts, of what is hidden or left out, and of dropout.

    Returns
    -------
    pathlib.Path
        The folder: a checkpoint of transformers, with weights in safetensors, its tokenizer, and
        `pretraining.json`, which holds the parameters, the number of texts and the loss per epoch.

    Raises
    ------
    FileExistsError
        If the folder holds anything else.
    OSError
        If the model cannot be found.
    ValueError
        If a parameter is out of range, fewer than two texts are left, or the model has no head for
        `objective="masked"`, or the state of an interrupted training run is damaged.
    NotADirectoryError
        If a file is where the state of training is to be saved.
    KeyboardInterrupt
        If Ctrl-C is pressed.
    FloatingPointError, MemoryError
        As for `FineTunedTransformerClassifier.fit`.

    Notes
    -----
    A training run that was interrupted is resumed by the same call: its state is saved after each
    epoch and every five minutes, in a folder beside `folder` that ends in `.training` and is
    removed at the end. The folder itself is written completely or not at all. The neighbours are
    saved there once they are found. To find them, all pairs of texts are compared: the time of this
    grows with the square of the number of texts.

    "masked" is the objective of BERT (Devlin et al. 2019, arXiv 1810.04805), on the texts of the
    task (Gururangan et al. 2020, "Don't stop pretraining", arXiv 2004.10964). "contrastive" is
    learning from nearest neighbours (Zhang et al. 2022, "New intent discovery with pre-training
    and contrastive learning", arXiv 2205.12914): the neighbour is one of the five texts whose
    vectors by the encoder at the beginning are nearest, and of both half of the tokens are read. It
    brings texts of one topic together, as far as the encoder knows the topics.

    Examples
    --------
    >>> from agnews_sk import load_news_sample, make_embedding_pipeline, pretrain_encoder
    >>> frame, y = load_news_sample(return_X_y=True)
    >>> encoder = pretrain_encoder(frame[1000:], "encoder", random_state=0)  # doctest: +SKIP
    >>> pipeline = make_embedding_pipeline(encoder).fit(frame[:100], y[:100])  # doctest: +SKIP
    """
    options = _Options(
        objective=objective,
        max_epochs=max_epochs,
        max_steps=max_steps,
        batch_size=batch_size,
        learning_rate=learning_rate,
        max_length=max_length,
        precision=precision,
        device=device,
        verbose=verbose,
        random_state=random_state,
    )
    options.check()
    folder, source = Path(folder), resolve_pretrained(model)
    texts = _distinct_texts(X)
    seed = check_random_state(random_state).randint(_MAX_SEED)
    digest = content_digest([model_digest(source), options.deciding(seed), texts.to_list()])
    target = folder.resolve()
    state = target.with_name(f"{target.name}.training")
    if _is_written(target, digest):
        _remove_state(state, digest)
        return folder
    checkpoint = Checkpoint(state, digest, parameter="the place beside folder for its state")
    begun = checkpoint.load("cpu")
    seed = seed if begun is None else begun["seed"]
    with unswallowed_interrupts(), seeded_torch(seed), explain_out_of_memory(_MEMORY_ADVICE):
        tokenizer = PretrainedTokenizer(model=source, max_length=WHOLE_TEXT).fit(texts)
        found = make_objective(objective, source, tokenizer)
        rows, model_input = _make_rows(texts, tokenizer, found.model, max_length)
        of_net = replace(options, model_input_=model_input)
        if found.name == "contrastive":
            rows = pair_with_neighbors(found.module, rows, of_net, seed, checkpoint)
            of_net = replace(of_net, batch_size=2 * batch_size)
        net = make_net(of_net, found.module, rows, seed=seed)
        _train(net, rows, checkpoint)
    record = {"digest": digest, **options.deciding(seed), "objective": found.name}
    record |= {"n_texts": len(texts), "history": net.history_frame().to_dict("list")}
    _write(target, found, source, record)
    _remove_state(state, digest)
    return folder


def _train(net: Any, rows: TextRows, checkpoint: Checkpoint) -> None:
    """Train, and raise an error where a loss that is not finite ends training."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            net.fit(rows, checkpoint=checkpoint)
        except ConvergenceWarning as stopped:
            raise FloatingPointError(f"{stopped} Nothing is written.") from None


def _remove_state(state: Path, digest: str) -> None:
    """Remove the files of a training run, and their folder if nothing else is in it."""
    if not state.is_dir():
        return
    for path in state.glob(f"{digest}.*"):
        path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # other files are there
        state.rmdir()


def _distinct_texts(X: Any) -> pl.Series:
    """Return each text once, joined and cleaned, in the order of their first rows."""
    texts = check_texts(TextCleaner().fit_transform(ColumnJoiner().fit_transform(X)))
    texts = texts.filter(texts.str.strip_chars() != "").unique(maintain_order=True)
    if len(texts) < _LEAST_TEXTS:
        raise ValueError(
            f"X must have at least {_LEAST_TEXTS} different texts that are not empty, got "
            f"{len(texts)}."
        )
    return texts


def _make_rows(
    texts: pl.Series, tokenizer: PretrainedTokenizer, model: Any, max_length: int
) -> tuple[TextRows, ModelInput]:
    """Return texts as rows of ids, and what the model takes."""
    ids = tokenizer.transform(texts)
    model_input = ModelInput(
        vocab_size=model.config.vocab_size,
        pad_id=tokenizer.pad_token_id_ or 0,
        max_length=min(max_length, longest_input(model) or WHOLE_TEXT),
        special_tokens=find_special_tokens(ids),
    )
    cut, _ = model_input.prepare(ids)
    # The loop hands labels on; the objectives read none.
    target = np.zeros(len(texts), dtype=np.int64)
    return TextRows(flat_values(cut).to_numpy(), row_offsets(cut), target), model_input


def _is_written(folder: Path, digest: str) -> bool:
    """Return whether a folder holds the encoder of this digest; reject other contents."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return False
    record = folder / RECORD
    with contextlib.suppress(OSError, ValueError, AttributeError):  # no record, or a damaged one
        if json.loads(record.read_text(encoding="utf-8")).get("digest") == digest:
            return True
    raise FileExistsError(
        f"{folder} holds something else than the encoder that these texts and parameters give; "
        "pass another folder, or remove it first."
    )


def _as_number(value: Any) -> Any:
    """Return a number of NumPy as one of Python."""
    return value.item()


def _write(folder: Path, found: Objective, source: str, record: dict[str, Any]) -> None:
    """Write a checkpoint of transformers, completely or not at all.

    Parameters
    ----------
    folder : path
        New or empty.
    found : Objective
        Trained.
    source : str
        Where the tokenizer is.
    record : dict of str to Any
        Contents of `pretraining.json`.
    """
    from transformers import AutoTokenizer

    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as temporary:
        new = Path(temporary) / folder.name
        weights = {**found.model.state_dict(), **found.untrained}
        with quiet_transformers():
            found.model.cpu().save_pretrained(new, state_dict=weights)
            AutoTokenizer.from_pretrained(source).save_pretrained(new)
        if found.pooling is not None:
            modes = {"mean": "mean", "max": "max", "first": "cls"}
            pooling = {f"pooling_mode_{modes[found.pooling]}_tokens": True}
            pooling |= {"word_embedding_dimension": found.model.config.hidden_size}
            (new / "1_Pooling").mkdir()
            (new / "1_Pooling" / "config.json").write_text(json.dumps(pooling), encoding="utf-8")
        (new / RECORD).write_text(
            json.dumps(record, indent=1, default=_as_number), encoding="utf-8"
        )
        if folder.exists():
            folder.rmdir()
        new.rename(folder)
