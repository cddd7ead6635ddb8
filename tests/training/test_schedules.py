import pytest

from agnews_sk.training import ConstantSchedule, CosineSchedule, LinearSchedule

ALL = [ConstantSchedule, LinearSchedule, CosineSchedule]


def test_linear_rises_to_one_then_falls_towards_zero():
    factors = [LinearSchedule(10, warmup=0.2)(step) for step in range(10)]
    assert factors[:3] == [0.5, 1.0, 1.0]
    assert factors[-1] == pytest.approx(1 / 8)
    assert all(factor > 0 for factor in factors)


@pytest.mark.parametrize("schedule", [LinearSchedule, CosineSchedule])
def test_a_fall_ends_at_zero_and_stays_there(schedule):
    assert schedule(10, warmup=0.2)(10) == pytest.approx(0)
    assert schedule(10, warmup=0.2)(12) == pytest.approx(0)


def test_cosine_is_half_way_down_in_the_middle():
    assert CosineSchedule(10)(5) == pytest.approx(0.5)
    assert CosineSchedule(10)(2) > LinearSchedule(10)(2)


def test_constant_stays_at_the_full_rate():
    assert [ConstantSchedule(5)(step) for step in range(7)] == [1.0] * 7


@pytest.mark.parametrize("schedule", ALL)
def test_one_step_takes_the_full_rate(schedule):
    assert schedule(1, warmup=0.1)(0) == 1.0


@pytest.mark.parametrize("schedule", ALL)
def test_warmup_counts_steps_as_an_int_and_a_share_as_a_float(schedule):
    assert schedule(100, warmup=4)(0) == 0.25
    assert schedule(100, warmup=0.04)(0) == 0.25
    assert schedule(100, warmup=4)(4) == 1.0


@pytest.mark.parametrize("schedule", ALL)
def test_a_warmup_longer_than_the_training_only_rises(schedule):
    assert [schedule(2, warmup=4)(step) for step in range(2)] == [0.25, 0.5]
