"""Save a fitted pipeline to a folder or a zip, and load it without trusting who wrote it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sklearn.base import is_classifier
from sklearn.utils import get_tags

from agnews_sk._core.joining import column_kinds, fitted_columns, texts_as_rows
from agnews_sk._core.label_sets import check_label_sets, thresholds_of
from agnews_sk.persistence._card import ModelCard, render_card
from agnews_sk.persistence._checks import check_skeleton
from agnews_sk.persistence._errors import ArtifactError, artifact_errors
from agnews_sk.persistence._manifest import MANIFEST, make_manifest
from agnews_sk.persistence._parts import extract_parts, find_estimators, restore_parts
from agnews_sk.persistence._reading import read_files, saved_kind
from agnews_sk.persistence._schema import PIPELINE
from agnews_sk.persistence._trusted import dump_trusted, load_trusted
from agnews_sk.persistence._trusted_types import Trusted, names_of
from agnews_sk.persistence._writing import write_files

CARD = "README.md"
_PROBE = ["Oil prices rise to $50 a barrel", ""]


def save(
    model: Any,
    path: str | Path,
    *,
    card: ModelCard | None = None,
    trusted: Trusted = (),
) -> Path:
    """Save a fitted pipeline or estimator, so that loading it runs no code from the files.

    Parameters
    ----------
    model : estimator
        Any pipeline of `agnews_sk.pipeline`, or one of its estimators alone.
    path : str or path
        A folder, or a zip file if it ends with `.zip`. A saved model there is replaced, in one step
        where the system can: a process that is killed leaves the old one.
    card : ModelCard, optional
        Content of README.md: data, scores, limitations and licences.
    trusted : sequence of str, type or callable, optional
        Types and functions to accept beyond those of this package and the linear ones of
        scikit-learn, themselves or by full name; `load` must be given the same. A function must be
        importable by its name.

    Returns
    -------
    Path
        Where it was saved.

    Raises
    ------
    ArtifactError
        If the model holds a type, a function or an attribute that `load` would not trust.
    FileExistsError
        If something other than a saved model is at `path`.

    Warns
    -----
    UserWarning
        If a cache, a checkpoint folder or callbacks are left out: they belong to the program that
        trained the model.

    Notes
    -----
    `manifest.json` lists the files with their SHA-256, classes, columns, versions of libraries and
    how the model was trained. `pipeline.skops` holds the estimators, `*.safetensors` the weights
    and `tokenizer.json` the tokenizers. A checksum shows that a file is complete, not who wrote it.

    Examples
    --------
    >>> import tempfile
    >>> from agnews_sk import make_tfidf_pipeline
    >>> from agnews_sk.persistence import load, save
    >>> texts = ["oil prices rise", "oil shares fall", "cup final", "the cup is ours"]
    >>> pipeline = make_tfidf_pipeline().fit(texts, ["Oil", "Oil", "Cup", "Cup"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     loaded = load(save(pipeline, f"{folder}/model"))
    >>> loaded.predict(["the price of oil"]).tolist()
    ['Oil']
    """
    path = Path(path)
    write_files(model_files(model, card=card, trusted=trusted), path)
    return path


def load(path: str | Path, *, trusted: Trusted = ()) -> Any:
    """Load a saved pipeline or estimator without running code from the files.

    Parameters
    ----------
    path : str or path
        Folder or zip file.
    trusted : sequence of str, type or callable, optional
        What to accept beyond the types of this package and the linear ones of scikit-learn: types
        and functions, themselves or by full name, whose modules are then imported; and regular
        expressions of tokenizers, literally. The error names what is missing. No file can add to
        it.

    Returns
    -------
    estimator
        Fitted; its probabilities are those of the model that was saved.

    Raises
    ------
    ArtifactError
        If a file is missing, superfluous or not the one that was written; if it holds a type that
        is not trusted, or shapes and numbers that do not make a model; or if its format is newer.
    FileNotFoundError
        If there is nothing at `path`.

    Warns
    -----
    VersionWarning
        If the installed libraries have other versions than those that saved the model.
    """
    manifest, files = read_files(Path(path), kind="pipeline")
    model = model_from_files(files, trusted=trusted, versions=manifest["versions"])
    check_classes(manifest, getattr(model, "classes_", None))
    probe(model)
    return model


def store_reference(path: str | Path, reference: Mapping[str, Any]) -> None:
    """Add a summary of what a model's texts look like to the manifest of a saved or exported model.

    Parameters
    ----------
    path : str or path
        Folder or zip file, which is replaced in one step as by `save`.
    reference : mapping of str to object
        For JSON, as `agnews_sk.auditing.TextReference.to_dict` returns it; replaces an earlier one.

    Raises
    ------
    ArtifactError
        If what is there is not a complete saved model.
    FileNotFoundError
        If there is nothing at `path`.

    Examples
    --------
    >>> import tempfile
    >>> from agnews_sk import make_tfidf_pipeline
    >>> from agnews_sk.auditing import TextReference
    >>> from agnews_sk.datasets import make_news
    >>> from agnews_sk.persistence import save, store_reference
    >>> X, y = make_news(300, random_state=0, return_X_y=True)
    >>> model = make_tfidf_pipeline().fit(X[:200], y[:200])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save(model, f"{folder}/model")
    ...     store_reference(path, TextReference.of(model, X[200:], X[:200]).to_dict())
    """
    path = Path(path)
    manifest, files = read_files(path, kind=saved_kind(path))
    changed = json.dumps({**manifest, "reference": reference}, indent=2, ensure_ascii=False)
    write_files({**files, MANIFEST: changed.encode()}, path)


def model_files(
    model: Any,
    *,
    card: ModelCard | None = None,
    trusted: Trusted = (),
) -> dict[str, bytes]:
    """Return the files of a saved model, the manifest last.

    Parameters
    ----------
    model : estimator
    card : ModelCard, optional
    trusted : sequence of str, type or callable

    Returns
    -------
    dict of str to bytes
    """
    files = parts_as_files(model, trusted)
    return with_manifest("pipeline", files, model, card or ModelCard())


def parts_as_files(model: Any, trusted: Trusted = ()) -> dict[str, bytes]:
    """Return the files that hold an estimator, without README.md and manifest.

    Parameters
    ----------
    model : estimator
    trusted : sequence of str, type or callable

    Returns
    -------
    dict of str to bytes
        `pipeline.skops`, and the weights and documents of the estimators within.
    """
    skeleton, files = extract_parts(model)
    return {**files, PIPELINE: dump_trusted(skeleton, names_of(trusted))}


def with_manifest(
    kind: str, files: dict[str, bytes], model: Any, card: ModelCard, section: str = "", **more: Any
) -> dict[str, bytes]:
    """Return files with a README.md and a manifest that lists all of them.

    Parameters
    ----------
    kind : {"pipeline", "onnx"}
    files : dict of str to bytes
    model : estimator
        The fitted model that the files hold, or were exported from.
    card : ModelCard
    section : str, default=""
        A further section of README.md.
    **more
        Further entries of the manifest.

    Returns
    -------
    dict of str to bytes
    """
    classes = getattr(model, "classes_", None)
    facts = {
        "estimator": type(model).__name__,
        "classes": None if classes is None else np.asarray(classes).tolist(),
        "columns": fitted_columns(model),
        "label_name": card.label_name or None,
        "label_sep": card.label_sep or None,
        "training": _training(model),
        **more,
    }
    described = {
        **facts,
        "kind": kind,
        "column_kinds": column_kinds(model),
        "multilabel": thresholds_of(model) is not None,
    }
    files = {**files, CARD: render_card(card, described, section).encode()}
    return {**files, MANIFEST: make_manifest(kind, files, **facts)}


def model_from_files(
    files: Mapping[str, bytes],
    trusted: Trusted = (),
    versions: Mapping[str, str] | None = None,
) -> Any:
    """Return the estimator that files hold, after checking each of them.

    Parameters
    ----------
    files : mapping of str to bytes
        Contents by name, without the manifest, as `read_files` returns them.
    trusted : sequence of str, type or callable
    versions : mapping of str to str, optional
        Versions of the libraries that the model was saved with; messages name them.

    Returns
    -------
    estimator

    Raises
    ------
    ArtifactError
    """
    if PIPELINE not in files:
        raise ArtifactError(f"{PIPELINE} is missing.")
    with artifact_errors(CARD):
        files[CARD].decode()
    names = names_of(trusted)
    skeleton = load_trusted(files[PIPELINE], names, versions)
    check_skeleton(skeleton, names)
    parts = {name: content for name, content in files.items() if name not in (PIPELINE, CARD)}
    return restore_parts(skeleton, parts, names)


def check_classes(manifest: Mapping[str, Any], classes: Any) -> None:
    """Reject a model whose classes are not those that its manifest and its README.md name.

    Parameters
    ----------
    manifest : mapping
    classes : array-like of shape (n_classes,) or None

    Raises
    ------
    ArtifactError
    """
    found = None if classes is None else np.asarray(classes).tolist()
    if found != manifest.get("classes"):
        raise ArtifactError(f"{MANIFEST} names the classes {manifest.get('classes')}, got {found}.")


def probe(model: Any) -> None:
    """Reject a model that fails on two texts, one of them empty: its parts do not fit together.

    Parameters
    ----------
    model : estimator
        One that takes no texts, or does not predict, passes.

    Raises
    ------
    ArtifactError
        If it does not predict one of its classes for each text, or its probabilities do not sum to
        1.
    """
    with artifact_errors(PIPELINE):
        steps = [step for _, step in getattr(model, "steps", [("", model)]) if hasattr(step, "fit")]
        if not hasattr(model, "predict") or not get_tags(steps[0]).input_tags.string:
            return
        takes_ids = getattr(steps[0], "tokenizer_", True) is None
        X: Any = pl.Series([[0], [0]]) if takes_ids else texts_as_rows(model, _PROBE)
        predicted = model.predict(X)
        several = thresholds_of(model) is not None
        if several:
            _check_sets(model, predicted, len(X))
        else:
            _check_labels(model, np.asarray(predicted), len(X))
        if hasattr(model, "predict_proba"):
            y_proba = np.asarray(model.predict_proba(X))
            _check_probabilities(model, y_proba, len(X), several=several)


def _check_sets(model: Any, labels: Any, n_samples: int) -> None:
    """Reject predictions that are not one set of known labels per text.

    Parameters
    ----------
    model : estimator
    labels : container of sets of labels, or indicator
    n_samples : int

    Raises
    ------
    ArtifactError
    """
    found = check_label_sets(labels, classes=np.asarray(model.classes_))
    if found.indicator.shape != (n_samples, len(model.classes_)):
        raise ArtifactError(
            f"{PIPELINE} predicts {labels!r:.60} for {n_samples} texts, expected a set of "
            f"{len(model.classes_)} labels each; its parts do not fit together."
        )


def _check_labels(model: Any, labels: np.ndarray, n_samples: int) -> None:
    """Reject predictions that are not one known label per text; abstaining has a label too.

    Parameters
    ----------
    model : estimator
    labels : ndarray of shape (n_predictions,)
    n_samples : int

    Raises
    ------
    ArtifactError
    """
    known = np.asarray(model.classes_).tolist() if is_classifier(model) else labels.tolist()
    # The label of an abstaining classifier is not one of its classes.
    inside = find_estimators(model)
    abstained = [one.abstain_label_ for one in inside if hasattr(one, "abstain_label_")]
    if labels.shape != (n_samples,) or not set(labels.tolist()) <= {*known, *abstained}:
        raise ArtifactError(
            f"{PIPELINE} predicts {labels.tolist()!r:.60} for {n_samples} texts, expected one of "
            f"{len(known)} classes each; its parts do not fit together."
        )


def _check_probabilities(
    model: Any, probabilities: np.ndarray, n_samples: int, *, several: bool
) -> None:
    """Reject probabilities that are not one row per text and one column per class.

    They sum to 1 unless there are several labels per text: then each is from 0 to 1.

    Parameters
    ----------
    model : estimator
    probabilities : ndarray of float of shape (n_predictions, n_columns)
    n_samples : int
    several : bool
        Whether a text may have several labels.

    Raises
    ------
    ArtifactError
    """
    shape = (n_samples, len(model.classes_))
    between = bool(((probabilities >= 0) & (probabilities <= 1)).all())
    fit = between if several else np.allclose(probabilities.sum(axis=1), 1, atol=1e-3)
    if probabilities.shape != shape or not fit:
        raise ArtifactError(
            f"{PIPELINE} does not predict probabilities of {shape[1]} classes that "
            f"{'are from 0 to 1' if several else 'sum to 1'}; its parts do not fit together."
        )


def _training(model: Any) -> dict[str, Any]:
    """Return the parameters of the steps, and the number and last scores of epochs, as texts."""
    steps = dict(getattr(model, "steps", [(type(model).__name__, model)]))
    known = {name: repr(step) for name, step in steps.items()}
    history = getattr(next(reversed(steps.values())), "history_", None)
    if history is not None and len(history):
        known["epochs"] = str(len(history))
        known["last epoch"] = ", ".join(f"{k} {v:.6g}" for k, v in history.iloc[-1].items())
    return known
