"""The families of pipelines that commands train, and the options of their models."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from agnews_sk.pipeline import TextPipeline


class Family(StrEnum):
    """Families of pipelines."""

    TFIDF = "tfidf"
    EMBEDDING = "embedding"
    TRANSFORMER = "transformer"
    FINETUNE = "finetune"


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


PRETRAINED = {Family.EMBEDDING, Family.FINETUNE}
NETS = {Family.TRANSFORMER, Family.FINETUNE}


def make_pipeline(
    family: Family,
    *,
    model: str | None = None,
    epochs: int | None = None,
    seed: int = 0,
    show: bool = False,
    columns: list[str] | str | None = None,
    texts: Sequence[str] = (),
) -> "TextPipeline":
    """Return the unfitted pipeline of a family.

    Parameters
    ----------
    family : Family
    model : str, optional
        Pretrained model of those families that have one.
    epochs : int, optional
        Epochs of a network; by default those of its classifier.
    seed : int, default=0
    show : bool, default=False
        Whether a network shows its epochs.
    columns : list of str or "auto", optional
        Columns that the pipeline uses beside texts; networks use none.
    texts : sequence of str, default=()
        Columns of the text, which are needed where rows have others beside them.

    Returns
    -------
    TextPipeline
    """
    from agnews_sk import pipeline

    params: dict[str, Any] = {}
    if columns is not None and texts:
        params["join__columns"] = list(texts)
    if family is Family.TFIDF:
        return pipeline.make_tfidf_pipeline(columns=columns, random_state=seed, **params)
    if family is Family.EMBEDDING:
        return pipeline.make_embedding_pipeline(model, columns=columns, random_state=seed, **params)
    params |= {"classify__random_state": seed, "classify__verbose": int(show)}
    if epochs is not None:
        params["classify__max_epochs"] = epochs
    if family is Family.TRANSFORMER:
        return pipeline.make_transformer_pipeline(**params)
    return pipeline.make_finetune_pipeline(model, **params)


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
            f"{' and '.join(families)} use texts only; choose --family tfidf or embedding.",
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
