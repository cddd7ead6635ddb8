"""A pretrained encoder with a new pooling and a new output layer."""

from torch import Tensor, nn

from agnews_sk.nn._pooling import make_pooling


class PooledClassifier(nn.Module):
    """A pretrained encoder, a pooling over its tokens, dropout and a linear layer.

    Parameters
    ----------
    encoder : torch.nn.Module
        Of transformers, without a head.
    pooling : {"mean", "max", "first", "attention"}
        How the vectors of a text's tokens become one vector.
    n_classes : int
        Number of logits.
    dropout : float
        Share of the pooled vector that training sets to zero.

    Attributes
    ----------
    settings : dict of str to Any
        The parameters other than the encoder: with its configuration, what it takes to build the
        same module.
    config : transformers.PretrainedConfig
        Of the encoder.
    """

    def __init__(self, encoder: nn.Module, pooling: str, n_classes: int, dropout: float) -> None:
        super().__init__()
        self.settings = {"pooling": pooling, "n_classes": n_classes, "dropout": dropout}
        self.config = encoder.config
        self.encoder = encoder
        d_model: int = encoder.config.hidden_size  # type: ignore[union-attr, assignment]
        self.pooling = make_pooling(pooling, d_model)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(d_model, n_classes)
        nn.init.normal_(self.classifier.weight, std=0.02)
        nn.init.zeros_(self.classifier.bias)

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        """Return the logits of texts.

        Parameters
        ----------
        input_ids : Tensor of int of shape (batch, length)
        attention_mask : Tensor of bool or int of shape (batch, length), optional
            1 at tokens, 0 at padding; None if nothing is padded.

        Returns
        -------
        Tensor of shape (batch, n_classes)
        """
        encoded = self.encoder(input_ids, attention_mask=attention_mask)
        vectors = encoded.last_hidden_state  # (batch, length, d_model)
        mask = None if attention_mask is None else attention_mask.bool()
        pooled = self.pooling(vectors, mask)  # (batch, d_model)
        return self.classifier(self.dropout(pooled))
