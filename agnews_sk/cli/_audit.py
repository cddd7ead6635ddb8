"""The command `agnews-sk audit`: its options."""

from pathlib import Path
from typing import Annotated

import typer

from agnews_sk.cli._rows import RowOptions, SeedOption, with_row_options


@with_row_options
def audit(
    rows: RowOptions,
    max_length: Annotated[
        int, typer.Option(min=1, help="Maximum input length of a model, in tokens.")
    ] = 128,
    label_errors: Annotated[
        bool, typer.Option(help="Whether to search for label errors; needs cleanlab.")
    ] = True,
    out: Annotated[Path | None, typer.Option(help="Folder for audit.json and audit.html.")] = None,
    seed: SeedOption = 0,
) -> None:
    """Report duplicates, leakage, label errors and damaged texts before training."""
    from agnews_sk.cli._audit_run import run_audit

    run_audit(rows, max_length=max_length, label_errors=label_errors, out=out, seed=seed)
