"""Callbacks of skorch that show or log the progress of training."""

import sys
import types

from skorch.callbacks import (
    EpochTimer,
    MlflowLogger,
    NeptuneLogger,
    PrintLog,
    ProgressBar,
    SacredLogger,
    TensorBoard,
    WandbLogger,
)

from tests.training.nets import fit_with


def test_print_log_prints_a_table(capsys):
    fit_with(PrintLog())
    lines = capsys.readouterr().out.splitlines()
    assert {"epoch", "train_loss", "valid_loss", "valid_accuracy", "dur"} <= set(lines[0].split())
    assert len(lines) == 2 + 2


def test_progress_bar_counts_the_batches_of_both_kinds():
    class Look(ProgressBar):
        def on_epoch_end(self, net, **kwargs):
            shown.append((self.pbar_.n, self.pbar_.total, self.pbar_.postfix[:11]))
            super().on_epoch_end(net, **kwargs)

    shown = []
    fit_with(Look())
    assert shown == [(6, 6, "valid_loss=")] * 2


def test_epoch_timer_times():
    assert (fit_with(EpochTimer()).history_["dur"] > 0).all()


class Log:
    """Accepts the calls of any logger, like the objects of the services."""

    def __init__(self, folder=None):
        self.dir = folder
        self.written = []
        self.info = types.SimpleNamespace(run_id="run")

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: self.written.append((name, (*args, *kwargs.values())))

    def __getitem__(self, name):
        return Branch(self, name)

    def __setitem__(self, name, value):
        self.written.append((name, (value,)))


class Branch:
    def __init__(self, log, name):
        self.log, self.name = log, name

    def __getitem__(self, name):
        return Branch(self.log, f"{self.name}/{name}")

    def __setitem__(self, name, value):
        self.log.written.append((f"{self.name}/{name}", (value,)))

    def append(self, value):
        self.log.written.append((self.name, (value,)))


def test_tensor_board_writes_scalars():
    log = Log()
    classifier = fit_with(TensorBoard(log))
    written = {args[0] for name, args in log.written if name == "add_scalar"}
    assert {"Loss/train_loss", "Loss/valid_loss", "dur"} <= written
    values = [a[1] for n, a in log.written if n == "add_scalar" and a[0] == "Loss/train_loss"]
    assert values == classifier.history_["train_loss"].tolist()


def test_wandb_logger_logs_and_saves_the_best(tmp_path):
    log = Log(str(tmp_path))
    classifier = fit_with(WandbLogger(log))
    rows = [args[0] for name, args in log.written if name == "log"]
    assert [row["valid_loss"] for row in rows] == classifier.history_["valid_loss"].tolist()
    assert list(tmp_path.iterdir())


def test_sacred_logger_logs_epochs_and_batches():
    log = Log()
    fit_with(SacredLogger(log, log_on_batch_end=True))
    written = [args[0] for name, args in log.written if name == "log_scalar"]
    assert written.count("train_loss_epoch") == 2
    assert written.count("train_loss_batch") == 8
    assert written.count("valid_loss_batch") == 4


def test_mlflow_logger_logs_metrics_and_artifacts():
    log = Log()
    fit_with(MlflowLogger(log, log, log_on_batch_end=True))
    metrics = [args[1] for name, args in log.written if name == "log_metric"]
    assert metrics.count("train_loss_epoch") == 2
    assert metrics.count("train_loss_batch") == 8
    assert sum(name == "log_artifact" for name, _ in log.written) == 4
    assert log.written[-1][0] == "set_terminated"


def test_neptune_logger_logs_metrics(monkeypatch):
    file = types.SimpleNamespace(from_content=lambda text, extension: text)
    monkeypatch.setitem(sys.modules, "neptune", types.ModuleType("neptune"))
    monkeypatch.setitem(sys.modules, "neptune.types", types.SimpleNamespace(File=file))
    log = Log()
    classifier = fit_with(NeptuneLogger(log, log_on_batch_end=True, close_after_train=False))
    written = dict(log.written)
    assert "TextTransformer" in written["training/model/summary"][0]
    epochs = [args[0] for name, args in log.written if name == "training/train/epoch/loss"]
    assert epochs == classifier.history_["train_loss"].tolist()
    assert sum(name == "training/train/batch/loss" for name, _ in log.written) == 8
