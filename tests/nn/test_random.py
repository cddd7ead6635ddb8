import os
import threading

import pytest
import torch

from agnews_sk.nn import seeded_torch


def test_a_seed_repeats_and_leaves_the_state_as_it_was():
    before = torch.get_rng_state()
    drawn = []
    for _ in range(2):
        with seeded_torch(3):
            drawn.append(torch.rand(4))
    assert torch.equal(*drawn)
    assert torch.equal(torch.get_rng_state(), before)


def test_without_a_seed_the_next_numbers_are_drawn_and_the_state_is_restored():
    with seeded_torch():
        inside = torch.rand(4)
    assert torch.equal(torch.rand(4), inside)


def test_the_state_is_restored_after_an_error():
    before = torch.get_rng_state()
    with pytest.raises(RuntimeError, match="broken off"), seeded_torch(3):
        raise RuntimeError(f"broken off at {torch.rand(1).item()}")
    assert torch.equal(torch.get_rng_state(), before)


def test_blocks_may_be_nested_in_a_thread():
    with seeded_torch(1):
        torch.rand(1)
        with seeded_torch(2):
            inner = torch.rand(1)
    with seeded_torch(2):
        assert torch.equal(torch.rand(1), inner)


def test_a_second_thread_waits():
    entered = threading.Event()

    def enter():
        with seeded_torch(1):
            entered.set()

    with seeded_torch(0):
        thread = threading.Thread(target=enter)
        thread.start()
        assert not entered.wait(0.05)
    assert entered.wait(10)
    thread.join()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_does_not_wait_for_a_thread_of_its_parent():
    held, done = threading.Event(), threading.Event()

    def hold():
        with seeded_torch(0):
            held.set()
            done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    child = os.fork()
    if child == 0:  # pragma: no cover
        with seeded_torch(1):
            os._exit(7)
    _, status = os.waitpid(child, 0)
    done.set()
    thread.join()
    assert os.waitstatus_to_exitcode(status) == 7
