import numpy as np
import pytest
import torch
from torch import nn

from agnews_sk.nn import FocalLoss, RaggedLoader
from agnews_sk.training import LinearSchedule, TextRows
from agnews_sk.training._rows import epoch_rng
from tests.training.nets import N_ROWS, labelled_rows, net_of


def test_the_net_knows_the_classes_and_the_padding():
    net = net_of()
    assert net.classes_.tolist() == [0, 1]
    assert net.pad_id == 7
    assert net.get_iterator(labelled_rows()).pad_id == 7


@pytest.mark.parametrize("accumulate", [1, 3])
def test_the_schedule_ends_with_the_last_step(accumulate):
    net = net_of(batch_size=8, accumulate=accumulate, max_epochs=4, warmup=2)
    assert net.settings.schedule == LinearSchedule(4 * {1: 3, 3: 1}[accumulate], warmup=2)


def test_batches_by_tokens_are_counted_epoch_by_epoch():
    net = net_of(tokens_per_batch=7, max_epochs=3, seed=2)
    n_batches = [
        len(RaggedLoader(labelled_rows(), 8, rng=epoch_rng(2, epoch), tokens_per_batch=7))
        for epoch in range(3)
    ]
    assert net.settings.schedule.n_steps == sum(n_batches)


def test_balanced_batches_are_counted():
    net = net_of(loss="contrastive", batch_size=8, accumulate=2, max_epochs=4)
    n_batches = len(net.get_iterator(labelled_rows(), training=True))
    assert n_batches == 3
    assert net.settings.schedule.n_steps == 4 * 2


def test_balanced_batches_of_texts_of_several_chunks_are_counted():
    offsets = np.arange(121)
    target = np.repeat([0, 1, 2], [10, 20, 10])
    train = TextRows(offsets[:-1] % 30, offsets, target, chunk_offsets=offsets[::3])
    net = net_of(loss="contrastive", batch_size=8, max_epochs=3, seed=1, train=train)
    n_batches = [len(net.get_iterator(train, training=True, epoch=epoch)) for epoch in range(3)]
    assert net.settings.schedule.n_steps == sum(n_batches) == 3 * 10  # of 4 texts each


def test_max_steps_is_the_number_of_steps():
    net = net_of(max_steps=5)
    assert net.settings.schedule.n_steps == 5
    assert net.max_epochs == 5


def test_a_rate_that_never_changes_is_left_to_callbacks():
    assert net_of(schedule="constant", warmup=0).settings.schedule is None
    assert net_of(schedule="constant", warmup=0.1).settings.schedule is not None


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("adamw", torch.optim.AdamW),
        ("adam", torch.optim.Adam),
        ("sgd", torch.optim.SGD),
        ("adafactor", torch.optim.Adafactor),
    ],
)
def test_the_optimizer_is_the_one_that_is_named(name, kind):
    net = net_of(optimizer=name, learning_rate=0.5).initialize()
    assert type(net.optimizer_) is kind
    assert {group["lr"] for group in net.optimizer_.param_groups} == {0.5}


@pytest.mark.parametrize(
    ("loss", "kind"), [("focal", FocalLoss), ("cross_entropy", nn.CrossEntropyLoss)]
)
def test_the_criterion_gives_one_loss_per_row(loss, kind):
    net = net_of(loss=loss, label_smoothing=0.1).initialize()
    assert type(net.criterion_) is kind
    assert net.criterion_(torch.zeros(3, 2), torch.tensor([0, 1, 1])).shape == (3,)
    assert net.criterion_.label_smoothing == 0.1


def test_parameters_of_skorch_replace_those_of_the_classifier():
    net = net_of(net_params={"lr": 0.25, "optimizer": torch.optim.SGD, "max_epochs": 7})
    net.initialize()
    assert type(net.optimizer_) is torch.optim.SGD
    assert net.optimizer_.param_groups[0]["lr"] == 0.25
    assert net.settings.schedule.n_steps == 7 * 3


@pytest.mark.parametrize("where", ["train", "valid", None])
def test_rows_with_weights_are_recognized(where):
    weighted = {} if where is None else {where: labelled_rows(np.ones(N_ROWS))}
    assert net_of(**weighted).settings.weighted is (where is not None)


@pytest.mark.parametrize(
    ("params", "n_epochs"),
    [({}, 17), ({"accumulate": 3}, 50), ({"batch_size": 1}, 3), ({"tokens_per_batch": 1}, 3)],
)
def test_few_rows_are_passed_over_until_there_are_50_steps(params, n_epochs):
    net = net_of(**{"batch_size": 8, "max_epochs": None, **params})
    assert net.max_epochs == n_epochs
    assert net.settings.schedule.n_steps >= 50


def test_pairs_take_fewer_steps_of_few_rows():
    net = net_of(loss="contrastive", batch_size=8, max_epochs=None)
    assert net.max_epochs == 10
    assert net.settings.schedule.n_steps == 30


def test_many_rows_are_passed_over_twice(monkeypatch):
    monkeypatch.setattr("agnews_sk.training._make_net.MIN_STEPS", 5)
    assert net_of(batch_size=8, max_epochs=None).max_epochs == 2


def test_patience_is_a_quarter_of_the_epochs_where_their_number_is_chosen():
    chosen = {"batch_size": 8, "max_epochs": None, "valid": labelled_rows()}
    assert net_of(**chosen).settings.patience == 5
    assert net_of(**chosen, patience=3).settings.patience == 3
    assert net_of(**{**chosen, "valid": None}).settings.patience is None
    assert net_of(**{**chosen, "max_epochs": 40}).settings.patience is None
    assert net_of(**chosen, max_steps=40).settings.patience is None
    assert net_of(**chosen, net_params={"max_epochs": 40}).settings.patience is None
