"""Samplers of trials and workers."""

import pickle

import optuna
import pytest
from optuna.samplers import RandomSampler, TPESampler

from agnews_sk.tuning._job import Samplers


def draws(sampler, n=3):
    study = optuna.create_study(sampler=sampler)
    return [study.ask().suggest_float("x", 0, 1) for _ in range(n)]


def test_the_default_sampler_of_a_trial_depends_on_seed_and_number_only():
    samplers = Samplers(None, 0)
    assert isinstance(samplers(3), TPESampler)
    assert draws(samplers(3)) == draws(Samplers(None, 0)(3))
    assert draws(samplers(3)) != draws(samplers(4))
    assert draws(samplers(3)) != draws(Samplers(None, 1)(3))


def test_a_sampler_of_the_user_is_used_for_all_trials():
    sampler = RandomSampler(seed=0)
    assert Samplers(sampler, 0)(0) is Samplers(sampler, 0)(7) is sampler


def test_the_first_worker_draws_like_the_sampler_of_the_user_and_others_do_not():
    expected = draws(RandomSampler(seed=0))
    samplers = Samplers(RandomSampler(seed=0), 0)
    assert draws(samplers.of_worker(0)(0)) == expected
    assert draws(samplers.of_worker(1)(0)) != expected
    assert draws(samplers.sampler) == expected  # the workers had copies


@pytest.mark.parametrize("sampler", [None, RandomSampler(seed=0)], ids=["default", "own"])
def test_samplers_can_be_sent_to_another_process(sampler):
    sent = pickle.loads(pickle.dumps(Samplers(sampler, 2)))
    assert draws(sent.of_worker(0)(1)) == draws(Samplers(sampler, 2).of_worker(0)(1))
