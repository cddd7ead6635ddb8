"""The settings of a study, which must be the same when it is resumed."""

from collections.abc import Mapping
from typing import Any

from sklearn.metrics._scorer import _PassthroughScorer

from agnews_sk._core.content import content_digest
from agnews_sk._core.identity import (
    RUNTIME_ONLY,
    besides_parameters,
    of_parameter,
    survives_clone,
)
from agnews_sk._core.validation import n_rows
from agnews_sk.tuning._descriptions import describe
from agnews_sk.tuning._evaluation import TrialEvaluation


def study_settings(evaluation: TrialEvaluation) -> dict[str, str]:
    """Describe everything that determines the scores of a trial, except the drawn parameters.

    Parameters
    ----------
    evaluation : TrialEvaluation

    Returns
    -------
    dict of str to str
        Short descriptions by name.
    """
    settings = {
        "X": f"{n_rows(evaluation.X)} rows#{content_digest(evaluation.X)}",
        "y": f"#{content_digest(evaluation.y)}",
        "cv": f"{len(evaluation.splits)} folds#{content_digest(evaluation.splits)}",
        "scoring": describe(evaluation.objectives),
    }
    for name, scorer in evaluation.scoring.scorers.items():
        settings[f"scorer {name!r}"] = _describe_scorer(scorer)
    for purpose in ("fit", "score"):
        for name, value in getattr(evaluation, f"{purpose}_params").items():
            settings[f"{name} of {purpose}"] = f"#{content_digest(value)}"
    for family, estimator in evaluation.candidates.estimators.items():
        space = evaluation.candidates.spaces[family]
        settings.update(_of_family(family, estimator, space))
    return settings


def _describe_scorer(scorer: Any) -> str:
    """Describe a scorer by what it computes."""
    # A scorer that calls the estimator's `score` holds the estimator, which is described elsewhere.
    return repr(scorer) if isinstance(scorer, _PassthroughScorer) else describe(scorer)


def _of_family(family: str, estimator: Any, space: Any) -> dict[str, str]:
    """Describe the parameters of an estimator that are not searched over, and its space."""
    suffix = f" of family {family!r}" if family else ""
    drawn = space if isinstance(space, Mapping) else {}
    settings = {f"estimator{suffix}": _describe_part(estimator)}
    for name, value in estimator.get_params().items():
        if not _is_drawn(name, drawn) and name.rpartition("__")[2] not in RUNTIME_ONLY:
            settings[f"{name}{suffix}"] = _describe_part(value)
    if not isinstance(space, Mapping):
        return {**settings, f"space{suffix}": describe(space)}
    for name, choice in drawn.items():
        settings[f"space[{name!r}]{suffix}"] = describe(choice)
    return settings


def _is_drawn(name: str, drawn: Mapping[str, Any]) -> bool:
    """Return whether the space sets this parameter, or the estimator that it belongs to."""
    return any(name == other or name.startswith(f"{other}__") for other in drawn)


def _describe_part(value: Any) -> str:
    """Describe a parameter; of an estimator, only its class and its state besides parameters."""
    if hasattr(value, "get_params") and not isinstance(value, type):
        told = value if survives_clone(value) else besides_parameters(value)
        return f"{type(value).__name__}#{content_digest(told)}"
    if isinstance(value, list) and any(_is_step(one) for one in value):
        return describe([(one[0], *one[2:]) if _is_step(one) else one for one in value])
    return describe(of_parameter(value))


def _is_step(value: Any) -> bool:
    """Return whether a value is a named step, such as those of a pipeline."""
    return isinstance(value, tuple) and len(value) > 1 and isinstance(value[0], str)
