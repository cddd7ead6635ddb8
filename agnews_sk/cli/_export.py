"""`agnews-sk export`: a saved pipeline as ONNX."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def export(
    model: Annotated[Path, typer.Argument(help="Folder or zip of a saved model.", exists=True)],
    output: Annotated[Path, typer.Argument(help="Folder, or zip by its ending.")],
    data: Annotated[
        str | None,
        typer.Option(help="Labelled rows to compare both models on, as in `agnews-sk compare`."),
    ] = None,
    int8: Annotated[bool, typer.Option("--int8", help="Keep matrices in 8 bits.")] = False,
) -> None:
    """Export a saved pipeline to ONNX, unless it then answers otherwise."""
    from agnews_sk.datasets import load_train_test
    from agnews_sk.persistence import export_onnx, load

    console = Console()
    try:
        rows = load_train_test(data)
        report = export_onnx(
            load(model), output, X=rows.X_test, y=rows.y_test, quantize="int8" if int8 else None
        )
    except (OSError, TypeError, ValueError, ImportError) as error:
        raise typer.BadParameter(str(error)) from error
    console.print(f"[bold]Data:[/] {rows.source}")
    console.print(report.as_markdown())
    console.print(f"[bold]Written:[/] {output}", soft_wrap=True)
