import pytest
import torch

from agnews_sk.nn import LinearSchedule, parameter_groups


def test_vectors_do_not_decay_and_frozen_weights_are_left_out():
    module = torch.nn.Sequential(
        torch.nn.Linear(3, 4), torch.nn.LayerNorm(4), torch.nn.Linear(4, 2)
    )
    module[0].requires_grad_(False)
    decayed, kept = parameter_groups(module.named_parameters(), weight_decay=0.1)
    assert decayed["weight_decay"] == 0.1
    assert [p.shape for p in decayed["params"]] == [(2, 4)]
    assert kept["weight_decay"] == 0.0
    assert [p.shape for p in kept["params"]] == [(4,), (4,), (2,)]


def test_schedule_rises_to_one_then_falls_towards_zero():
    factors = [LinearSchedule(10, warmup=0.2)(step) for step in range(10)]
    assert factors[:3] == [0.5, 1.0, 1.0]
    assert factors[-1] == pytest.approx(1 / 8)
    assert all(factor > 0 for factor in factors)


def test_schedule_ends_at_zero():
    assert LinearSchedule(10, warmup=0.2)(10) == 0
    assert LinearSchedule(10, warmup=0.2)(11) == 0


def test_schedule_of_one_step_takes_the_full_rate():
    assert LinearSchedule(1, warmup=0.1)(0) == 1.0
