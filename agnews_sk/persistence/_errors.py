"""The error and the warning for a saved model that cannot be trusted or used as it was."""

from collections.abc import Iterator
from contextlib import contextmanager


class ArtifactError(ValueError):
    """A saved model is damaged, forged or of a newer format; the message names the file."""


class VersionWarning(UserWarning):
    """A model was saved with other versions of the libraries than those that are installed."""


@contextmanager
def artifact_errors(name: str) -> Iterator[None]:
    """Turn every error within the block into an `ArtifactError` that names a file.

    Libraries raise errors of many kinds on damaged files, such as `struct.error`, `KeyError`,
    `RecursionError` or a panic of Rust code, which derives from `BaseException`. A caller needs to
    catch one. Ctrl-C and the end of the program pass, and a missing library stays an ImportError.

    Parameters
    ----------
    name : str
        File that is read.

    Raises
    ------
    ArtifactError
        From the error that was raised.
    ImportError
        If the model needs a library that is not installed.
    """
    try:
        yield
    except (ArtifactError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except ImportError as error:
        raise ImportError(f"{name} needs a library that is not installed: {error}") from error
    # A panic of a library written in Rust derives from BaseException alone.
    except BaseException as error:
        what = str(error) or type(error).__name__
        raise ArtifactError(f"{name} is damaged or forged: {what}") from error
