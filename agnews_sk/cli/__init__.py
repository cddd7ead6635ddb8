"""The command line, `agnews-sk`: one file per command.

Commands only parse options, show progress and print results; the work is that of the public
functions. They import heavy libraries when they run, so that `--help` is fast.
"""

from agnews_sk.cli._stopping import quiet_imports

with quiet_imports():  # they take seconds
    import typer

    from agnews_sk.cli._audit import audit
    from agnews_sk.cli._compare import compare
    from agnews_sk.cli._export import export
    from agnews_sk.cli._group import CommandGroup
    from agnews_sk.cli._predict import predict
    from agnews_sk.cli._serve import serve
    from agnews_sk.cli._tune import tune

app = typer.Typer(
    cls=CommandGroup,
    help="Text classification as scikit-learn estimators.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
for _command in (audit, compare, export, predict, serve, tune):
    app.command()(_command)
