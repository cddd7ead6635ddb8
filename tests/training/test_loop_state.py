import torch

from agnews_sk.training._loop_state import LoopState


def test_steps_are_those_of_whole_epochs_and_of_the_current_one():
    loop = LoopState(epoch=1, steps_before=3, losses=[torch.tensor(1.0)] * 2)
    assert loop.step == 5
    loop.end_epoch()
    assert (loop.epoch, loop.steps_before, loop.losses, loop.step) == (2, 5, [], 5)


def test_two_training_runs_share_no_losses():
    first, second = LoopState(), LoopState()
    first.losses.append(torch.tensor(1.0))
    assert second.losses == []
