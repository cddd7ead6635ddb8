"""How every command ends: errors and warnings in one line each, without a traceback."""

import sys
import warnings
from typing import Any

import typer
from typer.core import TyperGroup

from agnews_sk.cli._refusals import REFUSALS, show_error, show_warning
from agnews_sk.cli._stopping import INTERRUPTED, end_if_stopped, say_stopped, stoppable

REFUSED = 2
# Typer brings them from click, or from a copy of its own.
_UsageError: Any = typer.BadParameter.__base__
_CommandError: Any = _UsageError.__base__


class CommandGroup(TyperGroup):
    """Commands that say in one line why they cannot do what was asked."""

    def main(self, *args: Any, **options: Any) -> Any:
        """Run a command and end the program, unless `standalone_mode` is False."""
        if not options.get("standalone_mode", True):
            return super().main(*args, **options)
        options["standalone_mode"] = False
        with stoppable(), warnings.catch_warnings():
            warnings.showwarning = show_warning
            try:
                status = super().main(*args, **options) or 0
            except (KeyboardInterrupt, typer.Abort):
                status = INTERRUPTED
            except Exception as error:
                end_if_stopped()
                if not isinstance(error, (*REFUSALS, _CommandError)):
                    raise
                status = _refuse(error)
            end_if_stopped()
            if status == INTERRUPTED:  # raised by what is no signal
                say_stopped()
        sys.exit(status)


def _refuse(error: Any) -> int:
    """Print what is wrong, and return the status to end with."""
    message = error.format_message() if isinstance(error, _CommandError) else str(error)
    context = getattr(error, "ctx", None)
    if context is not None and not isinstance(error, typer.BadParameter) and message:
        message = f"{message.rstrip('.')}; see {context.command_path} --help."
    if message:  # help that is shown for want of a command has none
        show_error(message)
    return getattr(error, "exit_code", REFUSED)
