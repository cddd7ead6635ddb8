"""Label one text after the other, while a classifier is fitted in the background."""

import threading
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from agnews_sk._core.validation import as_frame, check_texts, is_frame, take_rows
from agnews_sk.labelling._class_file import class_path, read_classes, write_classes
from agnews_sk.labelling._estimate import AccuracyEstimate
from agnews_sk.labelling._label_file import Decision, LabelFile, check_label
from agnews_sk.labelling._labels import as_positions
from agnews_sk.labelling._learner import ActiveLearner
from agnews_sk.labelling._progress import RANDOM, Item, Progress

IMPORTED = "imported"
# Enough chosen rows to go on with while the classifier is fitted on the batch before.
_BATCHES_AHEAD = 2


class LabellingSession:
    """Show texts one at a time, record each decision at once, and choose the next ones.

    A thread fits the classifier after each batch of decisions. Nobody waits for it: while it runs,
    rows are shown that were chosen before, then random ones.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns) or array-like of str of shape (n_samples,)
        Texts to label.
    path : str or path
        CSV file of the decisions; continued if it exists. Its columns are `row` (counted from 1),
        the columns of the text, `label`, `status` (labelled or unsure), `chosen_by`, `suggested`
        and `time`.
    learner : ActiveLearner
        It is fitted on X. Give it a `random_state`: a session that is continued then draws the
        same random rows.
    classes : sequence of str, default=()
        Labels to choose from, in their order; those of earlier sessions are added. `add_class`
        and `remove_class` keep them in a file beside `path`, with the ending `.classes.json`.
    batch_size : int, default=10
        Number of decisions between two fits.

    Attributes
    ----------
    classes : list of str
        Labels to choose from.
    learner : ActiveLearner
    texts : dict of str to list of str
        Columns of the text.

    Raises
    ------
    BlockingIOError
        If another process has opened the file.
    ValueError
        If the file is of other texts, or a label is invalid.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from agnews_sk import make_tfidf_pipeline
    >>> from agnews_sk.labelling import ActiveLearner, LabellingSession
    >>> texts = ["oil prices rise", "cup final tonight", "oil shares fall"]
    >>> learner = ActiveLearner(make_tfidf_pipeline(), random_state=0)
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "labels.csv")
    ...     with LabellingSession(texts, path, learner, classes=["oil", "cup"]) as session:
    ...         row = session.current().row
    ...         session.label(row, "oil" if "oil" in texts[row] else "cup")
    ...         session.progress().n_labelled
    1
    """

    def __init__(
        self,
        X: Any,
        path: str | Path,
        learner: ActiveLearner,
        *,
        classes: Sequence[str] = (),
        batch_size: int = 10,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {batch_size}.")
        self._lock = threading.RLock()
        self.classes: list[str] = []
        if isinstance(classes, str):
            raise TypeError(f"classes must be a list of labels, got {classes!r}.")
        for name in classes:
            check_label(name)
            self._check_new(name)
            self.classes.append(name)
        self.texts = _texts_of(X)
        self.batch_size = batch_size
        self.learner = learner.fit(X)
        self._X = as_frame(X)
        self._worker: threading.Thread | None = None
        self._queue: deque[Item] = deque()
        self._shown: Item | None = None
        self._history: list[Item] = []  # decided or skipped, the last one last
        self._skipped: set[int] = set()
        self._estimate: AccuracyEstimate | None = None
        self._stop_reason: str | None = None
        self._fault = ""
        self._class_path = class_path(path)
        known = read_classes(self._class_path)
        self._file = LabelFile(path, self.texts)
        known += self.labels.values()
        self._changed = dict.fromkeys(self._file.decisions)
        self._history += [
            Item(one.row, one.chosen_by or RANDOM) for one in self._file.decisions.values()
        ]
        self.classes += [name for name in dict.fromkeys(known) if name not in self.classes]
        self._start_worker()

    @property
    def path(self) -> Path:
        """File of the decisions."""
        return self._file.path

    @property
    def labels(self) -> dict[int, str]:
        """Labels by row, in the order in which they were given."""
        with self._lock:
            decisions = self._file.decisions.values()
            return {one.row: one.label for one in decisions if one.label is not None}

    def current(self) -> Item | None:
        """Return the text to label now; None if no row is open."""
        with self._lock:
            while self._queue and not self._is_open(self._queue[0].row):
                self._queue.popleft()
            if not self._queue:
                row = next((int(i) for i in self.learner.order_ if self._is_open(int(i))), None)
                if row is None:
                    return None
                self._queue.append(Item(row))
            self._shown = self._without_removed(self._queue[0])
            return self._shown

    def label(self, row: int, label: str, *, suggested: str = "") -> None:
        """Record the label of a row; it is on disk when this returns.

        Parameters
        ----------
        row : int
        label : str
            One of the classes.
        suggested : str, default=""
            Predicted label that was shown, one of the classes.

        Raises
        ------
        OSError
            If it cannot be written.
        ValueError
            If there is no such class, or the row has been decided.
        """
        with self._lock:
            for name, given in {"label": label, "suggested": suggested or label}.items():
                if given not in self.classes:
                    raise ValueError(f"{name} must be one of {self.classes}, got {given!r:.100}.")
            self._decide(row, label, suggested)

    def mark_unsure(self, row: int) -> None:
        """Record that nobody is sure of a row, which is not shown again."""
        self._decide(row, None, "")

    def skip(self, row: int) -> None:
        """Show a row again in the next session only; nothing is written."""
        with self._lock:
            self._check_open(row)
            self._history.append(self._item(row))
            self._skipped.add(row)
            self._change(row)

    def undo(self) -> int | None:
        """Take back the last decision, and return its row, which is shown next.

        Returns
        -------
        int or None
            None if there is nothing to take back.

        Raises
        ------
        OSError
            If the file cannot be changed; nothing is taken back then.
        """
        with self._lock:
            if not self._history:
                return None
            item = self._history[-1]
            if item.row in self._skipped:
                self._skipped.remove(item.row)
            else:
                self._file.undo()
            self._shown = self._history.pop()
            self._queue.appendleft(item)
            self._change(item.row)
            return item.row

    def add_class(self, name: str) -> None:
        """Add a label to choose from, also in later sessions, in the same place.

        Parameters
        ----------
        name : str

        Raises
        ------
        OSError
            If it cannot be written.
        ValueError
            If it exists, or spreadsheets would not show it as it is.
        """
        check_label(name)
        with self._lock:
            self._check_new(name)
            write_classes(self._class_path, [*self.classes, name])
            self.classes.append(name)

    def remove_class(self, name: str) -> None:
        """Remove a label that no text has, also from later sessions.

        Parameters
        ----------
        name : str
            A later session that is given it in `classes` has it again.

        Raises
        ------
        OSError
            If it cannot be written.
        ValueError
            If there is no such label, or a text has it.
        """
        with self._lock:
            if name not in self.classes:
                raise ValueError(f"name must be one of {self.classes}, got {name!r:.100}.")
            n_texts = list(self.labels.values()).count(name)
            if n_texts:
                raise ValueError(
                    f"{n_texts:,} texts have the label {name!r}; undo them, or give them another "
                    "label in the file between two runs."
                )
            left = [one for one in self.classes if one != name]
            write_classes(self._class_path, left)
            self.classes[:] = left

    def import_labels(self, labels: Mapping[int, str]) -> int:
        """Record labels that rows had before; those of decided rows are left out.

        Parameters
        ----------
        labels : mapping of int to str
            By row.

        Returns
        -------
        int
            Number of labels that were recorded.

        Raises
        ------
        TypeError, ValueError
            If a row is not in the pool, or a label is invalid; nothing is recorded then.
        """
        as_positions(list(labels), len(self.learner.order_))
        for label in labels.values():
            check_label(label)
        with self._lock:
            new = {int(row): label for row, label in labels.items() if self._is_open(row)}
            self._file.append(*(Decision(row, label, IMPORTED) for row, label in new.items()))
            self.classes += [
                name for name in dict.fromkeys(new.values()) if name not in self.classes
            ]
            self._history += [Item(row, IMPORTED) for row in new]
            self._changed |= dict.fromkeys(new)
            self._start_worker()
            return len(new)

    def progress(self) -> Progress:
        """Return how far labelling is."""
        with self._lock:
            labels = self.labels
            counts = Counter(labels.values())
            is_done = self.current() is None
            reason = None if self._stop_reason == "done" else self._stop_reason  # before an undo
            return Progress(
                n_rows=len(self.learner.order_),
                n_labelled=len(labels),
                n_unsure=len(self._file.decisions) - len(labels),
                n_skipped=len(self._skipped),
                counts={name: counts[name] for name in self.classes},
                estimate=self._estimate,
                stop_reason="done" if is_done else reason,
                is_fitting=self._worker is not None,
                fault=self._fault,
            )

    def wait(self) -> None:
        """Wait until no classifier is being fitted."""
        while (worker := self._worker) is not None:
            worker.join()

    def close(self) -> None:
        """Close the file, after which nothing can be decided."""
        with self._lock:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _check_new(self, name: str) -> None:
        """Reject a label that exists."""
        if name in self.classes:
            raise ValueError(f"there is a label {name!r} already.")

    def _without_removed(self, item: Item) -> Item:
        """Return a text without the suggestion of a label that was removed since it was chosen."""
        if item.suggested is None or item.suggested in self.classes:
            return item
        return replace(item, suggested=None, probability=None)

    def _is_open(self, row: int) -> bool:
        """Return whether a row is to be labelled yet."""
        return row not in self._file.decisions and row not in self._skipped

    def _check_open(self, row: int) -> None:
        """Reject a row that is not in the pool, or has been decided, as by another window."""
        if not 0 <= row < len(self.learner.order_) or not self._is_open(row):
            raise ValueError(f"row must be one without a label, got {row}.")

    def _item(self, row: int) -> Item:
        """Return a row as it was chosen, or as a random one."""
        return next((one for one in self._queue if one.row == row), Item(row))

    def _decide(self, row: int, label: str | None, suggested: str) -> None:
        """Write a decision, and have the classifier follow it."""
        with self._lock:
            self._check_open(row)
            item = self._item(row)
            now = datetime.now(UTC).isoformat(timespec="seconds")
            self._file.append(Decision(row, label, item.chosen_by, suggested, now))
            self._history.append(item)
            self._change(row)

    def _change(self, row: int) -> None:
        """Note a change, and fit once there are enough, or no row is left."""
        self._changed[row] = None
        if len(self._changed) >= self.batch_size or self.current() is None:
            self._start_worker()

    def _start_worker(self) -> None:
        """Start a thread that fits the classifier, unless one runs or nothing has changed."""
        if self._worker is None and self._changed:
            # A daemon: the process need not wait for a classifier that nobody will use.
            self._worker = threading.Thread(target=self._work, daemon=True)
            self._worker.start()

    def _work(self) -> None:
        """Fit as long as there are enough changes, then end the thread."""
        while True:
            try:
                self._follow()
                fault = ""
            except Exception as error:  # shown to the user; labelling goes on with random rows
                fault = f"{type(error).__name__}: {error}"
            with self._lock:
                self._fault = fault
                if fault or len(self._changed) < self.batch_size:
                    self._worker = None
                    return

    def _follow(self) -> None:
        """Have the learner follow all decisions, estimate its accuracy, and choose rows."""
        with self._lock:
            changed = list(self._changed)
            self._changed.clear()
            labels = [self.labels.get(row) for row in changed]
            excluded = [row for row, label in zip(changed, labels) if label is None]
            excluded = [row for row in excluded if not self._is_open(row)]
        learner = self.learner
        try:
            learner.teach(changed, labels)
        finally:  # also if it cannot be fitted: rows that nobody labels would end the sample
            learner.exclude(excluded)
        estimate = learner.estimate()
        with self._lock:
            self._estimate = estimate
        queue = self._items(learner.query(_BATCHES_AHEAD * self.batch_size))
        with self._lock:
            # What is being read stays, also if it would not be chosen any more.
            kept = [one for one in [self._shown] if one is not None and self._is_open(one.row)]
            rows = {one.row for one in kept}
            self._queue = deque(kept + [one for one in queue if one.row not in rows])
            self._stop_reason = learner.stop_reason(estimate)

    def _items(self, rows: np.ndarray) -> list[Item]:
        """Return chosen rows with the predicted labels of those that are no random ones."""
        learner = self.learner
        items = [Item(int(row)) for row in rows[: learner.n_random_]]
        chosen = rows[learner.n_random_ :]
        if not len(chosen):
            return items
        y_proba = np.asarray(learner.predict_proba(take_rows(self._X, chosen)))
        name = learner.strategy if isinstance(learner.strategy, str) else "strategy"
        for row, p in zip(chosen, y_proba):
            best = int(p.argmax())
            items.append(Item(int(row), name, str(learner.classes_[best]), float(p[best])))
        return items


def _texts_of(X: Any) -> dict[str, list[str]]:
    """Return the cells of rows by column, as texts; missing ones are empty.

    Parameters
    ----------
    X : DataFrame or array-like of str

    Returns
    -------
    dict of str to list of str
    """
    X = as_frame(X)
    if not is_frame(X):
        return {"text": check_texts(X).fill_null("").to_list()}
    names = [str(name) for name in X.columns]
    if len(set(names)) < len(names):
        raise ValueError(f"the columns of X must have different names, got {names}.")
    return {
        str(name): ["" if pd.isna(cell) else str(cell) for cell in X[name]] for name in X.columns
    }
