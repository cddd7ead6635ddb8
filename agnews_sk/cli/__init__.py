"""The command line, `agnews-sk`: the options of each command in one file.

Commands only parse options, show progress and print results; the work is that of the public
functions. `_NAME.py` has the options of a command and imports no heavy library, so that `--help` is
fast; a command with much to do has its work in `_NAME_run.py`, which is imported when it runs.
"""

from typing import Annotated

from agnews_sk import __version__
from agnews_sk.cli._stopping import quiet_imports

with quiet_imports():
    import typer

    from agnews_sk.cli._audit import audit
    from agnews_sk.cli._compare import compare
    from agnews_sk.cli._evaluate import evaluate
    from agnews_sk.cli._explain import explain
    from agnews_sk.cli._export import export
    from agnews_sk.cli._fetch import fetch
    from agnews_sk.cli._group import CommandGroup
    from agnews_sk.cli._label import label
    from agnews_sk.cli._predict import predict
    from agnews_sk.cli._serve import serve
    from agnews_sk.cli._train import train
    from agnews_sk.cli._tune import tune

_PANELS = {
    "Train and compare": (compare, train, tune),
    "Use a saved model": (evaluate, explain, predict, serve, export),
    "Data": (audit, fetch, label),
}

app = typer.Typer(
    cls=CommandGroup,
    help="Text classification on any labelled texts, with scikit-learn estimators. Start with "
    "`agnews-sk compare --data FILE --out FOLDER`.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)


def _print_version(wanted: bool) -> None:
    """Print the version and end the program."""
    if wanted:
        typer.echo(f"agnews_sk {__version__}")
        raise typer.Exit()


@app.callback()
def _main(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    pass


for _panel, _commands in _PANELS.items():
    for _command in _commands:
        app.command(rich_help_panel=_panel)(_command)
