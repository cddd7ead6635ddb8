"""What a teacher knows about rows that it has not seen: soft labels, out of fold."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.utils import check_random_state

from agnews_sk._core.appending import append_rows
from agnews_sk._core.content import content_digest
from agnews_sk._core.repeats import repeats_of
from agnews_sk._core.splitting import fold_rows, join_groups
from agnews_sk._core.validation import as_frame, encode_labels, n_rows, take_rows
from agnews_sk.classifiers import TrainingRows, fit_on, probabilities, training_rows
from agnews_sk.ensembles._stored import StoredArrays
from agnews_sk.persistence import load

MAX_SEED = np.iinfo(np.int32).max
ONE_LABEL = "soft labels are one distribution of the classes. Distil a classifier per label."
_BLOCK = 2_048  # rows that a fitted teacher predicts between two files of `cache_dir`


def make_soft_labels(
    teacher: Any,
    X: Any,
    y: Any,
    X_unlabelled: Any = None,
    *,
    sample_weight: Any = None,
    groups: Any = None,
    n_folds: int = 5,
    cache_dir: str | Path | None = None,
    random_state: Any = 0,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Predict each row by a teacher that was not fitted on it.

    Parameters
    ----------
    teacher : classifier with `predict_proba`, path, or list of these
        A classifier is cloned and fitted on all folds but one, which it predicts. One that is
        fitted already, in a `FrozenEstimator` or saved at a path, predicts all rows, which it must
        not have seen. Several predict by the mean of their probabilities.
    X : DataFrame or array-like of shape (n_samples, ...)
        Anything that the teacher takes.
    y : array-like of shape (n_samples,)
    X_unlabelled : DataFrame or array-like of shape (n_unlabelled, ...), optional
        Further rows, predicted by the mean of the classifiers of all folds; a copy of a labelled
        row by the one that has not seen that row.
    sample_weight : array-like of shape (n_samples,), optional
    groups : array-like of shape (n_samples,), optional
        Origin of each row. Rows of one origin, and copies of a row, are in one fold.
    n_folds : int, default=5
    cache_dir : str or Path, optional
        Folder that keeps the predictions of each fold, or of some thousand rows by a fitted
        teacher, so that an interrupted call is resumed and an equal one predicts nothing.
    random_state : int, RandomState or None, default=0
        Random seed of the folds. It is fixed by default, because a later call finds the predictions
        in `cache_dir` only with the same one.

    Returns
    -------
    soft_labels : ndarray of float of shape (n_samples, n_classes)
        Columns in the order of the sorted classes. A row without weight, or of a class that cannot
        be held out, since all its rows are copies or of one origin, has its true label.
    of_unlabelled : ndarray of float of shape (n_unlabelled, n_classes), or None

    Raises
    ------
    TypeError
        If a teacher is neither a classifier nor a path, or has no `predict_proba`.
    ValueError
        If lengths differ, no row can be held out, or a fitted teacher has other classes than y.

    Examples
    --------
    >>> from agnews_sk import load_news_sample, make_tfidf_pipeline
    >>> from agnews_sk.ensembles import make_soft_labels
    >>> frame, y = load_news_sample(return_X_y=True)
    >>> soft_labels, _ = make_soft_labels(make_tfidf_pipeline(), frame[:200], y[:200], n_folds=2)
    >>> soft_labels.shape
    (200, 4)
    """
    teachers = _teachers_of(teacher)
    rows = training_rows(teachers[0], X, y, sample_weight, groups, reason=ONE_LABEL)
    lesson = _Lesson(rows, as_frame(X_unlabelled), *encode_labels(rows.y), StoredArrays(cache_dir))
    seed = check_random_state(random_state).randint(MAX_SEED)
    # Equal teachers without a seed are not the same model.
    keys = [lesson.store.key_of(one) for one in teachers]
    found = [
        lesson.of_fitted(one)
        if isinstance(one, FrozenEstimator)
        else lesson.out_of_fold(one, keys[:i].count(keys[i]), n_folds, seed)
        for i, one in enumerate(teachers)
    ]
    soft_labels = np.mean([labelled for labelled, _ in found], axis=0)
    of_unlabelled = [unlabelled for _, unlabelled in found if unlabelled is not None]
    return soft_labels, np.mean(of_unlabelled, axis=0) if of_unlabelled else None


def _teachers_of(teacher: Any) -> list[Any]:
    """Return the teachers one by one, those at a path loaded; reject what is no classifier."""
    several = list(teacher) if isinstance(teacher, (list, tuple)) else [teacher]
    if not several:
        raise ValueError("teacher must be a classifier or a list of some, got an empty list.")
    for one in several:
        if not (isinstance(one, (str, Path)) or hasattr(one, "fit")):
            raise TypeError(
                "teacher must be a classifier, the path of a saved one, or a list of these, got "
                f"{type(one).__name__}; pass probabilities to fit as soft_labels."
            )
    return [FrozenEstimator(load(p)) if isinstance(p, (str, Path)) else p for p in several]


@dataclass(frozen=True, eq=False)
class _Lesson:
    """Rows for which soft labels are wanted.

    Attributes
    ----------
    rows : TrainingRows of n_samples rows
    unlabelled : container of n_unlabelled rows, or None
    classes : ndarray of shape (n_classes,)
    codes : ndarray of int of shape (n_samples,)
        Position of each label in `classes`.
    store : StoredArrays
    """

    rows: TrainingRows
    unlabelled: Any
    classes: np.ndarray
    codes: np.ndarray
    store: StoredArrays

    def of_fitted(self, teacher: FrozenEstimator) -> tuple[np.ndarray, np.ndarray | None]:
        """Return what a fitted teacher predicts: labelled rows, and unlabelled ones or None."""
        known = np.asarray(teacher.classes_).tolist()
        if set(known) != set(self.classes.tolist()):
            raise ValueError(
                "a fitted teacher must have the classes of y, "
                f"{self.classes.tolist()!r:.60}, got {known!r:.60}."
            )
        of_teacher = content_digest(teacher) if self.store.is_kept else ""
        found = self._in_blocks(teacher, of_teacher, self.rows.X)
        if self.unlabelled is None or not n_rows(self.unlabelled):
            return found, None
        return found, self._in_blocks(teacher, of_teacher, self.unlabelled)

    def _in_blocks(self, teacher: Any, of_teacher: str, X: Any) -> np.ndarray:
        """Return what a fitted teacher, of this digest, predicts, block by block."""

        def of_block(block: Any) -> np.ndarray:
            key = self.store.key_of(of_teacher, block, self.classes)
            return self.store.get_or_put(
                key, lambda: [probabilities(teacher, block, self.classes)]
            )[0]

        positions = np.arange(n_rows(X))
        starts = range(0, len(positions), _BLOCK)
        return np.concatenate([of_block(take_rows(X, positions[i : i + _BLOCK])) for i in starts])

    def out_of_fold(
        self, teacher: Any, nth: int, n_folds: int, seed: int
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Return what a teacher predicts that is fitted on other folds than that of the row.

        Parameters
        ----------
        teacher : classifier
        nth : int
            Number of equal teachers before this one.
        n_folds, seed : int
        """
        folds, of_copies = self._folds(teacher, n_folds, seed)
        soft_labels = np.eye(len(self.classes))[self.codes]
        sums = np.zeros((len(of_copies), len(self.classes)))
        for fold in np.setdiff1d(folds, [-1]):
            out = np.flatnonzero(folds == fold)
            kept = self.rows.take(np.flatnonzero((folds != fold) & self._counts))
            held = [take_rows(self.rows.X, out), *([self.unlabelled] if len(of_copies) else [])]
            found = self._of_fold(teacher, nth, kept, held)
            soft_labels[out] = found[0]
            # A copy of a labelled row is predicted only by the one that has not seen that row.
            use = (of_copies == fold) | (of_copies < 0)
            sums[use] += found[-1][use] if len(of_copies) else 0
        if not len(of_copies):
            return soft_labels, None
        return soft_labels, sums / sums.sum(axis=1, keepdims=True)

    @property
    def _counts(self) -> np.ndarray:
        """Whether a teacher may be fitted on each row: one without weight is as none.

        Rows of classes without any weight count, so that the classes are known.
        """
        if self.rows.weight is None:
            return np.ones(len(self.codes), dtype=bool)
        weighted = self.rows.weight > 0
        return weighted | ~np.isin(self.codes, self.codes[weighted])

    def _of_fold(
        self, teacher: Any, nth: int, kept: TrainingRows, held: list[Any]
    ) -> list[np.ndarray]:
        """Return the probabilities of rows by a teacher that is fitted on others."""

        def compute() -> list[np.ndarray]:
            fitted = fit_on(teacher, kept, {})
            return [probabilities(fitted, X, self.classes) for X in held]

        key = self.store.key_of(teacher, nth, kept.X, kept.y, kept.weight, kept.groups, *held)
        return self.store.get_or_put(key, compute)

    def _folds(self, teacher: Any, n_folds: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the fold of each labelled row, and that of the copy of each unlabelled one.

        Both are -1 for rows that are in no fold.

        Returns
        -------
        folds : ndarray of int of shape (n_samples,)
        of_copies : ndarray of int of shape (n_unlabelled,)
        """
        n, X = len(self.codes), self.rows.X
        if self.unlabelled is not None and n_rows(self.unlabelled):
            X = append_rows(X, self.unlabelled, name="X_unlabelled")
        repeats = repeats_of(X, teacher)
        origins = [repeats[:n], *([] if self.rows.groups is None else [self.rows.groups])]
        # A row without weight is as none: it takes part in no fold, and has its label.
        used = np.arange(n) if self.rows.weight is None else np.flatnonzero(self.rows.weight > 0)
        folds = np.full(n, -1)
        folds[used] = fold_rows(self.codes[used], join_groups(*origins)[used], n_folds, seed)
        if (folds < 0).all():
            raise ValueError(
                f"none of the {n} rows can be held out: each class needs rows of two origins."
            )
        of_rows = zip(repeats[:n].tolist(), folds.tolist())
        fold_of = {origin: fold for origin, fold in of_rows if fold >= 0}
        of_copies = [fold_of.get(origin, -1) for origin in repeats[n:].tolist()]
        return folds, np.array(of_copies, dtype=np.int64)


def soften(y_proba: np.ndarray, temperature: float) -> np.ndarray:
    """Return probabilities whose logarithms are divided by a temperature.

    Parameters
    ----------
    y_proba : ndarray of float of shape (n_rows, n_classes)
    temperature : float

    Returns
    -------
    ndarray of float of shape (n_rows, n_classes)

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk.ensembles._teaching import soften
    >>> soften(np.array([[0.9, 0.1]]), 2.0).round(2)
    array([[0.75, 0.25]])
    """
    powers = (y_proba / y_proba.max(axis=1, keepdims=True)) ** (1 / temperature)
    softened: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
    return softened
