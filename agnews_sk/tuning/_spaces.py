"""What a search may choose: spaces given as dicts or functions, and one ready space a family."""

from collections.abc import Callable, Mapping
from typing import Any

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
        A `FixedTrial` gives back the parameters of an earlier one.

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
    >>> space = {"vectorize__ngram_range": [(1, 1), (1, 2)]}
    >>> suggest_params(space, FixedTrial({"vectorize__ngram_range": "(1, 2)"}))
    {'vectorize__ngram_range': (1, 2)}
    """
    if callable(space):
        return space(trial)
    return {name: draw(trial, name, as_choice(name, value)) for name, value in space.items()}


def check_space(space: Any, estimator: Any) -> Space:
    """Return a space whose parameters are those of an estimator.

    Parameters
    ----------
    space : dict or callable
    estimator : estimator

    Returns
    -------
    dict or callable
        A dict has Optuna's distributions and lists.

    Raises
    ------
    TypeError
        If it is neither, or a value of the dict is neither a distribution nor a sequence of
        choices.
    ValueError
        If a name is no parameter of the estimator; of a function, one of those that it returns
        first.
    """
    if callable(space):
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


def suggest_family(spaces: Mapping[str, Space], trial: Any) -> Params:
    """Draw a family and then the parameters of that family alone.

    Parameters
    ----------
    spaces : dict of str to space
        Space of each family, by its name.
    trial : optuna.trial.BaseTrial

    Returns
    -------
    dict
        "family", and parameters as `set_params` of that family's pipeline takes them. The study
        knows these as `<family>/<parameter>`.
    """
    family = trial.suggest_categorical("family", list(spaces))
    return {"family": family, **suggest_params(spaces[family], _Named(trial, f"{family}/"))}


class _Named:
    """A trial in which the name of each parameter has a prefix."""

    def __init__(self, trial: Any, prefix: str) -> None:
        self._trial = trial
        self._prefix = prefix

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(self._trial, attribute)
        if not attribute.startswith("suggest_"):
            return found
        return lambda name, *args, **keywords: found(self._prefix + name, *args, **keywords)


def tfidf_space(trial: Any) -> Params:
    """Space of `make_tfidf_pipeline`: case, sources, n-grams, rare ones, weights and `C`.

    Parameters
    ----------
    trial : optuna.trial.BaseTrial

    Returns
    -------
    dict
        Parameters of `clean`, `vectorize` and `classify`.

    Examples
    --------
    >>> from optuna.trial import FixedTrial
    >>> from agnews_sk.tuning import tfidf_space
    >>> chosen = {"clean__strip_sources": True, "vectorize__lowercase": True, "max_n": 2,
    ...           "vectorize__min_df": 2, "vectorize__sublinear_tf": True, "classify__C": 0.5}
    >>> tfidf_space(FixedTrial(chosen))["vectorize__ngram_range"]
    (1, 2)
    """
    return {
        "clean__strip_sources": trial.suggest_categorical("clean__strip_sources", [True, False]),
        "vectorize__lowercase": trial.suggest_categorical("vectorize__lowercase", [True, False]),
        "vectorize__ngram_range": (1, trial.suggest_int("max_n", 1, 3)),
        "vectorize__min_df": trial.suggest_int("vectorize__min_df", 1, 5),
        "vectorize__sublinear_tf": trial.suggest_categorical(
            "vectorize__sublinear_tf", [True, False]
        ),
        "classify__C": trial.suggest_float("classify__C", 0.03, 30, log=True),
    }


def embedding_space(trial: Any) -> Params:
    """Space of `make_embedding_pipeline`: sources, and `C` of the classifier.

    Parameters
    ----------
    trial : optuna.trial.BaseTrial

    Returns
    -------
    dict
        Parameters of `clean` and `classify`.

    Examples
    --------
    >>> from optuna.trial import FixedTrial
    >>> from agnews_sk.tuning import embedding_space
    >>> embedding_space(FixedTrial({"clean__strip_sources": True, "classify__C": 3.0}))
    {'clean__strip_sources': True, 'classify__C': 3.0}
    """
    return {
        "clean__strip_sources": trial.suggest_categorical("clean__strip_sources", [True, False]),
        "classify__C": trial.suggest_float("classify__C", 0.03, 100, log=True),
    }


def transformer_space(trial: Any) -> Params:
    """Space of `make_transformer_pipeline`: vocabulary, width, depth, dropout and training.

    Parameters
    ----------
    trial : optuna.trial.BaseTrial

    Returns
    -------
    dict
        Parameters of `vocabulary` and `classify`.

    Examples
    --------
    >>> import optuna
    >>> from agnews_sk.tuning import transformer_space
    >>> chosen = {"vocabulary__max_size": 10_000, "classify__d_model": 64,
    ...           "classify__n_layers": 2, "classify__dropout": 0.1,
    ...           "classify__token_dropout": 0.3,
    ...           "classify__learning_rate": 1e-3, "classify__batch_size": 32}
    >>> transformer_space(optuna.trial.FixedTrial(chosen))["classify__d_model"]
    64
    """
    return {
        "vocabulary__max_size": trial.suggest_int(
            "vocabulary__max_size", 5_000, 40_000, step=5_000
        ),
        "classify__d_model": trial.suggest_categorical("classify__d_model", [64, 128, 256]),
        "classify__n_layers": trial.suggest_int("classify__n_layers", 1, 4),
        "classify__dropout": trial.suggest_float("classify__dropout", 0.0, 0.5),
        "classify__token_dropout": trial.suggest_float("classify__token_dropout", 0.0, 0.5),
        **_training(trial, 1e-4, 3e-3),
    }


def finetune_space(trial: Any) -> Params:
    """Space of `make_finetune_pipeline`: how much is trained, and how.

    Parameters
    ----------
    trial : optuna.trial.BaseTrial

    Returns
    -------
    dict
        Parameters of `classify`.

    Examples
    --------
    >>> from optuna.trial import FixedTrial
    >>> from agnews_sk.tuning import finetune_space
    >>> chosen = {"classify__warmup": 0.1, "classify__layer_decay": 0.9,
    ...           "classify__label_smoothing": 0.0, "classify__learning_rate": 1e-4,
    ...           "classify__batch_size": 16}
    >>> finetune_space(FixedTrial(chosen)) == chosen
    True
    """
    return {
        "classify__warmup": trial.suggest_float("classify__warmup", 0.0, 0.2),
        "classify__layer_decay": trial.suggest_float("classify__layer_decay", 0.7, 1.0),
        "classify__label_smoothing": trial.suggest_float("classify__label_smoothing", 0.0, 0.2),
        **_training(trial, 1e-5, 5e-4),
    }


def _training(trial: Any, lowest_rate: float, highest_rate: float) -> Params:
    return {
        "classify__learning_rate": trial.suggest_float(
            "classify__learning_rate", lowest_rate, highest_rate, log=True
        ),
        "classify__batch_size": trial.suggest_categorical("classify__batch_size", [16, 32, 64]),
    }
