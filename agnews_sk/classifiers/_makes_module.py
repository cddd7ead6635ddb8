"""What a torch classifier defines: its module, and the input of the module."""

from abc import ABC, abstractmethod
from typing import Any

import polars as pl
from torch import nn

from agnews_sk.tokenization import ModelInput, PretrainedTokenizer, SpecialTokens


class MakesModule(ABC):
    """Makes the module of a classifier, with new weights or from saved settings."""

    max_length: int
    truncation: str

    @abstractmethod
    def _make_tokenizer(self) -> PretrainedTokenizer | None:
        """Return an unfitted tokenizer of texts; None if the classifier takes token ids only."""

    @abstractmethod
    def _make_module(self, ids: pl.Series) -> nn.Module:
        """Return the module to train, with the weights that training begins with.

        Parameters
        ----------
        ids : polars.Series of list of int of shape (n_samples,)
            Of the training texts, not truncated.

        Returns
        -------
        torch.nn.Module
            Takes `input_ids` and `attention_mask` of shape (batch, length), returns logits of
            shape (batch, n_classes) or an object with `.logits`.
        """

    @abstractmethod
    def _pad_id(self, module: nn.Module) -> int:
        """Return the id that fills the shorter rows of a batch."""

    @abstractmethod
    def _vocab_size(self, module: nn.Module) -> int:
        """Return the number of ids that the module has a vector for."""

    @abstractmethod
    def _longest_input(self, module: nn.Module) -> int:
        """Return how many tokens the module can read at most."""

    @abstractmethod
    def _module_config(self, module: nn.Module) -> dict[str, Any]:
        """Return the argument of `_module_from_config`, as plain values for JSON."""

    @abstractmethod
    def _module_from_config(self, config: dict[str, Any], n_tensors: int) -> nn.Module:
        """Return a module with new weights.

        Parameters
        ----------
        config : dict of str to Any
            As `_module_config` returns it, or forged.
        n_tensors : int
            Number of the weights that will be loaded; no more layers are made.

        Returns
        -------
        torch.nn.Module

        Raises
        ------
        ValueError
            If the configuration asks for more layers.
        """

    def _origin(self) -> str:
        """Return a digest of the weights that training begins with, where parameters name them."""
        return ""

    def _make_model_input(self, module: nn.Module, special_tokens: SpecialTokens) -> ModelInput:
        """Return the model input for texts with these special tokens."""
        return ModelInput(
            vocab_size=self._vocab_size(module),
            pad_id=self._pad_id(module),
            max_length=min(self.max_length, self._longest_input(module)),
            truncation=self.truncation,
            special_tokens=special_tokens,
        )
