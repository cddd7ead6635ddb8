"""Score a pipeline fitted on a fold, reusing cached rows and predictions where possible."""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from inspect import signature
from numbers import Real
from typing import Any

import numpy as np
import sklearn.pipeline
from sklearn import get_config
from sklearn.metrics._scorer import _MultimetricScorer, _PassthroughScorer, _Scorer
from sklearn.utils._response import _get_response_values
from sklearn.utils.metadata_routing import process_routing

from agnews_sk._core.imbalanced import imblearn
from agnews_sk._core.label_sets import is_multilabel, label_format_of
from agnews_sk._core.user_warnings import warn_user
from agnews_sk.pipeline import TextPipeline
from agnews_sk.tuning._prefix_cache import FoldMemory
from agnews_sk.tuning._private_copy import private_copy
from agnews_sk.tuning._set_scoring import score_sets

# Their predictions are those of the last step; subclasses of the user's may differ.
_PIPELINES = (TextPipeline, imblearn.pipeline.Pipeline, sklearn.pipeline.Pipeline)
_SCORE = "score"


@dataclass(kw_only=True)
class FittedFold:
    """A pipeline that was fitted on a fold, and the fold's test rows.

    Parameters
    ----------
    estimator : estimator
    last : estimator
        The last step of a pipeline, the estimator itself if it is none.
    memory : FoldMemory or None
        What a pipeline was fitted with.
    X, y : containers of n_test rows
    params : dict
        Metadata for the scorers.
    """

    estimator: Any
    last: Any
    memory: FoldMemory | None
    X: Any
    y: Any
    params: dict[str, Any]

    @property
    def last_step_predicts(self) -> bool:
        """Whether the pipeline's predictions are those of its last step on transformed rows."""
        return type(self.estimator) in _PIPELINES and self.last not in (None, "passthrough")

    @cached_property
    def _last_step_rows(self) -> Any:
        """Test rows as the last step sees them, transformed once."""
        if self.memory is None or not self.last_step_predicts:
            return self.X
        return self.memory.transform(self.estimator, self.X)

    def last_step_rows(self) -> Any:
        """Return a copy of the test rows as the last step sees them."""
        return private_copy(self._last_step_rows)

    def whole(self) -> Any:
        """Return a copy of the pipeline with its own memory instead of the cache."""
        if self.memory is None:
            return self.last
        pipeline = copy(self.estimator)
        *prefix, (name, _) = self.estimator.steps
        pipeline.steps = [*((n, private_copy(step)) for n, step in prefix), (name, self.last)]
        pipeline.memory = self.memory.fallback
        return pipeline


@dataclass(frozen=True)
class Scoring:
    """The scores of a search by name, without costs.

    scikit-learn's scorers use predictions only, so they get those of the last step on cached
    rows. Any other scorer is called as `GridSearchCV` calls it, with the whole pipeline and the
    original rows.

    Parameters
    ----------
    scorer : callable
        As `check_scoring` returns it.
    """

    scorer: Any

    @property
    def scorers(self) -> Mapping[str, Any]:
        """The scorers by name; a single one is named "score"."""
        if isinstance(self.scorer, _MultimetricScorer):
            return self.scorer._scorers
        return {_SCORE: self.scorer}

    def __call__(self, fold: FittedFold, names: list[str] | None = None) -> dict[str, float]:
        """Return the scores of these names, or all scores.

        Raises
        ------
        TypeError
            If a score is not a number.
        """
        predictions: dict[Any, np.ndarray] = {}
        params = self._params_by_name(fold.params)
        wanted = self.scorers if names is None else names
        # The others may change the estimator and rows that they are given, so they are called last.
        in_order = sorted(wanted, key=lambda name: not _scores_predictions_only(self.scorers[name]))
        scores = {
            name: _score(self.scorers[name], fold, private_copy(params[name]), predictions)
            for name in in_order
        }
        return {name: _as_number(scores[name], name) for name in wanted}

    def takes_weight(self) -> bool:
        """Return whether any score can be weighted, and warn of those that cannot."""
        unweighted = [name for name, one in self.scorers.items() if not _takes_weight(one)]
        if unweighted:
            warn_user(
                f"sample_weight does not reach the scores {unweighted}: their scorers do not take "
                "it; they count each row once.",
                UserWarning,
            )
        return len(unweighted) < len(self.scorers)

    def _params_by_name(self, params: dict[str, Any]) -> Mapping[str, dict[str, Any]]:
        """Return the metadata that each scorer requests."""
        if not params or not isinstance(self.scorer, _MultimetricScorer):
            return dict.fromkeys(self.scorers, params)
        if get_config()["enable_metadata_routing"]:
            routed = process_routing(self.scorer, "score", **params)
            return {name: routed[name].score for name in self.scorers}
        unweighted = {name: value for name, value in params.items() if name != "sample_weight"}
        return {
            name: params if _takes_weight(scorer) else unweighted
            for name, scorer in self.scorers.items()
        }


def _score(
    scorer: Any, fold: FittedFold, params: dict[str, Any], predictions: dict[Any, Any]
) -> Any:
    """Return the score of one scorer.

    Parameters
    ----------
    scorer : callable
    fold : FittedFold
    params : dict
        Metadata for the scorer.
    predictions : dict
        Predictions by method, shared by the scorers of scikit-learn and filled here.
    """
    y = private_copy(fold.y)
    if type(scorer) is _Scorer and (fold.last_step_predicts or fold.memory is None):
        several = label_format_of(fold.last) is not None or is_multilabel(y)
        if several and hasattr(fold.last, "classes_"):

            def respond(method: str) -> Any:
                """Return what a method of the last step gives, computed once."""
                if method not in predictions:
                    predictions[method] = getattr(fold.last, method)(fold.last_step_rows())
                return predictions[method]

            return score_sets(scorer, fold.last, respond, y, params)

        def predict(classifier: Any, method: str, _: Any, **keywords: Any) -> np.ndarray:
            """Return the predictions of the last step, computed once per method."""
            key = method, *keywords.items()
            if key not in predictions:
                predictions[key], _ = _get_response_values(
                    classifier, fold.last_step_rows(), response_method=method, **keywords
                )
            return predictions[key]

        return scorer._score(predict, fold.last, None, y, **params)
    if type(scorer) is _PassthroughScorer and fold.last_step_predicts:
        return fold.last.score(fold.last_step_rows(), y, **params)
    return scorer(fold.whole(), private_copy(fold.X), y, **params)


def _scores_predictions_only(scorer: Any) -> bool:
    """Return whether a scorer is scikit-learn's own, which leaves rows and estimator unchanged."""
    return type(scorer) in (_Scorer, _PassthroughScorer)


def _takes_weight(scorer: Any) -> bool:
    """Return whether a scorer has a parameter `sample_weight`."""
    if hasattr(scorer, "_accept_sample_weight"):
        return scorer._accept_sample_weight()
    return "sample_weight" in signature(scorer).parameters


def _as_number(score: Any, name: str) -> float:
    """Return a score as a float, and reject anything but a number."""
    if isinstance(score, np.ndarray) and score.ndim == 0:
        score = score.item()
    if isinstance(score, Real):
        return float(score)
    way_out = "return one float"
    if isinstance(score, Mapping):
        way_out = "set scoring to a dict of callables, one per name"
    raise TypeError(f"scoring must return a number for {name!r}, got {score!r:.80}; {way_out}.")
