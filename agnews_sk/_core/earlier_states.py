"""States of estimators that earlier versions saved or pickled: names and parameters since changed.

One table for saved models and pickles. Saved models are rewritten and checked before any object is
made, see `agnews_sk.persistence`; pickles get their current state in `__setstate__`.
"""

import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Renamed(NamedTuple):
    """What became of a parameter or a fitted attribute.

    Attributes
    ----------
    name : str
        Current name.
    convert : callable, optional
        Returns the current value for an old one that is None, a boolean, a number or a text, such
        as bytes for GiB.
    """

    name: str
    convert: Callable[[Any], Any] | None = None


def _in_bytes(gib: float) -> int:
    """Return gibibytes in bytes, at most the largest index."""
    if type(gib) not in (int, float):  # a string times 2**30 would fill the memory
        raise ValueError(f"cache_gib must be a number, got a {type(gib).__name__}.")
    return int(min(gib * 2**30, sys.maxsize))


_NETS = {"cache_gib": Renamed("max_cache_bytes", _in_bytes)}
Renames = Mapping[str, Mapping[str, Renamed]]
RENAMED_ATTRIBUTES: Renames = {
    "agnews_sk.classifiers.FineTunedTransformerClassifier": _NETS,
    "agnews_sk.classifiers.TransformerClassifier": _NETS,
    "agnews_sk.tokenization.Vocabulary": {"specials": Renamed("special_tokens")},
    "agnews_sk.vectorization.SentenceEmbedder": {"_fingerprint": Renamed("_model_digest")},
}
"""Parameters and fitted attributes, by the full public name of the class and their old name."""

_CHUNKS: Mapping[str, Any] = {"chunk_overlap": 0.125, "chunk_pooling": "mean", "max_chunks": 32}
ADDED_PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "agnews_sk.classifiers.CalibratedLinearSVC": {"threshold": "f1"},
    "agnews_sk.classifiers.FineTunedTransformerClassifier": {
        "threshold": "f1",
        "ema_decay": None,
        "devices": 1,
        "n_layers": None,
        "text_pair": False,
        **_CHUNKS,
    },
    "agnews_sk.classifiers.SelfTrainedClassifier": {"fallback": False},
    "agnews_sk.classifiers.TransformerClassifier": {
        "threshold": "f1",
        "ema_decay": None,
        "devices": 1,
        **_CHUNKS,
    },
    "agnews_sk.tokenization.PretrainedTokenizer": {"text_pair": False},
    "agnews_sk.tokenization.WordTokenizer": {"segmenter": None},
    "agnews_sk.vectorization.NgramUnion": {"character_max_df": None},
    "agnews_sk.vectorization.NgramVectorizer": {"segmenter": None, "supervised": False},
    "agnews_sk.vectorization.SentenceEmbedder": {"truncation": "head", **_CHUNKS},
}
"""By the full public name of a class, the values under which models predict as before."""


def added_parameters(kind: type) -> dict[str, Any]:
    """Return the parameters that estimators of a class may have been stored without.

    Parameters
    ----------
    kind : type
        Those of its bases are included.

    Returns
    -------
    dict of str to object
        Value by name.

    Examples
    --------
    >>> from agnews_sk._core.earlier_states import added_parameters
    >>> from agnews_sk.tokenization import WordTokenizer
    >>> added_parameters(WordTokenizer)
    {'segmenter': None}
    """
    return _of_class(ADDED_PARAMETERS, kind)


class TakesEarlierStates:
    """Base of the estimators in the tables: unpickled, they have the parameters of this version."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take a state under the names that attributes have had, with parameters added since."""
        renamed = _of_class(RENAMED_ATTRIBUTES, type(self))
        current = added_parameters(type(self))
        for name, value in state.items():
            change = renamed.get(name, Renamed(name))
            current[change.name] = value if change.convert is None else change.convert(value)
        super().__setstate__(current)  # type: ignore[misc]


def _of_class(table: Mapping[str, Mapping[str, Any]], kind: type) -> dict[str, Any]:
    """Return what a table has for a class and its bases."""
    found: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        found |= table.get(f"{base.__module__}.{base.__qualname__}", {})
    return found
