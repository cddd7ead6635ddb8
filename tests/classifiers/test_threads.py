"""Fits in several threads are those of one thread, and leave torch's random state alone."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from agnews_sk.classifiers import FineTunedTransformerClassifier
from agnews_sk.nn import module_with_weights, seeded_torch, weights_of
from tests.training.nets import IDS, LABELS, logits, small


def in_threads(functions):
    barrier = threading.Barrier(len(functions))

    def run(function):
        barrier.wait()
        return function()

    with ThreadPoolExecutor(len(functions)) as pool:
        return list(pool.map(run, functions))


def fit(seed):
    settings = {"dropout": 0.3, "token_dropout": 0.3, "max_epochs": 3, "batch_size": 4}
    return logits(small(**settings, random_state=seed).fit(IDS, LABELS))


def test_fits_in_threads_repeat_and_leave_the_state_of_torch():
    expected = [fit(seed) for seed in range(4)]
    before = torch.get_rng_state()
    found = in_threads([lambda seed=seed: fit(seed) for seed in range(4)])
    np.testing.assert_array_equal(found, expected)
    torch.testing.assert_close(torch.get_rng_state(), before)


def test_pretrained_models_in_threads_too(headlines, tiny_model):
    def fine_tune(seed):
        classifier = FineTunedTransformerClassifier(
            model=tiny_model, max_epochs=2, batch_size=4, precision="fp32", random_state=seed
        )
        return classifier.fit(*headlines).decision_function(headlines[0])

    expected = [fine_tune(seed) for seed in range(3)]
    before = torch.get_rng_state()
    found = in_threads([lambda seed=seed: fine_tune(seed) for seed in range(3)])
    np.testing.assert_array_equal(found, expected)
    torch.testing.assert_close(torch.get_rng_state(), before)


def test_a_model_that_is_loaded_in_another_thread_changes_nothing():
    expected = fit(0)
    weights = weights_of(torch.nn.Linear(50, 50))

    def load():
        for _ in range(50):
            module_with_weights(lambda: torch.nn.Linear(50, 50), weights)

    found, _ = in_threads([lambda: fit(0), load])
    np.testing.assert_array_equal(found, expected)


def test_a_fit_within_a_fit_does_not_wait_for_itself():
    with seeded_torch(0):
        inner = fit(1)
    np.testing.assert_array_equal(inner, fit(1))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_does_not_wait_for_a_thread_of_its_parent():
    held, done = threading.Event(), threading.Event()

    def hold():
        with seeded_torch(0):
            held.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    child = os.fork()
    if child == 0:
        with seeded_torch(0):
            os._exit(7)
    done.set()
    thread.join()
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 7
