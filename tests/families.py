"""Small pipelines of all families."""

from agnews_sk import (
    make_embedding_pipeline,
    make_finetune_pipeline,
    make_tfidf_pipeline,
    make_transformer_pipeline,
)
from agnews_sk.classifiers import EmbeddingBagClassifier

SMALL = {
    "classify__d_model": 16,
    "classify__n_heads": 2,
    "classify__n_layers": 1,
    "classify__max_epochs": 1,
    "random_state": 0,
}


def make_pipelines(tiny_model):
    """Return one unfitted pipeline per family, by name."""
    brief = {"classify__max_epochs": 1, "classify__random_state": 0}
    return {
        "tfidf": make_tfidf_pipeline(characters=False),
        "embedding bag": make_tfidf_pipeline(
            characters=False, classify=EmbeddingBagClassifier(embedding_dim=8, random_state=0)
        ),
        "characters": make_tfidf_pipeline(characters=True),
        "embedding": make_embedding_pipeline(tiny_model),
        "static": make_embedding_pipeline(tiny_model, static=True),
        "scratch": make_transformer_pipeline(**SMALL),
        "finetune": make_finetune_pipeline(tiny_model, **brief),
        "pooled": make_finetune_pipeline(tiny_model, classify__pooling="mean", **brief),
    }


FAMILIES = [
    "tfidf",
    "embedding bag",
    "characters",
    "embedding",
    "static",
    "scratch",
    "finetune",
    "pooled",
]
