"""What a torch classifier defines: its module, and the input of the module."""

from abc import ABC, abstractmethod
from typing import Any

import polars as pl
from torch import nn

from agnews_sk.nn import chunk_pooling_name, set_chunk_pooling, set_token_types
from agnews_sk.tokenization import ModelInput, PretrainedTokenizer, find_special_tokens


class MakesModule(ABC):
    """Makes the module of a classifier, with new weights or from saved settings."""

    max_length: int
    truncation: str
    chunk_pooling: str
    chunk_overlap: float | int
    max_chunks: int

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

    def _fits_head(self) -> bool:
        """Return whether training begins with an output layer fitted on the layers below it."""
        return False

    def _separator(self) -> tuple[int, ...]:
        """Return the ids between the two texts of a row; none where rows are single texts."""
        return ()

    def _make_model_input(self, module: nn.Module, ids: pl.Series) -> ModelInput:
        """Return the model input for texts with the special tokens of these, (n_samples,)."""
        model_input = ModelInput(
            vocab_size=self._vocab_size(module),
            pad_id=self._pad_id(module),
            max_length=min(self.max_length, self._longest_input(module)),
            truncation=self.truncation,
            special_tokens=find_special_tokens(ids),
            chunk_overlap=self.chunk_overlap,
            max_chunks=self.max_chunks,
            separator=self._separator(),
        )
        if model_input.separator and not model_input.has_pairs(ids):
            raise ValueError(
                "text_pair=True needs rows of two texts, and no row of X has two; pass a frame "
                "with two text columns, joined by make_finetune_pipeline(text_pair=True) in a "
                "pipeline, or set text_pair=False."
            )
        return model_input

    def _complete(self, module: nn.Module, model_input: ModelInput, n_classes: int) -> None:
        """Give a module the pooling of chunks and the token types of its input, or neither."""
        name = self.chunk_pooling if model_input.truncation == "chunk" else None
        set_chunk_pooling(module, name, n_classes)
        set_token_types(module, model_input.separator)

    def _config_of(self, module: nn.Module, model_input: ModelInput) -> dict[str, Any]:
        """Return the argument of `_module_of` and `_saved_model_input`, plain values for JSON."""
        return {
            "module": self._module_config(module),
            "chunk_pooling": chunk_pooling_name(module),
            "input": model_input.as_dict(),
        }

    def _module_of(self, config: dict[str, Any], n_tensors: int, n_classes: int) -> nn.Module:
        """Return a module with new weights, and with its pooling of chunks.

        Parameters
        ----------
        config : dict of str to Any
            As `_config_of` returns it, or of an earlier version, or forged.
        n_tensors : int
            As for `_module_from_config`.
        n_classes : int

        Returns
        -------
        torch.nn.Module
        """
        module = self._module_from_config(config["module"], n_tensors)
        set_chunk_pooling(module, config.get("chunk_pooling"), n_classes)
        return module

    def _saved_model_input(self, module: nn.Module, config: dict[str, Any]) -> ModelInput:
        """Return the model input of a saved configuration, at most as long as the module reads.

        Parameters
        ----------
        module : torch.nn.Module
        config : dict of str to Any
            As for `_module_of`. Earlier versions saved the special tokens only.

        Returns
        -------
        ModelInput

        Raises
        ------
        ValueError
            If a value is out of range, or texts are divided and nothing pools their chunks.
        """
        earlier = {"max_length": self.max_length, "truncation": self.truncation, **config}
        saved = {**config.get("input", earlier), "pad_id": self._pad_id(module)}
        saved["max_length"] = min(saved["max_length"], self._longest_input(module))
        model_input = ModelInput.from_dict(saved, vocab_size=self._vocab_size(module))
        pooled = chunk_pooling_name(module) is not None
        if pooled != (model_input.truncation == "chunk"):
            raise ValueError("truncation='chunk' needs a chunk_pooling, and no other takes one.")
        return model_input
