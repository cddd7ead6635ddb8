"""Log what is fitted, compared and searched within a block."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from agnews_sk._core.observed import Call, observing
from agnews_sk._core.optional import import_optional
from agnews_sk._core.user_warnings import warn_user
from agnews_sk._core.validation import n_rows
from agnews_sk.mlflow._tracking import (
    TrialLogger,
    log_comparison,
    loggable_params,
    try_log_model,
)


@contextmanager
def autolog(*, models: bool = True) -> Iterator[None]:
    """Log each fit, comparison and search within the block as a run of MLflow.

    Parameters
    ----------
    models : bool, default=True
        Whether to log the fitted models too, by `log_model`.

    Raises
    ------
    ImportError
        If MLflow is not installed.

    Warns
    -----
    UserWarning
        If a run, or its model, cannot be logged. What was called returns its result all the same.

    Notes
    -----
    Logged are the `fit` of a `TextPipeline`, a `PipelineSearchCV`, and the classifiers of this
    package that are made of others, and `compare_classifiers`; but not the fits that these make
    themselves. Each fold of scikit-learn's `cross_val_score` or `GridSearchCV` is a fit.

    A run begins when the call has ended, and is nested in the active one. It has the parameters,
    the number of rows and the seconds; a comparison also what `log_comparison` logs, and a search
    its trials, its best score and `cv_results.csv`. A call that raises an error is a failed run; an
    interrupted one is none. Outside the block, and in other threads, nothing is logged.

    Examples
    --------
    >>> from agnews_sk import make_tfidf_pipeline
    >>> from agnews_sk.mlflow import autolog
    >>> with autolog():  # doctest: +SKIP
    ...     pipeline = make_tfidf_pipeline().fit(X, y)
    """
    import_optional("mlflow", extra="mlflow", needed_by="agnews_sk.mlflow")

    def observer(call: Call) -> Any:
        """Run a call, and log it."""
        start = time.perf_counter()
        try:
            result = call.run()
        except Exception as error:
            _try("a run", partial(_log_failure, call, error))
            raise
        seconds = time.perf_counter() - start
        _try("a run", partial(_LOG[call.kind], call, result, seconds, models))
        return result

    with observing(observer):
        yield


def _try(what: str, log: Callable[[], Any]) -> None:
    """Log, and warn if that fails, whatever the reason: a result is worth more than its log."""
    try:
        log()
    except Exception as error:
        reason = " ".join(str(error).split())
        warn_user(f"MLflow did not log {what}: {type(error).__name__}: {reason:.300}")


def _log_failure(call: Call, error: Exception) -> None:
    """Log a call that raised an error as a failed run."""
    import mlflow

    mlflow.start_run(run_name=call.kind, nested=True)
    try:
        mlflow.set_tag("error", f"{type(error).__name__}: {error!s:.300}")
        if call.kind != "compare":
            mlflow.log_params(loggable_params(call.args[0].get_params(deep=True)))
    finally:
        mlflow.end_run("FAILED")


def _log_comparison(call: Call, result: Any, seconds: float, models: bool) -> None:
    """Log a comparison."""
    log_comparison(result, models=models)


def _log_fit(call: Call, fitted: Any, seconds: float, models: bool) -> None:
    """Log a fitted estimator."""
    import mlflow

    with mlflow.start_run(run_name="fit", nested=True):
        _log_estimator(call, fitted, seconds)
        if models:
            try_log_model(fitted, _rows_of(call))


def _log_search(call: Call, search: Any, seconds: float, models: bool) -> None:
    """Log a search: its trials, its table, and the best pipeline."""
    import mlflow

    with mlflow.start_run(run_name="search", nested=True), TemporaryDirectory() as folder:
        _log_estimator(call, search, seconds)
        if hasattr(search, "best_score_"):
            mlflow.log_metric("best_score", search.best_score_)
        log = TrialLogger()
        for trial in search.study_.get_trials(deepcopy=False):
            if trial.state.is_finished():
                log(search.study_, trial)
        path = Path(folder) / "cv_results.csv"
        pd.DataFrame(search.cv_results_).to_csv(path, index=False)
        mlflow.log_artifact(str(path))
        if models and hasattr(search, "best_estimator_"):
            try_log_model(search.best_estimator_, _rows_of(call))


def _log_estimator(call: Call, fitted: Any, seconds: float) -> None:
    """Log the parameters, the rows and the time of a fit to the active run."""
    import mlflow

    mlflow.set_tag("estimator", type(fitted).__name__)
    mlflow.log_params(loggable_params(fitted.get_params(deep=True)))
    mlflow.log_metric("fit_seconds", seconds)
    mlflow.log_metric("n_rows", n_rows(_rows_of(call)))


def _rows_of(call: Call) -> Any:
    """Return the rows of a fit."""
    return call.args[1] if len(call.args) > 1 else call.kwargs["X"]


_LOG = {"fit": _log_fit, "search": _log_search, "compare": _log_comparison}
