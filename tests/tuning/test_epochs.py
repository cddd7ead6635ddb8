"""Nets are pruned between epochs, and the steps of the study remain folds."""

import warnings

import numpy as np
import pytest
from optuna.distributions import FloatDistribution
from optuna.pruners import MedianPruner, NopPruner

from agnews_sk.pipeline import make_transformer_pipeline
from agnews_sk.tuning import PipelineSearchCV
from agnews_sk.tuning._epochs import EpochPruning


class Epoch:
    task_name = "epoch"


def run_epochs(pruner, earlier, scores):
    coming = iter(scores)
    pruning = EpochPruning(pruner, earlier, lambda fitted: next(coming))
    for _ in scores:
        if pruning.on_fit_task_end(None, Epoch, fitted_estimator=object()):
            break
    return pruning


@pytest.mark.parametrize(
    ("scores", "n_epochs", "pruned"),
    [([0.8, 0.9, 0.9], 3, False), ([0.1, 0.2, 0.3], 2, True)],
    ids=["better", "worse"],
)
def test_a_training_below_the_median_of_its_fold_is_stopped(scores, n_epochs, pruned):
    earlier = [[0.5, 0.6, 0.7]] * 5
    pruning = run_epochs(MedianPruner(n_warmup_steps=1), earlier, scores)
    assert (len(pruning.curve), pruning.pruned) == (n_epochs, pruned)


def test_the_first_trial_of_a_fold_is_not_stopped():
    assert not run_epochs(MedianPruner(), [[0.5, 0.6]] * 4, [0.1, 0.1]).pruned


@pytest.mark.slow
def test_epochs_of_nets_are_pruned_within_a_fold_and_folds_stay_the_steps(news):
    pipeline = make_transformer_pipeline(
        classify__d_model=16, classify__n_layers=1, classify__max_epochs=3, random_state=0,
        classify__batch_size=16, classify__device="cpu",
    )  # fmt: skip
    space = {"classify__learning_rate": FloatDistribution(1e-6, 1e-2, log=True)}
    search = PipelineSearchCV(
        pipeline, space, n_trials=8, cv=2, random_state=0, refit=False, pruner=NopPruner(),
        epoch_pruner=MedianPruner(n_startup_trials=1, n_warmup_steps=0), scoring="neg_log_loss",
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*already reported")
        search.fit(*news)
    trials = search.study_.trials
    assert {step for t in trials for step in t.intermediate_values} <= {0, 1}
    curves = [curve for t in trials for curve in t.user_attrs.get("curves", {}).values()]
    assert {len(curve) for curve in curves} == {3}
    assert np.isin(search.cv_results_["state"], ["complete", "pruned"]).all()
    assert "pruned" in search.cv_results_["state"]
