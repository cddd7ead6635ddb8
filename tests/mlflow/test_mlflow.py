"""Models, comparisons and trials in MLflow: its database in a file, and its tracking server."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from agnews_sk import DistilledClassifier, compare_classifiers, make_tfidf_pipeline
from agnews_sk.datasets import make_news
from agnews_sk.mlflow import (
    TrialLogger,
    autolog,
    load_model,
    log_comparison,
    log_model,
    save_model,
)
from agnews_sk.persistence import ArtifactError
from agnews_sk.tuning import PipelineSearchCV
from tests.servers import free_port, running

mlflow = pytest.importorskip("mlflow", reason="the mlflow extra is not installed")
pytestmark = pytest.mark.filterwarnings("ignore")
ROOT = Path(__file__).parents[2]
# A student and its teacher.
TWO = make_tfidf_pipeline(classify=LogisticRegression()), make_tfidf_pipeline()


@pytest.fixture(scope="module")
def news():
    X, y = make_news(160, random_state=0, return_X_y=True)
    return X.fillna(""), y


@pytest.fixture(scope="module")
def pipeline(news):
    X, y = news
    return make_tfidf_pipeline(classify=LogisticRegression()).fit(X[:80], y[:80])


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """Use a new database of runs in a file."""
    folder = tmp_path_factory.mktemp("mlflow")
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{folder / 'runs.sqlite'}")
    mlflow.create_experiment("news", artifact_location=(folder / "artifacts").as_uri())
    mlflow.set_experiment("news")
    yield folder
    mlflow.set_tracking_uri(before)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Use a tracking server of MLflow, which has an environment of its own."""
    python = Path(os.environ.get("MLFLOW_PYTHON", ROOT / ".venv/mlflow/bin/python"))
    if not python.is_file():
        pytest.skip("MLflow's server is not installed; MLFLOW_PYTHON may name its Python")
    folder, port = tmp_path_factory.mktemp("server"), free_port()
    store = ["--backend-store-uri", f"sqlite:///{folder / 'runs.sqlite'}"]
    store += ["--artifacts-destination", str(folder / "artifacts"), "--workers", "1"]
    command = [python, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    before = mlflow.get_tracking_uri()
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
    with running([*command, *store], port, seconds=240, env=environment, cwd=folder):
        mlflow.set_tracking_uri(f"http://127.0.0.1:{port}")
        mlflow.set_experiment("news")
        yield folder
        mlflow.set_tracking_uri(before)


def test_a_model_is_the_same_after_saving_and_holds_no_pickle(pipeline, news, tmp_path):
    X = news[0][80:]
    save_model(pipeline, tmp_path / "model")
    names = {path.name for path in (tmp_path / "model").rglob("*") if path.is_file()}
    assert {"MLmodel", "requirements.txt", "pipeline.skops", "manifest.json"} <= names
    assert not any(name.endswith((".pkl", ".pickle", ".joblib")) for name in names)
    expected = pipeline.predict_proba(X)
    np.testing.assert_array_equal(load_model(tmp_path / "model").predict_proba(X), expected)


def test_a_model_is_a_function_of_mlflow(pipeline, news, tmp_path):
    X = news[0][80:]
    save_model(pipeline, tmp_path / "model")
    found = mlflow.pyfunc.load_model(str(tmp_path / "model")).predict(X)
    assert list(found.columns) == ["predicted", *(f"p_{label}" for label in pipeline.classes_)]
    assert found["predicted"].tolist() == pipeline.predict(X).tolist()
    np.testing.assert_array_equal(found.iloc[:, 1:].to_numpy(), pipeline.predict_proba(X))


def test_a_function_of_texts_takes_a_column(tmp_path):
    texts = ["oil prices rise", "oil shares fall", "cup final", "the cup is ours"]
    model = make_tfidf_pipeline().fit(texts, ["Oil", "Oil", "Cup", "Cup"])
    save_model(model, tmp_path / "model")
    function = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    frame = pd.DataFrame({"inputs": texts})
    assert function.predict(frame)["predicted"].tolist() == model.predict(texts).tolist()


def test_a_function_of_label_sets_predicts_lists(tmp_path):
    texts = ["oil and war", "oil", "war", "cup"] * 6
    sets = [["oil", "war"], ["oil"], ["war"], []] * 6
    model = make_tfidf_pipeline().fit(texts, sets)
    save_model(model, tmp_path / "model")
    found = mlflow.pyfunc.load_model(str(tmp_path / "model")).predict(texts[:4])
    assert sorted(found["predicted"][0]) == ["oil", "war"]
    assert list(found.columns) == ["predicted", "p_oil", "p_war"]


def test_a_folder_with_files_is_not_overwritten(pipeline, tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(FileExistsError, match="is not empty; use another path"):
        save_model(pipeline, tmp_path)
    assert os.listdir(tmp_path) == ["notes.txt"]


def test_a_damaged_model_and_one_that_names_another_folder_are_rejected(pipeline, tmp_path):
    save_model(pipeline, tmp_path / "model")
    described = tmp_path / "model" / "MLmodel"
    described.write_text(described.read_text().replace("agnews_sk_model", "../elsewhere"))
    load_model(tmp_path / "model")  # the folder is not taken from this file
    damaged = tmp_path / "model" / "agnews_sk_model" / "pipeline.skops"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    with pytest.raises(ArtifactError, match=r"pipeline\.skops"):
        load_model(tmp_path / "model")


def check_logging(pipeline, news):
    X, y = news
    with mlflow.start_run(run_name="model"):
        info = log_model(pipeline, registered_model_name="news")
    for uri in (info.model_uri, "models:/news/1"):
        found = load_model(uri).predict_proba(X[80:90])
        np.testing.assert_array_equal(found, pipeline.predict_proba(X[80:90]))
    worse = make_tfidf_pipeline(classify=LogisticRegression(C=1e-6))
    classifiers = {"good": pipeline, "C <= 1e-6": worse}
    result = compare_classifiers(classifiers, X[:80], y[:80], X[80:], y[80:], random_state=0)
    run_id = log_comparison(result, models=True, texts=X[80:])
    client = mlflow.MlflowClient()
    files = {file.path for file in client.list_artifacts(run_id)}
    assert "comparison.json" in files
    of_run = f"tags.mlflow.parentRunId = '{run_id}'"
    experiment = client.get_run(run_id).info.experiment_id
    nested = {run.info.run_name: run for run in client.search_runs([experiment], of_run)}
    assert nested.keys() == classifiers.keys()
    for name, run in nested.items():
        assert run.data.metrics["accuracy"] == pytest.approx(result.scores["accuracy"][name])
        assert "fit_seconds" in run.data.metrics
        (logged,) = run.outputs.model_outputs
        found = load_model(f"models:/{logged.model_id}").predict(X[80:])
        assert found.tolist() == result.predictions[name].tolist()
    assert nested["C <= 1e-6"].data.params["classify__C"] == "1e-06"


def test_models_and_comparisons_are_logged_to_a_database(pipeline, news, database):
    check_logging(pipeline, news)


@pytest.mark.slow
def test_models_and_comparisons_are_logged_to_a_server(pipeline, news, server):
    check_logging(pipeline, news)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_each_trial_of_a_search_is_a_nested_run(news, database, n_jobs):
    X, y = news

    def space(trial):
        if trial.number == 2:
            raise ValueError("no such value")
        return {"classify__C": trial.suggest_float("classify__C", 0.1, 10.0, log=True)}

    with mlflow.start_run() as parent:
        search = PipelineSearchCV(
            make_tfidf_pipeline(classify=LogisticRegression()), space, n_trials=4, cv=2,
            n_jobs=n_jobs, random_state=0, refit=False, callbacks=[TrialLogger()],
        ).fit(X, y)  # fmt: skip
    client = mlflow.MlflowClient()
    of_run = f"tags.mlflow.parentRunId = '{parent.info.run_id}'"
    runs = client.search_runs([parent.info.experiment_id], of_run)
    by_number = {int(run.data.tags["trial"]): run for run in runs}
    assert sorted(by_number) == [0, 1, 2, 3]
    assert by_number[2].info.status == "FAILED"
    for trial in search.study_.trials:
        run = by_number[trial.number]
        if trial.state.name == "COMPLETE":
            assert run.info.status == "FINISHED"
            assert run.data.metrics["value"] == pytest.approx(trial.value)
        if trial.number != 2:
            assert float(run.data.params["classify__C"]) == trial.params["classify__C"]
            assert "fold_score" in run.data.metrics


def test_trials_can_have_an_experiment_of_their_own(database):
    import optuna

    study = optuna.create_study(study_name="other")
    logger = TrialLogger("trials of others")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2, callbacks=[logger])
    assert TrialLogger("trials of others").experiment_id == logger.experiment_id
    runs = mlflow.MlflowClient().search_runs([logger.experiment_id])
    assert {run.info.run_name for run in runs} == {"other 0", "other 1"}


def test_the_room_is_imported_without_mlflow():
    code = (
        "import sys; sys.modules['mlflow'] = None; from agnews_sk.mlflow import save_model\n"
        "try: save_model(None, 'x')\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "agnews_sk[mlflow]" in done.stdout


def logged_runs():
    """Return the runs of the experiment by id."""
    client = mlflow.MlflowClient()
    runs = client.search_runs([client.get_experiment_by_name("news").experiment_id])
    return {run.info.run_id: run for run in runs}


@pytest.fixture
def new_runs(database):
    """Return the runs since the test began, those without a parent first."""
    before = logged_runs().keys()

    def found():
        new = [run for key, run in logged_runs().items() if key not in before]
        return sorted(new, key=lambda run: "mlflow.parentRunId" in run.data.tags)

    return found


def test_autologging_logs_the_outermost_fit_and_its_model(news, new_runs):
    X, y = news
    with autolog():
        fitted = make_tfidf_pipeline(classify=LogisticRegression(C=3)).fit(X[:80], y[:80])
    fitted.fit(X[:40], y[:40])  # not logged
    (run,) = new_runs()
    assert (run.info.run_name, run.info.status) == ("fit", "FINISHED")
    assert run.data.tags["estimator"] == "TextPipeline"
    assert run.data.params["classify__C"] == "3"
    assert run.data.metrics["n_rows"] == 80
    (logged,) = run.outputs.model_outputs
    uri = f"models:/{logged.model_id}"
    assert mlflow.models.get_model_info(uri).signature.inputs.input_names() == [*X.columns]
    assert len(load_model(uri).predict(X[80:])) == 80


def test_autologging_logs_a_comparison_and_not_its_fits(news, new_runs):
    X, y = news
    pipelines = {"a": make_tfidf_pipeline(), "b": make_tfidf_pipeline(classify__C=0.1)}
    with autolog(models=False):
        compare_classifiers(pipelines, X[:80], y[:80], X[80:], y[80:], n_resamples=100)
    outer, *inner = new_runs()
    assert outer.info.run_name == "comparison"
    assert {run.info.run_name for run in inner} == {"a", "b"}


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_autologging_logs_a_search_with_its_trials(news, new_runs, n_jobs):
    X, y = news
    pipeline = make_tfidf_pipeline(classify=LogisticRegression())
    with autolog(models=False):
        PipelineSearchCV(
            pipeline, {"classify__C": [0.1, 1.0]}, n_trials=2, cv=2, random_state=0, n_jobs=n_jobs
        ).fit(X=X, y=y)
    search, *trials = new_runs()
    assert search.info.run_name == "search"
    assert "best_score" in search.data.metrics
    files = mlflow.MlflowClient().list_artifacts(search.info.run_id)
    assert [file.path for file in files] == ["cv_results.csv"]
    assert {run.data.tags["trial"] for run in trials} == {"0", "1"}
    assert {run.data.tags["mlflow.parentRunId"] for run in trials} == {search.info.run_id}


@pytest.mark.parametrize("make", [make_tfidf_pipeline, lambda: DistilledClassifier(*TWO)])
def test_a_failed_fit_is_a_failed_run_and_leaves_nothing_behind(news, new_runs, make):
    X, y = news
    with pytest.raises(ValueError, match="one label per row"), autolog():
        make().fit(X, y[:-1])
    make_tfidf_pipeline().fit(X[:40], y[:40])  # not logged
    (run,) = new_runs()
    assert run.info.status == "FAILED"
    assert run.data.tags["error"].startswith("ValueError: y must have one label per row")
    assert mlflow.active_run() is None


def test_autologged_runs_are_nested_in_the_active_one(news, new_runs):
    X, y = news
    with mlflow.start_run(), autolog(models=False):
        DistilledClassifier(*TWO, n_folds=2).fit(X, y)
    outer, *inner = new_runs()
    assert outer.info.status == "FINISHED"
    assert [run.data.tags["estimator"] for run in inner] == ["DistilledClassifier"]


def test_an_interrupted_fit_is_not_logged(news, new_runs):
    class Interrupted(LogisticRegression):
        def fit(self, X, y):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), autolog():
        make_tfidf_pipeline(classify=Interrupted()).fit(*news)
    assert new_runs() == []


@pytest.mark.filterwarnings("default")
def test_what_cannot_be_logged_is_a_warning(news, new_runs, monkeypatch):
    X, y = news
    forest = make_tfidf_pipeline(classify=RandomForestClassifier(n_estimators=2))
    with autolog(), pytest.warns(UserWarning, match=r"not logged, as it cannot be saved.*Tree"):
        forest.fit(X[:40], y[:40])
    monkeypatch.setattr(mlflow, "start_run", lambda **_: 1 / 0)
    with autolog(), pytest.warns(UserWarning, match="MLflow did not log a run: ZeroDivision"):
        fitted = make_tfidf_pipeline().fit(X[:40], y[:40])
    assert fitted.predict(X[:2]).shape == (2,)
    assert [run.info.status for run in new_runs()] == ["FINISHED"]


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame, list])
def test_the_signature_has_the_columns_of_frames_that_the_model_uses(
    pipeline, news, tmp_path, library
):
    rows = news[0][:3].assign(other=1)
    X = rows["title"].tolist() if library is list else library(rows)
    save_model(pipeline, tmp_path / "model", input_example=X)
    found = mlflow.models.get_model_info(str(tmp_path / "model")).signature
    if library is list:
        assert found is None
        return
    assert found.inputs.input_names() == ["title", "description"]
    function = mlflow.pyfunc.load_model(tmp_path / "model")
    predicted = function.predict(rows[["description", "title"]])["predicted"]
    assert predicted.tolist() == pipeline.predict(news[0][:3]).tolist()
    with pytest.raises(mlflow.exceptions.MlflowException, match="description"):
        function.predict(rows[["title"]])
