"""Hyperparameter search over whole pipelines with Optuna."""

import time
from collections.abc import Mapping
from contextlib import suppress
from numbers import Integral, Real
from typing import Any

import numpy as np
from optuna.pruners import BasePruner, MedianPruner
from optuna.samplers import BaseSampler
from optuna.storages import BaseStorage
from sklearn.base import is_classifier
from sklearn.callback import with_callbacks
from sklearn.metrics import check_scoring
from sklearn.model_selection._search import BaseSearchCV  # private, but what all searches share
from sklearn.utils import check_random_state, indexable
from sklearn.utils.metadata_routing import MetadataRouter
from sklearn.utils.validation import check_is_fitted

from agnews_sk._core.interruption import Interruption
from agnews_sk._core.label_sets import check_target
from agnews_sk._core.observed import observed
from agnews_sk._core.validation import Interval, StrOptions, select_metadata
from agnews_sk.tuning._evaluation import COSTS, Candidates, TrialEvaluation
from agnews_sk.tuning._job import Job, Samplers
from agnews_sk.tuning._pruner import FoldPruner
from agnews_sk.tuning._results import (
    best_on_front,
    check_some_completed,
    make_cv_results,
    params_of,
)
from agnews_sk.tuning._rows import check_rows, has_columns, make_splitter
from agnews_sk.tuning._scoring import Scoring
from agnews_sk.tuning._set_scoring import score_rows
from agnews_sk.tuning._settings import study_settings
from agnews_sk.tuning._shown import search_html
from agnews_sk.tuning._storages import open_storage
from agnews_sk.tuning._study import finished_trials, open_study, quiet_optuna
from agnews_sk.tuning._workers import WorkerPool, copy_into_memory

MAX_SEED = np.iinfo(np.int32).max


class PipelineSearchCV(BaseSearchCV):
    """Cross-validated hyperparameter search over whole pipelines with Optuna.

    Each trial is scored fold by fold. The first steps of its pipeline that equal those of an
    earlier trial are not fitted again, and a trial worse than the best is pruned after a few folds.
    With a storage, a search can be resumed, and run on several machines.

    Parameters
    ----------
    estimator : estimator, or dict of str to estimator
        A pipeline, or several by name; each trial then draws the family first.
    space : dict, callable, or dict of str to either
        For each parameter a distribution of Optuna, a list, range or array of choices of any type,
        or `uniform`, `loguniform` or `randint` of scipy.stats, such as `tfidf_space()` returns; or
        a function from a trial to parameters. One space per family if there are several.
    n_trials : int or None, default=50
        Total number of trials in the study, including those of other workers and earlier runs.
        None continues until `timeout`.
    timeout : float or None, default=None
        Seconds after which this call starts no more trials.
    scoring : str, callable, list, dict or None, default=None
        As in `GridSearchCV`; a callable gets the whole pipeline and the original rows. A list may
        also name costs, which are minimized: "latency" (milliseconds per text to predict the
        fold's test rows from raw texts), "fit_time" (seconds, including cached steps) and "size"
        (megabytes when pickled). With several entries the study has several objectives.
    cv : int, splitter or iterable, default=None
        As in `GridSearchCV`; all workers of a study must have the same.
    sampler : optuna.samplers.BaseSampler or None, default=None
        None is `TPESampler`, seeded for each trial by `random_state` and the trial's number.
    pruner : optuna.pruners.BasePruner or None, default=None
        Called after each fold; the number of the fold is the step, and their order differs by
        trial. None is `FoldPruner`, which prunes a trial that is unlikely to beat the best one by
        the scores on the same folds; `NopPruner()` prunes none. Not used with several objectives.
    epoch_pruner : optuna.pruners.BasePruner or None, default=None
        Called after each epoch of a classifier that has `max_epochs` and supports scikit-learn's
        callbacks, with the scores of the same fold in earlier trials. It must only
        read trials, as the median, percentile, threshold and patient pruners do. None is
        `MedianPruner`.
    storage : str, optuna storage or None, default=None
        Where trials are stored, see `open_storage`. None is this process's memory, or a journal
        file if `study_name` is given.
    study_name : str or None, default=None
        Name under which to resume the study, and for other workers to join it.
    n_jobs : int or None, default=None
        Number of workers in this call: threads, unless `joblib.parallel_config` selects another
        backend. On several machines (dask, ray) all of them must reach `storage`.
    refit : bool, str or callable, default=True
        Which trial's pipeline to fit on all rows: True is the best by the first objective, a str
        the best by that one, both on the Pareto front; a callable takes `cv_results_` and returns
        an index.
    random_state : int, RandomState or None, default=None
        Random seed of the default sampler and of the order of folds. With `n_jobs=1` it makes
        searches reproducible, even if they are interrupted and resumed.
    error_score : "raise" or nan, default=nan
        Whether to raise the error of a trial, or to record it and continue.
    cache_bytes : int or None, default=2**30
        Limit of the memory for fitted steps and their outputs, and of that for tokens and
        embeddings by text, in each process. None disables caching.
    heartbeat_seconds : float, default=10
        Interval between heartbeats of a running trial in the storage. After six missed ones, or at
        once if its process has ended on the same machine, another worker queues it again.
    callbacks : list of callable or None, default=None
        Called with the study and each finished trial, as in `Study.optimize`.
    verbose : int, default=0
        With 1, Optuna logs the study and each trial. With 0 it logs warnings only, unless
        `optuna.logging` was configured otherwise.

    Attributes
    ----------
    study_ : optuna.study.Study
    best_trials_ : list of optuna.trial.FrozenTrial
        Pareto front; the best trials if there is one objective.
    best_estimator_ : estimator
        Fitted on all rows; only with `refit`.
    best_params_ : dict
        As `set_params` takes them, and "family" where there are several.
    best_score_ : float
        Mean over the folds of the objective that `refit` names.
    best_index_ : int
        Position in `cv_results_`.
    cv_results_ : dict of str to array of shape (n_trials,)
        The keys of `GridSearchCV`, and "number", "state" ("complete", "pruned" or "failed") and
        "error". Trials that did not complete have nan for what was not measured.
    n_splits_ : int
    scorer_ : callable or dict of str to callable
    multimetric_ : bool
    refit_time_ : float
    classes_, n_features_in_, feature_names_in_
        Those of `best_estimator_`.

    Notes
    -----
    A step is taken from the cache if its parameters, those of all steps before it and the fold are
    the same; not if it has a `random_state` that is not an int, since each fit of it differs.
    Samplers act in training only. While searching, steps whose parameter `cache` is None use a
    shared `TextCache`, so that each distinct text is tokenized or embedded once; not if an
    objective is a time.

    Examples
    --------
    >>> from agnews_sk import load_news_sample, make_tfidf_pipeline
    >>> from agnews_sk.tuning import PipelineSearchCV
    >>> frame, y = load_news_sample(return_X_y=True)
    >>> space = {"vectorize__words__ngram_range": [(1, 1), (1, 2)], "classify__C": [1.0, 10.0]}
    >>> search = PipelineSearchCV(
    ...     make_tfidf_pipeline(), space, n_trials=5, cv=3, random_state=0
    ... ).fit(frame[:200], y[:200])
    >>> len(search.cv_results_["params"]), sorted(search.best_params_)
    (5, ['classify__C', 'vectorize__words__ngram_range'])
    """

    _parameter_constraints: dict[str, Any] = {
        **{
            name: constraint
            for name, constraint in BaseSearchCV._parameter_constraints.items()
            if name in ("scoring", "n_jobs", "refit", "cv", "verbose")
        },
        "estimator": [*BaseSearchCV._parameter_constraints["estimator"], dict],
        "space": [Mapping, callable],
        "n_trials": [Interval(Integral, 1, None, closed="left"), None],
        "timeout": [Interval(Real, 0, None, closed="neither"), None],
        "sampler": [BaseSampler, None],
        "pruner": [BasePruner, None],
        "epoch_pruner": [BasePruner, None],
        "storage": [str, BaseStorage, None],
        "study_name": [str, None],
        "random_state": ["random_state"],
        "error_score": [StrOptions({"raise"}), Real],
        "cache_bytes": [Interval(Integral, 1, None, closed="left"), None],
        "heartbeat_seconds": [Interval(Real, 0, None, closed="neither")],
        "callbacks": [list, None],
    }

    def __init__(
        self,
        estimator,
        space,
        *,
        n_trials=50,
        timeout=None,
        scoring=None,
        cv=None,
        sampler=None,
        pruner=None,
        epoch_pruner=None,
        storage=None,
        study_name=None,
        n_jobs=None,
        refit=True,
        random_state=None,
        error_score=np.nan,
        cache_bytes=2**30,
        heartbeat_seconds=10.0,
        callbacks=None,
        verbose=0,
    ):
        self.estimator = estimator
        self.space = space
        self.n_trials = n_trials
        self.timeout = timeout
        self.scoring = scoring
        self.cv = cv
        self.sampler = sampler
        self.pruner = pruner
        self.epoch_pruner = epoch_pruner
        self.storage = storage
        self.study_name = study_name
        self.n_jobs = n_jobs
        self.refit = refit
        self.random_state = random_state
        self.error_score = error_score
        self.cache_bytes = cache_bytes
        self.heartbeat_seconds = heartbeat_seconds
        self.callbacks = callbacks
        self.verbose = verbose

    @observed("search")
    @with_callbacks
    def fit(self, X: Any, y: Any = None, **params: Any) -> "PipelineSearchCV":
        """Search, and fit the best pipeline on all rows.

        Parameters
        ----------
        X : DataFrame or array-like of str of shape (n_samples,)
        y : array-like of shape (n_samples,), optional
        **params
            Metadata for the estimator, the scorer and the splitter, as in `GridSearchCV`.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If X is not a container of rows, or a value of the space is not a distribution or list.
        ValueError
            If a parameter is out of range or parameters conflict, a label is missing,
            the space names a parameter that does not exist, the study was created with other
            settings, no trial finished in time, or every trial failed.
        KeyboardInterrupt
            If interrupted; attributes are those of the finished trials.
        """
        self._validate_params()
        for name in [name for name in vars(self) if name.endswith("_")]:
            del self.__dict__[name]  # of an earlier fit
        check_rows(X)
        candidates = Candidates.of(self.estimator, self.space)
        objectives = self._objectives()
        scorer, _ = self._get_scorers()
        if is_classifier(candidates.first) and not has_columns(y):
            y = check_target(y, X)
        X, y = indexable(X, y)
        params = select_metadata(X, params)
        routed = self._get_routed_params_for_fit(params)
        context = self._init_callback_context(max_subtasks=1)
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)

        cv = make_splitter(self.cv, y, classifier=is_classifier(candidates.first))
        evaluation = TrialEvaluation(
            candidates=candidates,
            X=X,
            y=y,
            splits=list(cv.split(X, y, **routed.splitter.split)),
            scoring=Scoring(scorer),
            objectives=objectives,
            fit_params=routed.estimator.fit,
            score_params=routed.scorer.score,
            seed=check_random_state(self.random_state).randint(MAX_SEED),
            epoch_pruner=self.epoch_pruner or MedianPruner(n_warmup_steps=1),
            cache_bytes=self.cache_bytes,
        )
        self.n_splits_ = len(evaluation.splits)
        self.multimetric_ = self._has_named_scores()
        self.scorer_ = scorer._scorers if self.multimetric_ else scorer
        interruption = Interruption()
        with interruption.listening():
            self._search(evaluation, interruption)
            if self.refit:
                subcontext = context.subcontext(task_name="refit-with-best-params")
                self._refit(evaluation, interruption, subcontext)
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    def _search(self, evaluation: TrialEvaluation, interruption: Interruption) -> None:
        """Run trials and collect them, also if the search was interrupted."""
        candidates, objectives = evaluation.candidates, evaluation.objectives
        try:
            first_error = self._run_workers(evaluation, interruption)
        except BaseException:
            with suppress(Exception):  # the first error is more informative
                self._collect(candidates, objectives)
            raise
        check_some_completed(finished_trials(self.study_), first_error)
        self._collect(candidates, objectives)

    def score(self, X: Any, y: Any = None, **params: Any) -> float:
        """Return the score of the best estimator.

        Parameters
        ----------
        X : DataFrame or array-like of str of shape (n_samples,)
        y : array-like of shape (n_samples,), optional
        **params
            Metadata for the scorer.

        Returns
        -------
        float
            By the objective that `refit` names, or by the first one that is not a cost.
        """
        if self.refit is False:
            raise AttributeError("score is available only with refit; use best_params_.")
        check_is_fitted(self)
        scorer = self.scorer_
        if self.multimetric_:
            scorer = scorer.get(self.refit, next(iter(scorer.values())))
        return score_rows(scorer, self.best_estimator_, X, y, params)

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the metadata that the estimator, the scorer and the splitter request.

        Of several families, that of the first.
        """
        if isinstance(self.estimator, Mapping):
            return self._first_family_search().get_metadata_routing()
        return super().get_metadata_routing()

    _html_repr = search_html

    def __sklearn_tags__(self):
        if isinstance(self.estimator, Mapping):
            return self._first_family_search().__sklearn_tags__()
        return super().__sklearn_tags__()

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "best_estimator_" if self.refit else "best_params_")

    def _first_family_search(self) -> "PipelineSearchCV":
        """Return a search over the first family, whose tags and routing represent all families."""
        first = next(iter(self.estimator.values()))
        return PipelineSearchCV(first, {}, scoring=self.scoring, cv=self.cv, refit=self.refit)

    def _has_named_scores(self) -> bool:
        """Return whether `scoring` names its scores, as a list or dict does."""
        return isinstance(self.scoring, (list, tuple, dict))

    def _objectives(self) -> list[str]:
        """Return the names of the study's objectives, in its order."""
        names = list(self.scoring) if self._has_named_scores() else ["score"]
        if set(names) <= set(COSTS):
            raise ValueError(f"scoring must name a score besides costs, got {names}.")
        if isinstance(self.refit, str) and self.refit not in names:
            raise ValueError(f"refit must name one of the objectives {names}, got {self.refit!r}.")
        if self.error_score != "raise" and not np.isnan(self.error_score):
            raise ValueError(
                f"error_score must be 'raise' or nan, got {self.error_score}: a trial that failed "
                "has no score."
            )
        if self.n_trials is None and self.timeout is None:
            raise ValueError("n_trials and timeout are both None: the search would never end.")
        return names

    def _get_scorers(self) -> tuple[Any, str]:
        """Return the scorers without costs, for `BaseSearchCV`."""
        estimator, scoring = self.estimator, self.scoring
        if isinstance(estimator, Mapping):
            estimator = next(iter(estimator.values()))
        if isinstance(scoring, (list, tuple)):
            scoring = [name for name in scoring if name not in COSTS]
        return check_scoring(estimator, scoring), "score"

    def _check_scorers_accept_sample_weight(self) -> bool:
        """Return whether any scorer takes weights, and warn of those that do not."""
        return Scoring(self._get_scorers()[0]).takes_weight()

    def _run_workers(
        self, evaluation: TrialEvaluation, interruption: Interruption
    ) -> Exception | None:
        """Set `study_`, even if interrupted, and return the first error of a trial."""
        pool = WorkerPool.of(self.n_jobs)
        is_private = self.storage is None and self.study_name is None
        with (
            quiet_optuna(bool(self.verbose)),
            pool.shared_storage(self.storage, self.study_name) as storage,
        ):
            opened = open_storage(storage, self.study_name)
            settings = {} if is_private else study_settings(evaluation)
            study = open_study(
                opened, self.study_name, evaluation.directions, settings, self.n_trials
            )
            job = Job(
                evaluation=evaluation,
                storage=opened if pool.in_process else storage,
                study_name=study.study_name,
                pruner=self.pruner or FoldPruner(),
                samplers=Samplers(self.sampler, evaluation.seed),
                n_trials=self.n_trials,
                deadline=None if self.timeout is None else time.time() + self.timeout,
                heartbeat_seconds=self.heartbeat_seconds,
                reraise=self.error_score == "raise",
                callbacks=self.callbacks or [],
                interruption=interruption,
                verbose=bool(self.verbose),
            )
            try:
                return pool.run(job)
            finally:
                ended = job.join()
                has_file = is_private and not pool.in_process
                self.study_ = copy_into_memory(ended) if has_file else ended

    def _collect(self, candidates: Candidates, objectives: list[str]) -> None:
        """Set `cv_results_` and the best trial from the finished trials of the study."""
        trials = finished_trials(self.study_)
        params = [params_of(trial, candidates) for trial in trials]
        self.cv_results_ = make_cv_results(trials, params, self.n_splits_, objectives)
        self.best_trials_ = self.study_.best_trials
        if not self.best_trials_:
            return
        name = self.refit if isinstance(self.refit, str) else objectives[0]
        self.best_index_ = int(self._select_best_index(self.refit, name, self.cv_results_))
        if not callable(self.refit):
            front = {trial.number for trial in self.best_trials_}
            ranks = self.cv_results_[f"rank_test_{name}"]
            self.best_index_ = best_on_front(trials, front, ranks)
        self.best_params_ = params[self.best_index_]
        self.best_score_ = float(self.cv_results_[f"mean_test_{name}"][self.best_index_])

    def _refit(self, evaluation: TrialEvaluation, interruption: Interruption, context: Any) -> None:
        """Fit the best pipeline on all rows, with the callbacks of the search."""
        X, y = evaluation.X, evaluation.y
        estimator = evaluation.candidates.build(self.best_params_)
        labels = {} if y is None else {"y": y}
        start = time.perf_counter()
        with context.propagate_callback_context(estimator):
            context.call_on_fit_task_begin(estimator=self, X=X, y=y)
            estimator.fit(X, **labels, **evaluation.fit_params)
        interruption.check()
        self.best_estimator_ = estimator
        self.refit_time_ = time.perf_counter() - start
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        if hasattr(estimator, "feature_names_in_"):
            self.feature_names_in_ = estimator.feature_names_in_
