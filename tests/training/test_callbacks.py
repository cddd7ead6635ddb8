import pickle

import pytest
from skorch.callbacks import Callback, EarlyStopping, EpochTimer

from agnews_sk.training import ScikitLearnCallbacks
from agnews_sk.training._callbacks import ProgressLine, is_given_by_user, listen_to_batches
from tests.training.nets import IDS, LABELS, small


class HearsBatches(Callback):
    def on_batch_end(self, net, **kwargs):
        pass


@pytest.mark.parametrize(
    ("callback", "expected"),
    [
        (HearsBatches(), True),
        (ProgressLine(), True),
        (EarlyStopping(), False),
        (EpochTimer(), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_callbacks_that_listen_to_batches_are_known(callback, expected):
    assert listen_to_batches([("quiet", Callback()), ("one", callback)]) is expected


def test_without_callbacks_none_listens_to_batches():
    assert not listen_to_batches([])


def test_callbacks_of_the_user_are_distinguished_from_those_of_the_net():
    net = small().fit(IDS, LABELS).net_
    assert is_given_by_user("mine", EarlyStopping(), net)
    assert not is_given_by_user("epoch_timer", EpochTimer(), net)
    assert not is_given_by_user("bar", ProgressLine(), net)


def test_a_copy_holds_no_data_of_the_fit():
    callback = ScikitLearnCallbacks(small(), object(), IDS, LABELS, dict)
    assert vars(pickle.loads(pickle.dumps(callback))) == {}
