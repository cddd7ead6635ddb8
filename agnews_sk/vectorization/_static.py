"""A transformer that embeds texts as means of token vectors, which an encoder computed once."""

import re
from functools import lru_cache
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import scipy.sparse as sp
from scipy.linalg import eigh
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from agnews_sk._core.base import TextInputMixin
from agnews_sk._core.columnar import flat_values, row_offsets, to_ragged
from agnews_sk._core.pretrained import model_digest, resolve_pretrained
from agnews_sk._core.validation import Interval, StrOptions, check_texts
from agnews_sk.tokenization import WHOLE_TEXT, PretrainedTokenizer, find_special_tokens
from agnews_sk.vectorization._embedder import SentenceEmbedder

# A token of this probability has half the weight of a rare one.
_HALF_WEIGHT = 1e-4
# Tokens per batch of the encoder, which affects speed and memory only.
_BATCH_SIZE = 512
_SPECIAL = ("pad", "unk", "cls", "sep", "mask")
_UNUSED = re.compile(r"[\[<]unused_?\d+[\]>]")


class StaticEmbedder(
    TextInputMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator
):
    r"""Embed each text as the mean of the static vectors of its tokens.

    `fit` takes one vector per token from a pretrained encoder. From then on the encoder is not
    needed, and neither is torch: texts are embedded, and fitted models loaded, without both.

    Parameters
    ----------
    model : str, path or None, default=None
        Encoder: a folder, or a name on the Hugging Face Hub. None is all-MiniLM-L6-v2, from the
        `offline` extra if that is installed, otherwise from the Hub.
    layers : {"first+last", "first", "last"}, default="first+last"
        Where the vector of a token comes from: "first" is its row in the embedding layer of the
        encoder, "last" its output for a text of this token alone, "first+last" both, side by side.
        "first" takes no time; the others run the encoder on its whole vocabulary, once per process.
    pooling : {"mean", "max", "first"}, default="mean"
        How the outputs of a token and of the special tokens around it become one vector.
    n_components : int or None, default=None
        Number of principal components that the vectors are reduced to. None keeps all.
    weighting : {"zipf"} or None, default="zipf"
        "zipf" gives frequent tokens lower weights, estimated from their rank in the vocabulary;
        None weights all alike.
    normalize : bool, default=True
        Scale the vector of each text to Euclidean length 1.
    device : str, default="auto"
        A torch device, for `fit`; "auto" is an accelerator if torch finds one, else the CPU.

    Attributes
    ----------
    tokenizer_ : PretrainedTokenizer
    embeddings_ : ndarray of float16 of shape (vocab_size, n_features)
        Weighted vectors of the tokens; those of special and unknown tokens are 0.

    See Also
    --------
    SentenceEmbedder : Runs the encoder on each text: more accurate, and many times slower.

    Notes
    -----
    The method of Model2Vec (Minish, github.com/MinishLab/model2vec), which takes the "last" layer.
    The vectors of each layer are centred and scaled to a mean squared length of 1. Weights are
    those of smooth inverse frequency (Arora, Liang and Ma 2017), :math:`a / (a + p)` with
    :math:`a = 10^{-4}` and the probability :math:`p` of a token by Zipf's law, since the tokens of
    a vocabulary are in the order of their frequency: :math:`p` is inverse to the rank.

    Missing and empty texts, and texts of unknown tokens alone, have vectors of 0. All of a text is
    read. The order of words has no influence.

    Examples
    --------
    >>> from agnews_sk.vectorization import StaticEmbedder
    >>> embedder = StaticEmbedder(n_components=256).fit()  # doctest: +SKIP
    >>> embedder.transform(["Oil prices rise", "Crude costs more"]).shape  # doctest: +SKIP
    (2, 256)
    """

    _parameter_constraints: dict[str, Any] = {
        "model": [str, Path, None],
        "layers": [StrOptions({"first+last", "first", "last"})],
        "pooling": [StrOptions({"mean", "max", "first"})],
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "weighting": [StrOptions({"zipf"}), None],
        "normalize": ["boolean"],
        "device": [str],
    }

    def __init__(
        self,
        *,
        model=None,
        layers="first+last",
        pooling="mean",
        n_components=None,
        weighting="zipf",
        normalize=True,
        device="auto",
    ):
        self.model = model
        self.layers = layers
        self.pooling = pooling
        self.n_components = n_components
        self.weighting = weighting
        self.normalize = normalize
        self.device = device

    def fit(self, X: Any = None, y: Any = None) -> "StaticEmbedder":
        """Compute the vectors of the tokens.

        Parameters
        ----------
        X : array-like of str of shape (n_samples,), optional
            The first texts are checked for unknown tokens, otherwise ignored.
        y : None
            Ignored.

        Returns
        -------
        self

        Raises
        ------
        OSError
            If the model cannot be found.
        ValueError
            If `n_components` is more than the length of the vectors.

        Warns
        -----
        UserWarning
            If most of the texts become unknown tokens: the model does not know their language.
        """
        self._validate_params()
        tokenizer = PretrainedTokenizer(model=self.model, max_length=WHOLE_TEXT).fit(X)
        source = resolve_pretrained(self.model)
        digest = model_digest(source)
        layers = self.layers.split("+")
        vectors = np.hstack(
            [_vectors_of(layer, source, digest, self.pooling, self.device) for layer in layers]
        )
        if self.n_components is not None:
            vectors = _principal_components(vectors, self.n_components)
        is_special = _is_special(tokenizer)
        if self.weighting == "zipf":
            vectors *= _zipf_weights(is_special)[:, None]
        vectors[is_special] = 0
        self.tokenizer_ = tokenizer
        self.embeddings_ = vectors.astype(np.float16)
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
        ids = self.tokenizer_.transform(check_texts(X).fill_null(""))
        values, offsets = flat_values(ids).to_numpy(), row_offsets(ids)
        # Only the vectors of these texts' tokens are made float32, as scipy needs them.
        is_used = np.bincount(values, minlength=len(self.embeddings_)) > 0
        table = self.embeddings_[is_used].astype(np.float32)
        columns = (np.cumsum(is_used) - 1)[values]
        ones = np.ones(len(values), dtype=np.float32)
        tokens = sp.csr_array((ones, columns, offsets), shape=(len(ids), len(table)))
        vectors = tokens @ table  # (n_samples, n_features)
        if self.normalize:
            scales = np.linalg.norm(vectors, axis=1)
        else:
            scales = tokens @ table.any(axis=1).astype(np.float32)  # tokens with a vector
        vectors /= np.where(scales > 0, scales, 1)[:, None]
        return vectors

    @property
    def _n_features_out(self) -> int:
        """Length of the vectors, for `get_feature_names_out`."""
        return self.embeddings_.shape[1]


@lru_cache(maxsize=4)
def _vectors_of(layer: str, source: str, digest: str, pooling: str, device: str) -> np.ndarray:
    """Return the vectors of all tokens in one layer, once per process.

    Parameters
    ----------
    layer : {"first", "last"}
    source : str
        As `resolve_pretrained` returns it.
    digest : str
        Of its files, so that other files are other vectors.
    pooling : {"mean", "max", "first"}
    device : str

    Returns
    -------
    ndarray of float32 of shape (vocab_size, width)
        Centred, with a mean squared length of 1. Read-only.
    """
    embedder = SentenceEmbedder(
        model=source, pooling=pooling, normalize=False, batch_size=_BATCH_SIZE, device=device
    ).fit()
    tokenizer = embedder.tokenizer_
    embedder.model_input_.check_tokenizer(tokenizer)
    if layer == "first":
        weight = embedder.encoder_.get_input_embeddings().weight
        vectors = weight[: tokenizer.vocab_size_].numpy(force=True).astype(np.float32)
    else:
        vectors = embedder._encode_ids(_texts_of_one_token(tokenizer))
    vectors = vectors - vectors.mean(axis=0)
    length = np.sqrt(np.mean(np.sum(vectors**2, axis=1)))
    vectors /= length if length > 0 else 1
    vectors.setflags(write=False)
    return vectors


def _texts_of_one_token(tokenizer: PretrainedTokenizer) -> pl.Series:
    """Return the ids of a text of each token of the vocabulary, with the special tokens."""
    texts = tokenizer.transform(["", "a"])
    n_first, n_last = find_special_tokens(texts)
    empty = texts[0].to_numpy()
    n_ids = tokenizer.vocab_size_
    first = np.tile(empty[:n_first], (n_ids, 1))
    last = np.tile(empty[len(empty) - n_last :], (n_ids, 1))
    ids = np.hstack([first, np.arange(n_ids)[:, None], last])  # (vocab_size, length)
    return to_ragged(ids.ravel(), np.arange(n_ids + 1) * ids.shape[1])


def _is_special(tokenizer: PretrainedTokenizer) -> np.ndarray:
    """Return which tokens say nothing of a text, ndarray of bool of shape (vocab_size,).

    These are the unknown token, those that the tokenizer adds to every text, and those that no text
    has, which BERT's vocabularies begin with.
    """
    named = [getattr(tokenizer, f"{name}_token_id_") for name in _SPECIAL]
    found = [id_ for id_ in named if id_ is not None]
    is_special = np.zeros(tokenizer.vocab_size_, dtype=bool)
    unused = [id_ for token, id_ in tokenizer.vocabulary_.items() if _UNUSED.fullmatch(token)]
    is_special[[*found, *unused, *tokenizer.transform([""])[0]]] = True
    return is_special


def _zipf_weights(is_special: np.ndarray) -> np.ndarray:
    """Return the weight of each token, given its rank in the vocabulary, by Zipf's law."""
    share = np.where(is_special, 0, 1 / np.maximum(np.cumsum(~is_special), 1))
    share /= max(share.sum(), 1)
    return (_HALF_WEIGHT / (_HALF_WEIGHT + share)).astype(np.float32)


def _principal_components(vectors: np.ndarray, n_components: int) -> np.ndarray:
    """Return the first principal components of centred vectors, (vocab_size, n_components)."""
    width = vectors.shape[1]
    if n_components > width:
        raise ValueError(
            f"n_components must be at most {width}, the length of the vectors of this model and "
            f"these layers, got {n_components}."
        )
    covariance = vectors.T @ vectors  # (width, width)
    axes = eigh(covariance, subset_by_index=[width - n_components, width - 1])[1][:, ::-1]
    return vectors @ axes
