"""Integrated gradients of nets with respect to token embeddings, by captum."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from agnews_sk._core.columnar import flat_values, row_offsets, to_ragged
from agnews_sk._core.optional import import_optional
from agnews_sk.inspection._steps import TextModel
from agnews_sk.inspection._tokens import Tokens, on_words, tokenize
from agnews_sk.inspection._words import Attribution, Words, relative_error
from agnews_sk.tokenization import ModelInput

MIN_STEPS, MAX_STEPS = 16, 512
# Tokens in a batch, which bounds the memory.
_TOKENS_PER_BATCH = 8_192


class TokenNet(NamedTuple):
    """A net from token ids to scores, and the ids of each text.

    Attributes
    ----------
    tokens : list of Tokens
        Of each text, as the net reads it: truncated, or chunk after chunk.
    n_chunks : list of int
        Number of each text's chunks, which are equally long.
    embedding : torch.nn.Module
        From ids to embeddings.
    forward : callable
        From ids, a tensor of shape (batch x n_chunks, length), and the number of chunks of a text,
        to scores of shape (batch, n_classes).
    absent_id : int
        Token that replaces words in the baseline.
    """

    tokens: list[Tokens]
    n_chunks: list[int]
    embedding: Any
    forward: Callable[[Any, int], Any]
    absent_id: int


def token_net(model: TextModel) -> TokenNet | None:
    """Return the net among the steps of a model, or None if there is none.

    Parameters
    ----------
    model : TextModel

    Returns
    -------
    TokenNet or None
    """
    if hasattr(model.classifier, "net_"):
        return _of_classifier(model)
    if len(model.readers) == 1 and hasattr(model.readers[0], "encoder_"):
        return _of_embedder(model)
    return None


def attribute_by_gradients(net: TokenNet, texts: np.ndarray, *, max_error: float) -> list:
    """Return the integrated gradients of each word.

    Parameters
    ----------
    net : TokenNet
    texts : ndarray of object of shape (n_texts,)
    max_error : float
        Steps are doubled, up to 512, until the completeness error is below.

    Returns
    -------
    list of Attribution
    """
    return [
        _attribute(net, tokens, n_chunks, text, max_error)
        for tokens, n_chunks, text in zip(net.tokens, net.n_chunks, texts)
    ]


def _attribute(
    net: TokenNet, tokens: Tokens, n_chunks: int, text: str, max_error: float
) -> Attribution:
    """Return the contributions in one text, with as many steps as its error requires."""
    absent = np.where(tokens.special, tokens.ids, net.absent_id)
    steps = MIN_STEPS
    while True:
        values, baseline, scores = _integrate(net, tokens.ids, absent, n_chunks, steps)
        error = relative_error(values.sum(axis=0), scores - baseline)
        if error < max_error or steps == MAX_STEPS:
            return on_words(Words(text), tokens, values, baseline, scores)
        steps *= 2


def _integrate(
    net: TokenNet, ids: np.ndarray, absent: np.ndarray, n_chunks: int, steps: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the integrated gradients of one text.

    Parameters
    ----------
    net : TokenNet
    ids, absent : ndarray of int of shape (n_tokens,)
        Tokens of the text, chunk after chunk, and of its baseline.
    n_chunks : int
    steps : int
        Of the Gauss-Legendre sum.

    Returns
    -------
    values : ndarray of float64 of shape (n_tokens, n_classes)
    baseline, scores : ndarray of float64 of shape (n_classes,)
    """
    import torch

    attr = import_optional("captum.attr", extra="explain", needed_by="explain of a net")
    device = next(net.embedding.parameters()).device
    text = torch.as_tensor(ids, device=device).reshape(n_chunks, -1)  # (n_chunks, length)

    def score(vectors: Any) -> Any:  # (batch, n_tokens, width) to (batch, n_classes)
        # The hook returns these embeddings in place of those of the ids, so that any net whose
        # input is ids can be differentiated.
        chunks = vectors.reshape(len(vectors) * n_chunks, -1, vectors.shape[2])
        handle = net.embedding.register_forward_hook(lambda *_: chunks)
        try:
            return net.forward(text.repeat(len(vectors), 1), n_chunks)
        finally:
            handle.remove()

    with torch.no_grad():
        ends = net.embedding(torch.as_tensor(np.stack([absent, ids]), device=device))
        baseline, scores = score(ends).double().cpu().numpy()  # ends: (2, n_tokens, width)
    n_classes = len(scores)
    parts = attr.IntegratedGradients(score).attribute(
        ends[1:].repeat(n_classes, 1, 1),
        ends[:1].repeat(n_classes, 1, 1),
        target=torch.arange(n_classes, device=device),
        n_steps=steps,
        method="gausslegendre",
        internal_batch_size=max(_TOKENS_PER_BATCH // max(len(ids), 1), n_classes),
    )  # (n_classes, n_tokens, width)
    # The contribution of a token is the sum over the dimensions of its embedding.
    return parts.sum(dim=2).T.double().cpu().numpy(), baseline, scores


def _of_classifier(model: TextModel) -> TokenNet | None:
    """Return the net of a fitted neural classifier, which may have its own tokenizer."""
    classifier = model.classifier
    own = getattr(classifier, "tokenizer_", None)
    readers = model.readers if own is None else (*model.readers, own)
    tokens = tokenize(readers, model.texts)
    if tokens is None:
        return None
    module = classifier.net_.module_.eval()

    def forward(ids: Any, n_chunks: int) -> Any:
        output = module(ids)
        logits = getattr(output, "logits", output).float()  # (batch x n_chunks, n_classes)
        pooling = getattr(module, "chunk_pooling", None)
        return _score_per_class(_of_texts(logits, n_chunks, pooling), classifier)

    model_input = classifier.model_input_
    pad_id = model_input.pad_id
    tokens, n_chunks = _as_read(tokens, model_input)
    tokens = [_padded_if_empty(row, pad_id) for row in tokens]
    absent_id = _absent_id(readers[0], pad_id)
    return TokenNet(tokens, n_chunks, _token_embedding(module), forward, absent_id)


def _of_embedder(model: TextModel) -> TokenNet | None:
    """Return encoder, pooling and linear classifier as one net; None for another classifier."""
    import torch

    from agnews_sk.nn import ChunkPooling, make_pooling

    (embedder,), classifier = model.readers, model.classifier
    tokens = tokenize((embedder.tokenizer_,), model.texts)
    if tokens is None or not hasattr(classifier, "coef_"):
        return None
    encoder = embedder.encoder_.eval()
    pool = make_pooling(embedder.pooling, encoder.config.hidden_size)
    pool_chunks = ChunkPooling(embedder.chunk_pooling, encoder.config.hidden_size)
    device = next(encoder.parameters()).device
    weight = torch.as_tensor(classifier.coef_, dtype=torch.float32, device=device)
    bias = torch.as_tensor(classifier.intercept_, dtype=torch.float32, device=device)

    def forward(ids: Any, n_chunks: int) -> Any:
        vectors = pool(encoder(input_ids=ids).last_hidden_state, None)  # (batch x n_chunks, width)
        vectors = _of_texts(vectors, n_chunks, pool_chunks)
        if embedder.normalize:
            vectors = torch.nn.functional.normalize(vectors, dim=1)
        scores = vectors @ weight.T + bias
        one_margin = scores.shape[1] == 1 and not _has_label_sets(classifier)
        return torch.cat([-scores, scores], dim=1) if one_margin else scores

    tokens, n_chunks = _as_read(tokens, embedder.model_input_)
    absent_id = _absent_id(embedder.tokenizer_, embedder.model_input_.pad_id)
    return TokenNet(tokens, n_chunks, encoder.get_input_embeddings(), forward, absent_id)


def _score_per_class(logits: Any, classifier: Any) -> Any:
    """Return the decision function, as `_steps.score_per_class`, but of a tensor of logits."""
    is_difference = logits.shape[1] == 2 and not _has_label_sets(classifier)
    return logits - logits.flip(1) if is_difference else logits


def _has_label_sets(classifier: Any) -> bool:
    """Return whether a fitted classifier predicts several labels per row."""
    return getattr(classifier, "label_format_", None) is not None


def _absent_id(tokenizer: Any, pad_id: int) -> int:
    """Return the token of the baseline: the mask token, or padding if there is none."""
    mask_id = getattr(tokenizer, "mask_token_id_", None)
    return pad_id if mask_id is None else mask_id


def _token_embedding(module: Any) -> Any:
    """Return the layer that embeds token ids, of a transformer or of a module of this package."""
    if hasattr(module, "get_input_embeddings"):
        return module.get_input_embeddings()
    if hasattr(module, "encoder"):
        return module.encoder.get_input_embeddings()
    return module.embedding.token


def _of_texts(outputs: Any, n_chunks: int, pooling: Any) -> Any:
    """Return one output per text, of outputs of shape (batch x n_chunks, width)."""
    import torch

    if n_chunks == 1:
        return outputs
    chunks = torch.arange(len(outputs), device=outputs.device).reshape(-1, n_chunks)
    return pooling(outputs, chunks)


def _as_read(tokens: list[Tokens], model_input: ModelInput) -> tuple[list[Tokens], list[int]]:
    """Return the tokens that a net reads of each text.

    Cutting positions in place of ids shows which tokens these are.

    Parameters
    ----------
    tokens : list of Tokens
    model_input : ModelInput

    Returns
    -------
    tokens : list of Tokens
        Truncated, or chunk after chunk, which repeats tokens of overlaps and special tokens.
    n_chunks : list of int
        Number of chunks of each text.
    """
    lengths = [len(row.ids) for row in tokens]
    ends = np.concatenate([[0], np.cumsum(lengths)])
    ids = to_ragged(np.concatenate([row.ids for row in tokens]), ends)
    positions = to_ragged(np.concatenate([np.arange(length) for length in lengths]), ends)
    read, offsets = model_input.cut(ids, values=positions)
    n_chunks = [1] * len(tokens)
    if offsets is not None:
        read = to_ragged(flat_values(read), row_offsets(read)[offsets])
        n_chunks = np.diff(offsets).tolist()
    return [row.take(places) for row, places in zip(tokens, read.to_list())], n_chunks


def _padded_if_empty(tokens: Tokens, pad_id: int) -> Tokens:
    """Return one padding token for a text without tokens, as the classifier does."""
    if len(tokens.ids):
        return tokens
    return Tokens(np.array([pad_id]), [None], np.array([True]))
