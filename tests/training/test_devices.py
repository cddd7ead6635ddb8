"""Several devices train the model that one trains, resume, and end together."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
import torch.distributed as dist
from sklearn.model_selection import cross_val_score
from skorch.callbacks import BatchScoring, Callback, EpochScoring

from agnews_sk import FineTunedTransformerClassifier, make_transformer_pipeline
from agnews_sk.nn import MultiLabelLoss
from agnews_sk.training import TextNet
from agnews_sk.training._collectives import joined, on_loopback, trained_parameters
from agnews_sk.training._device_processes import DeviceProcesses
from agnews_sk.training._device_worker import END_STEP, JOB, _Worker
from agnews_sk.training._layer_cache import LayerCache
from agnews_sk.training._loop_state import LoopState
from agnews_sk.training._net_params import check_is_mean_over_rows
from agnews_sk.training._shared_gradients import SharedGradients
from tests.training.nets import (
    IDS,
    LABELS,
    TRAINED,
    VALID,
    Killed,
    labelled_rows,
    logits,
    net_of,
    optimizer_steps,
    small,
    weights,
)

# Weights and batches of unequal sizes, so that a share is not just a half.
WEIGHTED = {"class_weight": {"a": 1.0, "b": 3.0}, "batch_size": 5, "accumulate": 2}
# Each process imports torch anew, which takes long on a machine that others use.
pytestmark = pytest.mark.timeout(900)
SMALL = {"d_model": 16, "n_heads": 2, "max_epochs": 1, "batch_size": 16}
ROOT = Path(__file__).parents[2]


def net(**params):
    return small(**{"token_dropout": 0.0, "learning_rate": 0.1, "optimizer": "sgd", **params})


def relative_difference(one, other):
    a, b = (torch.cat([w.flatten() for w in weights(fit).values()]) for fit in (one, other))
    return ((a - b).norm() / a.norm()).item()


def others():
    """Return the processes that this one has started for devices."""
    return [p for p in multiprocessing.active_children() if p.name.startswith("agnews_sk-rank")]


class KillRank(Callback):
    """Kills the process of rank 1 in the second epoch, if the environment says so."""

    def on_grad_computed(self, net, **kwargs):
        if "KILL_RANK_1" in os.environ and len(net.history) == 2:
            (process,) = others()
            os.kill(process.pid, signal.SIGKILL)
            self.killed_at_ = time.monotonic()


class Watch(Callback):
    """Keeps the losses of batches, and the process that it was called in."""

    def __init__(self):
        self.losses, self.processes, self.sizes = [], set(), []

    def on_batch_end(self, net, batch, training, loss, **kwargs):
        self.losses.append(loss)
        self.sizes.append(len(batch[1]))
        self.processes.add(os.getpid())


@pytest.mark.parametrize(
    "params",
    [
        pytest.param(WEIGHTED, id="weighted"),
        pytest.param({"freeze": 1, "batch_size": 6}, id="frozen", marks=pytest.mark.slow),
        pytest.param({"gradual_unfreezing": True}, id="gradual", marks=pytest.mark.slow),
    ],
)
def test_two_processes_train_the_model_of_one(params):
    fits, watches = [], []
    for devices in (1, 2):
        watches.append(Watch())
        settings = {"max_epochs": 3, "patience": 1, "callbacks": [watches[-1]], **params}
        rows = {"X_val": IDS[VALID], "y_val": LABELS[VALID][::-1]}
        rows["sample_weight"] = np.arange(16) % 3
        fits.append(net(devices=devices, **settings).fit(IDS[TRAINED], LABELS[TRAINED], **rows))
    one, two = fits
    assert relative_difference(one, two) <= 1e-5
    np.testing.assert_array_equal(one.predict(IDS), two.predict(IDS))
    columns = one.history_.columns.drop("dur")
    pd.testing.assert_frame_equal(one.history_[columns], two.history_[columns], rtol=1e-4)
    np.testing.assert_allclose(watches[0].losses, watches[1].losses, rtol=1e-4)
    assert watches[0].sizes == watches[1].sizes
    assert watches[1].processes == {os.getpid()}
    assert others() == []


def test_a_killed_rank_ends_the_others_and_the_same_fit_resumes(tmp_path, monkeypatch):
    settings = {"devices": 2, "dropout": 0.3, "token_dropout": 0.3, "max_epochs": 3}
    whole = net(**settings).fit(IDS, LABELS)
    monkeypatch.setenv("KILL_RANK_1", "1")
    killer = KillRank()
    interrupted = net(**settings, checkpoint_dir=tmp_path, callbacks=[killer])
    with pytest.raises(RuntimeError, match="2 devices ended: rank 1 was killed by SIGKILL"):
        interrupted.fit(IDS, LABELS)
    assert time.monotonic() - killer.killed_at_ < 30
    assert others() == []
    assert not dist.is_initialized()
    monkeypatch.delenv("KILL_RANK_1")
    with optimizer_steps() as steps:
        resumed = net(**settings, checkpoint_dir=tmp_path, callbacks=[KillRank()]).fit(IDS, LABELS)
    assert len(steps) == 6
    np.testing.assert_array_equal(logits(whole), logits(resumed))


def test_a_run_of_one_process_resumes_in_two(tmp_path):
    settings = {"max_epochs": 3, "checkpoint_dir": tmp_path, **WEIGHTED}
    whole = net(max_epochs=3, **WEIGHTED).fit(IDS, LABELS)
    with optimizer_steps(fail_at=5), pytest.raises(Killed):
        net(**settings).fit(IDS, LABELS)
    with optimizer_steps() as steps:
        resumed = net(devices=2, **settings).fit(IDS, LABELS)
    assert relative_difference(whole, resumed) <= 1e-5
    assert 0 < len(steps) < 9


class FailsElsewhere(torch.nn.CrossEntropyLoss):
    """A criterion that fails in processes that another one has started."""

    def forward(self, logits, target):
        if multiprocessing.parent_process() is not None:
            raise ValueError("no loss here")
        return super().forward(logits, target)


def test_an_error_on_a_rank_is_reported():
    expected = r"devices ended: rank 1 failed with ValueError: no loss here\."
    with pytest.raises(RuntimeError, match=expected):
        net(devices=2, net_params={"criterion": FailsElsewhere}).fit(IDS, LABELS)
    assert others() == []


@pytest.mark.slow
def test_an_error_before_training_is_reported(tmp_path):
    processes = DeviceProcesses(2, tmp_path)
    expected = "rank 1 failed with FileNotFoundError: .*job"
    with pytest.raises(RuntimeError, match=expected), processes.running():
        raise AssertionError("not reached")
    assert others() == []


SCRIPT = """
import os, signal, sys
from skorch.callbacks import Callback
from tests.training.nets import IDS, LABELS, small
from tests.training.test_devices import others

class KillSelf(Callback):
    def on_grad_computed(self, net, **kwargs):
        print(others()[0].pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

{guard}small(devices=2, callbacks=[KillSelf()]).fit(IDS, LABELS)
"""


def run_script(tmp_path, guard):
    path = tmp_path / "script.py"
    path.write_text(SCRIPT.format(guard=guard))
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    return subprocess.run(
        [sys.executable, path], capture_output=True, text=True, env=env, timeout=600
    )


def is_running(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_the_other_ranks_end_and_tidy_up_when_rank_0_is_killed(tmp_path):
    done = run_script(tmp_path, 'if __name__ == "__main__": ')
    assert done.returncode == -signal.SIGKILL, done.stderr
    deadline = time.monotonic() + 30
    while is_running(int(done.stdout)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not is_running(int(done.stdout))
    assert list(tmp_path.glob("agnews_sk-*")) == []


@pytest.mark.slow
def test_a_script_without_a_guard_is_told_what_is_missing(tmp_path):
    done = run_script(tmp_path, "")
    assert done.returncode == 1
    assert "rank 1 ended with exit code 1 before it was ready" in done.stderr
    assert "below `if __name__ == '__main__':`" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("params", [{}, {"lora": 2}], ids=["plain", "lora"])
def test_two_processes_fine_tune_the_model_of_one(tiny_model, params):
    texts = [f"story {i} of the {'cup' if i % 2 else 'bank'}" for i in range(24)]
    one, two = (
        FineTunedTransformerClassifier(
            model=tiny_model,
            devices=devices,
            dropout=0.0,
            precision="fp32",
            max_epochs=2,
            random_state=0,
            **params,
        ).fit(texts, LABELS)
        for devices in (1, 2)
    )
    assert relative_difference(one, two) <= 1e-3
    np.testing.assert_allclose(one.predict_proba(texts), two.predict_proba(texts), atol=1e-3)


TOKENIZED = ["the cup", "the bank"] * 12


@pytest.mark.slow
def test_processes_of_joblib_train_on_several_devices():
    pipeline = make_transformer_pipeline(random_state=0).set_params(
        **{f"classify__{name}": value for name, value in SMALL.items()}, classify__devices=2
    )
    scores = cross_val_score(pipeline, TOKENIZED, LABELS, cv=2, n_jobs=2, error_score="raise")
    assert np.isfinite(scores).all()


class FitInThread(Callback):
    """Fits another classifier on several devices in a thread, which waits for this fit."""

    def on_epoch_begin(self, net, **kwargs):
        if len(net.history) > 1:
            return
        self.fitted = ThreadPoolExecutor(1).submit(small(devices=2).fit, IDS, LABELS)
        wait([self.fitted], timeout=1)


@pytest.mark.slow
def test_fits_in_threads_wait_for_each_other():
    callback = FitInThread()
    small(devices=2, callbacks=[callback]).fit(IDS, LABELS)
    assert callback.fitted.result(timeout=600).score(IDS, LABELS) >= 0.5


# Without other processes


def shared_gradients(net, rows):
    cache = LayerCache(net.module_, 0, rows, torch.float32, 0)
    return SharedGradients(net, cache, rows, LoopState())


def test_shares_of_a_batch_add_up_to_its_gradients(tmp_path):
    rows = labelled_rows(weight=np.linspace(0.1, 1.9, 20))
    net = net_of(train=rows, devices=2).initialize()
    shared = shared_gradients(net, rows)
    joblib.dump(shared._job(1), tmp_path / JOB)
    batch = np.array([3, 0, 7, 8, 11])
    net.set_training(False)
    inputs, labels = shared._loader.batch(batch)
    net.get_loss(net.infer(inputs), labels).backward()
    expected = {n: p.grad for n, p in net.get_all_learnable_params() if p.grad is not None}
    n_threads = torch.get_num_threads()
    with on_loopback(), joined(tmp_path, 0, 1, "cpu"):
        worker = _Worker(joblib.load(tmp_path / JOB, mmap_mode="r"), 0)
        first, second = shared._orders(batch, 1.0)
        worker.follow(first)
        worker.follow(replace(second, weights="none"))  # it is the same process
        worker.follow(replace(second, rows=batch[:0], weights="none"))
        worker.follow(END_STEP)
    torch.set_num_threads(n_threads)
    got = {n: p.grad for n, p in worker._net.get_all_learnable_params() if p.grad is not None}
    assert got.keys() == expected.keys()
    for name, gradient in expected.items():
        torch.testing.assert_close(got[name], gradient)


def test_a_copy_for_another_process_has_no_callbacks_and_no_optimizer():
    rows = labelled_rows()
    net = net_of(train=rows, devices=2, callbacks=[("local", lambda: None)])
    net.callbacks = [Watch()]
    net.initialize()
    net.callbacks_[-1][1].unpicklable = lambda: None
    job = shared_gradients(net, rows)._job(1)
    copy = job.net
    assert isinstance(copy, TextNet)
    assert (copy.callbacks_, copy.optimizer_, copy.history) == ([], None, [])
    assert net.optimizer_ is not None
    assert len(trained_parameters(copy)) == len(trained_parameters(net))


def test_rows_stay_on_one_device_if_their_outputs_are_cached():
    rows = labelled_rows()
    net = net_of(train=rows, devices=3).initialize()
    shared = shared_gradients(net, rows)
    batch = np.array([4, 0, 7, 8, 11])
    assert [own.tolist() for own in shared._shares(batch)] == [[4, 8], [0, 11], [7]]
    shared._cache = LayerCache(net.module_, 1, rows, torch.float32, 10**9)
    assert [own.tolist() for own in shared._shares(batch)] == [[0], [4, 7], [8, 11]]


def test_loopback_is_set_for_new_groups_only_where_nothing_is_set(monkeypatch):
    monkeypatch.setenv("NCCL_SOCKET_IFNAME", "eth7")
    monkeypatch.delenv("GLOO_SOCKET_IFNAME", raising=False)
    with on_loopback():
        assert os.environ["NCCL_SOCKET_IFNAME"] == "eth7"
        if sys.platform != "win32":
            assert os.environ["GLOO_SOCKET_IFNAME"].startswith("lo")
    assert "GLOO_SOCKET_IFNAME" not in os.environ


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"devices": 0}, "The 'devices' parameter .* must be an int in the range"),
        ({"devices": 2.0}, "The 'devices' parameter .* must be an int in the range"),
        ({"devices": 2, "device": "cuda:1"}, "needs device='cuda', for the first GPUs, or 'cpu'"),
        ({"devices": 2, "loss": "contrastive"}, r"combined with loss='contrastive': its loss comp"),
        ({"devices": 2, "compile": True}, "combined with compile=True: each process would"),
        ({"devices": 2, "device": "cuda"}, "devices=2 needs as many GPUs, and torch finds 1; low"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_devices_that_cannot_be_used_are_rejected(monkeypatch, params, message):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(ValueError, match=message):
        small(**params).fit(IDS, LABELS)


def test_a_process_that_is_in_a_group_is_rejected(monkeypatch):
    monkeypatch.setattr(dist, "is_initialized", lambda: True)
    with pytest.raises(RuntimeError, match="start the program without torchrun"):
        small(devices=2).fit(IDS, LABELS)


def test_a_process_that_may_start_none_is_rejected(monkeypatch):
    monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)
    with pytest.raises(RuntimeError, match=r"is a daemon, as those of multiprocessing\.Pool are"):
        small(devices=2).fit(IDS, LABELS)


@pytest.mark.parametrize(
    "params",
    [{"weight": torch.tensor([1.0, 5.0])}, {"reduction": "sum"}],
    ids=["mean by weights", "sum"],
)
def test_a_criterion_that_is_no_mean_over_rows_is_rejected(params):
    named = {f"criterion__{name}": value for name, value in params.items()}
    net_params = {"criterion": torch.nn.CrossEntropyLoss, **named}
    with pytest.raises(ValueError, match="CrossEntropyLoss of net_params is not a mean over the"):
        small(devices=2, net_params=net_params).fit(IDS, LABELS)


@pytest.mark.parametrize(
    ("params", "n_labels"),
    [({}, 2), ({"reduction": "none"}, 3), ({"label_smoothing": 0.1}, 2)],
    ids=["mean", "losses of rows", "smoothed"],
)
def test_a_criterion_that_is_a_mean_over_rows_is_taken(params, n_labels):
    criterion = torch.nn.CrossEntropyLoss(**params)
    check_is_mean_over_rows(criterion, n_labels, several=False, device="cpu")
    check_is_mean_over_rows(MultiLabelLoss(gamma=2.0), n_labels, several=True, device="cpu")


def test_a_criterion_that_other_processes_cannot_get_is_rejected():
    class Local(torch.nn.CrossEntropyLoss):
        pass

    with pytest.raises(ValueError, match=r"cannot be pickled: .*Local'; define its class at the"):
        small(devices=2, net_params={"criterion": Local}).fit(IDS, LABELS)
    assert others() == []


def test_a_torch_without_groups_is_rejected(monkeypatch):
    monkeypatch.setattr(dist, "is_available", lambda: False)
    with pytest.raises(RuntimeError, match=r"devices=2 needs torch\.distributed, which this build"):
        small(devices=2).fit(IDS, LABELS)


@pytest.mark.parametrize("kind", [BatchScoring, EpochScoring])
def test_callbacks_that_score_training_batches_are_rejected(kind):
    callback = kind("accuracy", on_train=True, lower_is_better=False)
    with pytest.raises(ValueError, match=f"{kind.__name__} would score .* devices=2 devices; "):
        small(devices=2, callbacks=[callback]).fit(IDS, LABELS)
