"""Compare an exported model with its original."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from agnews_sk._core.label_sets import equal_sets

# The two most probable labels of a row are tied if their probabilities differ by less than this:
# rounding alone may then change the label.
_TIE = 1e-4


class ParityError(ValueError):
    """An exported model differs from its original by more than is allowed."""


@dataclass(frozen=True)
class ParityReport:
    """How the predictions of an exported model differ from those of its original.

    Attributes
    ----------
    n_rows : int
        Number of rows that both models predicted.
    max_difference : float
        Largest absolute difference between two probabilities of a row and a class.
    n_changed : int
        Number of rows with another predicted label, ties left out.
    accuracy, exported_accuracy : float or None
        Accuracy of the original and of the exported model; None without labels.
    """

    n_rows: int
    max_difference: float
    n_changed: int
    accuracy: float | None
    exported_accuracy: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return the attributes as a dict that JSON can hold."""
        return asdict(self)

    def as_markdown(self) -> str:
        """Return the report as a section of a model card, a Markdown table."""
        rows = "\n".join(f"| {name} | {value} |" for name, value in asdict(self).items())
        return f"## Parity with the original\n\n| measure | value |\n|---|---|\n{rows}"


def compare(
    expected: np.ndarray,
    found: np.ndarray,
    classes: np.ndarray,
    y: Any = None,
    *,
    thresholds: np.ndarray | None = None,
    label_format: str | None = None,
) -> ParityReport:
    """Compare the probabilities of two models on the same rows.

    Parameters
    ----------
    expected, found : ndarray of shape (n_samples, n_classes)
        Probabilities of the original and of the exported model.
    classes : ndarray of shape (n_classes,)
    y : array-like of shape (n_samples,), or sets of labels, or an indicator, optional
        True labels.
    thresholds : ndarray of shape (n_classes,), optional
        Of models that predict several labels per row.
    label_format : str, optional
        Of their label sets in `fit`.

    Returns
    -------
    ParityReport
    """
    if thresholds is None:
        two_best = np.sort(expected, axis=1)[:, -2:]
        is_tied = two_best[:, 1] - two_best[:, 0] < _TIE
        changed = (expected.argmax(axis=1) != found.argmax(axis=1)) & ~is_tied
    else:
        is_tied = np.abs(expected - thresholds) < _TIE
        other = ((expected >= thresholds) != (found >= thresholds)) & ~is_tied
        changed = other.any(axis=1)

    def accuracy(probabilities: np.ndarray) -> float | None:
        """Return the share of rows whose most probable class, or whose set, is the true one."""
        if y is None:
            return None
        if thresholds is not None:
            predicted = (probabilities >= thresholds).astype(int)
            right = equal_sets(y, predicted, probabilities, classes, label_format=label_format)
            return float(right.mean())
        return float((classes[probabilities.argmax(axis=1)] == np.asarray(y)).mean())

    return ParityReport(
        len(expected),
        float(np.abs(expected - found).max()),
        int(changed.sum()),
        accuracy(expected),
        accuracy(found),
    )


def check_parity(
    report: ParityReport, *, max_difference: float | None, max_accuracy_drop: float
) -> None:
    """Raise if an exported model differs from its original by more than is allowed.

    Parameters
    ----------
    report : ParityReport
    max_difference : float or None
        Largest difference allowed for a probability; then no label may change either. None allows
        any difference, as quantized models differ.
    max_accuracy_drop : float
        Largest accepted drop of the accuracy, from 0 to 1. Not checked without labels.

    Raises
    ------
    ParityError
        If a bound is exceeded, or a probability is NaN or infinite.
    """
    if not np.isfinite(report.max_difference):
        raise ParityError(
            "the exported model predicts probabilities that are not finite; nothing was written."
        )
    if max_difference is not None and (report.max_difference > max_difference or report.n_changed):
        raise ParityError(
            f"the exported model differs by up to {report.max_difference:.3g} (allowed "
            f"{max_difference:.3g}) and changes {report.n_changed} of {report.n_rows} labels; "
            "nothing was written."
        )
    if report.accuracy is None or report.exported_accuracy is None:
        return
    drop = report.accuracy - report.exported_accuracy
    if drop > max_accuracy_drop:
        raise ParityError(
            f"the exported model's accuracy is {drop:.4f} below the original's "
            f"{report.accuracy:.4f} on {report.n_rows} rows (allowed {max_accuracy_drop}); "
            "nothing was written."
        )
