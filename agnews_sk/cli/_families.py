"""The families of pipelines that commands train, and the options of their models."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer


class Family(StrEnum):
    """Families of pipelines, and of classifiers that are made of pipelines."""

    TFIDF = "tfidf"
    EMBEDDING = "embedding"
    STATIC = "static"
    TRANSFORMER = "transformer"
    FINETUNE = "finetune"
    CASCADE = "cascade"
    DISTILLED = "distilled"


ModelOption = Annotated[
    str | None,
    typer.Option(
        help="Pretrained model: a folder, or a name on the Hugging Face Hub.",
        show_default="all-MiniLM-L6-v2",
    ),
]

ColumnsOption = Annotated[
    list[str] | None,
    typer.Option(
        help="Column of numbers, dates or categories to use beside the text; may be repeated, or "
        "'auto' for all that the content allows.",
        show_default="none",
    ),
]


# Of a TF-IDF pipeline and a fine-tuned one.
COMPOSED = {Family.CASCADE, Family.DISTILLED}
# Teachers of `DISTILLED`, each fitted on all rows but those that it predicts.
N_TEACHERS = 3
PRETRAINED = {Family.EMBEDDING, Family.STATIC, Family.FINETUNE, *COMPOSED}
NETS = {Family.TRANSFORMER, Family.FINETUNE}
# Their fits train a network.
TRAINS_NET = NETS | COMPOSED


def make_pipeline(
    family: Family,
    *,
    model: str | None = None,
    epochs: int | None = None,
    devices: int = 1,
    seed: int = 0,
    show: bool = False,
    columns: list[str] | str | None = None,
    texts: Sequence[str] = (),
) -> Any:
    """Return the unfitted pipeline or classifier of a family.

    Parameters
    ----------
    family : Family
    model : str, optional
        Pretrained model of those families that have one.
    epochs : int, optional
        Epochs of a network; by default those of its classifier.
    devices : int, default=1
        Number of devices that a network is trained on.
    seed : int, default=0
    show : bool, default=False
        Whether a network shows its epochs.
    columns : list of str or "auto", optional
        Columns that the pipeline uses beside texts; networks use none.
    texts : sequence of str, default=()
        Columns of the text, which are needed where rows have others beside them.

    Returns
    -------
    TextPipeline, or CascadeClassifier or DistilledClassifier of two of them
    """
    from agnews_sk import pipeline

    if family in COMPOSED:
        same: dict[str, Any] = {"model": model, "epochs": epochs, "devices": devices}
        same |= {"seed": seed, "show": show, "columns": columns, "texts": texts}
        tfidf, finetune = (make_pipeline(part, **same) for part in (Family.TFIDF, Family.FINETUNE))
        return _compose(family, tfidf, finetune, seed)
    params: dict[str, Any] = {}
    if columns is not None and texts:
        params["join__columns"] = list(texts)
    if family is Family.TFIDF:
        return pipeline.make_tfidf_pipeline(columns=columns, random_state=seed, **params)
    if family in (Family.EMBEDDING, Family.STATIC):
        params["static"] = family is Family.STATIC
        return pipeline.make_embedding_pipeline(model, columns=columns, random_state=seed, **params)
    params |= {"classify__random_state": seed, "classify__verbose": int(show)}
    params["classify__devices"] = devices
    if epochs is not None:
        params["classify__max_epochs"] = epochs
    if family is Family.TRANSFORMER:
        return pipeline.make_transformer_pipeline(**params)
    return pipeline.make_finetune_pipeline(model, **params)


def _compose(family: Family, tfidf: Any, finetune: Any, seed: int) -> Any:
    """Return the unfitted classifier of a family that is made of two pipelines."""
    from agnews_sk.ensembles import CascadeClassifier, DistilledClassifier

    if family is Family.DISTILLED:
        return DistilledClassifier(tfidf, finetune, n_folds=N_TEACHERS, random_state=seed)
    parts = [(Family.TFIDF.value, tfidf), (Family.FINETUNE.value, finetune)]
    return CascadeClassifier(parts, random_state=seed)


def check_not_composed(families: Sequence[Family], what: str) -> None:
    """Reject families of several pipelines where one pipeline is needed.

    Parameters
    ----------
    families : sequence of Family
    what : str
        Of what one pipeline is needed, as the beginning of the message.

    Raises
    ------
    typer.BadParameter
    """
    for family in COMPOSED.intersection(families):
        raise typer.BadParameter(
            f"{what}, and {family.value} is made of several; choose "
            f"{', '.join(sorted(set(Family) - COMPOSED))}.",
            param_hint="--family",
        )


def check_one_label(multilabel: bool, families: Sequence[Family]) -> None:
    """Reject families that take one label per row, if rows have several.

    Parameters
    ----------
    multilabel : bool
    families : sequence of Family

    Raises
    ------
    typer.BadParameter
    """
    for family in COMPOSED.intersection(families):
        if multilabel:
            raise typer.BadParameter(
                f"{family.value} takes one label per row, got several; leave it out.",
                param_hint="--family",
            )


def check_devices(devices: int, family: Family) -> None:
    """Reject several devices for a family that trains no network.

    Parameters
    ----------
    devices : int
    family : Family

    Raises
    ------
    typer.BadParameter
    """
    if devices > 1 and family not in TRAINS_NET:
        raise typer.BadParameter(
            f"{family.value} trains no network; choose --family "
            f"{', '.join(sorted(TRAINS_NET))}, or leave it out.",
            param_hint="--devices",
        )


def check_columns(columns: list[str] | None, families: Sequence[Family]) -> list[str] | str | None:
    """Return the value of `--columns` as pipelines take it, or reject it for networks alone.

    Parameters
    ----------
    columns : list of str or None
    families : sequence of Family
        Networks among them use texts only.

    Returns
    -------
    list of str, "auto" or None

    Raises
    ------
    typer.BadParameter
    """
    if not columns:
        return None
    if NETS.issuperset(families):
        raise typer.BadParameter(
            f"{' and '.join(families)} use texts only; choose --family tfidf, embedding or static.",
            param_hint="--columns",
        )
    return "auto" if columns == ["auto"] else columns


def check_pretrained(model: str | None) -> None:
    """Reject a folder without a pretrained model, or a name that cannot be resolved.

    Parameters
    ----------
    model : str or None
        Value of `--model`.

    Raises
    ------
    typer.BadParameter
    """
    from transformers import AutoConfig

    from agnews_sk._core.pretrained import naming_packages, resolve_pretrained

    source = str(model)
    try:
        source = resolve_pretrained(model)
        with naming_packages(source):
            AutoConfig.from_pretrained(source)
        if Path(source).is_dir() and not list(Path(source).glob("*.safetensors")):
            raise OSError("the folder has no weights in safetensors")
    except (OSError, ValueError) as error:
        raise typer.BadParameter(
            f"{source} cannot be loaded: {error}", param_hint="--model"
        ) from error
