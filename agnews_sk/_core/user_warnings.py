"""Warnings that point at the user's line, however deep in the package they are given."""

import os
import sys
import warnings
from importlib.util import find_spec
from pathlib import Path

# Packages that call ours on behalf of the user, such as a pipeline or a search.
_CALLERS = "agnews_sk", "sklearn", "imblearn", "skorch", "joblib"


def _folders() -> tuple[str, ...]:
    """Return the folders of the packages whose lines are not the user's."""
    specs = [find_spec(name) for name in _CALLERS]
    return tuple(
        str(Path(spec.origin).parent) + os.sep for spec in specs if spec is not None and spec.origin
    )


_FOLDERS = _folders()


def warn_user(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the innermost line outside of this package and of those that call it for the user.

    Parameters
    ----------
    message : str
    category : type of Warning, default=UserWarning

    Examples
    --------
    >>> import warnings
    >>> from agnews_sk._core.user_warnings import warn_user
    >>> with warnings.catch_warnings(record=True) as found:
    ...     warnings.simplefilter("always")
    ...     warn_user("few rows")
    >>> found[0].category.__name__, str(found[0].message)
    ('UserWarning', 'few rows')
    """
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_FOLDERS):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)
