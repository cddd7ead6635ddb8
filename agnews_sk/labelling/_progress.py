"""What a labelling session shows: the text to label now, and how far labelling is."""

from dataclasses import dataclass

from agnews_sk.labelling._estimate import AccuracyEstimate

RANDOM = "random"


@dataclass(frozen=True)
class Item:
    """A text to label.

    Attributes
    ----------
    row : int
        Position in the pool.
    chosen_by : str
        "random", or the strategy.
    suggested : str or None
        Predicted label; None for random rows, on which the accuracy is measured, and before there
        is a classifier.
    probability : float or None
        Of the predicted label.
    """

    row: int
    chosen_by: str = RANDOM
    suggested: str | None = None
    probability: float | None = None


@dataclass(frozen=True)
class Progress:
    """How far labelling is.

    Attributes
    ----------
    n_rows, n_labelled, n_unsure, n_skipped : int
    counts : dict of str to int
        Number of rows by label.
    estimate : AccuracyEstimate or None
        Of the last classifier that was fitted.
    stop_reason : {"done", "target", "stable"} or None
    is_fitting : bool
        Whether a classifier is being fitted.
    fault : str
        Why the last classifier could not be fitted; else empty.
    """

    n_rows: int
    n_labelled: int
    n_unsure: int
    n_skipped: int
    counts: dict[str, int]
    estimate: AccuracyEstimate | None
    stop_reason: str | None
    is_fitting: bool
    fault: str
