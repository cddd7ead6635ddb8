"""What is raised, and warned of, when a saved model is not what it should be."""

from collections.abc import Iterator
from contextlib import contextmanager


class ArtifactError(ValueError):
    """A saved model is damaged, forged or of a newer format; the message names the file."""


class VersionWarning(UserWarning):
    """A model was saved with other versions of the libraries that it computes with."""


@contextmanager
def artifact_errors(name: str) -> Iterator[None]:
    """Turn whatever goes wrong within into an `ArtifactError` that names a file.

    Parameters
    ----------
    name : str
        The file that is read.
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
