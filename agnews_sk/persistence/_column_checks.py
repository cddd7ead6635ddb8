"""Check the fitted attributes of estimators that encode columns beside texts.

scipy reads memory outside of its arrays if a column index is too large, and scikit-learn's
`OneHotEncoder` takes these from its attributes.
"""

from typing import Any

import numpy as np

from agnews_sk._core.column_kinds import KINDS
from agnews_sk.persistence._errors import ArtifactError
from agnews_sk.persistence._schema import PIPELINE


def check_one_hot(encoder: Any) -> None:
    """Reject a OneHotEncoder that would write outside of its matrix.

    Parameters
    ----------
    encoder : OneHotEncoder

    Raises
    ------
    ArtifactError
    """
    state = vars(encoder)
    if "categories_" not in state:
        return
    n_columns = encoder.n_features_in_
    categories = state["categories_"]
    mappings = state.get("_default_to_infrequent_mappings", [None] * n_columns)
    infrequent = state.get("_infrequent_indices", [None] * n_columns)
    n_out = state.get("_n_features_outs")
    if encoder.drop is not None or state.get("_drop_idx_after_grouping") is not None:
        raise _reject(encoder, "with drop, which a saved model must not set.")
    lists = (categories, mappings, infrequent, n_out)
    if not all(isinstance(one, list) and len(one) == n_columns for one in lists):
        raise _reject(encoder, f"without categories for each of {n_columns} columns.")
    is_grouped = any(mapping is not None for mapping in mappings)
    # With the flag off, scikit-learn leaves out the mappings, and indices are those of categories.
    if is_grouped and not state.get("_infrequent_enabled"):
        raise _reject(encoder, "that does not use the groups of categories that it has.")
    if not all(map(_are_categories, categories)):
        raise _reject(encoder, "whose categories are not distinct texts or ascending numbers.")
    if not all(map(_fits, categories, mappings, infrequent, n_out)):
        raise _reject(encoder, "whose features do not fit its categories.")


def _are_categories(categories: Any) -> bool:
    """Return whether these are distinct texts, or ascending numbers: numpy searches in them."""
    if not isinstance(categories, np.ndarray) or categories.ndim != 1:
        return False
    if categories.dtype.kind in "biuf":
        return bool((categories[1:] > categories[:-1]).all())
    values = categories.tolist()
    return all(isinstance(v, str) for v in values) and len(set(values)) == len(values)


def _fits(categories: np.ndarray, mapping: Any, infrequent: Any, n_out: Any) -> bool:
    """Return whether the features of a column are numbered 0 to `n_out` - 1."""
    n_categories = len(categories)
    if mapping is None or infrequent is None:
        return mapping is None and infrequent is None and n_out == n_categories
    if not all(np.asarray(a).dtype.kind in "iu" and np.ndim(a) == 1 for a in (mapping, infrequent)):
        return False
    rare = set(np.asarray(infrequent).tolist())
    return (
        len(mapping) == n_categories
        and rare <= set(range(n_categories))
        and len(rare) == len(infrequent)
        and n_out == n_categories - len(rare) + bool(rare)
        and set(np.asarray(mapping).tolist()) <= set(range(n_out))
    )


def check_column_transformer(transformer: Any) -> None:
    """Reject a ColumnTransformer whose parts are not estimators with names of columns.

    Parameters
    ----------
    transformer : ColumnTransformer

    Raises
    ------
    ArtifactError
    """
    state = vars(transformer)
    for parts in (state["transformers"], state.get("transformers_", [])):
        if not isinstance(parts, list) or not all(map(_is_part, parts)):
            raise _reject(transformer, "with a part that is no estimator with columns.")
    if transformer.remainder not in ("drop", "passthrough") and not hasattr(
        transformer.remainder, "fit"
    ):
        raise _reject(transformer, "whose remainder is no estimator.")
    slices = state.get("output_indices_", {}).values()
    plain = all(
        isinstance(one, slice) and type(one.start) is type(one.stop) is int and one.step is None
        for one in slices
    )
    if not plain:
        raise _reject(transformer, "whose output_indices_ are no slices.")


def _is_part(part: Any) -> bool:
    """Return whether this is a name, an estimator, and one or several columns."""
    if not isinstance(part, tuple) or len(part) != 3 or not isinstance(part[0], str):
        return False
    columns = part[2] if isinstance(part[2], list) else [part[2]]
    left_out = isinstance(part[1], str) and part[1] in ("drop", "passthrough")
    named = all(isinstance(column, (str, int)) for column in columns)
    return named and (left_out or hasattr(part[1], "fit"))


def check_encoder(encoder: Any) -> None:
    """Reject an encoder of numbers or dates that divides by zero, or without marks per column.

    Parameters
    ----------
    encoder : NumberEncoder or DateEncoder

    Raises
    ------
    ArtifactError
    """
    state = vars(encoder)
    if "scale_" not in state:
        return
    marks = [np.asarray(state[name]) for name in ("has_missing_", "has_hours_") if name in state]
    names = state["feature_names_in_"]
    fits = all(mark.dtype == bool and mark.shape == (len(names),) for mark in marks)
    if not fits or not (state["scale_"] > 0).all() or len(names) != encoder.n_features_in_:
        raise _reject(encoder, f"whose attributes do not fit {len(names)} columns.")


def check_mixed_joiner(joiner: Any) -> None:
    """Reject kinds of columns that do not exist.

    Parameters
    ----------
    joiner : MixedColumnJoiner

    Raises
    ------
    ArtifactError
    """
    kinds = vars(joiner).get("column_kinds_", {})
    plain = isinstance(kinds, dict) and all(
        isinstance(name, str) and kind in KINDS for name, kind in kinds.items()
    )
    if not plain:
        raise _reject(joiner, f"whose columns have the kinds {kinds!r:.60}.")


def _reject(owner: Any, what: str) -> ArtifactError:
    """Return the error that names the type of an object and its fault."""
    return ArtifactError(f"{PIPELINE} has a {type(owner).__name__} {what}")
