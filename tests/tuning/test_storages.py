"""Studies on database servers, a Redis and Optuna's gRPC proxy, which the fixtures start."""

import re
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import optuna
import pytest
from optuna.trial import TrialState
from sklearn.dummy import DummyClassifier

from agnews_sk.tuning import PipelineSearchCV, finished_trials, open_storage
from tests.servers import free_port, grpc_proxy, redis_server

ROWS = [[0.0]] * 8, ["a", "b"] * 4


def search_on(storage, space, n_trials, **params):
    return PipelineSearchCV(
        DummyClassifier(strategy="constant"), space, n_trials=n_trials, cv=2, storage=storage,
        study_name="shared", refit=False, random_state=0, **params,
    )  # fmt: skip


def load(storage):
    return optuna.load_study(study_name="shared", storage=open_storage(storage))


def n_finished(storage):
    return len(finished_trials(load(storage)))


@pytest.mark.parametrize(
    "storage",
    [
        "journal",
        "sqlite",
        "redis",
        # The same commands, over connections that take longer.
        pytest.param("postgresql", marks=pytest.mark.slow),
        pytest.param("grpc", marks=pytest.mark.slow),
    ],
    indirect=True,
)
def test_a_study_resumed_with_fewer_trials_does_not_overshoot(storage):
    def interrupt(study, trial):
        if trial.number == 1:
            raise KeyboardInterrupt

    space = {"constant": ["a", "b"]}
    with pytest.raises(KeyboardInterrupt):
        search_on(storage, space, 9, callbacks=[interrupt]).fit(*ROWS)
    assert len(load(storage).trials) == 9
    assert n_finished(storage) == 2
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda _: search_on(storage, space, 5).fit(*ROWS), range(3)))
    assert n_finished(storage) == 5
    assert {trial.number for trial in finished_trials(load(storage))} == set(range(5))
    assert len(search_on(storage, space, 3).fit(*ROWS).cv_results_["number"]) == 5
    assert len(search_on(storage, space, 9, n_jobs=2).fit(*ROWS).cv_results_["number"]) == 9


@pytest.mark.parametrize(
    "url",
    [
        "redis://tester:secret@127.0.0.1:{}/0",
        "grpc://127.0.0.1:{}",
        "postgresql://tester:secret@127.0.0.1:{}/studies",
    ],
    ids=["redis", "grpc", "postgresql"],
)
def test_a_server_that_cannot_be_reached_is_named_without_its_password(url, monkeypatch):
    for module in ("redis", "grpc", "psycopg2"):
        pytest.importorskip(module, reason="an extra is not installed")
    monkeypatch.setattr("agnews_sk.tuning._storages._CONNECT_SECONDS", 0.1)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    url = url.format(free_port())
    shown = re.escape(url.replace("secret", "***"))
    with pytest.raises(OSError, match=f"^storage='{shown}' cannot be opened: .") as caught:
        open_storage(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["grpc://", "grpc:", "grpc://host:port", "grpc://:13000"])
def test_a_proxy_without_an_address_is_rejected(url):
    pytest.importorskip("grpc", reason="the grpc extra is not installed")
    with pytest.raises(ValueError, match=f"^storage must be grpc://HOST:PORT, got '{url}'"):
        open_storage(url)


@pytest.mark.parametrize(
    ("url", "module", "extra"),
    [
        ("redis://localhost", "redis", "redis"),
        ("grpc://localhost:13000", "grpc", "grpc"),
        ("postgresql://localhost/studies", "psycopg2", "postgres"),
    ],
)
def test_a_server_without_its_driver_names_the_extra(url, module, extra, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=rf"agnews_sk\[{extra}\]"):
        open_storage(url)


def test_a_storage_is_opened_without_warnings(storage):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optuna.create_study(study_name="shared", storage=open_storage(storage))


@pytest.fixture(params=["redis", pytest.param("grpc", marks=pytest.mark.slow)])
def restarted(request, tmp_path):
    """A function that serves the same studies on the same port each time it is called."""
    port = free_port()
    if request.param == "redis":
        binary = request.getfixturevalue("redis_binary")
        return lambda: redis_server(binary, tmp_path, port)
    pytest.importorskip("grpc", reason="the grpc extra is not installed")
    return lambda: grpc_proxy(f"sqlite:///{tmp_path / 'studies.sqlite'}", port)


def beats(storage, number):
    return load(storage).trials[number].user_attrs.get("beat", 0)


def wait_for(condition):
    give_up = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < give_up, "waited for too long"
        time.sleep(0.05)


def test_a_running_trial_survives_a_restart_of_the_server(restarted):
    started, go_on = threading.Event(), threading.Event()

    def space(trial):
        if trial.number == 1:
            started.set()
            assert go_on.wait(timeout=120)
        return {"constant": trial.suggest_categorical("constant", ["a", "b"])}

    with ThreadPoolExecutor() as pool:
        with restarted() as url:
            search = search_on(url, space, 3, heartbeat_seconds=0.1)
            ended = pool.submit(search.fit, *ROWS)
            assert started.wait(timeout=120)
            wait_for(lambda: beats(url, 1) > 2)
        time.sleep(0.5)  # several heartbeats find no server
        with restarted() as url:
            before = beats(url, 1)
            wait_for(lambda: beats(url, 1) > before)
            go_on.set()
            trials = ended.result(timeout=120).study_.trials
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 3


class Stop(optuna.pruners.NopPruner):
    """Calls a function after the first fold of trial 1, and prunes nothing."""

    def __init__(self, function):
        self.function = function

    def prune(self, study, trial):
        if trial.number == 1:
            self.function()
        return False


def test_a_lost_connection_is_no_failure_of_the_trial(restarted):
    drivers = tuple(
        getattr(pytest.importorskip(module, reason=f"the {module} extra is not installed"), name)
        for module, name in [("redis", "RedisError"), ("grpc", "RpcError")]
    )
    server, space = ExitStack(), {"constant": ["a", "b"]}
    url = server.enter_context(restarted())
    with pytest.raises(drivers):
        search_on(url, space, 3, pruner=Stop(server.close)).fit(*ROWS)
    with restarted():
        study = search_on(url, space, 3, heartbeat_seconds=0.1).fit(*ROWS).study_
        states = [trial.state.name for trial in finished_trials(study)]
        assert len(states) == 3
        assert set(states) <= {"COMPLETE", "PRUNED"}


def test_an_error_of_a_trial_s_own_connection_is_its_failure(tmp_path):
    def space(trial):
        if trial.number == 1:
            raise ConnectionError("the dictionary of synonyms is out of reach")
        return {"constant": trial.suggest_categorical("constant", ["a", "b"])}

    search = search_on(f"journal:{tmp_path / 'study.journal'}", space, 3).fit(*ROWS)
    assert list(search.cv_results_["state"]) == ["complete", "failed", "complete"]
    assert "out of reach" in search.cv_results_["error"][1]
