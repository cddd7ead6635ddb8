"""Set and check the steps of a pipeline and their parameters, with messages that name them."""

import inspect
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from sklearn.pipeline import Pipeline

# Maximum number of alternatives in a message.
_MOST_NAMED = 4


def set_step_params(pipeline: Any, params: Mapping[str, Any], *, maker: str) -> Any:
    """Set steps and their parameters.

    Parameters
    ----------
    pipeline : Pipeline
    params : mapping of str to object
        As `set_params` takes them.
    maker : str
        Name of the function that was called, for the message.

    Returns
    -------
    Pipeline
        The same object.

    Raises
    ------
    TypeError
        If an object cannot be a step.
    ValueError
        If there is no such parameter; the message names similar ones.
    """
    steps = {name: value for name, value in params.items() if name in pipeline.named_steps}
    pipeline.set_params(**steps)
    check_steps(pipeline.steps)
    # Shorter names first: `vectorize__words` adds parameters of its own.
    for name in sorted(params.keys() - steps.keys(), key=lambda name: (name.count("__"), name)):
        if name not in pipeline.get_params():
            raise ValueError(_no_such_parameter(pipeline, name, maker))
        pipeline.set_params(**{name: params[name]})
    return pipeline


def _no_such_parameter(pipeline: Any, name: str, maker: str) -> str:
    """Return the message for a parameter that no step has, with those that may have been meant.

    Parameters
    ----------
    pipeline : Pipeline
    name : str
        As the caller wrote it.
    maker : str
        Name of the function that was called.

    Returns
    -------
    str
    """
    step, _, rest = name.partition("__")
    message = f"{maker} has no parameter {name!r}"
    if rest and pipeline.named_steps.get(step, step) in (None, "passthrough"):
        return f"{message}: the step {step} is 'passthrough'; set it to an estimator, {step}=..."
    meant = _similar_parameters(name, [known for known in pipeline.get_params() if "__" in known])
    if meant:
        return f"{message}; did you mean {' or '.join(meant[:_MOST_NAMED])}?"
    return (
        f"{message}; parameters of a step are given as STEP__PARAMETER, and the steps are "
        f"{', '.join(pipeline.named_steps)}."
    )


def _similar_parameters(name: str, known: Sequence[str]) -> list[str]:
    """Return known parameters that may have been meant, the most similar ones only.

    Parameters
    ----------
    name : str
    known : sequence of str
        As STEP__PARAMETER.

    Returns
    -------
    list of str
        Those with the same last part in any case; otherwise the one of the same step whose last
        part is spelled almost the same; otherwise those spelled almost the same; otherwise those
        whose last part is.
    """
    step, _, last = name.rpartition("__")
    same = [other for other in known if other.rpartition("__")[2].lower() == last.lower()]
    of_step = [other for other in known if other.rpartition("__")[0] == step]
    similar = (
        same
        or get_close_matches(name, of_step, 1, cutoff=0.8)
        or get_close_matches(name, known, _MOST_NAMED, cutoff=0.8)
    )
    if similar:
        return similar
    near = get_close_matches(last.lower(), {other.rpartition("__")[2] for other in known}, 1)
    return [other for other in known if other.rpartition("__")[2] in near]


def check_steps(steps: Sequence[tuple[str, Any]]) -> None:
    """Reject objects that cannot be steps of a pipeline.

    Parameters
    ----------
    steps : sequence of (str, estimator)

    Raises
    ------
    TypeError
        If a step is not an estimator: a class, a function, a text other than "passthrough"; or if a
        step before the last is a pipeline, or neither a transformer nor a sampler.
    """
    for position, (name, step) in enumerate(steps):
        is_text = isinstance(step, str)
        if step is None or (is_text and step == "passthrough"):
            continue
        fault = _fault_of(name, step, position, is_last=position == len(steps) - 1)
        if fault is not None:
            raise TypeError(f"the step {name} must be {fault}")


def _fault_of(name: str, step: Any, position: int, *, is_last: bool) -> str | None:
    """Return why an object cannot be a step of a pipeline, or None if it can."""
    if inspect.isclass(step):
        return f"an instance, got the class {step.__name__}; write {name}={step.__name__}()."
    if isinstance(step, Pipeline) and not is_last:
        parts = ", ".join(type(part).__name__ for _, part in step.steps)
        return (
            f"one transformer or sampler, got a pipeline of {parts}; put its steps there instead, "
            f"with `pipeline.steps[{position}:{position + 1}] = other.steps`."
        )
    if _has_methods(step, is_last=is_last):
        return None
    wanted = "an estimator" if is_last else "a transformer (fit, transform) or sampler"
    if (isinstance(step, (list, tuple))) and name in ("filter", "augment"):
        return f"{wanted}, got a {type(step).__name__}; combine several with SamplerChain."
    if callable(step):
        title = getattr(step, "__name__", type(step).__name__)
        way_out = "" if is_last else f"; write {name}=FunctionTransformer({title})"
        return f"{wanted}, got the function {title}{way_out}."
    got = repr(step) if isinstance(step, str) else type(step).__name__
    return f"{wanted}, or 'passthrough', got {got}."


def _has_methods(step: Any, *, is_last: bool) -> bool:
    """Return whether an object has the methods of a transformer, a sampler or a last step."""
    if hasattr(step, "fit_resample") and not is_last:
        return True
    return hasattr(step, "fit") and (is_last or hasattr(step, "transform"))
