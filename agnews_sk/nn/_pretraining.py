"""Objectives that train an encoder on texts without labels: their modules return losses."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from agnews_sk.nn._pooling import make_pooling

_REPLACED, _KEPT = 0.1, 0.1  # shares of the chosen tokens


class MaskedTokenLoss(nn.Module):
    """Loss of predicting tokens that are hidden from a masked language model.

    Parameters
    ----------
    model : torch.nn.Module
        Masked language model of transformers.
    mask_id : int
        Id that hides a token.
    special_ids : list of int
        Ids that are never hidden, such as those of [CLS] and [SEP].
    masked : float, default=0.15
        Share of the other tokens that are to be predicted.

    Notes
    -----
    Of the tokens to predict, 80 % become the mask, 10 % a random token, and 10 % stay (Devlin et
    al. 2019, "BERT", arXiv 1810.04805, section 3.1). Each batch hides others.

    Examples
    --------
    >>> import torch
    >>> from transformers import BertConfig, BertForMaskedLM
    >>> from agnews_sk.nn import MaskedTokenLoss
    >>> sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    >>> model = BertForMaskedLM(BertConfig(vocab_size=20, intermediate_size=8, **sizes))
    >>> loss = MaskedTokenLoss(model, mask_id=2, special_ids=[0, 1])
    >>> loss(torch.tensor([[1, 5, 6, 7], [1, 8, 9, 10]])).shape
    torch.Size([2])
    """

    special_ids: Tensor

    def __init__(
        self, model: nn.Module, mask_id: int, special_ids: list[int], masked: float = 0.15
    ) -> None:
        super().__init__()
        self.model = model
        self.mask_id = mask_id
        self.masked = masked
        self.register_buffer("special_ids", torch.tensor(special_ids), persistent=False)

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        """Return the loss of each text.

        Parameters
        ----------
        input_ids : Tensor of int of shape (batch, length)
        attention_mask : Tensor of bool or int of shape (batch, length), optional
            1 at tokens, 0 at padding; None if nothing is padded.

        Returns
        -------
        Tensor of shape (batch,)
            Scaled so that their mean is the mean over all hidden tokens of the batch.
        """
        hidden = self._choose(input_ids, attention_mask)  # (batch, length)
        logits = self.model(self._hide(input_ids, hidden), attention_mask=attention_mask).logits
        losses = F.cross_entropy(logits[hidden].float(), input_ids[hidden], reduction="none")
        per_text = losses.new_zeros(len(input_ids)).index_add(0, hidden.nonzero()[:, 0], losses)
        return per_text * (len(input_ids) / max(len(losses), 1))  # (batch,)

    def _choose(self, input_ids: Tensor, attention_mask: Tensor | None) -> Tensor:
        """Return a mask of the tokens to predict, of shape (batch, length)."""
        chosen = torch.rand(input_ids.shape, device=input_ids.device) < self.masked
        chosen &= ~torch.isin(input_ids, self.special_ids)
        return chosen if attention_mask is None else chosen & attention_mask.bool()

    def _hide(self, input_ids: Tensor, hidden: Tensor) -> Tensor:
        """Return ids of (batch, length) with masks, or random ids, at most chosen places."""
        chance = torch.rand(input_ids.shape, device=input_ids.device)
        n_ids: int = self.model.config.vocab_size  # type: ignore[union-attr, assignment]
        found = input_ids.masked_fill(hidden & (chance >= _REPLACED + _KEPT), self.mask_id)
        return torch.where(hidden & (chance < _REPLACED), torch.randint_like(found, n_ids), found)


class PairLoss(nn.Module):
    r"""Loss of recognizing the partner of each text among the partners of the others.

    Parameters
    ----------
    temperature : float, default=0.05

    Notes
    -----
    With the vectors :math:`u_i` and :math:`v_i` of text and partner, of length 1, it is

    .. math:: \ell_i = -\log \frac{e^{u_i \cdot v_i / \tau}}{\sum_j e^{u_i \cdot v_j / \tau}}

    averaged with that of :math:`v_i` among all :math:`u_j` (van den Oord et al. 2018, arXiv
    1807.03748, equation 4).

    Examples
    --------
    >>> import torch
    >>> from agnews_sk.nn import PairLoss
    >>> loss = PairLoss()(torch.eye(2).repeat(2, 1), torch.tensor([[0, 2], [1, 3]]))
    >>> (loss < 0.001).tolist()
    [True, True]
    """

    def __init__(self, temperature: float = 0.05) -> None:
        super().__init__()
        self.temperature = temperature

    def forward(self, vectors: Tensor, pairs: Tensor) -> Tensor:
        """Return the loss of each pair.

        Parameters
        ----------
        vectors : Tensor of shape (n_texts, width)
        pairs : Tensor of int of shape (batch, 2)
            Positions of a text and its partner.

        Returns
        -------
        Tensor of shape (batch,)
        """
        first, second = F.normalize(vectors, dim=1)[pairs].unbind(dim=1)  # (batch, width)
        cosines = first @ second.T / self.temperature  # (batch, batch)
        target = torch.arange(len(pairs), device=cosines.device)
        losses = [F.cross_entropy(c, target, reduction="none") for c in (cosines, cosines.T)]
        return (losses[0] + losses[1]) / 2


class PartEncoder(nn.Module):
    """Encodes a random part of each text, as one vector.

    Parameters
    ----------
    model : torch.nn.Module
        Encoder of transformers.
    special_ids : list of int
        Ids that every part keeps, such as those of [CLS] and [SEP].
    pooling : {"mean", "max", "first"}, default="mean"
        How the vectors of a text's tokens become one vector.
    kept : float, default=0.5
        Share of a text's tokens that are in its part.

    Attributes
    ----------
    chunk_pooling : PairLoss
        From the vectors of pairs of texts to the loss of each pair.

    Examples
    --------
    >>> import torch
    >>> from transformers import BertConfig, BertModel
    >>> from agnews_sk.nn import PartEncoder
    >>> sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    >>> model = BertModel(BertConfig(vocab_size=20, intermediate_size=8, **sizes))
    >>> PartEncoder(model, special_ids=[0, 1])(torch.tensor([[1, 5, 6, 7], [1, 8, 9, 10]])).shape
    torch.Size([2, 8])
    """

    special_ids: Tensor

    def __init__(
        self, model: nn.Module, special_ids: list[int], pooling: str = "mean", kept: float = 0.5
    ) -> None:
        super().__init__()
        self.model = model
        width: int = model.config.hidden_size  # type: ignore[union-attr, assignment]
        self.pooling = make_pooling(pooling, width)
        self.kept = kept
        self.chunk_pooling = PairLoss()
        self.register_buffer("special_ids", torch.tensor(special_ids), persistent=False)

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        """Return the vectors of parts of texts.

        Parameters
        ----------
        input_ids : Tensor of int of shape (batch, length)
        attention_mask : Tensor of bool or int of shape (batch, length), optional
            1 at tokens, 0 at padding; None if nothing is padded.

        Returns
        -------
        Tensor of shape (batch, width)
            Of whole texts in evaluation mode.
        """
        is_token = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        is_token = is_token.bool()
        if self.training:
            input_ids, is_token = self._part(input_ids, is_token)
        encoded = self.model(input_ids, attention_mask=is_token.long()).last_hidden_state
        return self.pooling(encoded, is_token)

    def _part(self, input_ids: Tensor, is_token: Tensor) -> tuple[Tensor, Tensor]:
        """Return random parts of texts: ids of (batch, shorter), and a mask of their tokens."""
        is_special = torch.isin(input_ids, self.special_ids) & is_token
        is_word = is_token & ~is_special
        # The lowest of random numbers: the same share of each text, and one token at least.
        chance = torch.rand(input_ids.shape, device=input_ids.device)
        rank = chance.masked_fill(~is_word, 2).argsort(dim=1).argsort(dim=1)
        n_kept = (is_word.sum(dim=1, keepdim=True) * self.kept).ceil()  # (batch, 1)
        kept = (is_word & (rank < n_kept)) | is_special
        length = max(int(kept.sum(dim=1).max()), 1)
        # In their order, and behind them what is left out: (batch, length)
        order = (~kept).int().argsort(dim=1, stable=True)[:, :length]
        return input_ids.gather(1, order), kept.gather(1, order)
