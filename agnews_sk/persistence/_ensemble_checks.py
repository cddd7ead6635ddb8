"""Checks of the state of loaded classifiers that are made of several."""

from typing import Any

import numpy as np

from agnews_sk.persistence._errors import ArtifactError
from agnews_sk.persistence._schema import PIPELINE

_LONGEST_NAME = 4_096


def check_student(classifier: Any) -> None:
    """Reject a distilled classifier with a teacher, or whose classes are not those of its student.

    Parameters
    ----------
    classifier : DistilledClassifier

    Raises
    ------
    ArtifactError
    """
    state = vars(classifier)
    if state.get("teacher") is not None:
        raise ArtifactError(
            f"{PIPELINE} has a {type(classifier).__name__} with a teacher, which is never saved."
        )
    if "estimator_" not in state:
        return
    classes = np.asarray(getattr(state["estimator_"], "classes_", None)).tolist()
    accuracy = state.get("teacher_accuracy_")
    if not (
        np.asarray(state.get("classes_")).tolist() == classes
        and isinstance(accuracy, float)
        and 0 <= accuracy <= 1
    ):
        raise ArtifactError(
            f"{PIPELINE} has a {type(classifier).__name__} without the classes of its student, or "
            "a teacher_accuracy_ between 0 and 1."
        )


def check_cascade(cascade: Any) -> None:
    """Reject a cascade whose thresholds, temperatures, names or classes do not fit its classifiers.

    Parameters
    ----------
    cascade : CascadeClassifier

    Raises
    ------
    ArtifactError
    """
    state = vars(cascade)
    if "estimators_" not in state:
        return
    parts = state["estimators_"]
    n = len(parts)
    classes = np.asarray(state.get("classes_")).tolist()
    same = all(_same_labels(getattr(one, "classes_", None), classes) for one in parts)
    thresholds = _floats(state.get("confidence_thresholds_"))
    temperatures = _floats(state.get("temperatures_"))
    scaled = temperatures.shape == (n,) and np.isfinite(temperatures).all()
    if not (
        same
        and thresholds.shape == (n - 1,)
        and scaled
        and (temperatures > 0).all()
        and _are_names(state.get("names_"), n)
    ):
        raise ArtifactError(
            f"{PIPELINE} has a {type(cascade).__name__} without a threshold, a finite temperature "
            f"above 0, a name and the same classes for each of its {n} classifiers."
        )


def _same_labels(found: Any, classes: Any) -> bool:
    """Return whether these are arrays of the same different labels, in any order."""
    labels = [np.asarray(values).tolist() for values in (found, classes)]
    if not all(isinstance(values, list) for values in labels):
        return False
    if not all(isinstance(label, (str, int, float)) for values in labels for label in values):
        return False
    known = set(labels[1])
    return len(labels[0]) == len(labels[1]) == len(known) and set(labels[0]) == known


def _are_names(names: Any, n: int) -> bool:
    """Return whether these are so many different names."""
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return False
    return len(set(names)) == len(names) == n and max(map(len, names)) <= _LONGEST_NAME


def _floats(values: Any) -> np.ndarray:
    """Return an array of floats as it is, and an array of no dimension for anything else."""
    is_floats = isinstance(values, np.ndarray) and values.dtype.kind == "f"
    return values if is_floats else np.empty(())
