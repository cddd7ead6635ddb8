"""A pretrained encoder with a pooling and an output layer of ours."""

from torch import Tensor, nn

from agnews_sk.nn._pooling import make_pooling


class PooledClassifier(nn.Module):
    """A pretrained encoder, a pooling of ours over its tokens, and a linear layer.

    Parameters
    ----------
    encoder : torch.nn.Module
        Of transformers, without a head.
    pooling : {"mean", "max", "first", "attention"}
    n_classes : int
    dropout : float
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
        """Return logits of shape (batch, n_classes)."""
        vectors = self.encoder(input_ids, attention_mask=attention_mask).last_hidden_state
        mask = None if attention_mask is None else attention_mask.bool()
        return self.classifier(self.dropout(self.pooling(vectors, mask)))
