"""Small fitted pipelines of all families, saved once."""

import pytest

from agnews_sk import (
    make_embedding_pipeline,
    make_finetune_pipeline,
    make_tfidf_pipeline,
    make_transformer_pipeline,
)
from agnews_sk.persistence import save

SMALL = {
    "classify__d_model": 16,
    "classify__n_heads": 2,
    "classify__n_layers": 1,
    "classify__max_epochs": 1,
    "random_state": 0,
}


def make_pipelines(tiny_model):
    """One pipeline a family, by name, not fitted."""
    brief = {"classify__max_epochs": 1, "classify__random_state": 0}
    return {
        "tfidf": make_tfidf_pipeline(),
        "characters": make_tfidf_pipeline(characters=True),
        "embedding": make_embedding_pipeline(tiny_model),
        "scratch": make_transformer_pipeline(**SMALL),
        "finetune": make_finetune_pipeline(tiny_model, **brief),
        "pooled": make_finetune_pipeline(tiny_model, classify__pooling="mean", **brief),
    }


FAMILIES = ["tfidf", "characters", "embedding", "scratch", "finetune", "pooled"]


@pytest.fixture(scope="session")
def fitted(tiny_model):
    """The pipelines fitted on eight headlines, by family."""
    from tests.conftest import HEADLINES

    texts = [text for of_class in HEADLINES.values() for text in of_class]
    labels = [label for label, of_class in HEADLINES.items() for _ in of_class]
    return {name: p.fit(texts, labels) for name, p in make_pipelines(tiny_model).items()}


@pytest.fixture(scope="session")
def saved(fitted, tmp_path_factory):
    """The folder that each fitted pipeline was saved to, by family; not to be changed."""
    root = tmp_path_factory.mktemp("saved")
    return {name: save(pipeline, root / name) for name, pipeline in fitted.items()}
