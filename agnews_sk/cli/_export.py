"""`agnews-sk export`: export a saved pipeline to ONNX."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from agnews_sk._core.optional import check_optional
from agnews_sk.cli._output import check_is_model, check_model_path
from agnews_sk.cli._progress import stages
from agnews_sk.cli._rows import RowOptions, with_row_options
from agnews_sk.cli._stopping import terminable

_NO_REFERENCE = (
    "Quantization changes confidences, so the reference of the model was not kept. Store one for "
    "the service to compare texts with: agnews-sk audit --against {out} --data FILE --set-reference"
)


@with_row_options
def export(
    model: Annotated[Path, typer.Argument(help="Folder or zip file of a saved model.")],
    rows: RowOptions,
    out: Annotated[
        Path, typer.Option(help="Folder for the export, or zip file if it ends with .zip.")
    ],
    int8: Annotated[bool, typer.Option("--int8", help="Quantize to 8-bit integers.")] = False,
) -> None:
    """Export a saved pipeline to ONNX, if the export predicts the same."""
    for module in ("onnx", "onnxruntime"):
        check_optional(module, extra="onnx", needed_by="export")
    from agnews_sk.cli._model_rows import load_test_rows, options_of
    from agnews_sk.onnx import export_onnx
    from agnews_sk.persistence import (
        ModelCard,
        load,
        saved_label_options,
        saved_reference,
        store_reference,
    )

    console = Console()
    check_is_model(model)
    check_model_path(out, exported=True)
    pipeline = load(model)
    saved = saved_label_options(model)
    card = ModelCard(label_name=saved.get("label", ""), label_sep=saved.get("label_sep", ""))
    loaded = load_test_rows(options_of(rows, model), pipeline, console)
    with terminable(), stages(console, "export"):
        quantize = "int8" if int8 else None
        report = export_onnx(
            pipeline, out, X=loaded.X_test, y=loaded.y_test, quantize=quantize, card=card
        )
    reference = saved_reference(model)
    if reference is not None and not int8:
        store_reference(out, reference)
    console.print(report.as_markdown())
    if reference is not None and int8:
        console.print(_NO_REFERENCE.format(out=out), highlight=False, markup=False, soft_wrap=True)
    console.print("[bold]Written:[/]", escape(str(out)), soft_wrap=True)
