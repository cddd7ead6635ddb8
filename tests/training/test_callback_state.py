import numpy as np
import pytest
import torch
from skorch.callbacks import Callback, EpochTimer

from agnews_sk.training._callback_state import restore_state, state_of


class Holds(Callback):
    def __init__(self, value=None):
        self.value = value


@pytest.mark.parametrize(
    "value",
    [None, True, 3, 0.5, "a", [1, [2, (3,)]], {"a": {1, 2}, 2: "b"}, np.float64(0.5), ()],
    ids=repr,
)
def test_plain_values_survive_a_checkpoint(value, tmp_path):
    torch.save(state_of(Holds(value)), tmp_path / "state")
    other = Holds()
    restore_state(other, torch.load(tmp_path / "state", weights_only=True))
    assert other.value == value
    assert type(other.value) in (type(value), float)


@pytest.mark.parametrize("dtype", ["int16", "float32", "bool"])
def test_arrays_and_tensors_survive_it(dtype, tmp_path):
    value = {"array": np.ones((2, 3), dtype=dtype), "tensor": torch.ones(2, requires_grad=True)}
    torch.save(state_of(Holds(value)), tmp_path / "state")
    other = Holds()
    restore_state(other, torch.load(tmp_path / "state", weights_only=True))
    assert other.value["array"].dtype == dtype
    assert other.value["array"].shape == (2, 3)
    assert other.value["tensor"].tolist() == [1, 1]


def test_a_saved_array_is_a_copy():
    value = np.zeros(2)
    state = state_of(Holds(value))
    value[:] = 1
    other = Holds()
    restore_state(other, state)
    assert other.value.tolist() == [0, 0]


@pytest.mark.parametrize(
    "value", [object(), [object()], {"a": np.array(["a"])}], ids=["object", "list", "str"]
)
def test_an_attribute_that_a_file_cannot_hold_is_named(value):
    with pytest.raises(TypeError, match=r"Holds keeps a .* in 'value'; define state_dict"):
        state_of(Holds(value))


def test_functions_and_open_logs_of_skorch_have_no_state():
    assert state_of(Holds(len)) == {}
    timer = EpochTimer()
    timer.file_ = object()
    assert "file_" not in state_of(timer)


class Counts(Callback):
    def __init__(self):
        self.n = 0
        self.lock = object()

    def state_dict(self):
        return {"n": self.n}

    def load_state_dict(self, state):
        self.n = state["n"]


def test_a_callback_may_define_its_state():
    first, second = Counts(), Counts()
    first.n = 4
    restore_state(second, state_of(first))
    assert second.n == 4


def test_an_attribute_may_define_its_state():
    first, second = Holds(torch.nn.Linear(1, 1)), Holds(torch.nn.Linear(1, 1))
    restore_state(second, state_of(first))
    assert second.value.weight.item() == first.value.weight.item()
