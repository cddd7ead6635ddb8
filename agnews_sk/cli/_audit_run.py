"""The command `agnews-sk audit`: its work."""

from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from agnews_sk._core.optional import check_optional
from agnews_sk._core.validation import n_rows
from agnews_sk.auditing import AuditReport, worst_first
from agnews_sk.auditing import audit as audit_rows
from agnews_sk.cli._output import output_folder, print_written
from agnews_sk.cli._progress import stages
from agnews_sk.cli._rows import RowOptions, load_rows
from agnews_sk.datasets import TrainTest


def run_audit(
    options: RowOptions,
    *,
    max_length: int,
    label_errors: bool,
    test_size: float,
    out: Path | None,
    seed: int,
) -> None:
    """Audit rows, print the findings, and write them if there is an output folder.

    Parameters
    ----------
    options : RowOptions
    max_length : int
        Longest input of a model, in tokens.
    label_errors : bool
        Whether to search for label errors.
    test_size : float
        Share of the rows to hold out if there are no test rows.
    out : pathlib.Path or None
        Folder for the files.
    seed : int

    Raises
    ------
    ImportError
        If label errors are to be found and cleanlab is not installed.
    """
    console = Console()
    if label_errors:
        check_optional("cleanlab", extra="audit", needed_by="audit without --no-label-errors")
    with output_folder(out) as folder:
        rows = load_rows(options, console, test_size=test_size)
        if rows.n_held_out:
            console.print(_held_out(rows), highlight=False, markup=False, soft_wrap=True)
        with stages(console, "audit") as shown:
            report = audit_rows(
                rows.X_train,
                rows.y_train,
                rows.X_test,
                max_length=max_length,
                label_errors=label_errors,
                random_state=seed,
                progress=shown.show,
            )
        console.print(_table(report))
        console.print(report.summary(), highlight=False, markup=False)
        if folder is not None:
            report.to_json(folder / "audit.json", source=rows.source)
            report.to_html(folder / "audit.html", source=rows.source)
    if out is not None:
        print_written(console, out, "audit.json", "audit.html")


def _held_out(rows: TrainTest) -> str:
    """Return that test rows were held out of the rows, and are not audited themselves."""
    n_audited = n_rows(rows.y_train)
    return (
        f"Held out: {rows.n_held_out:,} of {n_audited + rows.n_held_out:,} rows, drawn at random, "
        f"as test rows. Only the other {n_audited:,} are audited, and searched for texts of the "
        "test rows; --test-size 0 audits all rows."
    )


def _table(report: AuditReport) -> Table:
    """Return the findings as a table for the terminal, the worst first."""
    table = Table(
        title=f"Audit of {report.n_rows:,} rows in {report.seconds:.1f} s",
        box=box.SIMPLE_HEAD,
        title_justify="left",
        title_style="bold",
        pad_edge=False,
    )
    for name, justify in (("finding", "left"), ("rows", "right"), ("share", "right")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    table.add_column("description")
    for finding in worst_first(report):
        share = finding.count / finding.n_rows
        table.add_row(finding.name, f"{finding.count:,}", f"{share:.1%}", finding.summary)
    return table
