"""The values of a search space: distributions and choices, and how they are drawn."""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from sklearn import config_context

Choice = FloatDistribution | IntDistribution | list[Any]

_KINDS = (
    "a FloatDistribution, IntDistribution or CategoricalDistribution of optuna.distributions, or a "
    "list of choices"
)
# Types that Optuna can store in a database.
_STORABLE = (bool, int, float, str, type(None))
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def as_choice(name: str, value: Any) -> Choice:
    """Return a value of a space as a distribution of Optuna's, or as a list of choices.

    Parameters
    ----------
    name : str
        Of the parameter.
    value : distribution of Optuna's or of scipy.stats, or sequence of choices

    Returns
    -------
    FloatDistribution, IntDistribution or list

    Raises
    ------
    TypeError
        If it is none of these.
    ValueError
        If there is no choice.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy import stats
    >>> from agnews_sk.tuning._choices import as_choice
    >>> as_choice("C", np.logspace(-1, 1, 3))
    [0.1, 1.0, 10.0]
    >>> as_choice("C", stats.loguniform(0.1, 10))
    FloatDistribution(high=10.0, log=True, low=0.1, step=None)
    """
    if isinstance(value, (FloatDistribution, IntDistribution)):
        return value
    if type(value).__module__.startswith("scipy.stats"):
        return _from_scipy(name, value)
    choices = _choices(value)
    if choices is None:
        raise TypeError(
            f"space[{name!r}] must be {_KINDS}, got {type(value).__name__} {value!r:.80}."
        )
    if not choices:
        raise ValueError(f"space[{name!r}] must have at least one choice, got {value!r}.")
    return [choice.item() if isinstance(choice, np.generic) else choice for choice in choices]


def _choices(value: Any) -> list[Any] | None:
    """Return a sequence of choices as a list, or None if it is something else.

    Sets and iterators are not accepted: their order, on which a resumed study depends, may differ.
    """
    if isinstance(value, CategoricalDistribution):
        return list(value.choices)
    if isinstance(value, np.ndarray):
        return value.tolist() if value.ndim == 1 else None
    if isinstance(value, (list, tuple, range, pd.Series, pd.Index, pl.Series)):
        return list(value)
    return None


def _from_scipy(name: str, value: Any) -> FloatDistribution | IntDistribution:
    """Return Optuna's distribution for one of scipy.stats, or reject one that it does not have.

    SciPy excludes the upper end of `randint`, which `support` takes into account.
    """
    kind = value.dist.name if hasattr(value, "dist") else type(value).__name__.lower()
    if kind == "randint":
        first, last = map(int, value.support())
        return IntDistribution(first, last)
    if kind in ("uniform", "loguniform", "reciprocal"):
        low, high = map(float, value.support())
        return FloatDistribution(low, high, log=kind != "uniform")
    raise TypeError(
        f"space[{name!r}] must be {_KINDS}, got {kind} of scipy.stats, of which uniform, "
        "loguniform and randint are supported; use FloatDistribution(low, high) or, on a "
        "logarithmic scale, FloatDistribution(low, high, log=True)."
    )


def draw(trial: Any, name: str, choice: Choice) -> Any:
    """Draw the value of a parameter.

    Parameters
    ----------
    trial : optuna.trial.BaseTrial
    name : str
    choice : FloatDistribution, IntDistribution or list
        As `as_choice` returns it. Choices that Optuna cannot store, or that Python calls equal,
        are drawn by their labels.
    """
    options: dict[str, Any]
    match choice:
        case FloatDistribution(low=low, high=high):
            return trial.suggest_float(name, low, high, step=choice.step, log=choice.log)
        case IntDistribution(low=low, high=high):
            return trial.suggest_int(name, low, high, step=choice.step, log=choice.log)
    if _are_distinct(choice):
        return trial.suggest_categorical(name, choice)
    options = dict(zip(_labels(choice), choice, strict=True))
    return options[trial.suggest_categorical(name, list(options))]


def _are_distinct(choices: Sequence[Any]) -> bool:
    """Return whether Optuna can store the choices without confusing them.

    It stores the first choice that is equal to the drawn one. To Python 1, 1.0 and True are equal;
    to an estimator they are not.
    """
    return all(isinstance(one, _STORABLE) for one in choices) and len(set(choices)) == len(choices)


def _labels(choices: Sequence[Any]) -> list[str]:
    """Return a distinct label for each choice, the same in every process.

    It is the repr without memory addresses; equal ones are numbered.
    """
    with config_context(print_changed_only=True):
        labels = [_ADDRESS.sub("", repr(choice)) for choice in choices]
    return [
        label if labels.count(label) == 1 else f"{label} #{i}" for i, label in enumerate(labels)
    ]


def check_names(names: Iterable[str], estimator: Any, space: Mapping[str, Any]) -> None:
    """Reject names that are not parameters of an estimator, for any choice of steps.

    Parameters
    ----------
    names : iterable of str
    estimator : estimator
    space : mapping of str to Choice
        The parameters of estimators in a list are accepted too.

    Raises
    ------
    ValueError
        If a name is not a parameter; the message names similar ones.
    """
    known = set(estimator.get_params())
    for parent, choice in space.items():
        for one in choice if isinstance(choice, list) else ():
            if hasattr(one, "get_params") and not isinstance(one, type):
                known |= {f"{parent}__{name}" for name in one.get_params()}
    for name in names:
        if name not in known:
            raise ValueError(
                f"space has {name!r}, which is not a parameter of {type(estimator).__name__}"
                f"{_suggestion(name, known)}."
            )


def _suggestion(name: Any, known: set[str]) -> str:
    """Return the end of a message that names parameters which may have been meant.

    First those whose last part is the same, then those that differ by case, then similar ones.
    """
    last = str(name).rpartition("__")[2]
    close = sorted(other for other in known if other.endswith(f"__{last}"))
    close += [other for other in sorted(known) if other.lower() == str(name).lower()]
    close += difflib.get_close_matches(str(name), sorted(known), n=3)
    named = ", ".join(map(repr, dict.fromkeys(close[:3])))
    return f"; did you mean {named}" if named else "; get_params() lists them"


def probe(space: Callable[[Any], Any]) -> dict[str, Any] | None:
    """Return the parameters that a function gives for the lowest, or first, value of each draw.

    Parameters
    ----------
    space : callable
        From a trial to parameters.

    Returns
    -------
    dict of str to Any, or None
        None if the function uses a trial for more than drawing.

    Raises
    ------
    TypeError
        If it returns no dict.
    """
    try:
        params = space(_Probe())
    except Exception:
        return None
    if not isinstance(params, Mapping):
        raise TypeError(
            "space must return the parameters of a trial as a dict, got "
            f"{type(params).__name__} {params!r:.80}."
        )
    return dict(params)


class _Probe:
    """A trial that belongs to no study, and draws the lowest value or the first choice."""

    number = 0

    def __init__(self) -> None:
        self.params: dict[str, Any] = {}

    def suggest_float(self, name: str, low: float, high: float, **options: Any) -> float:
        """Return the lower end."""
        return self._drawn(name, low)

    def suggest_int(self, name: str, low: int, high: int, **options: Any) -> int:
        """Return the lower end."""
        return self._drawn(name, low)

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """Return the first choice."""
        return self._drawn(name, next(iter(choices)))

    def _drawn(self, name: str, value: Any) -> Any:
        """Return the value that was drawn for this name before, or this one."""
        return self.params.setdefault(name, value)
