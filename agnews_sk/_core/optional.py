"""Import optional libraries, with an error that says how to install the extra."""

import importlib
import importlib.metadata
import json
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote, urlsplit

_NAME = "agnews_sk"


def import_optional(module: str, *, extra: str, needed_by: str) -> ModuleType:
    """Return the module, or raise an ImportError that names the extra to install.

    Parameters
    ----------
    module : str
        Dotted name of the module to import.
    extra : str
        Extra of this package that installs it.
    needed_by : str
        Name of the feature that needs it, for the message.

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
    >>> from agnews_sk._core.optional import import_optional
    >>> import_optional("json", extra="plot", needed_by="HistoryDisplay").__name__
    'json'
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(_way_out(module, extra, needed_by)) from error


def check_optional(module: str, *, extra: str, needed_by: str) -> None:
    """Raise the ImportError of `import_optional` without loading a module that is installed.

    Parameters
    ----------
    module, extra, needed_by : str
        As for `import_optional`.

    Raises
    ------
    ImportError
        If the module is not installed.

    Examples
    --------
    >>> from agnews_sk._core.optional import check_optional
    >>> check_optional("json", extra="plot", needed_by="HistoryDisplay")
    """
    try:
        is_there = find_spec(module) is not None
    except (ImportError, ValueError):  # a missing parent, or a module without a spec
        is_there = False
    if not is_there:
        raise ImportError(_way_out(module, extra, needed_by))


def _way_out(module: str, extra: str, needed_by: str) -> str:
    """Return the message for a module that is not installed."""
    return f"{needed_by} needs {module}; install agnews_sk[{extra}] with `{pip_line(extra)}`."


def pip_line(extra: str) -> str:
    """Return the command that installs an extra, from where the package was installed.

    Parameters
    ----------
    extra : str

    Returns
    -------
    str
        For a checkout the command names its folder, since no package index may have it.
    """
    checkout = Path(__file__).resolve().parents[2]
    project = checkout / "pyproject.toml"
    if project.is_file() and f'name = "{_NAME}"' in project.read_text(encoding="utf-8"):
        return f'pip install -e "{checkout}[{extra}]"'
    return f'pip install "{_requirement(extra)}"'


def _requirement(extra: str) -> str:
    """Return pip's requirement for an extra, by the recorded origin of the package (PEP 610)."""
    named = f"{_NAME}[{extra}]"
    try:
        origin = json.loads(
            importlib.metadata.distribution(_NAME).read_text("direct_url.json") or ""
        )
        url = origin["url"]
    except (importlib.metadata.PackageNotFoundError, ValueError, KeyError, TypeError):
        return named  # from an index
    if "vcs_info" in origin:
        return f"{named} @ {origin['vcs_info']['vcs']}+{url}"
    folder = unquote(urlsplit(url).path)
    return f"{folder}[{extra}]" if Path(folder).is_dir() else f"{named} @ {url}"
