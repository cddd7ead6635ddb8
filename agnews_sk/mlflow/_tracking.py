"""Log comparisons and the trials of searches as runs of MLflow."""

import math
import re
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agnews_sk._core.optional import import_optional
from agnews_sk._core.user_warnings import warn_user
from agnews_sk.evaluation import ComparisonResult
from agnews_sk.mlflow._flavor import log_model
from agnews_sk.persistence import ArtifactError
from agnews_sk.reporting import write_report

# What MLflow allows in names, and the longest value of a parameter that all its stores allow.
_NOT_ALLOWED = re.compile(r"[^\w\-. /:]")
_LONGEST = 500
_PARENT = "mlflow.parentRunId"


def log_comparison(
    result: ComparisonResult, *, run_name: str = "comparison", models: bool = False, **report: Any
) -> str:
    """Log a comparison as a run of MLflow, with a nested run for each classifier.

    Parameters
    ----------
    result : ComparisonResult
        Of `compare_classifiers`, for example.
    run_name : str, default="comparison"
        The run is nested in the active one, if there is one.
    models : bool, default=False
        Whether to log the fitted classifiers too, by `log_model`, as far as they can be saved.
    **report
        Of `agnews_sk.reporting.write_report`, such as `texts`.

    Returns
    -------
    str
        Id of the run. Its artefacts are `comparison.json` and `report.html`; without matplotlib
        there is no report. The nested runs have all scores and costs as metrics, and the parameters
        of the classifiers.

    Raises
    ------
    ImportError
        If MLflow is not installed.

    Warns
    -----
    UserWarning
        If a classifier cannot be saved.

    Examples
    --------
    >>> from agnews_sk.mlflow import log_comparison
    >>> log_comparison(compare_classifiers(...), models=True)  # doctest: +SKIP
    """
    mlflow = import_optional("mlflow", extra="mlflow", needed_by="agnews_sk.mlflow")
    with mlflow.start_run(run_name=run_name, nested=True) as run:
        mlflow.set_tags({f"environment.{k}": str(v) for k, v in result.environment.items()})
        mlflow.set_tag("mlflow.note.content", result.summary())
        mlflow.log_metric("n_rows", len(result.rows))
        with tempfile.TemporaryDirectory() as folder:
            result.to_json(Path(folder) / "comparison.json")
            _write_report(result, Path(folder) / "report.html", report)
            mlflow.log_artifacts(folder)
        for name, scores in result.scores.iterrows():
            with mlflow.start_run(run_name=str(name), nested=True):
                mlflow.log_metrics(_metrics(scores.to_dict()))
                if name in result.estimators:
                    estimator = result.estimators[name]
                    mlflow.log_params(loggable_params(estimator.get_params(deep=True)))
                    if models:
                        try_log_model(estimator)
        return str(run.info.run_id)


def try_log_model(fitted: Any, input_example: Any = None) -> None:
    """Log a model to the active run, or warn why it cannot be saved.

    Parameters
    ----------
    fitted : estimator
    input_example : DataFrame of shape (n_rows, n_columns), optional
    """
    try:
        log_model(fitted, input_example=input_example)
    except (ArtifactError, TypeError) as error:
        warn_user(f"the model was not logged, as it cannot be saved: {error}")


def _write_report(result: ComparisonResult, path: Path, options: Mapping[str, Any]) -> None:
    """Write the HTML report, if matplotlib is installed."""
    try:
        write_report(result, path, **options)
    except ImportError:
        path.unlink(missing_ok=True)


def _metrics(values: Mapping[Any, Any]) -> dict[str, float]:
    """Return the numbers among values, under names that MLflow allows."""
    numbers = {name: value for name, value in values.items() if isinstance(value, int | float)}
    return {_allowed(name): float(v) for name, v in numbers.items() if math.isfinite(v)}


def loggable_params(values: Mapping[Any, Any]) -> dict[str, str]:
    """Return parameters as MLflow stores them: shortened, and without those that hold others."""
    plain = {
        name: value
        for name, value in values.items()
        if not hasattr(value, "get_params") and not isinstance(value, list | dict)
    }
    return {_allowed(name): str(value)[:_LONGEST] for name, value in plain.items()}


def _allowed(name: Any) -> str:
    """Return a name without the characters that MLflow rejects."""
    return _NOT_ALLOWED.sub("_", str(name))


class TrialLogger:
    """Log each finished trial of a search as a run of MLflow, nested in the run that is active now.

    Pass it to `PipelineSearchCV(callbacks=[...])`, or to `optimize` of an Optuna study. It works in
    threads and processes, and in searches that several machines share: each worker logs the trials
    that it finished.

    Parameters
    ----------
    experiment : str, optional
        Name of the experiment; created if there is none. By default that of the active run, or
        MLflow's default experiment.

    Notes
    -----
    A run has the parameters of the trial, its value as the metric `value` (`value_0`, ... of
    several objectives), the score of each fold as the steps of `fold_score`, and tags with the
    study, the number and the state. A failed trial is a failed run, and a pruned one is killed.

    Examples
    --------
    >>> import mlflow  # doctest: +SKIP
    >>> from agnews_sk.mlflow import TrialLogger
    >>> with mlflow.start_run():  # doctest: +SKIP
    ...     PipelineSearchCV(pipeline, space, callbacks=[TrialLogger()]).fit(X, y)
    """

    def __init__(self, experiment: str | None = None) -> None:
        mlflow = import_optional("mlflow", extra="mlflow", needed_by="agnews_sk.mlflow")
        active = mlflow.active_run()
        self.tracking_uri: str = mlflow.get_tracking_uri()
        self.parent: str | None = None if active is None else active.info.run_id
        client = mlflow.MlflowClient(self.tracking_uri)
        self.experiment_id = "0" if active is None else active.info.experiment_id
        if experiment is not None:
            found = client.get_experiment_by_name(experiment)
            self.experiment_id = (
                client.create_experiment(experiment) if found is None else found.experiment_id
            )
            self.parent = self.parent if self._is_in_experiment(active) else None

    def _is_in_experiment(self, run: Any) -> bool:
        """Return whether a run belongs to the experiment, so that it may be a parent."""
        return run is not None and run.info.experiment_id == self.experiment_id

    def __call__(self, study: Any, trial: Any) -> None:
        """Log a finished trial.

        Parameters
        ----------
        study : optuna.study.Study
        trial : optuna.trial.FrozenTrial
        """
        mlflow = import_optional("mlflow", extra="mlflow", needed_by="agnews_sk.mlflow")
        client = mlflow.MlflowClient(self.tracking_uri)
        state = trial.state.name
        tags = {"study": study.study_name, "trial": str(trial.number), "state": state}
        if self.parent is not None:
            tags[_PARENT] = self.parent
        started, ended = trial.datetime_start, trial.datetime_complete
        run_id = client.create_run(
            self.experiment_id,
            start_time=None if started is None else int(1_000 * started.timestamp()),
            tags=tags,
            run_name=f"{study.study_name} {trial.number}",
        ).info.run_id
        for name, param in loggable_params(trial.params).items():
            client.log_param(run_id, name, param)
        for name, value in _metrics(_values(trial)).items():
            client.log_metric(run_id, name, value)
        for step, value in trial.intermediate_values.items():
            client.log_metric(run_id, "fold_score", value, step=step)
        status = {"COMPLETE": "FINISHED", "PRUNED": "KILLED"}.get(state, "FAILED")
        at = time.time() if ended is None else ended.timestamp()
        client.set_terminated(run_id, status, end_time=int(1_000 * at))


def _values(trial: Any) -> dict[str, float]:
    """Return the values of a trial by name; none if it did not complete."""
    values = trial.values or []
    return {("value" if len(values) == 1 else f"value_{i}"): v for i, v in enumerate(values)}
