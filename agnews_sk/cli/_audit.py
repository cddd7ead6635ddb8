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
    test_size: Annotated[
        float,
        typer.Option(
            min=0,
            max=0.9,
            help="Share of the rows to hold out, if there are no test rows, and to look for in the "
            "others; 0 audits all rows.",
        ),
    ] = 0.2,
    against: Annotated[
        Path | None,
        typer.Option(
            help="Saved model: tell whether the rows, which need no labels, look like its texts."
        ),
    ] = None,
    set_reference: Annotated[
        bool,
        typer.Option(
            "--set-reference",
            help="Store in the model of --against that its texts look like these rows; they must "
            "not be its training rows.",
        ),
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for audit.json and audit.html.")] = None,
    seed: SeedOption = 0,
) -> None:
    """Report duplicates, leakage, label errors and damaged texts before training."""
    if against is not None:
        from agnews_sk.cli._against_run import run_against

        run_against(rows, against, set_reference=set_reference, out=out, seed=seed)
        return
    if set_reference:
        raise typer.BadParameter("--against MODEL is needed too.", param_hint="--set-reference")
    from agnews_sk.cli._audit_run import run_audit

    run_audit(
        rows,
        max_length=max_length,
        label_errors=label_errors,
        test_size=test_size,
        out=out,
        seed=seed,
    )
