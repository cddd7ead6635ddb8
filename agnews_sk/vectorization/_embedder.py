"""A transformer that embeds texts as dense vectors by a frozen pretrained encoder."""

import json
from functools import lru_cache
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from agnews_sk._core.base import HasParts, StateParts, TextInputMixin
from agnews_sk._core.columnar import flat_values, row_offsets
from agnews_sk._core.device import choose_device
from agnews_sk._core.pretrained import (
    longest_input,
    model_digest,
    model_from_config,
    plain_config,
    quiet_transformers,
    resolve_pretrained,
)
from agnews_sk._core.validation import Interval, StrOptions, check_texts
from agnews_sk.caching import TextCache
from agnews_sk.tokenization import ModelInput, PretrainedTokenizer


class SentenceEmbedder(
    TextInputMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, HasParts, BaseEstimator
):
    """Embed each text as one dense vector, by a pretrained model that is not trained further.

    Parameters
    ----------
    model : str, path or None, default=None
        Encoder: a folder, or a name on the Hugging Face Hub. None is all-MiniLM-L6-v2, from the
        `offline` extra if that is installed, otherwise from the Hub.
    pooling : {"mean", "max", "first"}, default="mean"
        How the vectors of the tokens become one per text; "first" is that of the first token.
    normalize : bool, default=True
        Scale each vector to Euclidean length 1, so that a dot product is a cosine similarity.
    max_length : int, default=128
        Largest number of tokens per text, special tokens included; longer texts are truncated.
        The model's own limit applies if it is smaller.
    batch_size : int, default=64
        Number of texts per batch. It affects speed and memory only.
    device : str, default="auto"
        A torch device; "auto" is an accelerator if torch finds one, else the CPU.
    cache : TextCache, optional
        Cache of the vectors, so that each distinct text is embedded once over all folds and trials.

    Attributes
    ----------
    tokenizer_ : PretrainedTokenizer
    encoder_ : torch.nn.Module
        The frozen model, shared by all embedders of a process that use it.
    model_input_ : ModelInput
        Number of ids and id of the padding; the tokenizer truncates.

    Notes
    -----
    Each distinct text is embedded once, in float32, in batches of texts of similar length. A
    missing text is treated as empty; the empty text has a vector, from the special tokens alone.
    Mean pooling and normalization are those of Sentence-BERT (Reimers and Gurevych, 2019,
    arXiv:1908.10084).

    Examples
    --------
    >>> from agnews_sk.vectorization import SentenceEmbedder
    >>> embedder = SentenceEmbedder().fit()  # doctest: +SKIP
    >>> embedder.transform(["Oil prices rise", "Crude costs more"]).shape  # doctest: +SKIP
    (2, 384)
    """

    _parameter_constraints: dict[str, Any] = {
        "model": [str, Path, None],
        "pooling": [StrOptions({"mean", "max", "first"})],
        "normalize": ["boolean"],
        "max_length": [Interval(Integral, 3, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "device": [str],
        "cache": [TextCache, None],
    }

    def __init__(
        self,
        *,
        model=None,
        pooling="mean",
        normalize=True,
        max_length=128,
        batch_size=64,
        device="auto",
        cache=None,
    ):
        self.model = model
        self.pooling = pooling
        self.normalize = normalize
        self.max_length = max_length
        self.batch_size = batch_size
        self.device = device
        self.cache = cache

    def fit(self, X: Any = None, y: Any = None) -> "SentenceEmbedder":
        """Load the model.

        Parameters
        ----------
        X : array-like of str of shape (n_samples,), optional
            Checked, otherwise ignored.
        y : None
            Ignored.

        Returns
        -------
        self

        Raises
        ------
        OSError
            If the model cannot be found.
        """
        self._validate_params()
        if X is not None:
            check_texts(X)
        source = resolve_pretrained(self.model)
        self._model_digest = model_digest(source)
        self.encoder_ = _load_encoder(source, self._model_digest)
        max_length = min(self.max_length, longest_input(self.encoder_) or self.max_length)
        self.tokenizer_ = PretrainedTokenizer(model=self.model, max_length=max_length).fit(X)
        self.model_input_ = self._make_model_input(self.encoder_)
        self._n_features_out = self.encoder_.config.hidden_size
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return one vector per text.

        Parameters
        ----------
        X : array-like of str of shape (n_samples,)
            Missing texts are treated as empty.

        Returns
        -------
        ndarray of float32 of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        texts = check_texts(X).fill_null("")
        if self.cache is not None:
            tokenizer = self.tokenizer_.tokenizer_json_  # holds the length that texts are cut at
            namespace = f"{self._model_digest} {self.pooling} {self.normalize} {tokenizer}"
            return np.stack(self.cache.rows(namespace, texts.to_list(), self._encode_list))
        distinct = texts.unique(maintain_order=True)
        frame = pl.DataFrame({"text": distinct}).with_row_index("position")
        positions = pl.DataFrame({"text": texts}).join(frame, on="text", maintain_order="left")
        return self._encode(distinct)[positions["position"].to_numpy()]

    def _encode_list(self, texts: list[str]) -> np.ndarray:
        """Return the vectors of a list of distinct texts, as the cache requests them."""
        return self._encode(pl.Series(values=texts, dtype=pl.String))

    def _encode(self, texts: pl.Series) -> np.ndarray:
        """Return the vectors of distinct texts.

        Texts are sorted by length into batches, so that little padding is computed, and each batch
        writes its vectors to the rows of its texts.

        Parameters
        ----------
        texts : polars.Series of str of shape (n_samples,)
            Without nulls.

        Returns
        -------
        ndarray of float32 of shape (n_samples, n_features)
        """
        import torch

        from agnews_sk.nn import RaggedDataset, RaggedLoader, make_pooling

        ids = self.tokenizer_.transform(texts)
        dataset = RaggedDataset(flat_values(ids).to_numpy(), row_offsets(ids))
        loader = RaggedLoader(dataset, self.batch_size, pad_id=self.model_input_.pad_id)
        device = choose_device(self.device)
        encoder = self.encoder_.to(device)
        pool = make_pooling(self.pooling, self._n_features_out)
        vectors = np.empty((len(texts), self._n_features_out), dtype=np.float32)
        with torch.inference_mode():
            for rows, (inputs, _) in zip(loader.batches, loader):
                inputs = {name: tensor.to(device) for name, tensor in inputs.items()}
                hidden = encoder(**inputs).last_hidden_state  # (batch, length, n_features)
                mask = inputs.get("attention_mask")  # absent where nothing is padded
                pooled = pool(hidden, None if mask is None else mask.bool())  # (batch, n_features)
                if self.normalize:
                    pooled = torch.nn.functional.normalize(pooled, dim=1)
                vectors[rows] = pooled.cpu().numpy()
        return vectors

    def get_parts(self) -> StateParts:
        """Return the state with weights and configuration of the encoder as parts of their own."""
        from agnews_sk.nn import weights_of

        state = dict(vars(self))
        encoder = state.pop("encoder_", None)
        state.pop("model_input_", None)
        if encoder is None:
            return StateParts(state)
        config = json.dumps({"model": plain_config(encoder)})
        return StateParts(state, weights_of(encoder), {"config.json": config})

    def set_parts(self, parts: StateParts) -> None:
        """Build the encoder from configuration and weights; reject ids beyond its vocabulary."""
        from agnews_sk.nn import module_with_weights

        config, weights = json.loads(parts.documents["config.json"])["model"], parts.tensors
        encoder: Any = module_with_weights(
            lambda: model_from_config(config, classifier=False, n_tensors=len(weights)), weights
        )
        self.model_input_ = self._make_model_input(encoder)
        self.model_input_.check_tokenizer(self.tokenizer_)
        self.encoder_ = encoder.eval().requires_grad_(False)
        self._n_features_out = encoder.config.hidden_size

    def _make_model_input(self, encoder: Any) -> ModelInput:
        """Return the model input of an encoder, whose ids the tokenizer has truncated."""
        pad_id = self.tokenizer_.pad_token_id_ or 0
        return ModelInput(vocab_size=encoder.config.vocab_size, pad_id=pad_id)


@lru_cache(maxsize=2)
def _load_encoder(source: str, sums: str) -> Any:
    """Load an encoder once per process for each state of its files, two at most in memory."""
    from transformers import AutoModel

    with quiet_transformers():
        encoder = AutoModel.from_pretrained(source, use_safetensors=True, dtype="float32")
    return encoder.eval().requires_grad_(False)
