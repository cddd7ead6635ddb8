"""Token types of pairs of texts: which of the two a token belongs to."""

import inspect
from typing import Any

from torch import Tensor, nn

from agnews_sk.nn._pooled_classifier import PooledClassifier


class TokenTypes:
    """A forward pre-hook that passes token types to an encoder, derived from its ids.

    So that ids and a mask are all that an encoder is called with, whoever calls it.

    Parameters
    ----------
    separator_id : int
        Id of the token between the two texts of a pair.

    Notes
    -----
    Tokens up to the first separator, and it, have the type 0, those behind it the type 1: `[CLS]
    first [SEP]` and `second [SEP]` (Devlin et al. 2019, arXiv 1810.04805, section 3.2). Padding
    behind a text has the type 1, which changes nothing, as no token attends to it.

    Examples
    --------
    >>> import torch
    >>> from agnews_sk.nn import TokenTypes
    >>> TokenTypes(2).of(torch.tensor([[1, 8, 2, 9, 2], [1, 8, 9, 2, 0]]))
    tensor([[0, 0, 0, 1, 1],
            [0, 0, 0, 0, 1]])
    """

    def __init__(self, separator_id: int) -> None:
        self.separator_id = separator_id

    def of(self, input_ids: Tensor) -> Tensor:
        """Return the type of each token.

        Parameters
        ----------
        input_ids : Tensor of int of shape (batch, length)

        Returns
        -------
        Tensor of int64 of shape (batch, length)
        """
        is_separator = (input_ids == self.separator_id).long()  # (batch, length)
        before = is_separator.cumsum(dim=1) - is_separator
        return (before > 0).long()

    def __call__(
        self, encoder: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments of the encoder with token types."""
        input_ids = args[0] if args else kwargs["input_ids"]
        return args, {**kwargs, "token_type_ids": self.of(input_ids)}


def set_token_types(module: nn.Module, separator: tuple[int, ...]) -> None:
    """Let a classifier tell its encoder which of two texts each token belongs to, or no longer.

    Parameters
    ----------
    module : torch.nn.Module
        A model of transformers with a head, or a `PooledClassifier`. Changed in place. Encoders
        without token types, such as RoBERTa, DistilBERT and MPNet, stay as they are.
    separator : tuple of int
        Ids between the two texts of a pair. Empty where rows are single texts.
    """
    present: Any = getattr(module, "token_types", None)
    if present is not None:
        present.remove()
        del module.token_types
    if not separator:
        return
    encoder: Any = module.encoder if isinstance(module, PooledClassifier) else module.base_model
    takes_types = "token_type_ids" in inspect.signature(encoder.forward).parameters
    if takes_types and (getattr(encoder.config, "type_vocab_size", None) or 0) > 1:
        # The handle is kept: copies and pickles of the module then have one of their own.
        module.token_types = encoder.register_forward_pre_hook(
            TokenTypes(separator[-1]), with_kwargs=True
        )
