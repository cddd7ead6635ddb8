"""The steps of a pipeline that is trained block by block."""

from typing import Any, NamedTuple

import numpy as np
import polars as pl
from sklearn.utils import get_tags

from agnews_sk._core.base import sampled_columns
from agnews_sk._core.joining import join_columns
from agnews_sk._core.labels import reject_labels
from agnews_sk._core.validation import take_rows, text_columns
from agnews_sk.classifiers import CalibratedLogisticRegression
from agnews_sk.cleaning import ColumnJoiner, MixedColumnJoiner
from agnews_sk.sampling import DuplicateFilter, RowFilter, SamplerChain
from agnews_sk.streaming._classifier import check_classifier
from agnews_sk.streaming._net import check_net, is_net
from agnews_sk.tokenization import PretrainedTokenizer, WordTokenizer
from agnews_sk.vectorization import NgramUnion, NgramVectorizer

_SUPPORTED = (
    "fit_files trains the pipelines of make_tfidf_pipeline, without columns=, and of "
    "make_finetune_pipeline"
)


class TextBlock(NamedTuple):
    """The texts of the rows of a block that are kept.

    Attributes
    ----------
    texts : polars.Series of str of shape (n_kept,)
    kept : ndarray of int of shape (n_kept,)
        Their positions in the block.
    compared : polars.Series of str of shape (n_kept,), or None
        What duplicates have in common; None if they are not dropped.
    """

    texts: pl.Series
    kept: np.ndarray
    compared: pl.Series | None


class Steps:
    """The steps of a pipeline: those of rows, a vectorizer or tokenizer, and the classifier.

    Parameters
    ----------
    pipeline : imblearn.pipeline.Pipeline
        Unfitted; its steps are fitted in place.

    Attributes
    ----------
    classifier : CalibratedLogisticRegression or TextNetClassifier
    vectorizer : NgramUnion, NgramVectorizer or None
        Before the logistic regression.
    tokenizer : PretrainedTokenizer or None
        Before a network, or that of the network.

    Raises
    ------
    TypeError, ValueError
        If a step needs all rows in memory, or a parameter is out of range.
    """

    def __init__(self, pipeline: Any) -> None:
        steps = [(name, step) for name, step in getattr(pipeline, "steps", []) if not _skips(step)]
        self.classifier = _classifier_of(pipeline, steps)
        self.vectorizer: Any = None
        self.tokenizer: PretrainedTokenizer | None = None
        self._has_own_tokenizer = False
        trains_net = is_net(self.classifier)
        of_rows = self._end_in_net(steps) if trains_net else steps[:-2]
        self._rows = [found for name, step in of_rows for found in _row_steps(name, step)]
        self._check_order()
        if not trains_net:
            self._set_vectorizer(*steps[-2])
        (check_net if trains_net else check_classifier)(self.classifier)

    def _set_vectorizer(self, name: str, step: Any) -> None:
        """Set the vectorizer; reject what is none."""
        if not isinstance(step, NgramUnion | NgramVectorizer):
            raise TypeError(
                f"the step {name!r}, {type(step).__name__}, cannot be fitted block by block; use "
                f"NgramUnion or NgramVectorizer: {_SUPPORTED}."
            )
        self.vectorizer = step

    def _end_in_net(self, steps: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
        """Set the tokenizer, and return the steps before it; reject a network without one."""
        before = steps[-2][1] if len(steps) > 1 else None
        if isinstance(before, PretrainedTokenizer):
            self.tokenizer = before
            return steps[:-2]
        from agnews_sk.classifiers import tokenizer_of_texts  # loads torch

        self.tokenizer = tokenizer_of_texts(self.classifier)
        self._has_own_tokenizer = True
        if self.tokenizer is None:
            named = f"the step {steps[-2][0]!r}, {type(before).__name__}," if before else "nothing"
            raise TypeError(
                f"{type(self.classifier).__name__} takes token ids, and must follow a "
                "PretrainedTokenizer where files are read block by block, since others learn from "
                f"all rows, got {named} before it; pass tokenize=PretrainedTokenizer() and "
                "vocabulary='passthrough' to make_transformer_pipeline."
            )
        return steps[:-1]

    def keep_tokenizer(self) -> None:
        """Give a fitted network the tokenizer of its ids, if it has one of its own."""
        if self._has_own_tokenizer:
            self.classifier.tokenizer_ = self.tokenizer

    def _check_order(self) -> None:
        """Reject a filter after the one that drops duplicates, which is applied last."""
        kinds = [step for _, step in self._rows if hasattr(step, "fit_resample")]
        for before in kinds[:-1]:
            if isinstance(before, DuplicateFilter):
                raise ValueError(
                    "DuplicateFilter must be the last of the samplers where files are trained on "
                    f"block by block, got {type(kinds[-1]).__name__} after it; put it last."
                )

    @property
    def drops_duplicates(self) -> bool:
        """Whether rows that repeat others are dropped."""
        return any(isinstance(step, DuplicateFilter) for _, step in self._rows)

    @property
    def _joiner(self) -> ColumnJoiner | None:
        return next((step for _, step in self._rows if isinstance(step, ColumnJoiner)), None)

    def fit_rows(self, columns: list[str]) -> None:
        """Fit the steps that learn nothing but the names of columns.

        Parameters
        ----------
        columns : list of str
            Those of the texts.
        """
        frame = pl.DataFrame({name: [""] for name in columns})
        for _, step in self._rows:
            if isinstance(step, ColumnJoiner):
                step.fit(frame)
            elif not hasattr(step, "fit_resample"):
                step.fit([""])

    def check_labels(self, frame: pl.DataFrame, labels: pl.Series) -> None:
        """Reject columns of texts that are the labels, as `ColumnJoiner.fit` does.

        Parameters
        ----------
        frame : polars.DataFrame of str of shape (n_rows, n_columns)
        labels : polars.Series of str of shape (n_rows,)

        Raises
        ------
        ValueError
        """
        if self._joiner is not None and self._joiner.columns is None and len(labels):
            reject_labels(text_columns(frame, None), labels.to_numpy())

    def texts(self, frame: pl.DataFrame) -> TextBlock:
        """Return the texts of the rows that the samplers keep.

        Parameters
        ----------
        frame : polars.DataFrame of str of shape (n_rows, n_columns)

        Returns
        -------
        TextBlock
        """
        joiner = self._joiner
        X: Any = frame if joiner is not None or frame.width != 1 else frame.to_series()
        kept, compared = np.arange(len(frame)), None
        with sampled_columns(None if joiner is None else joiner.columns):
            for _, step in self._rows:
                if not len(kept):
                    break
                if isinstance(step, DuplicateFilter):
                    compared = join_columns(step.read_columns(X))
                elif isinstance(step, RowFilter):
                    found = np.flatnonzero(step.keeps(X))
                    X, kept = take_rows(X, found), kept[found]
                else:
                    X = step.transform(X)
        if not len(kept):
            nothing = pl.Series([], dtype=pl.String)
            return TextBlock(nothing, kept, nothing if self.drops_duplicates else None)
        return TextBlock(pl.Series(values=list(X), dtype=pl.String).fill_null(""), kept, compared)


def _skips(step: Any) -> bool:
    """Return whether a step does nothing.

    Parameters
    ----------
    step : estimator, "passthrough" or None

    Returns
    -------
    bool
    """
    return step is None or (isinstance(step, str) and step == "passthrough")


def _classifier_of(pipeline: Any, steps: list[tuple[str, Any]]) -> Any:
    """Return the last step; reject any that is not trained block by block.

    Parameters
    ----------
    pipeline : object
        For the message.
    steps : list of (str, estimator)
        Its steps, without those that do nothing.

    Returns
    -------
    CalibratedLogisticRegression or TextNetClassifier

    Raises
    ------
    TypeError
    """
    name, last = steps[-1] if steps else ("", None)
    is_linear = type(last) is CalibratedLogisticRegression and len(steps) > 1
    if is_linear or is_net(last):
        return last
    named = f"{name!r}, {type(last).__name__}" if steps else repr(pipeline)
    raise TypeError(
        "the last step of pipeline must be CalibratedLogisticRegression or a network over token "
        f"ids to be fitted block by block, got {named:.100}; {_SUPPORTED}."
    )


def _row_steps(name: str, step: Any) -> list[tuple[str, Any]]:
    """Return a step of rows, or the samplers that it consists of; reject any other.

    Parameters
    ----------
    name : str
    step : estimator

    Returns
    -------
    list of (str, estimator)

    Raises
    ------
    TypeError
        If it learns from all rows.
    """
    if isinstance(step, SamplerChain):
        parts = [(f"{name}__{one}", part) for one, part in step.steps if not _skips(part)]
        return [found for one, part in parts for found in _row_steps(one, part)]
    if hasattr(step, "fit_resample"):
        _check_sampler(name, step)
        return [(name, step)]
    learns_nothing = isinstance(step, ColumnJoiner) or not get_tags(step).requires_fit
    # Which segmenter splits words is decided by all rows, and so are the kinds of columns.
    if learns_nothing and not isinstance(step, MixedColumnJoiner | WordTokenizer):
        return [(name, step)]
    raise TypeError(
        f"the step {name!r}, {type(step).__name__}, learns from all rows, and cannot be fitted "
        f"block by block; leave it out, or call pipeline.fit on rows in memory: {_SUPPORTED}."
    )


def _check_sampler(name: str, step: Any) -> None:
    """Raise an error for a sampler that needs all rows.

    Parameters
    ----------
    name : str
    step : sampler

    Raises
    ------
    TypeError
        If it compares or adds rows.
    ValueError
        If it drops other duplicates than exact ones after the first.
    """
    way_out = (
        f"leave it out with {name}='passthrough', change the rows before they are written to the "
        "files, or call pipeline.fit on rows in memory"
    )
    if isinstance(step, DuplicateFilter):
        step._validate_params()
        if step.method != "exact" or step.keep != "first":
            raise ValueError(
                f"the step {name!r} must be DuplicateFilter(method='exact', keep='first') where "
                f"files are read block by block, got method={step.method!r}, keep={step.keep!r}; "
                f"{way_out}."
            )
    elif not (isinstance(step, RowFilter) and step.judges_rows_alone):
        raise TypeError(
            f"the step {name!r}, {type(step).__name__}, compares or adds rows, and needs all of "
            f"them in memory; {way_out}."
        )
