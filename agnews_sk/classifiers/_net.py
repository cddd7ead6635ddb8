"""The skorch net inside our classifiers: ragged batches in, weighted cross-entropy out."""

from typing import Any

import numpy as np
import torch
from skorch import NeuralNet
from skorch.callbacks import EpochTimer, PassthroughScoring
from torch import Tensor

from agnews_sk.nn import RaggedDataset, RaggedLoader, parameter_groups


class TextNet(NeuralNet):
    """A skorch net over `RaggedDataset`s whose module returns logits.

    Parameters
    ----------
    module : torch.nn.Module
        Takes `input_ids` and `attention_mask`, returns logits or an object with `.logits`.
    pad_id : int
        Fills the shorter rows of a batch.
    weight_decay : float
        On matrices only, see `agnews_sk.nn.parameter_groups`.
    seed : int
        Orders the training batches.
    bfloat16 : bool
        Whether training computes its matrix products in bfloat16; weights, their updates and
        every prediction stay float32.
    **kwargs
        As `skorch.NeuralNet` takes them.
    """

    def __init__(
        self,
        module,
        *,
        pad_id: int = 0,
        weight_decay: float = 0.0,
        seed: int = 0,
        bfloat16: bool = False,
        **kwargs,
    ):
        super().__init__(module, **kwargs)
        self.pad_id = pad_id
        self.weight_decay = weight_decay
        self.seed = seed
        self.bfloat16 = bfloat16

    @property
    def _default_callbacks(self):
        return [
            ("epoch_timer", EpochTimer()),
            ("train_loss", PassthroughScoring("train_loss", on_train=True)),
            ("valid_loss", PassthroughScoring("valid_loss")),
        ]

    def get_iterator(self, dataset: RaggedDataset, training: bool = False) -> RaggedLoader:
        """Return padded batches: shuffled for training, longest first otherwise."""
        epoch = len(self.history)
        rng = np.random.default_rng([self.seed, epoch]) if training else None
        return RaggedLoader(dataset, self.batch_size, pad_id=self.pad_id, rng=rng)

    def infer(self, x: Any, **fit_params) -> Tensor:
        """Return the logits of a batch, of shape (batch, n_classes)."""
        bfloat16 = self.bfloat16 and self.module_.training
        with torch.autocast(torch.device(self.device).type, torch.bfloat16, enabled=bfloat16):
            output = super().infer(x, **fit_params)
        return getattr(output, "logits", output).float()

    def get_loss(self, y_pred: Tensor, y_true: dict[str, Tensor], X=None, training=False) -> Tensor:
        """Return the mean of the rows' losses, each times the row's weight if it has one."""
        target = y_true["target"].to(y_pred.device)
        losses = self.criterion_(y_pred, target)  # (batch,)
        if "weight" in y_true:
            losses = losses * y_true["weight"].to(losses)
        return losses.mean()

    def get_params_for_optimizer(self, prefix: str, named_parameters) -> tuple[tuple, dict]:
        """Return the parameter groups and the keywords of the optimiser."""
        groups = parameter_groups(named_parameters, weight_decay=self.weight_decay)
        keywords = self.get_params_for(prefix)
        keywords["lr"] = keywords.get("lr", self.lr)
        return (groups,), keywords

    def logits(self, dataset: RaggedDataset) -> np.ndarray:
        """Return the logits of every row, in the rows' order.

        Parameters
        ----------
        dataset : RaggedDataset of n_samples rows

        Returns
        -------
        ndarray of float32 of shape (n_samples, n_classes)
        """
        loader = self.get_iterator(dataset)
        sorted_logits = torch.cat([self.evaluation_step(batch).cpu() for batch in loader])
        logits = torch.empty_like(sorted_logits)
        logits[torch.from_numpy(np.concatenate(loader.batches))] = sorted_logits
        return logits.numpy()
