"""Nets in a search: reproducible in threads, and not kept if interrupted or pruned."""

import os
import signal

import numpy as np
import pytest
import torch
from optuna.pruners import BasePruner, NopPruner
from skorch.callbacks import Callback

from agnews_sk.pipeline import make_transformer_pipeline
from agnews_sk.tuning import PipelineSearchCV

RATES = {"classify__learning_rate": [1e-3, 3e-2]}


class CtrlC(Callback):
    n_batches = 0

    def on_batch_end(self, net, **kwargs):
        CtrlC.n_batches += 1
        if CtrlC.n_batches == 40:
            os.kill(os.getpid(), signal.SIGINT)


class AfterTwoEpochs(BasePruner):
    def prune(self, study, trial):
        return len(trial.intermediate_values) == 2


def net(**params):
    return make_transformer_pipeline(
        classify__d_model=16, classify__n_layers=1, classify__max_epochs=3, random_state=0,
        classify__batch_size=8, classify__device="cpu", **params,
    )  # fmt: skip


def search(pipeline, space=RATES, **options):
    options = {"n_trials": 4, "epoch_pruner": NopPruner(), "scoring": "neg_log_loss", **options}
    return PipelineSearchCV(
        pipeline, space, cv=2, random_state=0, refit=False, pruner=NopPruner(), **options
    )


@pytest.mark.slow
def test_threads_give_the_scores_that_one_worker_gives(news):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    alone = search(net()).fit(*news).cv_results_
    together = search(net(), n_jobs=2).fit(*news).cv_results_
    assert together["params"] == alone["params"]
    np.testing.assert_array_equal(together["mean_test_score"], alone["mean_test_score"])
    assert torch.equal(before, torch.get_rng_state())


def test_an_interrupted_training_is_not_scored(news):
    CtrlC.n_batches = 0
    interrupted = search(net(classify__callbacks=[CtrlC()]))
    with pytest.raises(KeyboardInterrupt):
        interrupted.fit(*news)
    assert interrupted.cv_results_["state"].tolist() == ["complete"]
    assert interrupted.study_.trials[1].user_attrs["folds"] == {}


@pytest.mark.slow
def test_a_training_that_was_pruned_is_not_resumed_as_a_complete_one(news, tmp_path):
    space = {"classify__learning_rate": [1e-3]}
    kept = net(classify__checkpoint_dir=tmp_path)
    with pytest.raises(ValueError, match="all 2 trials were pruned"):
        search(kept, space, n_trials=2, epoch_pruner=AfterTwoEpochs()).fit(*news)
    resumed = search(kept, space, n_trials=1).fit(*news)
    fresh = search(net(), space, n_trials=1).fit(*news)
    assert resumed.best_score_ == fresh.best_score_
