"""How every command ends: errors and warnings are printed in one line each, without a traceback."""

import sys
import warnings
from typing import Any

import typer
from typer.core import TyperGroup

from agnews_sk.cli._stopping import INTERRUPTED, end_if_stopped, print_stopped, stoppable

USAGE_ERROR = 2
# Errors that the library raises on purpose; any other is a bug.
EXPECTED_ERRORS = (OSError, TypeError, ValueError, ImportError)
# Of click, or of the copy bundled with Typer.
_UsageError: Any = typer.BadParameter.__base__
_CommandError: Any = _UsageError.__base__


class CommandGroup(TyperGroup):
    """Commands that report their errors in one line.

    Errors that the library raises on purpose end a command with status 2, as errors of usage do.
    Any other error is a bug and keeps its traceback.
    """

    def main(self, *args: Any, **options: Any) -> Any:
        """Run a command and exit with its status, unless `standalone_mode` is False.

        The status is 0 for success, 2 for an invalid request, and 128 plus the number of a signal
        that stopped the command, as shells have it.

        Parameters
        ----------
        *args, **options
            As click's `Command.main` takes them.
        """
        if not options.get("standalone_mode", True):
            return super().main(*args, **options)
        options["standalone_mode"] = False
        with stoppable(), warnings.catch_warnings():
            warnings.showwarning = _show_warning
            try:
                status = super().main(*args, **options) or 0
            except (KeyboardInterrupt, typer.Abort):
                status = INTERRUPTED
            except Exception as error:
                end_if_stopped()
                if not isinstance(error, (*EXPECTED_ERRORS, _CommandError)):
                    raise
                status = _report_error(error)
            end_if_stopped()
            if status == INTERRUPTED:  # raised without a signal
                print_stopped()
        sys.exit(status)


def show_error(message: str) -> None:
    """Print a message on standard error, in one line.

    Parameters
    ----------
    message : str
        Its line breaks become spaces, so that scripts can read errors by line.
    """
    typer.secho(f"Error: {' '.join(message.split())}", fg="red", err=True)


def _show_warning(message: Warning | str, *place: Any, **more: Any) -> None:
    """Print a warning in one line; it replaces `warnings.showwarning`."""
    typer.secho(f"Warning: {' '.join(str(message).split())}", fg="yellow", err=True)


def _report_error(error: Any) -> int:
    """Print the message of an error, and return the status to exit with.

    Errors of usage point to `--help`.

    Parameters
    ----------
    error : Exception
        An error of the library or of click.

    Returns
    -------
    int
    """
    message = error.format_message() if isinstance(error, _CommandError) else str(error)
    context = getattr(error, "ctx", None)
    if context is not None and not isinstance(error, typer.BadParameter) and message:
        message = f"{message.rstrip('.')}; see {context.command_path} --help."
    if message:  # help that is shown without a command has none
        show_error(message)
    return getattr(error, "exit_code", USAGE_ERROR)
