"""One trial: fit and score a pipeline fold by fold, and stop early if the pruner decides so."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import optuna
from optuna.pruners import BasePruner
from optuna.study import StudyDirection
from optuna.trial import Trial, TrialState
from sklearn.base import clone
from sklearn.utils.validation import check_memory

from agnews_sk._core.validation import n_rows, select_metadata, take_rows
from agnews_sk.caching import TextCache
from agnews_sk.tuning._epochs import EpochPruning
from agnews_sk.tuning._prefix_cache import FoldMemory, PrefixCache, pickled_bytes
from agnews_sk.tuning._private_copy import private_copy
from agnews_sk.tuning._scoring import FittedFold, Scoring
from agnews_sk.tuning._spaces import Params, Space, check_space, suggest_family, suggest_params

COSTS = ("latency", "fit_time", "size")
# Names of the user attributes of a trial.
FOLDS = "folds"
CURVES = "curves"
ERROR = "error"


@dataclass(kw_only=True)
class Candidates:
    """Pipelines and their search spaces.

    Parameters
    ----------
    estimators : dict of str to estimator
        Pipelines by family, or the only one under the empty name.
    spaces : dict of str to space
    """

    estimators: Mapping[str, Any]
    spaces: Mapping[str, Space]

    @classmethod
    def of(cls, estimator: Any, space: Any) -> "Candidates":
        """Check the arguments of a search against each other.

        Parameters
        ----------
        estimator : estimator, or dict of str to estimator
        space : space, or dict of str to space

        Raises
        ------
        TypeError
            If a space is neither a dict nor a function of a trial.
        ValueError
            If the families differ, or a space names a parameter that does not exist.
        """
        if not isinstance(estimator, Mapping):
            return cls(estimators={"": estimator}, spaces={"": check_space(space, estimator)})
        if not isinstance(space, Mapping) or set(space) != set(estimator) or not estimator:
            given = list(space) if isinstance(space, Mapping) else type(space).__name__
            raise ValueError(
                f"space must have one space per family of estimator, {list(estimator)}, got "
                f"{given}."
            )
        spaces = {name: check_space(space[name], one) for name, one in estimator.items()}
        return cls(estimators=estimator, spaces=spaces)

    def draw(self, trial: Any) -> Params:
        """Return the parameters of a trial."""
        if list(self.estimators) == [""]:
            return suggest_params(self.spaces[""], trial)
        return suggest_family(self.spaces, trial)

    def build(self, params: Params) -> Any:
        """Return a new estimator with these parameters."""
        params = {name: clone(value, safe=False) for name, value in params.items()}
        return clone(self.estimators[params.pop("family", "")]).set_params(**params)

    @property
    def first(self) -> Any:
        """The estimator of the first family, for properties that all families share."""
        return next(iter(self.estimators.values()))


@dataclass(kw_only=True)
class FoldResult:
    """Scores and costs by name, and seconds to fit and to score, of one fold."""

    scores: dict[str, float]
    fit_time: float
    score_time: float


@dataclass(kw_only=True)
class TrialEvaluation:
    """The objective of the study: from a trial to its mean scores over the folds.

    Parameters
    ----------
    candidates : Candidates
    X : container of n_samples rows
    y : container of n_samples labels, or None
    splits : list of (train, test)
        Positions of the rows of each fold.
    scoring : Scoring
        From a fitted fold to the scores by name.
    objectives : list of str
        Names of the scores and costs, in the order of the study's directions.
    fit_params, score_params : dict
        Metadata for `fit` and the scorer; arrays have one value per row.
    seed : int
        Random seed of the order of the folds.
    epoch_pruner : optuna.pruners.BasePruner
    cache_bytes : int or None
        Limit of each of the two caches; None disables them.
    """

    candidates: Candidates
    X: Any
    y: Any
    splits: Sequence[tuple[np.ndarray, np.ndarray]]
    scoring: Scoring
    objectives: list[str]
    fit_params: dict[str, Any]
    score_params: dict[str, Any]
    seed: int
    epoch_pruner: BasePruner
    cache_bytes: int | None
    prefixes: PrefixCache = field(init=False)
    texts: TextCache | None = field(init=False)

    def __post_init__(self) -> None:
        self.prefixes = PrefixCache(self.cache_bytes or 0)
        # Cached texts would make the tokenizer look faster than it is.
        timed = {"latency", "fit_time"} & set(self.objectives)
        limit = None if timed else self.cache_bytes
        self.texts = None if limit is None else TextCache(max_bytes=limit)

    @property
    def directions(self) -> list[StudyDirection]:
        """Whether each objective is maximized or minimized."""
        return [
            StudyDirection.MINIMIZE if name in COSTS else StudyDirection.MAXIMIZE
            for name in self.objectives
        ]

    def __call__(self, trial: Trial, check: Callable[[], None]) -> list[float]:
        """Return the means over the folds.

        Parameters
        ----------
        trial : optuna.trial.Trial
        check : callable
            Raises KeyboardInterrupt if the search was interrupted, even if an estimator caught it.

        Raises
        ------
        optuna.TrialPruned
            If the pruner stops the trial after a fold or an epoch.
        """
        estimator = self.candidates.build(self.candidates.draw(trial))
        self._share_text_cache(estimator)
        results: dict[int, FoldResult] = {}
        try:
            for fold in self._order(trial):
                results[fold] = self._fold(trial, estimator, fold, check)
                self._report(trial, fold, results[fold])
                if len(results) < len(self.splits) and self._should_prune(trial):
                    raise optuna.TrialPruned(f"pruned after {len(results)} folds")
        finally:
            trial.set_user_attr(FOLDS, {str(fold): vars(r) for fold, r in results.items()})
        scores = [result.scores for result in results.values()]
        return [float(np.mean([s[name] for s in scores])) for name in self.objectives]

    def _order(self, trial: Trial) -> list[int]:
        """Return the folds in an order of this trial's own, so that none decides all prunings."""
        rng = np.random.default_rng((self.seed, trial.number))
        return rng.permutation(len(self.splits)).tolist()

    def _share_text_cache(self, estimator: Any) -> None:
        """Set the cache of tokenizers and embedders that have none to one that all folds share."""
        for _, step in getattr(estimator, "steps", []):
            if hasattr(step, "get_params") and step.get_params().get("cache", 0) is None:
                step.set_params(cache=self.texts)

    def _report(self, trial: Trial, fold: int, result: FoldResult) -> None:
        """Report the score of a fold to the pruner."""
        if self._may_prune():
            trial.report(result.scores[self.objectives[0]], step=fold)

    def _should_prune(self, trial: Trial) -> bool:
        """Return whether the pruner stops the trial after this fold."""
        return self._may_prune() and trial.should_prune()

    def _may_prune(self) -> bool:
        """Return whether the study has one objective: Optuna does not prune for several."""
        return len(self.objectives) == 1  # Optuna does not prune for several

    def _fold(
        self, trial: Trial, estimator: Any, fold: int, check: Callable[[], None]
    ) -> FoldResult:
        """Fit the estimator on one fold, and return its scores and times.

        Parameters
        ----------
        trial : optuna.trial.Trial
        estimator : estimator
            Unfitted, with the trial's parameters; it is cloned.
        fold : int
        check : callable
            Raises KeyboardInterrupt if the search was interrupted.

        Returns
        -------
        FoldResult

        Raises
        ------
        optuna.TrialPruned
            If the training was stopped after an epoch.
        ValueError
            If a score is not finite.
        """
        train, test = self.splits[fold]
        estimator = clone(estimator)
        memory = self._memory(estimator, fold)
        fitted = FittedFold(
            estimator=estimator,
            last=_last_step(estimator),
            memory=memory,
            X=self._rows(test),
            y=self._labels(test),
            params=self._metadata(self.score_params, test),
        )
        pruning = self._begin_epoch_pruning(trial, fold, fitted, check)
        start = time.perf_counter()
        fit_params = self._metadata(self.fit_params, train)
        estimator.fit(self._rows(train), self._labels(train), **fit_params)
        fit_time = time.perf_counter() - start
        check()  # some estimators end their training on Ctrl-C and return
        if pruning is not None:
            self._end_epoch_pruning(trial, fold, pruning)

        start = time.perf_counter()
        fitted.last = _last_step(estimator)
        scores = self.scoring(fitted)
        score_time = time.perf_counter() - start
        if memory is not None:
            fit_time += memory.seconds_saved
        costs = self._costs(estimator, self._rows(test), fit_time)
        scores = {name: float(score) for name, score in {**scores, **costs}.items()}
        _check_finite(scores, fold)
        check()
        return FoldResult(scores=scores, fit_time=fit_time, score_time=score_time)

    def _rows(self, rows: np.ndarray) -> Any:
        """Return a copy of these rows of X, which the pipeline may write into."""
        return private_copy(take_rows(self.X, rows))

    def _labels(self, rows: np.ndarray) -> Any:
        """Return a copy of the labels of these rows, or None."""
        return None if self.y is None else private_copy(take_rows(self.y, rows))

    def _metadata(self, params: dict[str, Any], rows: np.ndarray) -> dict[str, Any]:
        """Return a copy of the metadata, cut to these rows where it has one value per row."""
        return private_copy(select_metadata(self.X, params, rows))

    def _memory(self, estimator: Any, fold: int) -> FoldMemory | None:
        """Set a cache for this fold as the `memory` of a pipeline, and return it.

        The pipeline's own memory is used for steps that are not in the cache.
        """
        if not hasattr(estimator, "steps"):
            return None
        fallback = estimator.memory
        if fallback is not None:
            fallback = check_memory(fallback)
        memory = FoldMemory(self.prefixes, fold, fallback)
        estimator.set_params(memory=memory)
        return memory

    def _begin_epoch_pruning(
        self, trial: Trial, fold: int, fitted: FittedFold, check: Callable[[], None]
    ) -> EpochPruning | None:
        """Add a callback that may stop a classifier after an epoch, if it is trained in epochs."""
        last = fitted.last
        if not self._may_prune() or not _trains_in_epochs(last):
            return None
        objective = self.objectives[0]

        def score(at_an_epoch: Any) -> float:
            """Score the net after an epoch by the study's objective."""
            check()
            fitted.last = at_an_epoch
            return self.scoring(fitted, [objective])[objective]

        earlier = [
            curves[str(fold)]
            for other in trial.study.get_trials(deepcopy=False, states=_ENDED)
            if str(fold) in (curves := other.user_attrs.get(CURVES, {}))
        ]
        pruning = EpochPruning(self.epoch_pruner, earlier, score)
        last.set_callbacks(*getattr(last, "_skl_callbacks", []), pruning)
        return pruning

    @staticmethod
    def _end_epoch_pruning(trial: Trial, fold: int, pruning: EpochPruning) -> None:
        """Prune the trial if its fit was stopped, or record its scores by epoch."""
        if pruning.pruned:
            raise optuna.TrialPruned(f"pruned after epoch {len(pruning.curve)} of fold {fold}")
        if pruning.curve:
            curves = {**trial.user_attrs.get(CURVES, {}), str(fold): pruning.curve}
            trial.set_user_attr(CURVES, curves)

    def _costs(self, estimator: Any, X_test: Any, fit_time: float) -> dict[str, float]:
        """Measure the costs among the objectives: seconds, milliseconds per text, megabytes."""
        costs: dict[str, float] = {}
        if "fit_time" in self.objectives:
            costs["fit_time"] = fit_time
        if "latency" in self.objectives:
            start = time.perf_counter()
            estimator.predict(X_test)
            costs["latency"] = 1e3 * (time.perf_counter() - start) / n_rows(X_test)
        if "size" in self.objectives:
            if hasattr(estimator, "steps"):
                estimator.set_params(memory=None)
            costs["size"] = pickled_bytes(estimator) / 1e6
        return costs


_ENDED = (TrialState.COMPLETE, TrialState.PRUNED)


def _last_step(estimator: Any) -> Any:
    """Return the last step of a pipeline, or the estimator itself."""
    return estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator


def _trains_in_epochs(classifier: Any) -> bool:
    """Return whether a classifier calls callbacks after each epoch."""
    return hasattr(classifier, "set_callbacks") and hasattr(classifier, "max_epochs")


def _check_finite(scores: dict[str, float], fold: int) -> None:
    """Reject scores that are nan or infinite: Optuna would treat the trial as failed."""
    wrong = {name: score for name, score in scores.items() if not np.isfinite(score)}
    if wrong:
        raise ValueError(f"scores must be finite, got {wrong} on fold {fold}.")
