"""Import an optional library, or say which extra brings it."""

import importlib
from types import ModuleType


def import_optional(module: str, *, extra: str, needed_by: str) -> ModuleType:
    """Return the module, or raise an ImportError that names the extra to install.

    Parameters
    ----------
    module : str
        Dotted name of the module to import.
    extra : str
        Extra of this package that installs it.
    needed_by : str
        What the user asked for, as it should read in the message.

    Returns
    -------
    module
        The imported module.

    Raises
    ------
    ImportError
        If the module is not installed.

    Examples
    --------
    >>> from agnews_sk._optional import import_optional
    >>> import_optional("json", extra="plot", needed_by="plot_history").__name__
    'json'
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"{needed_by} needs {module}; install agnews_sk[{extra}].") from error
