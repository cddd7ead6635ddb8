"""Fit logistic regression and its temperature on rows that are read block by block."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning

from agnews_sk._core.counted import counted
from agnews_sk._core.products import Run, threads
from agnews_sk._core.user_warnings import warn_user
from agnews_sk._core.validation import class_weights
from agnews_sk.classifiers import (
    ROWS_TO_CALIBRATE_ON,
    BlockLoss,
    CalibratedLogisticRegression,
    Coefficients,
    Kept,
    Margins,
    RowBlocks,
    SumsOverBlocks,
    calibrate,
    finite,
    fit_descent,
    one_per_class,
    penalty_of_sparse,
    with_known,
)

# Of this many rows a temperature is exact to three digits, and they fit in memory.
_MOST_HELD_OUT = 100_000

Report = Callable[[str, int, int], None]


def fit_blocks(
    classifier: CalibratedLogisticRegression,
    rows: RowBlocks,
    classes: np.ndarray,
    kept: Kept,
    report: Report | None = None,
) -> None:
    """Fit a classifier on rows that are not in memory, as its `fit` does on rows that are.

    The objective, its minimization and the calibration are those of `fit`. Rows are held out by
    their places, not drawn, and they are at most 100,000 of each fold.

    Parameters
    ----------
    classifier : CalibratedLogisticRegression
    rows : RowBlocks
    classes : ndarray of shape (n_classes,)
    kept : Kept
        Keeps what is computed; from what it has, a fit that was killed goes on.
    report : callable, optional
        Called with what is being done, and the number of blocks done and to do.

    Raises
    ------
    ValueError
        If a parameter is out of range, or not supported here.

    Warns
    -----
    ConvergenceWarning
        If the fit stops after `max_iter` steps.
    UserWarning
        If no row of a class is held out.
    """
    check_classifier(classifier)
    one = np.arange(len(classes))
    counted = rows.n_of_class.astype(float)
    weights = class_weights(classifier.class_weight, classes, one, counted)
    first = rows.load(0).X
    with threads(first, classifier.n_jobs) as run:
        fits = _Fits(classifier, rows, weights, kept, run, report or (lambda *done: None))
        temperature, shift, part = fits.calibrated(classes)
        whole = fits.fitted("all rows", None, part)
    classifier.n_features_in_ = rows.n_features
    classifier.classes_, classifier.n_iter_ = classes, whole.n_iter
    classifier.temperature_ = temperature
    classifier.thresholds_, classifier.label_format_ = None, None
    classifier.coef_ = np.asfortranarray(whole.coef.T)
    shift = shift[1:] - shift[:1] if len(classes) == 2 else shift
    classifier.intercept_ = whole.intercept + temperature * shift


def check_classifier(classifier: CalibratedLogisticRegression) -> None:
    """Raise a ValueError for parameters that need all rows in memory.

    Parameters
    ----------
    classifier : CalibratedLogisticRegression

    Raises
    ------
    ValueError
    """
    classifier._validate_params()
    if classifier.l1_ratio:
        raise ValueError(
            f"l1_ratio must be 0 where rows are read block by block, got {classifier.l1_ratio}; "
            "fit on rows in memory for an L1 norm."
        )
    if classifier.warm_start:
        raise ValueError(
            "warm_start must be False where rows are read block by block, got True; the features "
            "of the previous fit may be others."
        )


class _Fits:
    """The fits of a classifier: on all rows but some that are held out, and on all.

    Parameters
    ----------
    classifier : CalibratedLogisticRegression
    rows : RowBlocks
    weights : ndarray of float of shape (n_classes,)
        Of the classes.
    kept : Kept
    run : callable
        As `map`.
    report : callable
        As `fit_blocks` takes it.
    """

    def __init__(
        self,
        classifier: CalibratedLogisticRegression,
        rows: RowBlocks,
        weights: np.ndarray,
        kept: Kept,
        run: Run,
        report: Report,
    ) -> None:
        self._classifier, self._rows, self._weights = classifier, rows, weights
        self._kept, self._run, self._report = kept, run, report

    def calibrated(self, classes: np.ndarray) -> tuple[float, np.ndarray, Coefficients | None]:
        """Return temperature, shifts, and the coefficients of the last fit on a part.

        Rows are held out fold by fold until they are 1,000, as in `fit`.

        Parameters
        ----------
        classes : ndarray of shape (n_classes,)
            For the message.

        Returns
        -------
        temperature : float
        shift : ndarray of float of shape (n_classes,)
        part : Coefficients or None
        """
        fraction, n_rows = self._classifier.calibration_fraction, self._rows.n_of_class.sum()
        if fraction is None:
            return 1.0, np.zeros(len(classes)), None
        n_folds = max(round(1 / fraction), -(-int(n_rows) // _MOST_HELD_OUT))
        margins, codes = [np.empty((0, len(classes)))], [np.empty(0, dtype=np.int64)]
        part = None
        for fold in range(n_folds):
            if sum(map(len, codes)) >= ROWS_TO_CALIBRATE_ON:
                break

            is_held_out = _Fold(fold, n_folds)
            X, y, known = self._held_out(fold, is_held_out)
            if not len(y) or len(y) == n_rows:
                continue
            part = self.fitted(f"all but fold {fold + 1}", (is_held_out, y), None)
            # Not the rows of a class that are all held out, of which the fit knows nothing.
            seen = (self._rows.n_of_class > np.bincount(y, minlength=len(classes)))[y]
            fitted = Margins(part.coef.T, part.intercept, part.n_iter)
            margins.append(one_per_class(fitted.of(with_known(X[seen], known))))
            codes.append(y[seen])
        y = np.concatenate(codes)
        if len(rare := np.setdiff1d(np.arange(len(classes)), y)):
            warn_user(
                f"the temperature is chosen without the classes {classes[rare].tolist()}, "
                "which have too few distinct rows to hold one out.",
            )
        weight = self._weights[y]
        if not weight.any():
            return 1.0, np.zeros(len(classes)), part
        return *calibrate(np.concatenate(margins), y, weight), part

    def fitted(
        self, name: str, held_out: tuple[Any, np.ndarray] | None, start: Coefficients | None
    ) -> Coefficients:
        """Return the coefficients of a fit.

        Parameters
        ----------
        name : str
            What it is on, for the report.
        held_out : tuple, or None
            Which places are held out, and the codes of these rows.
        start : Coefficients or None

        Returns
        -------
        Coefficients
        """
        n_of_class = self._rows.n_of_class
        is_held_out: Any = _none
        if held_out is not None:
            is_held_out, codes = held_out
            n_of_class = n_of_class - np.bincount(codes, minlength=len(n_of_class))
        n_rows = int(n_of_class.sum())
        loss = BlockLoss(self._weights, float(self._weights @ n_of_class) / n_rows, is_held_out)
        if start is None:
            zeros = np.zeros((self._rows.n_features, loss.n_columns))
            start = Coefficients(zeros, loss.start(n_of_class))
        classifier = self._classifier
        sums = SumsOverBlocks(
            self._rows, loss, self._kept, name.replace(" ", "-"), self._run, self._step_report(name)
        )
        C = penalty_of_sparse(n_rows) if classifier.C is None else float(classifier.C)
        found = fit_descent(
            sums, C=C, tol=classifier.tol, max_iter=classifier.max_iter, start=start
        )
        finite(found.coef)
        if not found.converged:
            warn_user(
                f"the fit stopped after {counted(found.n_iter, 'step')}, before it converged to "
                f"tol={classifier.tol}; increase max_iter={classifier.max_iter}, or decrease C.",
                ConvergenceWarning,
            )
        return found

    def _step_report(self, name: str) -> Callable[[int, float, int], None]:
        """Return a function that reports the passes of a fit.

        Parameters
        ----------
        name : str
            What the fit is on.

        Returns
        -------
        callable
            As `SumsOverBlocks` takes it.
        """

        def report(n_sums: int, held_out: float, n_blocks: int) -> None:
            watched = "" if np.isnan(held_out) else f", held-out log loss {held_out:.4f}"
            stage = f"fitting on {name}: pass {n_sums + 1}{watched}"
            self._report(stage, n_blocks, self._rows.n_blocks)

        return report

    def _held_out(self, fold: int, is_held_out: Any) -> tuple[sp.csr_array, np.ndarray, np.ndarray]:
        """Return the rows that are held out, their codes, and which features other rows have.

        Parameters
        ----------
        fold : int
            From 0 on.
        is_held_out : callable
            From places of rows to which of them are in the fold.

        Returns
        -------
        X : csr_array of float32 of shape (n_held_out, n_features)
        codes : ndarray of int of shape (n_held_out,)
        known : ndarray of bool of shape (n_features,)
        """
        n_blocks, n_features = self._rows.n_blocks, self._rows.n_features
        names = [f"fold-{fold + 1}-{number:06}" for number in range(n_blocks)]
        held_out = [self._kept.load(name) for name in names]
        left = [number for number, found in enumerate(held_out) if found is None]
        computed = iter(self._rows.run(partial(_held_out_of, self._rows.load, is_held_out), left))
        for number in left:
            self._report(f"holding out rows of fold {fold + 1}", number, n_blocks)
            held_out[number] = found = next(computed)
            self._kept.save(names[number], found)
        known = np.zeros(n_features, dtype=bool)
        X, codes = [], []
        for found in filter(None, held_out):
            parts = found["data"], found["indices"], found["indptr"]
            X.append(sp.csr_array(parts, shape=(len(found["codes"]), n_features)))
            codes.append(found["codes"])
            known |= np.unpackbits(found["known"], count=n_features).astype(bool)
        return sp.vstack(X, format="csr"), np.concatenate(codes), known


@dataclass(frozen=True)
class _Fold:
    """Which rows are held out, by their places.

    Attributes
    ----------
    number, n_folds : int
    """

    number: int
    n_folds: int

    def __call__(self, places: np.ndarray) -> np.ndarray:
        """Return which rows are in the fold.

        Parameters
        ----------
        places : ndarray of float of shape (n_rows,)
            From 0 to 1.

        Returns
        -------
        ndarray of bool of shape (n_rows,)
        """
        return np.floor(places * self.n_folds) == self.number


def _held_out_of(load: Any, is_held_out: Any, number: int) -> dict[str, np.ndarray]:
    """Return the rows of a block that are held out, and which features its other rows have.

    Parameters
    ----------
    load : callable
        From the number of a block to a `RowBlock`.
    is_held_out : callable
        From places of rows to which of them are in the fold.
    number : int

    Returns
    -------
    dict of str to ndarray
        The parts of a CSR matrix, `codes` of its rows, and the bits of `known` features.
    """
    block = load(number)
    out = is_held_out(block.places)
    known = np.zeros(block.X.shape[1], dtype=bool)
    known[block.X[~out].indices] = True
    X = block.X[out]
    return {
        "data": X.data,
        "indices": X.indices,
        "indptr": X.indptr,
        "codes": block.codes[out].astype(np.int64),
        "known": np.packbits(known),
    }


def _none(places: np.ndarray) -> np.ndarray:
    """Hold out no row."""
    return np.zeros(len(places), dtype=bool)
