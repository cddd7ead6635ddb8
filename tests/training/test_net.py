import pickle

import numpy as np
import pytest
import torch

from agnews_sk._core.columnar import row_offsets
from agnews_sk.nn import RaggedDataset
from tests.training.nets import IDS, LABELS, labelled_rows, net_of, small

# What a training run may leave on a net: skorch's own attributes, and its parameters.
LOOP = {"freezing_", "checkpoint", "training", "training_", "loop", "best"}


@pytest.fixture(scope="module")
def classifier():
    return small().fit(IDS, LABELS)


@pytest.fixture(scope="module")
def rows():
    return RaggedDataset(IDS.explode().to_numpy(), row_offsets(IDS))


def test_logits_are_in_the_order_of_rows_for_any_batches(classifier, rows):
    net = classifier.net_
    logits = net.logits(rows)
    assert logits.shape == (len(IDS), 2)
    for row in (0, 7, 23):
        np.testing.assert_allclose(
            net.logits(rows.take(np.array([row])))[0], logits[row], atol=1e-5
        )


def test_probabilities_and_codes_follow_from_the_logits(classifier, rows):
    net = classifier.net_
    expected = torch.from_numpy(net.logits(rows)).softmax(dim=1).numpy()
    np.testing.assert_allclose(net.predict_proba(rows), expected, atol=1e-6)
    assert net.predict(rows).tolist() == expected.argmax(axis=1).tolist()


def test_evaluating_restores_the_mode_of_each_module(classifier):
    net = classifier.net_
    net.set_training()
    net.module_.layers[0].eval()
    before = [module.training for module in net.module_.modules()]
    with net.evaluating():
        assert not any(module.training for module in net.module_.modules())
        assert torch.is_inference_mode_enabled()
    assert [module.training for module in net.module_.modules()] == before
    net.set_training(False)


def test_the_loss_is_the_mean_over_rows_times_their_weights():
    net = net_of().initialize()
    logits, target = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.tensor([0, 0])
    losses = torch.nn.functional.cross_entropy(logits, target, reduction="none")
    plain = net.get_loss(logits, {"target": target})
    torch.testing.assert_close(plain, losses.mean())
    weight = torch.tensor([3.0, 1.0], dtype=torch.float64)
    weighted = net.get_loss(logits, {"target": target, "weight": weight})
    torch.testing.assert_close(weighted, (losses * torch.tensor([3.0, 1.0])).mean())


def test_the_loop_leaves_nothing_on_the_net(classifier, tmp_path):
    kept = small(checkpoint_dir=tmp_path, freeze=1, gradual_unfreezing=True).fit(IDS, LABELS)
    for net in (classifier.net_, kept.net_):
        assert not LOOP & {*vars(net), *net.get_params(deep=False)}
    assert vars(kept.net_).keys() == vars(classifier.net_).keys()


def test_stop_training_exists_before_and_after_training(classifier):
    assert type(classifier.net_).stop_training is False
    assert classifier.net_.stop_training is False


def test_a_pickle_holds_the_weights_once(classifier):
    n_bytes = sum(p.nbytes for p in classifier.net_.module_.parameters())
    pickled = pickle.dumps(classifier.net_)
    assert len(pickled) < 2 * n_bytes + 100_000
    assert isinstance(classifier.net_.module, type)


def test_the_history_has_one_row_per_epoch(classifier):
    net = net_of(max_epochs=2).fit(labelled_rows())
    frame = net.history_frame()
    assert frame["epoch"].tolist() == [1, 2]
    assert frame["train_loss"].tolist() == net.history[:, "train_loss"]
    assert not [name for name in frame if "batch" in name]
    assert list(frame) == list(classifier.history_)
