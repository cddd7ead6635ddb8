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
from agnews_sk._core.earlier_states import TakesEarlierStates
from agnews_sk._core.pretrained import (
    left_out_modules,
    longest_input,
    model_digest,
    model_from_config,
    naming_packages,
    plain_config,
    pretrained_pooling,
    quiet_transformers,
    resolve_pretrained,
)
from agnews_sk._core.user_warnings import warn_user
from agnews_sk._core.validation import Interval, RealNotInt, StrOptions, check_texts
from agnews_sk.caching import TextCache, lent_cache
from agnews_sk.tokenization import (
    CHUNK_OVERLAP,
    MAX_CHUNKS,
    MOST_CHUNKS,
    TRUNCATIONS,
    WHOLE_TEXT,
    ModelInput,
    PretrainedTokenizer,
    find_special_tokens,
)

# Texts whose length `fit` looks at.
_SAMPLE = 256


class SentenceEmbedder(
    TakesEarlierStates,
    TextInputMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    HasParts,
    BaseEstimator,
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
        Longest input of the encoder in tokens, special tokens included; the model's own limit
        applies if it is smaller.
    truncation : {"head", "tail", "head+tail", "chunk"}, default="head"
        Which part of a longer text is read, always with the special tokens: its start, its end, a
        quarter from the start and the rest from the end, or all of it: "chunk" divides it into
        overlapping chunks, which the encoder reads one by one. `batch_size` then counts chunks.
    chunk_pooling : {"mean", "max"}, default="mean"
        How the vectors of a text's chunks become one, before it is normalized.
    chunk_overlap : float or int, default=0.125
        Tokens that neighbouring chunks share at least: a float is a share of a chunk, an int their
        number; at most half of a chunk.
    max_chunks : int, default=32
        Most chunks of a text; what is behind the last is not read. The chunks of a text are in one
        batch, so that this bounds the memory.
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
        Number of ids, id of the padding, and how longer texts are cut.

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
        "truncation": [StrOptions(set(TRUNCATIONS))],
        "chunk_pooling": [StrOptions({"mean", "max"})],
        "chunk_overlap": [
            Interval(RealNotInt, 0, 0.5, closed="both"),
            Interval(Integral, 0, None, closed="left"),
        ],
        "max_chunks": [Interval(Integral, 1, MOST_CHUNKS, closed="both")],
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
        truncation="head",
        chunk_pooling="mean",
        chunk_overlap=CHUNK_OVERLAP,
        max_chunks=MAX_CHUNKS,
        batch_size=64,
        device="auto",
        cache=None,
    ):
        self.model = model
        self.pooling = pooling
        self.normalize = normalize
        self.max_length = max_length
        self.truncation = truncation
        self.chunk_pooling = chunk_pooling
        self.chunk_overlap = chunk_overlap
        self.max_chunks = max_chunks
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

        Warns
        -----
        UserWarning
            If more than a tenth of the texts are longer than what is read of them, judged by a
            sample, or if the vectors are not those that sentence-transformers computes by the
            model, because it pools in another way or has further modules.
        """
        self._validate_params()
        texts = None if X is None else check_texts(X)
        source = resolve_pretrained(self.model)
        self._warn_of_own_modules(source)
        self._model_digest = model_digest(source)
        self.encoder_ = _load_encoder(source, self._model_digest)
        tokenizer = PretrainedTokenizer(model=self.model, max_length=WHOLE_TEXT).fit(X)
        self.model_input_ = self._make_model_input(tokenizer)
        self.tokenizer_ = tokenizer
        if self.truncation == "head":
            # By itself a tokenizer keeps all special tokens, also where there are two at one end.
            max_length = self.model_input_.max_length
            self.tokenizer_ = PretrainedTokenizer(model=self.model, max_length=max_length).fit()
        self._n_features_out = self.encoder_.config.hidden_size
        if texts is not None:
            few = len(texts) <= _SAMPLE
            sample = texts if few else texts.sample(_SAMPLE, seed=0)
            self.model_input_.warn_of_cut(
                tokenizer.transform(sample),
                of="texts" if few else "sampled texts",
            )
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
        cache: Any = lent_cache() if self.cache is None else self.cache
        if cache is not None:
            tokenizer = self.tokenizer_.tokenizer_json_  # holds the length that texts are cut at
            namespace = f"{self._model_digest} {self.pooling} {self.normalize} {tokenizer}"
            if self.model_input_.truncation != "head":
                namespace += f" {self.model_input_} {self.chunk_pooling}"
            return np.stack(cache.rows(namespace, texts.to_list(), self._encode_list))
        distinct = texts.unique(maintain_order=True)
        frame = pl.DataFrame({"text": distinct}).with_row_index("position")
        positions = pl.DataFrame({"text": texts}).join(frame, on="text", maintain_order="left")
        return self._encode(distinct)[positions["position"].to_numpy()]

    def _encode_list(self, texts: list[str]) -> np.ndarray:
        """Return the vectors of a list of distinct texts, as the cache requests them."""
        return self._encode(pl.Series(values=texts, dtype=pl.String))

    def _encode(self, texts: pl.Series) -> np.ndarray:
        """Return the vectors of distinct texts without nulls, of shape (n_samples, n_features)."""
        return self._encode_ids(*self.model_input_.prepare(self.tokenizer_.transform(texts)))

    def _encode_ids(self, ids: pl.Series, chunk_offsets: np.ndarray | None = None) -> np.ndarray:
        """Return the vectors of texts, given their ids.

        Texts are sorted by length into batches, so that little padding is computed, and each batch
        writes its vectors to the rows of its texts.

        Parameters
        ----------
        ids : polars.Series of list of int of shape (n_chunks,)
            Special tokens included.
        chunk_offsets : ndarray of int of shape (n_samples + 1,), optional
            Chunks of each text; by default each text is one.

        Returns
        -------
        ndarray of float32 of shape (n_samples, n_features)
        """
        import torch

        from agnews_sk.nn import ChunkPooling, RaggedDataset, RaggedLoader, make_pooling

        values, offsets = flat_values(ids).to_numpy(), row_offsets(ids)
        dataset = RaggedDataset(values, offsets, chunk_offsets=chunk_offsets)
        loader = RaggedLoader(dataset, self.batch_size, pad_id=self.model_input_.pad_id)
        device = choose_device(self.device)
        encoder = self.encoder_.to(device)
        pool = make_pooling(self.pooling, self._n_features_out)
        pool_chunks = ChunkPooling(self.chunk_pooling, self._n_features_out)
        n_texts = len(ids) if chunk_offsets is None else len(chunk_offsets) - 1
        vectors = np.empty((n_texts, self._n_features_out), dtype=np.float32)
        with torch.inference_mode():
            for rows, (inputs, _) in zip(loader.batches, loader):
                inputs = {name: tensor.to(device) for name, tensor in inputs.items()}
                chunks = inputs.pop("chunks", None)  # absent where each text is one
                hidden = encoder(**inputs).last_hidden_state  # (n_chunks, length, n_features)
                mask = inputs.get("attention_mask")  # absent where nothing is padded
                pooled = pool(hidden, None if mask is None else mask.bool())
                if chunks is not None:
                    pooled = pool_chunks(pooled, chunks)  # (batch, n_features)
                if self.normalize:
                    pooled = torch.nn.functional.normalize(pooled, dim=1)
                vectors[rows] = pooled.cpu().numpy()
        return vectors

    def get_parts(self) -> StateParts:
        """Return the state with weights and configuration of the encoder as parts of their own."""
        from agnews_sk.nn import weights_of

        state = dict(vars(self))
        encoder = state.pop("encoder_", None)
        model_input = state.pop("model_input_", None)
        if encoder is None:
            return StateParts(state)
        config = json.dumps({"model": plain_config(encoder), "input": model_input.as_dict()})
        return StateParts(state, weights_of(encoder), {"config.json": config})

    def set_parts(self, parts: StateParts) -> None:
        """Build the encoder from configuration and weights; reject ids beyond its vocabulary."""
        from agnews_sk.nn import module_with_weights

        saved, weights = json.loads(parts.documents["config.json"]), parts.tensors
        config = saved["model"]
        encoder: Any = module_with_weights(
            lambda: model_from_config(config, classifier=False, n_tensors=len(weights)), weights
        )
        # Earlier versions left all truncation to the tokenizer.
        earlier = {"max_length": WHOLE_TEXT, "truncation": "head", "ends": (0, 0)}
        entries = {**saved.get("input", earlier), "pad_id": self.tokenizer_.pad_token_id_ or 0}
        # torch would read beyond the table of positions, which on a GPU ends the process.
        longest = longest_input(encoder) or WHOLE_TEXT
        entries["max_length"] = min(entries["max_length"], longest)
        self.model_input_ = ModelInput.from_dict(entries, vocab_size=encoder.config.vocab_size)
        self.model_input_.check_tokenizer(self.tokenizer_)
        self.encoder_ = encoder.eval().requires_grad_(False)
        self._n_features_out = encoder.config.hidden_size

    def _warn_of_own_modules(self, source: str) -> None:
        """Warn if the model was trained to pool in another way, or with further modules."""
        pooling, left_out = pretrained_pooling(source), left_out_modules(source)
        if pooling not in (None, self.pooling):
            warn_user(
                f"{source} was trained with the pooling {pooling!r}, got pooling={self.pooling!r}; "
                f"its vectors are those of sentence-transformers with pooling={pooling!r}.",
                UserWarning,
            )
        if left_out:
            warn_user(
                f"{source} has modules after its pooling that are not applied, {left_out}; to "
                "apply them, use `encode` of sentence-transformers in a FunctionTransformer.",
                UserWarning,
            )

    def _make_model_input(self, tokenizer: PretrainedTokenizer) -> ModelInput:
        """Return the model input of the encoder for the ids of its tokenizer."""
        return ModelInput(
            vocab_size=self.encoder_.config.vocab_size,
            pad_id=tokenizer.pad_token_id_ or 0,
            max_length=min(self.max_length, longest_input(self.encoder_) or WHOLE_TEXT),
            truncation=self.truncation,
            special_tokens=find_special_tokens(tokenizer.transform(["", "a"])),
            chunk_overlap=self.chunk_overlap,
            max_chunks=self.max_chunks,
        )


@lru_cache(maxsize=2)
def _load_encoder(source: str, sums: str) -> Any:
    """Load an encoder once per process for each state of its files, two at most in memory."""
    from transformers import AutoModel

    with quiet_transformers(), naming_packages(source):
        encoder = AutoModel.from_pretrained(source, use_safetensors=True, dtype="float32")
    return encoder.eval().requires_grad_(False)
