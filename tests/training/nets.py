"""Rows, a small classifier, and ways to look into its training, for the tests of training."""

from contextlib import contextmanager

import numpy as np
import polars as pl
import torch
from torch.optim.optimizer import register_optimizer_step_pre_hook

from agnews_sk.classifiers import TransformerClassifier
from agnews_sk.nn import TextTransformer
from agnews_sk.tokenization._model_input import ModelInput
from agnews_sk.training import TextRows, make_net

IDS = pl.Series([np.random.default_rng(i).integers(1, 30, 3 + i % 5).tolist() for i in range(24)])
LABELS = np.array(["a", "b"] * 12)
# LRScheduler and others that set the learning rate require a constant schedule.
CONSTANT = {"schedule": "constant", "warmup": 0.0}


def small(**params):
    settings = {
        "d_model": 16,
        "n_heads": 2,
        "max_epochs": 2,
        "batch_size": 8,
        "dropout": 0.0,
        "learning_rate": 0.01,
        "precision": "fp32",
        "random_state": 0,
        "vocab_size": 30,
    }
    return TransformerClassifier(**{**settings, **params})


def weights(classifier):
    return {n: p.detach().clone() for n, p in classifier.net_.module_.named_parameters()}


def changed(before, after):
    return {n for n in before if not torch.allclose(before[n], after[n], rtol=0, atol=1e-9)}


def logits(classifier, ids=IDS):
    return classifier.decision_function(ids)


class Killed(Exception):
    """Represents the end of a process."""

    def __str__(self):
        return "killed"


@contextmanager
def optimizer_steps(fail_at=None, signal=Killed):
    """Count the steps of optimizers within the block, and raise `Killed` at one of them."""
    steps = []

    def count(*args):
        steps.append(len(steps) + 1)
        if len(steps) == fail_at:
            raise signal

    hook = register_optimizer_step_pre_hook(count)
    try:
        yield steps
    finally:
        hook.remove()


VALID, TRAINED = slice(0, 8), slice(8, 24)


def fit_with(*callbacks, validate=True, **params):
    """Train on 16 rows in four batches per epoch, and validate on 8 in two."""
    rows = {"X_val": IDS[VALID], "y_val": LABELS[VALID]} if validate else {}
    settings = {"batch_size": 4, "callbacks": list(callbacks)}
    return small(**{**settings, **params}).fit(IDS[TRAINED], LABELS[TRAINED], **rows)


N_ROWS = 20


def labelled_rows(weight=None):
    lengths = np.arange(N_ROWS) % 5 + 1
    return TextRows(
        np.ones(lengths.sum(), dtype=np.int64),
        np.concatenate([[0], lengths.cumsum()]),
        np.arange(N_ROWS) % 2,
        weight,
    )


def net_of(*, train=None, valid=None, seed=0, **params):
    """Return the net that a classifier would train, not initialized."""
    classifier = small(device="cpu", **params)
    classifier.classes_ = np.array(["a", "b"])
    classifier.model_input_ = ModelInput(vocab_size=30, pad_id=7)
    module = TextTransformer(30, 2, d_model=8, n_heads=2)
    return make_net(classifier, module, train or labelled_rows(), valid, seed)
