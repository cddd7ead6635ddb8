"""Pipelines of named steps.

The names of the steps are part of the interface: tuning and the command line use them.
"""

from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.callback import with_callbacks
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import has_fit_parameter

from agnews_sk._core.base import sampled_columns
from agnews_sk._core.imbalanced import imblearn
from agnews_sk._core.label_formats import label_format_of
from agnews_sk._core.label_sets import check_label_sets, check_target, is_multilabel
from agnews_sk._core.labels import reject_labels
from agnews_sk._core.observed import observed
from agnews_sk._core.origins import (
    PER_ROW,
    check_per_row,
    find_origins,
    folds_by_origin,
    follow_rows,
    with_origins,
)
from agnews_sk._core.plain_rows import PredictsPlainRows, last_has
from agnews_sk._core.step_parameters import check_steps, set_step_params
from agnews_sk._core.text_pairs import PAIR_SEPARATOR
from agnews_sk._core.user_warnings import warn_user
from agnews_sk._core.validation import (
    as_frame,
    check_frame,
    check_texts,
    is_frame,
    text_columns,
)
from agnews_sk.classifiers import CalibratedLogisticRegression
from agnews_sk.cleaning import ColumnJoiner, MixedColumnJoiner, TextCleaner
from agnews_sk.sampling import MissingTextFilter
from agnews_sk.tokenization import Vocabulary, WordTokenizer
from agnews_sk.vectorization import (
    NgramUnion,
    SentenceEmbedder,
    StaticEmbedder,
    default_characters,
    default_mixed_vectorizer,
    default_words,
)

__all__ = [
    "TextPipeline",
    "make_embedding_pipeline",
    "make_finetune_pipeline",
    "make_tfidf_pipeline",
    "make_transformer_pipeline",
]

# What the step `vectorize` counts, by the parameter `characters` of `make_tfidf_pipeline`.
_UNITS = {"auto": "auto", True: "both", False: "words"}


class TextPipeline(PredictsPlainRows, imblearn.pipeline.Pipeline):
    """An imbalanced-learn pipeline in which weights and origins follow the rows.

    Steps with `fit_resample` drop or add rows in `fit` only; `predict` returns one prediction per
    input row. A `sample_weight`, `groups` or `soft_labels` for a later step is indexed like the
    rows, by the `sample_indices_` of the samplers. A last step whose `fit` takes `groups` gets the
    origin of each row, so that copies of a row stay on the same side of its splits.

    A last step of scikit-learn whose `cv` is None or a number gets folds that keep them together.

    Labels of any container and dtype are checked and become a plain array before the first step.
    So do lists, tuples and sets of labels, several per row: an array of lists. Where a step `join`
    names columns, samplers that name none use only these.

    Parameters
    ----------
    steps : list of (str, estimator)
    transform_input, memory, verbose
        As in `imblearn.pipeline.Pipeline`.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import TfidfVectorizer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from agnews_sk.pipeline import TextPipeline
    >>> from agnews_sk.sampling import MissingTextFilter
    >>> pipeline = TextPipeline([
    ...     ("filter", MissingTextFilter()),
    ...     ("vectorize", TfidfVectorizer()),
    ...     ("classify", LogisticRegression()),
    ... ])
    >>> texts, y = ["goal", None, "oil"], ["Sports", "Sports", "Business"]
    >>> pipeline.fit(texts, y, classify__sample_weight=[1, 1, 2]).predict(["oil"])
    array(['Business'], dtype='<U8')
    """

    @observed("fit")
    @with_callbacks
    def fit(self, X: Any, y: Any = None, **params: Any) -> "TextPipeline":
        """Fit all steps, and pass callbacks that propagate, such as a progress bar, to the last.

        Parameters
        ----------
        X : DataFrame or array-like of str of shape (n_samples,)
        y : array-like of shape (n_samples,), or sets of labels, or an indicator, optional
        **params
            As in `imblearn.pipeline.Pipeline`.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If labels are missing, of several kinds or not one per row, a `sample_weight`,
            `groups` or `soft_labels` is not one value per row, or a text column equals the labels.

        Warns
        -----
        UserWarning
            If a sampler does not record where its rows come from, and the last step splits them;
            if samplers drop all rows of a class.
        """
        self._validate_steps()
        X, y = self._checked_rows(X, y)
        check_per_row(X, params)
        last_step = self.steps[-1][1]
        if last_step in (None, "passthrough"):
            return super().fit(X, y, **params)
        # imbalanced-learn 0.14 does not support the callbacks of scikit-learn 1.9.
        context = self._init_callback_context(max_subtasks=1)
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        last = context.subcontext(task_name="fit-final-estimator")
        with last.propagate_callback_context(last_step), folds_by_origin(self):
            super().fit(X, y, **params)
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    def _validate_steps(self) -> None:
        """Check each step by name before imbalanced-learn checks their order."""
        check_steps(self.steps)
        super()._validate_steps()

    @available_if(last_has("score"))
    def score(self, X: Any, y: Any = None, sample_weight: Any = None, **params: Any) -> float:
        """Return the score of the last step.

        Parameters
        ----------
        X : DataFrame or array-like of str of shape (n_samples,)
        y : array-like of shape (n_samples,), optional
            Labels in any container and dtype.
        sample_weight : array-like of shape (n_samples,), optional
        **params
            As in `imblearn.pipeline.Pipeline`.

        Returns
        -------
        float
        """
        # Label sets are checked by the last step, which knows their format in `fit`.
        if _are_labels(self, y) and label_format_of(self) is None:
            y = check_target(y, X)
        return super().score(X, y, sample_weight=sample_weight, **params)

    def _checked_rows(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Return X and y for the first step: Arrow tables as frames, labels as a plain array."""
        X = as_frame(X)
        if isinstance(X, (str, bytes)):
            check_texts(X)
        y = check_target(y, X) if _are_labels(self, y) else as_frame(y)
        if is_frame(X):
            self._check_columns(X, y)
        return X, y

    def _check_columns(self, X: Any, y: Any) -> None:
        """Reject columns that the joiner would, before a sampler reads or changes any."""
        steps = [step for _, step in self.steps if step not in (None, "passthrough")]
        first = next((step for step in steps if not hasattr(step, "fit_resample")), None)
        if isinstance(first, MixedColumnJoiner):
            first.find_roles(X, y)
            return
        if not isinstance(first, ColumnJoiner):
            return
        if first.columns is not None:
            check_frame(X, columns=first.columns)
        elif y is not None and not is_multilabel(y):
            reject_labels(text_columns(X, None), y)

    def _fit(self, X, y=None, routed_params=None, raw_params=None):
        """Fit all steps but the last, and warn of classes that the samplers leave without a row."""
        join = self.named_steps.get("join")
        mixed = isinstance(join, MixedColumnJoiner)
        joined = join.find_roles(X).texts if mixed else getattr(join, "columns", None)
        with sampled_columns(joined):
            X_last, y_last = super()._fit(X, y, routed_params, raw_params)
        if _are_labels(self, y) and (lost := _lost_labels(y, y_last)):
            warn_user(
                f"the samplers dropped all rows of the classes {lost}, which are never predicted.",
            )
        return X_last, y_last

    def _get_metadata_for_step(self, *, step_idx, step_params, all_params):
        """Return the metadata of a step, indexed like the rows by the samplers before it.

        To a last step whose `fit` takes `groups`, the origins of the rows are passed as such.
        """
        params = super()._get_metadata_for_step(
            step_idx=step_idx, step_params=step_params, all_params=all_params
        )
        samplers = [step for _, step in self.steps[:step_idx] if hasattr(step, "fit_resample")]
        if not samplers:
            return params
        step = self.steps[step_idx][0]
        for method in set(params) & {"fit", "fit_transform"}:
            given = {k: v for k, v in params[method].items() if k in PER_ROW and v is not None}
            followed = {k: follow_rows(f"{step}__{k}", v, samplers) for k, v in given.items()}
            params[method] = {**params[method], **followed}
        if step_idx == len(self.steps) - 1 and has_fit_parameter(self.steps[-1][1], "groups"):
            groups = with_origins(params["fit"].get("groups"), find_origins(samplers))
            params["fit"] = {**params["fit"], "groups": groups}
        return params


def _are_labels(pipeline: Any, y: Any) -> bool:
    """Return whether y is one label, or set of labels, per row.

    Other targets, such as matrices, are left to the last step.
    """
    n_columns = getattr(y, "shape", ())[1:]
    return y is not None and is_classifier(pipeline) and n_columns in ((), (1,))


def _lost_labels(y: Any, y_last: Any) -> list[Any]:
    """Return the labels that are in y, but not in what samplers leave of it."""
    if not is_multilabel(y):
        return np.setdiff1d(y, y_last).tolist()
    classes = check_label_sets(y).classes
    left = check_label_sets(y_last, classes=classes).indicator.any(axis=0)
    return classes[~left].tolist()


def make_tfidf_pipeline(
    *, characters="auto", columns=None, memory=None, verbose=False, random_state=0, **params
) -> TextPipeline:
    """Make the baseline pipeline: TF-IDF of words and characters, and logistic regression.

    Parameters
    ----------
    characters : bool or "auto", default="auto"
        Whether to count n-grams of characters beside words and word pairs. "auto" counts them
        where the training texts require it, such as Chinese, German, or few texts; see
        `NgramUnion`, whose `units_` and `reason_` tell what was chosen.
    columns : "auto", True, list of str, dict of str to str, or None, default=None
        Columns to use beside texts: all but identifiers ("auto" or True), those in a list, or those
        in a dict with their kinds, "number", "boolean", "category" or "date". The step `join` is
        then a `MixedColumnJoiner`, whose `summary_` says what each column is used as, and
        `vectorize` a `MixedVectorizer`: the parameters of the words are those of
        `vectorize__text__words`. None uses texts only.
    memory : str or joblib.Memory, optional
        Caches the fitted steps before `classify`.
    verbose : bool, default=False
        Print the time of each step, and the choice of "auto".
    random_state : int, RandomState or None, default=0
        For `classify`, which draws the rows to calibrate on. The default makes fits reproducible.
    **params
        Steps and their parameters as `set_params` takes them, such as `clean__lowercase=True`,
        `filter=DuplicateFilter()`, `classify__l1_ratio=0.9` or `classify=CalibratedLinearSVC()`.

    Returns
    -------
    TextPipeline
        With the steps `filter`, `augment`, `join`, `clean`, `vectorize`, `classify`. It takes a
        frame, whose text columns it joins, or texts.

    Examples
    --------
    >>> from agnews_sk import load_news_sample, make_tfidf_pipeline
    >>> frame, y = load_news_sample(return_X_y=True)
    >>> pipeline = make_tfidf_pipeline(classify__C=30).fit(frame[:500], y[:500])
    >>> bool(pipeline.score(frame[500:1000], y[500:1000]) > 0.6)
    True
    """
    if characters not in _UNITS:
        raise ValueError(f"characters must be True, False or 'auto', got {characters!r}.")
    union = NgramUnion(
        words=default_words(supervised="auto"),
        characters=default_characters(supervised="auto"),
        units=_UNITS[characters],
        verbose=verbose,
    )
    steps = [
        *_text_steps(columns, verbose),
        ("vectorize", union if columns is None else default_mixed_vectorizer(union)),
        ("classify", CalibratedLogisticRegression(random_state=random_state)),
    ]
    pipeline = TextPipeline(steps, memory=memory, verbose=verbose)
    return set_step_params(pipeline, params, maker="make_tfidf_pipeline")


def make_embedding_pipeline(
    model=None, *, static=False, columns=None, memory=None, verbose=False, random_state=0, **params
) -> TextPipeline:
    """Make the pipeline of a frozen pretrained encoder and logistic regression.

    Parameters
    ----------
    model : str, path or None, default=None
        Folder or Hub name. None is all-MiniLM-L6-v2, from the `offline` extra if installed, else
        from the Hub.
    static : bool, default=False
        Embed texts by the encoder's static vectors of their tokens, a `StaticEmbedder`, in place
        of the encoder itself: many times faster, and less accurate. To predict, the fitted
        pipeline needs neither torch nor the encoder.
    columns : "auto", True, list of str, dict of str to str, or None, default=None
        As in `make_tfidf_pipeline`; `embed` is then a `MixedVectorizer`, and the parameters of the
        embedder are those of `embed__text`.
    memory : str or joblib.Memory, optional
        Caches the fitted steps before `classify`. `embed__cache` keeps vectors by text instead,
        which serves other folds too.
    verbose : bool, default=False
        Print the time of each step.
    random_state : int, RandomState or None, default=0
        For `classify`, which draws the rows to calibrate on. The default makes fits reproducible.
    **params
        Steps and their parameters as `set_params` takes them, such as `embed__cache=TextCache()`.

    Returns
    -------
    TextPipeline
        With the steps `filter`, `augment`, `join`, `clean`, `embed`, `classify`.

    Examples
    --------
    >>> from agnews_sk import TextCache, make_embedding_pipeline
    >>> pipeline = make_embedding_pipeline(embed__cache=TextCache(), classify__C=3)
    >>> list(pipeline.named_steps)
    ['filter', 'augment', 'join', 'clean', 'embed', 'classify']
    """
    embedder: Any = StaticEmbedder(model=model) if static else SentenceEmbedder(model=model)
    steps = [
        *_text_steps(columns, verbose),
        ("embed", embedder if columns is None else default_mixed_vectorizer(embedder, dense=True)),
        ("classify", CalibratedLogisticRegression(random_state=random_state)),
    ]
    pipeline = TextPipeline(steps, memory=memory, verbose=verbose)
    return set_step_params(pipeline, params, maker="make_embedding_pipeline")


def make_finetune_pipeline(
    model=None, *, text_pair=False, memory=None, verbose=False, **params
) -> TextPipeline:
    """Make the pipeline of a fine-tuned pretrained transformer.

    Parameters
    ----------
    model : str, path or None, default=None
        Folder or Hub name. None is all-MiniLM-L6-v2, from the `offline` extra if installed, else
        from the Hub.
    text_pair : bool, default=False
        Let the model read the first text column, such as the title, and the others, such as the
        description, as two segments. The step `join` then puts a separator between them that
        `classify`, with its `text_pair=True`, divides them at.
    memory : str or joblib.Memory, optional
        Caches the fitted steps before `classify`.
    verbose : bool, default=False
        Print the time of each step.
    **params
        Steps and their parameters as `set_params` takes them, such as `classify__max_epochs=3`.

    Returns
    -------
    TextPipeline
        With the steps `filter`, `augment`, `join`, `clean`, `classify`. It takes a frame, whose
        text columns it joins, or texts.

    Examples
    --------
    >>> from agnews_sk import make_finetune_pipeline
    >>> pipeline = make_finetune_pipeline(classify__max_epochs=3)
    >>> list(pipeline.named_steps)
    ['filter', 'augment', 'join', 'clean', 'classify']
    """
    from agnews_sk.classifiers import FineTunedTransformerClassifier  # loads torch

    classifier = FineTunedTransformerClassifier(model=model, text_pair=text_pair)
    steps = [*_text_steps(), ("classify", classifier)]
    pipeline = TextPipeline(steps, memory=memory, verbose=verbose)
    if text_pair:
        pipeline.set_params(join__separator=PAIR_SEPARATOR)
    return set_step_params(pipeline, params, maker="make_finetune_pipeline")


def make_transformer_pipeline(
    *, memory=None, verbose=False, random_state=None, **params
) -> TextPipeline:
    """Make the pipeline of a small Transformer encoder trained from scratch on words.

    Parameters
    ----------
    memory : str or joblib.Memory, optional
        Caches the fitted steps before `classify`.
    verbose : bool, default=False
        Print the time of each step.
    random_state : int, RandomState or None, default=None
        For `classify`.
    **params
        Steps and their parameters as `set_params` takes them, such as `classify__d_model=64` or
        `tokenize=SubwordTokenizer(), vocabulary="passthrough"`.

    Returns
    -------
    TextPipeline
        With the steps `filter`, `augment`, `join`, `clean`, `tokenize`, `vocabulary`, `classify`.
        It takes a frame, whose text columns it joins, or texts.

    Examples
    --------
    >>> from agnews_sk import make_transformer_pipeline
    >>> pipeline = make_transformer_pipeline(classify__d_model=64, random_state=0)
    >>> list(pipeline.named_steps)
    ['filter', 'augment', 'join', 'clean', 'tokenize', 'vocabulary', 'classify']
    """
    from agnews_sk.classifiers import TransformerClassifier  # loads torch

    steps = [
        *_text_steps(),
        ("tokenize", WordTokenizer(lowercase=True)),
        ("vocabulary", Vocabulary(max_size=30_000)),
        ("classify", TransformerClassifier(random_state=random_state)),
    ]
    pipeline = TextPipeline(steps, memory=memory, verbose=verbose)
    return set_step_params(pipeline, params, maker="make_transformer_pipeline")


def _text_steps(columns: Any = None, verbose: bool = False) -> list[tuple[str, Any]]:
    """Return the steps that all pipelines begin with: `filter`, `augment`, `join` and `clean`."""
    join: Any = ColumnJoiner()
    if columns is not None:
        join = MixedColumnJoiner(others=columns, verbose=verbose)
    return [
        ("filter", MissingTextFilter()),
        ("augment", "passthrough"),
        ("join", join),
        ("clean", TextCleaner()),
    ]
