"""How near an exported model is to the one that it was made of."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

# Probabilities of two labels that are nearer than this are a tie.
_TIE = 1e-4


class ParityError(ValueError):
    """An exported model differs from its original by more than was allowed."""


@dataclass(frozen=True)
class ParityReport:
    """What an exported model answers, beside what its original answers, on given rows.

    Attributes
    ----------
    n_rows : int
    max_difference : float
        Largest difference of a probability.
    n_changed : int
        Rows whose label is another, ties left out.
    accuracy, exported_accuracy : float or None
        Of both models; None without labels.
    """

    n_rows: int
    max_difference: float
    n_changed: int
    accuracy: float | None
    exported_accuracy: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON can hold it."""
        return asdict(self)

    def as_markdown(self) -> str:
        """Return the report as a section of a model card."""
        rows = "\n".join(f"| {name} | {value} |" for name, value in asdict(self).items())
        return f"## Parity with the original\n\n| figure | value |\n|---|---|\n{rows}"


def compare(
    expected: np.ndarray, found: np.ndarray, classes: np.ndarray, y: Any = None
) -> ParityReport:
    """Compare the probabilities of two models.

    Parameters
    ----------
    expected, found : ndarray of shape (n_samples, n_classes)
    classes : ndarray of shape (n_classes,)
    y : array-like of shape (n_samples,), optional
        True labels.

    Returns
    -------
    ParityReport
    """
    two_best = np.sort(expected, axis=1)[:, -2:]
    tied = two_best[:, 1] - two_best[:, 0] < _TIE
    changed = (expected.argmax(axis=1) != found.argmax(axis=1)) & ~tied

    def accuracy(probabilities: np.ndarray) -> float | None:
        if y is None:
            return None
        return float((classes[probabilities.argmax(axis=1)] == np.asarray(y)).mean())

    return ParityReport(
        len(expected),
        float(np.abs(expected - found).max()),
        int(changed.sum()),
        accuracy(expected),
        accuracy(found),
    )


def check_parity(report: ParityReport, *, max_difference: float | None, max_loss: float) -> None:
    """Raise if a report is beyond its bounds.

    Parameters
    ----------
    report : ParityReport
    max_difference : float or None
        Largest difference of a probability; with it, no label may change. None allows any.
    max_loss : float
        How much accuracy may be lost.

    Raises
    ------
    ParityError
    """
    if not np.isfinite(report.max_difference):
        raise ParityError(
            "the exported model answers some rows with no probabilities; nothing was written."
        )
    if max_difference is not None and (report.max_difference > max_difference or report.n_changed):
        raise ParityError(
            f"the exported model differs by up to {report.max_difference:.3g} (allowed "
            f"{max_difference:.3g}) and changes {report.n_changed} of {report.n_rows} labels; "
            "nothing was written."
        )
    if report.accuracy is None or report.exported_accuracy is None:
        return
    loss = report.accuracy - report.exported_accuracy
    if loss > max_loss:
        raise ParityError(
            f"the exported model loses {loss:.4f} of accuracy {report.accuracy:.4f} on "
            f"{report.n_rows} rows (allowed {max_loss}); nothing was written."
        )
