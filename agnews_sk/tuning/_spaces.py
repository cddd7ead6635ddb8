"""Search spaces: dicts or functions of a trial, and the default space of each pipeline."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from optuna.distributions import FloatDistribution, IntDistribution

from agnews_sk.tuning._choices import as_choice, check_names, draw, probe

Params = dict[str, Any]
Space = Mapping[str, Any] | Callable[[Any], Params]


def suggest_params(space: Space, trial: Any) -> Params:
    """Draw the parameters of one trial.

    Parameters
    ----------
    space : dict or callable
        For each parameter a distribution of Optuna's, `uniform`, `loguniform` or `randint` of
        scipy.stats, or choices (a list, range or 1-D array); or a function from a trial to
        parameters.
    trial : optuna.trial.BaseTrial
        A `FixedTrial` returns the parameters of an earlier one.

    Returns
    -------
    dict
        As `set_params` takes them.

    Raises
    ------
    TypeError
        If a value of the dict is neither a distribution nor a sequence of choices.

    Examples
    --------
    >>> from optuna.trial import FixedTrial
    >>> from agnews_sk.tuning import suggest_params
    >>> space = {"vectorize__words__ngram_range": [(1, 1), (1, 2)]}
    >>> suggest_params(space, FixedTrial({"vectorize__words__ngram_range": "(1, 2)"}))
    {'vectorize__words__ngram_range': (1, 2)}
    """
    if callable(space):
        return space(trial)
    return {name: draw(trial, name, as_choice(name, value)) for name, value in space.items()}


def check_space(space: Any, estimator: Any) -> Space:
    """Check the names and values of a space.

    Parameters
    ----------
    space : dict or callable
    estimator : estimator

    Returns
    -------
    dict or callable
        The values of a dict are Optuna's distributions and lists.

    Raises
    ------
    TypeError
        If it is neither, or a value of the dict is neither a distribution nor a sequence of
        choices.
    ValueError
        If a name is not a parameter of the estimator; of a function, for the lowest values.
    """
    if callable(space):
        _check_takes_a_trial(space)
        params = probe(space)
        if params is not None:
            check_names(params, estimator, {name: [value] for name, value in params.items()})
        return space
    if not isinstance(space, Mapping):
        raise TypeError(
            f"space must be a dict or a function from a trial to parameters, got {space!r:.80}."
        )
    choices = {name: as_choice(name, value) for name, value in space.items()}
    check_names(choices, estimator, choices)
    return choices


def _check_takes_a_trial(space: Callable[..., Any]) -> None:
    """Reject a function without parameters, such as `tfidf_space` that was not called."""
    try:
        inspect.signature(space).bind(None)
    except TypeError:
        name = getattr(space, "__name__", type(space).__name__)
        raise TypeError(
            f"space must be a dict or a function from a trial to parameters, got {name}, which "
            f"takes no trial; if it returns a space, call it: {name}()."
        ) from None
    except ValueError:  # a function in C has no signature
        return


def suggest_family(spaces: Mapping[str, Space], trial: Any) -> Params:
    """Draw a family, and the parameters of that family.

    Parameters
    ----------
    spaces : dict of str to space
        Space of each family, by its name.
    trial : optuna.trial.BaseTrial

    Returns
    -------
    dict
        "family", and parameters as `set_params` of that family's pipeline takes them. The study
        has them under the names `<family>/<parameter>`.
    """
    family = trial.suggest_categorical("family", list(spaces))
    return {"family": family, **suggest_params(spaces[family], _PrefixedTrial(trial, f"{family}/"))}


class _PrefixedTrial:
    """A trial that adds a prefix to the names of parameters.

    Parameters
    ----------
    trial : optuna.trial.BaseTrial
    prefix : str
    """

    def __init__(self, trial: Any, prefix: str) -> None:
        self._trial = trial
        self._prefix = prefix

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(self._trial, attribute)
        if not attribute.startswith("suggest_"):
            return found
        return lambda name, *args, **keywords: found(self._prefix + name, *args, **keywords)


def tfidf_space() -> Params:
    """Return the search space of `make_tfidf_pipeline`.

    Returns
    -------
    dict of str to distribution or list
        For source stripping, case, n-gram lengths, rare n-grams, term weights and `C`. It is a
        new dict at each call: join it with others by `|`, the last of which wins.

    Examples
    --------
    >>> from agnews_sk.tuning import tfidf_space
    >>> space = tfidf_space() | {"classify__C": [10.0, 30.0]}
    >>> space["vectorize__words__ngram_range"], space["classify__C"]
    ([(1, 1), (1, 2), (1, 3)], [10.0, 30.0])
    """
    return {
        "clean__strip_sources": [True, False],
        "vectorize__words__lowercase": [True, False],
        "vectorize__words__ngram_range": [(1, 1), (1, 2), (1, 3)],
        "vectorize__words__min_df": IntDistribution(1, 5),
        "vectorize__words__sublinear_tf": [True, False],
        "classify__C": FloatDistribution(0.3, 100, log=True),
    }


def embedding_space() -> Params:
    """Return the search space of `make_embedding_pipeline`.

    Returns
    -------
    dict of str to distribution or list
        For source stripping and `C` of the classifier; new at each call.

    Examples
    --------
    >>> from agnews_sk.tuning import embedding_space
    >>> sorted(embedding_space())
    ['classify__C', 'clean__strip_sources']
    """
    return {
        "clean__strip_sources": [True, False],
        "classify__C": FloatDistribution(0.03, 100, log=True),
    }


def transformer_space() -> Params:
    """Return the search space of `make_transformer_pipeline`.

    Returns
    -------
    dict of str to distribution or list
        For the vocabulary size, width, depth, dropout, learning rate and batch size; new at each
        call.

    Examples
    --------
    >>> from agnews_sk.tuning import transformer_space
    >>> space = transformer_space() | {"classify__n_heads": [2, 4, 8]}
    >>> space["classify__d_model"]
    [64, 128, 256]
    """
    return {
        "vocabulary__max_size": IntDistribution(5_000, 40_000, step=5_000),
        "classify__d_model": [64, 128, 256],
        "classify__n_layers": IntDistribution(1, 4),
        "classify__dropout": FloatDistribution(0.0, 0.5),
        "classify__token_dropout": FloatDistribution(0.0, 0.5),
        **_training_space(1e-4, 3e-3),
    }


def finetune_space() -> Params:
    """Return the search space of `make_finetune_pipeline`.

    Returns
    -------
    dict of str to distribution or list
        For warm-up, layer-wise learning rate decay, label smoothing, learning rate and batch
        size; new at each call.

    Examples
    --------
    >>> from agnews_sk.tuning import finetune_space
    >>> finetune_space()["classify__batch_size"]
    [16, 32, 64]
    """
    return {
        "classify__warmup": FloatDistribution(0.0, 0.2),
        "classify__layer_decay": FloatDistribution(0.7, 1.0),
        "classify__label_smoothing": FloatDistribution(0.0, 0.2),
        **_training_space(1e-5, 5e-4),
    }


def _training_space(lowest_rate: float, highest_rate: float) -> Params:
    """Return the part that both neural pipelines share; learning rates are drawn by logarithm."""
    return {
        "classify__learning_rate": FloatDistribution(lowest_rate, highest_rate, log=True),
        "classify__batch_size": [16, 32, 64],
    }
