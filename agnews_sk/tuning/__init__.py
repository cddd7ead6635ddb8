"""Search the hyperparameters of whole pipelines with Optuna; each family has a default space."""

from agnews_sk._core.public import publish
from agnews_sk.tuning._plots import interactive_page, plot_search
from agnews_sk.tuning._pruner import FoldPruner
from agnews_sk.tuning._search import PipelineSearchCV
from agnews_sk.tuning._spaces import (
    embedding_space,
    finetune_space,
    suggest_params,
    tfidf_space,
    transformer_space,
)
from agnews_sk.tuning._storages import open_storage
from agnews_sk.tuning._study import finished_trials

__all__ = [
    "FoldPruner",
    "PipelineSearchCV",
    "embedding_space",
    "finetune_space",
    "finished_trials",
    "open_storage",
    "plot_search",
    "suggest_params",
    "tfidf_space",
    "transformer_space",
]

publish(__name__)
